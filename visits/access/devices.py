"""Phones: let in with a square code, seen, reported lost, taken out of use."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from media.proof import read_public_jwk
from visits.access.actor import Actor, Right, Role
from visits.access.audit import note
from visits.access.errors import DeviceRevoked, EnrolmentNeeded, NoSuchAccount, NoSuchDevice
from visits.access.rows import Account, Device, Enrolment, SessionToken
from visits.access.scope import in_scope
from visits.store import UnitOfWork

ENROLMENT_LIFETIME = timedelta(minutes=15)
REASONS = ("lost", "retired")


@dataclass(frozen=True)
class DeviceView:
    """A phone as its owner, their office and the admin see it."""

    id: UUID
    account_id: UUID
    login: str
    label: str
    registered_utc: datetime
    last_seen_utc: datetime | None
    revoked_utc: datetime | None
    revoked_reason: str | None


@dataclass(frozen=True)
class Invitation:
    """What a square code says; it is shown this once."""

    code: str
    login: str
    until_utc: datetime


def devices_of(uow: UnitOfWork, actor: Actor, account_id: UUID) -> list[DeviceView]:
    """The phones of an account, newest first: one's own, or those of an account one looks after."""
    account = _looked_after(uow, actor, account_id)
    found = uow.session.scalars(
        select(Device).where(Device.account_id == account.id).order_by(Device.registered_utc.desc(), Device.id)
    )
    return [_view(one, account.login) for one in found]


def revoke_device(uow: UnitOfWork, actor: Actor, device_id: UUID, *, reason: str, at_utc: datetime) -> DeviceView:
    """Shut a phone out at once, with every sign-in on it; what it recorded before stays."""
    row = uow.session.get(Device, device_id)
    try:
        account = _looked_after(uow, actor, row.account_id if row else None)
    except NoSuchAccount as none:
        raise NoSuchDevice("there is no such phone") from none
    assert row is not None
    if row.revoked_utc is None:
        row.revoked_utc, row.revoked_reason = at_utc, reason
        uow.session.execute(
            update(SessionToken)
            .where(SessionToken.device_id == device_id, SessionToken.revoked_utc.is_(None))
            .values(revoked_utc=at_utc)
        )
        about, detail = f"account:{account.login}", {"device": str(device_id), "reason": reason}
        division = account.division_prefix
        note(uow, actor, "device.revoke", about=about, division_code=division, detail=detail, at_utc=at_utc)
    return _view(row, account.login)


def invite_device(uow: UnitOfWork, actor: Actor, account_id: UUID, *, at_utc: datetime) -> Invitation:
    """A code that lets one new phone of this account in, together with the passphrase, once and for fifteen minutes."""
    account = _looked_after(uow, actor, account_id)
    code = secrets.token_urlsafe(32)
    until_utc = at_utc + ENROLMENT_LIFETIME
    uow.session.execute(
        # A new code makes the ones before it worthless: what was printed and left lying about opens nothing.
        update(Enrolment)
        .where(Enrolment.account_id == account.id, Enrolment.used_utc.is_(None))
        .values(until_utc=at_utc)
    )
    uow.session.add(
        Enrolment(
            code_sha256=_digest(code),
            account_id=account.id,
            made_by=actor.account_id,
            made_utc=at_utc,
            until_utc=until_utc,
            used_utc=None,
        )
    )
    about, division = f"account:{account.login}", account.division_prefix
    note(uow, actor, "device.invite", about=about, division_code=division, at_utc=at_utc)
    return Invitation(code, account.login, until_utc)


def register_device(
    uow: UnitOfWork,
    account: Account,
    label: str,
    key: Mapping[str, Any],
    *,
    enrolment: str | None,
    must_be_invited: bool,
    at_utc: datetime,
) -> UUID:
    """The id of the phone that holds this key; a new one uses up its invitation where it needs or brings one."""
    read_public_jwk(key)
    public_key = {name: key[name] for name in ("kty", "crv", "x", "y")}
    device = known_device(uow, account.id, public_key)
    if device is None:
        if must_be_invited or enrolment is not None:
            _use_up(uow, account, enrolment or "", at_utc)
        device = Device(
            id=uuid4(), account_id=account.id, label=label[:120], public_key_jwk=public_key, registered_utc=at_utc
        )
        uow.session.add(device)
        uow.session.flush()
    if device.revoked_utc is not None:
        raise DeviceRevoked("this phone was reported lost or taken out of use")
    device.last_seen_utc = at_utc
    return device.id


def known_device(uow: UnitOfWork, account_id: UUID, public_key: Mapping[str, Any]) -> Device | None:
    """The phone of this account that holds the key, if there is one."""
    wanted = {name: public_key.get(name) for name in ("kty", "crv", "x", "y")}
    found = uow.session.scalars(select(Device).where(Device.account_id == account_id))
    return next((one for one in found if one.public_key_jwk == wanted), None)


def _use_up(uow: UnitOfWork, account: Account, code: str, at_utc: datetime) -> None:
    used = uow.session.execute(
        update(Enrolment)
        .where(
            Enrolment.code_sha256 == _digest(code),
            Enrolment.account_id == account.id,
            Enrolment.used_utc.is_(None),
            Enrolment.until_utc > at_utc,
        )
        .values(used_utc=at_utc)
        .returning(Enrolment.code_sha256)
    ).first()
    if used is None:
        raise EnrolmentNeeded("this phone needs a square code that is still good; ask the office or the administrator")


def _looked_after(uow: UnitOfWork, actor: Actor, account_id: UUID | None) -> Account:
    """An account whose phones the actor may see to: their own, an admin's division, an office's inspectors."""
    account = uow.session.get(Account, account_id) if account_id else None
    if account is not None and account.id != actor.account_id:
        admin = actor.may(Right.MANAGE_ACCOUNTS)
        office = actor.may(Right.ASSIGN) and account.role == Role.INSPECTOR
        if not (admin or office) or not in_scope(actor, account.division_prefix):
            account = None
    if account is None:
        raise NoSuchAccount("there is no such account in your division")
    return account


def _view(row: Device, login: str) -> DeviceView:
    return DeviceView(
        row.id,
        row.account_id,
        login,
        row.label,
        row.registered_utc,
        row.last_seen_utc,
        row.revoked_utc,
        row.revoked_reason,
    )


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
