"""Accounts and sign-ins."""

import hashlib
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select, update

from media.proof import read_public_jwk
from visits.access.actor import Actor, Right, Role
from visits.access.audit import note
from visits.access.errors import (
    AccountExists,
    AlreadyBootstrapped,
    NoSuchAccount,
    NotAllowed,
    NotSignedIn,
    SignInRefused,
    WeakPassphrase,
)
from visits.access.rows import Account, Device, SessionToken
from visits.access.scope import in_scope, require, within
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

TOKEN_LIFETIME = timedelta(days=30)
DESK_LIFETIME = timedelta(hours=10)
SHORTEST_PASSPHRASE = 12
# OWASP's setting for argon2id. Two threads of their own do the checks: a flood of sign-ins cannot take all memory, and
# the 19 MiB that a check needs stay with these two instead of with every thread of the server that ever did one.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_checkers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passphrase")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class NewAccount:
    """What an admin says of a new account. A third party's carries an approval number and an end date."""

    login: str
    name: str
    role: Role
    division_prefix: str
    unit: str | None = None
    approval_number: str | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class AccountView:
    """An account as others may see it."""

    id: UUID
    login: str
    name: str
    role: Role
    division_prefix: str
    unit: str | None
    ends_on: date | None


@dataclass(frozen=True)
class Invited:
    """A new account with the passphrase that is shown once and stored nowhere."""

    account: AccountView
    passphrase: str


@dataclass(frozen=True)
class Proven:
    """That somebody knew the passphrase of an account, as it was then."""

    account_id: UUID
    passphrase_hash: str


@dataclass(frozen=True)
class SignedIn:
    """A fresh sign-in; ``token`` is shown once."""

    actor: Actor
    token: str
    expires_utc: datetime


def bootstrap_admin(uow: UnitOfWork, *, login: str, name: str, division_prefix: str, at_utc: datetime) -> Invited:
    """Make the first admin of an empty installation."""
    if uow.session.scalar(select(Account.id).limit(1)) is not None:
        raise AlreadyBootstrapped("an account exists already; further ones are made by an admin")
    invited = _make(uow, NewAccount(login, name, Role.ADMIN, division_prefix), at_utc)
    note(uow, None, "account.bootstrap", about=f"account:{login}", division_code=division_prefix, at_utc=at_utc)
    return invited


def create_account(
    uow: UnitOfWork, actor: Actor, new: NewAccount, *, passphrase: str | None = None, at_utc: datetime
) -> Invited:
    """Make an account inside the admin's own division; without a passphrase one is drawn."""
    require(actor, Right.MANAGE_ACCOUNTS)
    if not in_scope(actor, new.division_prefix):
        raise NotAllowed(f"{new.division_prefix} is not inside your division {actor.division_prefix}")
    if uow.session.scalar(select(Account.id).where(Account.login == new.login)) is not None:
        raise AccountExists(f"the login name {new.login} is taken")
    invited = _make(uow, new, at_utc, passphrase)
    note(
        uow,
        actor,
        "account.create",
        about=f"account:{new.login}",
        division_code=new.division_prefix,
        detail={"role": new.role},
        at_utc=at_utc,
    )
    return invited


def prove_passphrase(uow: UnitOfWork, *, login: str, passphrase: str, at_utc: datetime) -> Proven:
    """Check login and passphrase, reading only: the costly hash must not be worked out under the write lock."""
    account = uow.session.scalar(select(Account).where(Account.login == login))
    if not _passphrase_holds(account.passphrase_hash if account else None, passphrase):
        raise SignInRefused("login or passphrase is wrong, or the account has ended")
    assert account is not None
    if _has_ended(account, at_utc):
        raise SignInRefused("login or passphrase is wrong, or the account has ended")
    return Proven(account.id, account.passphrase_hash)


def sign_in(
    uow: UnitOfWork,
    proven: Proven,
    *,
    device_label: str | None = None,
    device_key: Mapping[str, Any] | None = None,
    at_utc: datetime,
) -> SignedIn:
    """Return a token for who has proved to be the account; with a device key the phone is registered too."""
    account = uow.session.get(Account, proven.account_id)
    if account is None or account.passphrase_hash != proven.passphrase_hash or _has_ended(account, at_utc):
        raise SignInRefused("login or passphrase is wrong, or the account has ended")
    device_id = _register_device(uow, account, device_label or "", device_key, at_utc) if device_key else None
    token = secrets.token_urlsafe(32)
    expires_utc = at_utc + (TOKEN_LIFETIME if device_id else DESK_LIFETIME)
    uow.session.add(
        SessionToken(
            token_sha256=_digest(token),
            account_id=account.id,
            device_id=device_id,
            issued_utc=at_utc,
            expires_utc=expires_utc,
            revoked_utc=None,
        )
    )
    actor = _actor(account, device_id)
    about = f"account:{account.login}"
    note(uow, actor, "sign_in", about=about, detail={"device": str(device_id or "")}, at_utc=at_utc)
    return SignedIn(actor, token, expires_utc)


def note_wrong_passphrase(uow: UnitOfWork, *, login: str, at_utc: datetime) -> None:
    """Note a refused sign-in where the county of that account reads it; a login nobody has belongs to no county."""
    division = uow.session.scalar(select(Account.division_prefix).where(Account.login == login)) or ""
    note(uow, None, "sign_in", about=f"account:{login}", division_code=division, result="refused", at_utc=at_utc)


def sign_out(uow: UnitOfWork, token: str, *, at_utc: datetime) -> None:
    """Revoke a sign-in at once."""
    uow.session.execute(
        update(SessionToken)
        .where(SessionToken.token_sha256 == _digest(token), SessionToken.revoked_utc.is_(None))
        .values(revoked_utc=at_utc)
    )


def actor_of_token(uow: UnitOfWork, token: str, *, at_utc: datetime) -> Actor:
    """The account behind a token, unless it is unknown, revoked, expired, or the account has ended."""
    found = uow.session.execute(
        select(SessionToken, Account)
        .join(Account, Account.id == SessionToken.account_id)
        .where(SessionToken.token_sha256 == _digest(token))
    ).first()
    if found is None:
        raise NotSignedIn("please sign in")
    session, account = found
    if session.revoked_utc is not None or session.expires_utc <= at_utc or _has_ended(account, at_utc):
        raise NotSignedIn("the sign-in has ended, please sign in again")
    return _actor(account, session.device_id)


def actor_of_device(uow: UnitOfWork, device_id: UUID) -> Actor | None:
    """The owner of a phone, on that phone; callers check their reach."""
    account = uow.session.scalar(
        select(Account).join(Device, Device.account_id == Account.id).where(Device.id == device_id)
    )
    return None if account is None else _actor(account, device_id)


def actor_named(uow: UnitOfWork, login: str) -> Actor:
    """The actor for a command line that acts as a named account."""
    account = uow.session.scalar(select(Account).where(Account.login == login))
    if account is None:
        raise NoSuchAccount(f"there is no account {login}")
    return _actor(account, None)


def accounts_within(uow: UnitOfWork, actor: Actor, *, role: Role | None = None) -> list[AccountView]:
    """Accounts of the actor's division: all for an admin, the inspectors for the office that assigns them."""
    if not actor.may(Right.MANAGE_ACCOUNTS):
        require(actor, Right.ASSIGN)
        role = Role.INSPECTOR
    query = select(Account).where(within(actor, Account.division_prefix)).order_by(Account.login)
    if role is not None:
        query = query.where(Account.role == role)
    return [_view(account) for account in uow.session.scalars(query)]


def _make(uow: UnitOfWork, new: NewAccount, at_utc: datetime, passphrase: str | None = None) -> Invited:
    passphrase = passphrase or "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WeakPassphrase(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters")
    account = Account(
        id=uuid4(),
        login=new.login,
        name=new.name,
        role=new.role,
        division_prefix=new.division_prefix,
        unit=new.unit,
        passphrase_hash=_hasher.hash(passphrase),
        approval_number=new.approval_number,
        ends_on=new.ends_on,
        created_utc=at_utc,
    )
    uow.session.add(account)
    uow.session.flush()
    return Invited(_view(account), passphrase)


_NOBODY = _hasher.hash(secrets.token_hex(16))


def _passphrase_holds(stored_hash: str | None, passphrase: str) -> bool:
    """Compare in the same time whether the account exists or not."""
    try:
        return _checkers.submit(_hasher.verify, stored_hash or _NOBODY, passphrase).result() and stored_hash is not None
    except VerificationError:
        return False


def _has_ended(account: Account, at_utc: datetime) -> bool:
    return account.ends_on is not None and at_utc.astimezone(LOCAL_ZONE).date() > account.ends_on


def _register_device(uow: UnitOfWork, account: Account, label: str, key: Mapping[str, Any], at_utc: datetime) -> UUID:
    read_public_jwk(key)
    public_key = {name: key[name] for name in ("kty", "crv", "x", "y")}
    known = uow.session.scalars(select(Device).where(Device.account_id == account.id))
    for device in known:
        if device.public_key_jwk == public_key:
            return device.id
    device = Device(
        id=uuid4(), account_id=account.id, label=label[:120], public_key_jwk=public_key, registered_utc=at_utc
    )
    uow.session.add(device)
    uow.session.flush()
    return device.id


def _actor(account: Account, device_id: UUID | None) -> Actor:
    return Actor(account.id, account.login, account.name, Role(account.role), account.division_prefix, device_id)


def _view(account: Account) -> AccountView:
    return AccountView(
        account.id,
        account.login,
        account.name,
        Role(account.role),
        account.division_prefix,
        account.unit,
        account.ends_on,
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
