"""The second factor: an authenticator app, passkeys, and codes for the day both are lost."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from media.proof import seal, unseal
from visits.access import totp
from visits.access.actor import Actor
from visits.access.audit import note
from visits.access.errors import NothingToConfirm, PasskeyRefused, WrongCode
from visits.access.rows import Account, Passkey, RecoveryCode, Totp
from visits.access.sessions import has_factor
from visits.store import UnitOfWork, lock_for_transaction

RECOVERY_CODES = 10
# 24 letters of an alphabet of 31 hold 118 bits: a plain hash of them cannot be searched.
_LETTERS, _LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 24


@dataclass(frozen=True)
class AppSetUp:
    """What an authenticator app needs to know; shown until its first code came."""

    secret: str
    address: str


@dataclass(frozen=True)
class PasskeyView:
    """A passkey as its owner sees it."""

    credential_id: bytes
    label: str
    made_utc: datetime
    used_utc: datetime | None


@dataclass(frozen=True)
class Factors:
    """Which second factors an account has."""

    app_since_utc: datetime | None
    passkeys: tuple[PasskeyView, ...]
    recovery_codes_left: int

    @property
    def any(self) -> bool:
        return self.app_since_utc is not None or bool(self.passkeys)


def factors_of(uow: UnitOfWork, account_id: UUID) -> Factors:
    """The second factors of an account; callers ask for their own, or for one they look after."""
    app = uow.session.get(Totp, account_id)
    found = uow.session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.made_utc))
    left = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_utc.is_(None))
    return Factors(
        app.confirmed_utc if app is not None and app.sealed_secret is not None else None,
        tuple(PasskeyView(one.credential_id, one.label, one.made_utc, one.used_utc) for one in found),
        uow.session.scalar(left) or 0,
    )


def begin_app(uow: UnitOfWork, actor: Actor) -> AppSetUp:
    """A secret for a new authenticator app. The one in use stays in use until the new one has shown a code."""
    row = uow.session.get(Totp, actor.account_id)
    if row is None:
        row = Totp(account_id=actor.account_id, last_step=-1)
        uow.session.add(row)
    secret = totp.new_secret()
    row.sealed_pending = seal(uow.master_key, secret, _context(actor.account_id))
    return AppSetUp(totp.written(secret), totp.address_of(secret, actor.login))


def app_being_set_up(uow: UnitOfWork, actor: Actor) -> AppSetUp | None:
    """What was begun and not confirmed yet, so that a mistyped code need not begin anew."""
    row = uow.session.get(Totp, actor.account_id)
    if row is None or row.sealed_pending is None:
        return None
    secret = unseal(uow.master_key, row.sealed_pending, _context(actor.account_id))
    return AppSetUp(totp.written(secret), totp.address_of(secret, actor.login))


def confirm_app(uow: UnitOfWork, actor: Actor, code: str, *, at_utc: datetime) -> list[str]:
    """Take the new app into use by its first code; the recovery codes that come with it are shown this once."""
    row = uow.session.get(Totp, actor.account_id, with_for_update=True)
    if row is None or row.sealed_pending is None:
        raise NothingToConfirm("no authenticator app is being set up")
    secret = unseal(uow.master_key, row.sealed_pending, _context(actor.account_id))
    step = totp.step_of_code(secret, _plain(code), at_utc=at_utc, after_step=-1)
    if step is None:
        raise WrongCode("this code does not fit; check the phone's clock and try the next one")
    row.sealed_secret, row.sealed_pending = row.sealed_pending, None
    row.confirmed_utc, row.last_step = at_utc, step
    note(uow, actor, "factor.app", about=f"account:{actor.login}", at_utc=at_utc)
    return new_recovery_codes(uow, actor, at_utc=at_utc)


def use_code(uow: UnitOfWork, account_id: UUID, code: str, *, at_utc: datetime) -> str:
    """Take a code of the app, or one for recovery; ``app`` or ``recovery``. Each is taken once."""
    lock_for_transaction(uow, f"factor:{account_id}")
    plain = _plain(code)
    row = uow.session.get(Totp, account_id, with_for_update=True)
    if row is not None and row.sealed_secret is not None:
        secret = unseal(uow.master_key, row.sealed_secret, _context(account_id))
        step = totp.step_of_code(secret, plain, at_utc=at_utc, after_step=row.last_step)
        if step is not None:
            row.last_step = step
            return "app"
    used = uow.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_sha256 == _digest(plain),
            RecoveryCode.account_id == account_id,
            RecoveryCode.used_utc.is_(None),
        )
        .values(used_utc=at_utc)
        .returning(RecoveryCode.code_sha256)
    ).first()
    if used is None:
        raise WrongCode("the code is wrong, too old, or was used already")
    return "recovery"


def new_recovery_codes(uow: UnitOfWork, actor: Actor, *, at_utc: datetime) -> list[str]:
    """Ten new codes; those before are worth nothing any more."""
    uow.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == actor.account_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES)]
    uow.session.add_all(
        RecoveryCode(code_sha256=_digest(code), account_id=actor.account_id, used_utc=None) for code in codes
    )
    note(uow, actor, "factor.recovery_codes", about=f"account:{actor.login}", at_utc=at_utc)
    return ["-".join(code[at : at + 4] for at in range(0, _LENGTH, 4)) for code in codes]


def drop_passkey(uow: UnitOfWork, actor: Actor, credential_id: bytes, *, at_utc: datetime) -> None:
    """Give up one passkey; the last second factor of all cannot be given up, only replaced."""
    row = uow.session.get(Passkey, credential_id)
    if row is None or row.account_id != actor.account_id:
        raise PasskeyRefused("there is no such passkey")
    uow.session.delete(row)
    uow.session.flush()
    if not has_factor(uow, actor.account_id):
        raise PasskeyRefused("this is the last second factor; set another one up first")
    note(uow, actor, "factor.drop_passkey", about=f"account:{actor.login}", at_utc=at_utc)


def forget_factors(uow: UnitOfWork, account: Account) -> None:
    """Take every second factor from an account; callers have checked and noted who asks."""
    for rows in (Totp, Passkey, RecoveryCode):
        uow.session.execute(delete(rows).where(rows.account_id == account.id))


def rewrap_secrets(uow: UnitOfWork, new_master_key: bytes) -> int:
    """Seal the secret of every authenticator app under another master key; how many accounts have one."""
    rows = uow.session.scalars(select(Totp)).all()
    for row in rows:
        context = _context(row.account_id)
        for column in ("sealed_secret", "sealed_pending"):
            sealed = getattr(row, column)
            if sealed is not None:
                setattr(row, column, seal(new_master_key, unseal(uow.master_key, sealed, context), context))
    return len(rows)


def _plain(code: str) -> str:
    """A code as it is compared: without the spaces and dashes people put in; full-width figures are figures."""
    folded = code.translate({0xFF10 + n: str(n) for n in range(10)})
    return re.sub(r"[\s-]", "", folded).lower()[:64]


def _digest(plain: str) -> bytes:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()


def _context(account_id: UUID) -> bytes:
    return f"totp:{account_id}".encode()
