"""Sign-ins: opened by a passphrase, completed by a second factor, kept alive by use, ended at once."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from visits.access import passphrases
from visits.access.actor import NEEDS_SECOND_FACTOR, Actor, Role
from visits.access.audit import note
from visits.access.devices import known_device, register_device
from visits.access.errors import (
    DeviceRevoked,
    NoSuchAccount,
    NotSignedIn,
    SecondFactorMissing,
    SecondFactorNeeded,
    SignInRefused,
)
from visits.access.rows import Account, Device, KnownBrowser, Passkey, SessionToken, Totp
from visits.access.scope import predecessors_of
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

# An inspector's phone lives on while it is used, at the longest this long after the passphrase was typed. Everybody
# else works at a desk: their sign-in, on a phone or not, ends with the day and is not prolonged.
PHONE_IDLE, PHONE_LIFETIME = timedelta(days=30), timedelta(days=180)
DESK_LIFETIME = timedelta(hours=10)
# So long may the second step of a sign-in take, and the setting up of a first second factor.
STEP_LIFETIME, SET_UP_LIFETIME = timedelta(minutes=10), timedelta(minutes=30)
BROWSER_REMEMBERED = timedelta(days=180)
# That somebody is still there is written down this often, not at every request.
_DESK_SEEN_EVERY, _PHONE_SEEN_EVERY = timedelta(minutes=1), timedelta(hours=1)
_REFUSED = "login or passphrase is wrong, or the account has ended"
# Asked at every request, so built once.
_BY_TOKEN = (
    select(SessionToken, Account, Device)
    .join(Account, Account.id == SessionToken.account_id)
    .outerjoin(Device, Device.id == SessionToken.device_id)
    .where(SessionToken.token_sha256 == bindparam("token_sha256"))
)


class Stage(StrEnum):
    """What a sign-in still owes before it may do anything else."""

    FULL = "full"
    FACTOR = "factor"
    SET_UP = "set_up"


@dataclass(frozen=True)
class SignInRules:
    """What an installation asks of a sign-in."""

    second_factor_required: bool = True
    phones_by_invitation: bool = False
    desk_idle: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class Proven:
    """That somebody is an account: they knew its passphrase as it was then, or a trusted provider said so."""

    account_id: UUID
    passphrase_hash: str


@dataclass(frozen=True)
class SignedIn:
    """A fresh sign-in; ``token`` is shown once."""

    actor: Actor
    token: str
    expires_utc: datetime
    stage: Stage = Stage.FULL


@dataclass(frozen=True)
class Session:
    """A sign-in that stands, whatever it still owes."""

    actor: Actor
    stage: Stage
    issued_utc: datetime
    expires_utc: datetime
    seen_is_old: bool


def account_of_login(uow: UnitOfWork, login: str) -> UUID | None:
    """The id behind a login name, for counting tries; never told to a caller."""
    return uow.session.scalar(select(Account.id).where(Account.login == login))


def prove_passphrase(uow: UnitOfWork, *, login: str, passphrase: str, at_utc: datetime) -> Proven:
    """Check login and passphrase, reading only: the costly hash must not be worked out under the write lock."""
    account = uow.session.scalar(select(Account).where(Account.login == login))
    if not passphrases.holds(account.passphrase_hash if account else None, passphrase):
        raise SignInRefused(_REFUSED)
    assert account is not None
    if has_ended(account, at_utc) or _drawn_too_long_ago(account, at_utc):
        raise SignInRefused(_REFUSED)
    return Proven(account.id, account.passphrase_hash)


def sign_in(
    uow: UnitOfWork,
    proven: Proven,
    *,
    device_label: str | None = None,
    device_key: Mapping[str, Any] | None = None,
    enrolment: str | None = None,
    rules: SignInRules = SignInRules(),
    address: str | None = None,
    at_utc: datetime,
) -> SignedIn:
    """A token for who has proved to be the account; with a device key the phone is registered too.

    ``stage`` of the answer says what is still owed; a sign-in that owes something does nothing else.
    """
    account = uow.session.get(Account, proven.account_id)
    if account is None or account.passphrase_hash != proven.passphrase_hash or has_ended(account, at_utc):
        raise SignInRefused(_REFUSED)
    device_id = None
    if device_key:
        device_id = register_device(
            uow,
            account,
            device_label or "",
            device_key,
            enrolment=enrolment,
            must_be_invited=rules.phones_by_invitation,
            at_utc=at_utc,
        )
    account.passphrase_until_utc = None
    stage = _stage_of(uow, account, rules)
    signed_in = issue(uow, account, device_id, stage, address=address, at_utc=at_utc)
    said = {"device": str(device_id or ""), **({"owes": stage} if stage is not Stage.FULL else {})}
    note(uow, signed_in.actor, "sign_in", about=f"account:{account.login}", detail=said, at_utc=at_utc)
    return signed_in


def issue(
    uow: UnitOfWork, account: Account, device_id: UUID | None, stage: Stage, *, address: str | None, at_utc: datetime
) -> SignedIn:
    """A new token of an account; callers have made sure that it may have one."""
    token = secrets.token_urlsafe(32)
    expires_utc = at_utc + _lifetime(stage, _goes_out(account, device_id))
    uow.session.add(
        SessionToken(
            token_sha256=digest(token),
            account_id=account.id,
            device_id=device_id,
            issued_utc=at_utc,
            expires_utc=expires_utc,
            revoked_utc=None,
            last_seen_utc=at_utc,
            stage=stage,
        )
    )
    return SignedIn(actor_of(uow, account, device_id, address), token, expires_utc, stage)


def complete(uow: UnitOfWork, token: str, *, how: str, address: str | None, at_utc: datetime) -> SignedIn:
    """The full sign-in that takes the place of one that owed a second factor: with a token of its own."""
    row = uow.session.get(SessionToken, digest(token))
    account = uow.session.get(Account, row.account_id) if row else None
    if row is None or account is None or row.revoked_utc is not None or row.expires_utc <= at_utc:
        raise NotSignedIn("the sign-in has ended, please sign in again")
    row.revoked_utc = at_utc
    done = issue(uow, account, row.device_id, Stage.FULL, address=address, at_utc=at_utc)
    about = f"account:{account.login}"
    note(uow, done.actor, "sign_in.second_factor", about=about, detail={"how": how}, at_utc=at_utc)
    return done


def note_refused(
    uow: UnitOfWork, *, login: str, act: str = "sign_in", address: str | None = None, at_utc: datetime
) -> None:
    """Note a refused sign-in where the county of that account reads it; a login nobody has belongs to no county."""
    division = uow.session.scalar(select(Account.division_prefix).where(Account.login == login)) or ""
    about = f"account:{login}"
    note(uow, None, act, about=about, division_code=division, result="refused", address=address, at_utc=at_utc)


def sign_out(uow: UnitOfWork, token: str, *, at_utc: datetime) -> None:
    """Revoke a sign-in at once."""
    uow.session.execute(
        update(SessionToken)
        .where(SessionToken.token_sha256 == digest(token), SessionToken.revoked_utc.is_(None))
        .values(revoked_utc=at_utc)
    )


def end_sessions(
    uow: UnitOfWork, account_id: UUID, *, except_token: str | None = None, phones: bool = True, at_utc: datetime
) -> None:
    """End the sign-ins of an account, but for one, and for those of its phones where ``phones`` is false."""
    ending = update(SessionToken).where(SessionToken.account_id == account_id, SessionToken.revoked_utc.is_(None))
    if except_token is not None:
        ending = ending.where(SessionToken.token_sha256 != digest(except_token))
    if not phones:
        ending = ending.where(SessionToken.device_id.is_(None))
    uow.session.execute(ending.values(revoked_utc=at_utc))


def session_of_token(
    uow: UnitOfWork,
    token: str,
    *,
    at_utc: datetime,
    desk_idle: timedelta = SignInRules.desk_idle,
    address: str | None = None,
) -> Session:
    """The sign-in behind a token, unless it is unknown, revoked, expired, left idle, or its account has ended."""
    found = uow.session.execute(_BY_TOKEN, {"token_sha256": digest(token)}).first()
    if found is None:
        raise NotSignedIn("please sign in")
    session, account = found[0], found[1]
    device: Device | None = found[2]
    if device is not None and device.revoked_utc is not None:
        raise DeviceRevoked("this phone was reported lost or taken out of use")
    seen_utc = session.last_seen_utc or session.issued_utc
    idle = device is None and seen_utc + desk_idle <= at_utc
    if session.revoked_utc is not None or session.expires_utc <= at_utc or idle or has_ended(account, at_utc):
        raise NotSignedIn("the sign-in has ended, please sign in again")
    every = _DESK_SEEN_EVERY if device is None else _PHONE_SEEN_EVERY
    actor = actor_of(uow, account, session.device_id, address)
    return Session(actor, Stage(session.stage), session.issued_utc, session.expires_utc, seen_utc + every <= at_utc)


def actor_of_token(
    uow: UnitOfWork, token: str, *, at_utc: datetime, desk_idle: timedelta = SignInRules.desk_idle
) -> Actor:
    """The account behind a token; raises while the sign-in still owes its second factor."""
    return actor_of_session(session_of_token(uow, token, at_utc=at_utc, desk_idle=desk_idle))


def actor_of_session(session: Session) -> Actor:
    """The account of a sign-in that owes nothing."""
    if session.stage is Stage.FACTOR:
        raise SecondFactorNeeded("the second factor is still owed")
    if session.stage is Stage.SET_UP:
        raise SecondFactorMissing("this role works with a second factor; set one up first")
    return session.actor


def keep_alive(uow: UnitOfWork, token: str, *, at_utc: datetime) -> None:
    """Write down that a sign-in was used; a phone's lives on by it."""
    row = uow.session.get(SessionToken, digest(token))
    if row is None or row.revoked_utc is not None:
        return
    row.last_seen_utc = at_utc
    if row.device_id is not None:
        if _goes_out(uow.session.get_one(Account, row.account_id), row.device_id):
            row.expires_utc = max(row.expires_utc, min(at_utc + PHONE_IDLE, row.issued_utc + PHONE_LIFETIME))
        uow.session.get_one(Device, row.device_id).last_seen_utc = at_utc


def remember_browser(uow: UnitOfWork, account_id: UUID, known: str | None, *, at_utc: datetime) -> str:
    """The token that marks this browser as one the account has used; the one it has already, where it is good."""
    row = uow.session.get(KnownBrowser, digest(known)) if known else None
    if row is not None and row.account_id == account_id:
        row.used_utc = at_utc
        assert known is not None
        return known
    token = secrets.token_urlsafe(32)
    uow.session.add(KnownBrowser(token_sha256=digest(token), account_id=account_id, used_utc=at_utc))
    return token


def known_place(
    uow: UnitOfWork, account_id: UUID | None, browser: str | None, key: Mapping[str, Any] | None, *, at_utc: datetime
) -> str | None:
    """A name for the browser or phone when this account has signed in there before, else None.

    The public half of a phone's key is known to that phone and this server only, so naming it proves enough here.
    """
    if account_id is None:
        return None
    if browser:
        row = uow.session.get(KnownBrowser, digest(browser))
        if row is not None and row.account_id == account_id and row.used_utc > at_utc - BROWSER_REMEMBERED:
            return f"browser {row.token_sha256.hex()}"
    device = known_device(uow, account_id, key) if key else None
    return f"device {device.id}" if device is not None and device.revoked_utc is None else None


def actor_of_device(uow: UnitOfWork, device_id: UUID) -> Actor | None:
    """The owner of a phone, on that phone; callers check their reach."""
    account = uow.session.scalar(
        select(Account).join(Device, Device.account_id == Account.id).where(Device.id == device_id)
    )
    return None if account is None else actor_of(uow, account, device_id)


def actor_named(uow: UnitOfWork, login: str) -> Actor:
    """The actor for a command line that acts as a named account."""
    account = uow.session.scalar(select(Account).where(Account.login == login))
    if account is None or account.closed_utc is not None:
        raise NoSuchAccount(f"there is no account {login}")
    return actor_of(uow, account, None)


def has_factor(uow: UnitOfWork, account_id: UUID) -> bool:
    """Whether a passphrase alone does not sign this account in."""
    app = select(Totp.account_id).where(Totp.account_id == account_id, Totp.sealed_secret.is_not(None))
    key = select(Passkey.credential_id).where(Passkey.account_id == account_id).limit(1)
    return uow.session.scalar(app) is not None or uow.session.scalar(key) is not None


def has_ended(account: Account, at_utc: datetime) -> bool:
    """Whether an account is closed, or its last day is over."""
    if account.closed_utc is not None:
        return True
    return account.ends_on is not None and at_utc.astimezone(LOCAL_ZONE).date() > account.ends_on


def actor_of(uow: UnitOfWork, account: Account, device_id: UUID | None, address: str | None = None) -> Actor:
    """The account as verbs know it."""
    actor = Actor(account.id, account.login, account.name, Role(account.role), account.division_prefix, device_id)
    return replace(actor, predecessors=predecessors_of(uow, account.division_prefix), address=address)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _stage_of(uow: UnitOfWork, account: Account, rules: SignInRules) -> Stage:
    if has_factor(uow, account.id):
        return Stage.FACTOR
    owes = rules.second_factor_required and Role(account.role) in NEEDS_SECOND_FACTOR
    return Stage.SET_UP if owes else Stage.FULL


def _goes_out(account: Account, device_id: UUID | None) -> bool:
    """Whether this sign-in must last where there is no network: an inspector's, on a phone."""
    return device_id is not None and account.role == Role.INSPECTOR


def _lifetime(stage: Stage, goes_out: bool) -> timedelta:
    if stage is not Stage.FULL:
        return STEP_LIFETIME if stage is Stage.FACTOR else SET_UP_LIFETIME
    return PHONE_IDLE if goes_out else DESK_LIFETIME


def _drawn_too_long_ago(account: Account, at_utc: datetime) -> bool:
    return account.passphrase_until_utc is not None and account.passphrase_until_utc <= at_utc
