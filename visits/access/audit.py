"""The audit chain: who did and read what, when, with what result."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Select, Table, insert, select

from visits.access.actor import Actor, Right
from visits.access.rows import Account, Audit
from visits.access.scope import require, within
from visits.store import UnitOfWork, lock_for_transaction

START = bytes(32)
_WHENCE = ("address", "device_id")
# Nearly every verb adds a line, so what that says to the database is built once, and goes past the ORM.
_LAST = select(Audit.number, Audit.hash).order_by(Audit.number.desc()).limit(1)
_ADD = insert(cast(Table, Audit.__table__))


@dataclass(frozen=True)
class AuditEntry:
    """One line as the discipline role reads it."""

    number: int
    at_utc: datetime
    account_id: UUID | None
    act: str
    about: str
    result: str
    detail: Mapping[str, object]
    address: str | None
    device_id: UUID | None
    login: str | None


def note(
    uow: UnitOfWork,
    actor: Actor | None,
    act: str,
    *,
    about: str,
    division_code: str = "",
    result: str = "done",
    detail: Mapping[str, object] | None = None,
    address: str | None = None,
    at_utc: datetime,
) -> None:
    """Add one line. Refusals are noted too, so the caller commits them before it answers.

    ``address`` says from where when nobody is signed in; otherwise the actor knows.
    """
    lock_for_transaction(uow, "audit")
    last = uow.session.execute(_LAST).first()
    line = {
        "number": last.number + 1 if last else 0,
        "at_utc": at_utc,
        "account_id": actor.account_id if actor else None,
        "act": act,
        "about": about,
        "division_code": division_code or (actor.division_prefix if actor else ""),
        "result": result,
        "detail": dict(detail or {}),
        "address": (actor.address if actor else None) or address or None,
        "device_id": actor.device_id if actor else None,
        "previous_hash": last.hash if last else START,
    }
    uow.session.execute(_ADD, {**line, "hash": _hash(line)})


def audit_trail(
    uow: UnitOfWork,
    actor: Actor,
    *,
    about: str | None = None,
    login: str | None = None,
    act: str | None = None,
    result: str | None = None,
    before: int | None = None,
    limit: int = 200,
) -> list[AuditEntry]:
    """The newest lines of the actor's division, newest first, narrowed by what is given."""
    require(actor, Right.READ_AUDIT)
    query = _lines().where(within(actor, Audit.division_code)).order_by(Audit.number.desc()).limit(limit)
    for column, value in ((Audit.about, about), (Account.login, login), (Audit.act, act), (Audit.result, result)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(Audit.number < before)
    return [_entry(found[0], found[1]) for found in uow.session.execute(query)]


def sign_ins_of(uow: UnitOfWork, actor: Actor, *, limit: int | None) -> list[AuditEntry]:
    """The newest sign-ins at the caller's own account, all where there is no limit; refused ones show a stranger."""
    query = _lines().where(Audit.about == f"account:{actor.login}", Audit.act.startswith("sign_in"))
    return [
        _entry(found[0], found[1]) for found in uow.session.execute(query.order_by(Audit.number.desc()).limit(limit))
    ]


def lines_of(uow: UnitOfWork, act: str) -> list[AuditEntry]:
    """Every line of one act, oldest first; for the program itself, which no division bounds."""
    query = _lines().where(Audit.act == act).order_by(Audit.number)
    return [_entry(found[0], found[1]) for found in uow.session.execute(query)]


def audit_head(uow: UnitOfWork) -> tuple[int, str]:
    """Number and hash of the newest line; number -1 and the start value where there is none."""
    last = uow.session.execute(_LAST).first()
    return (-1, START.hex()) if last is None else (last.number, last.hash.hex())


def audit_is_unbroken(uow: UnitOfWork) -> int | None:
    """None when the whole chain holds, else the number of the first line that does not."""
    previous, expected = START, 0
    for a in uow.session.scalars(select(Audit).order_by(Audit.number)):
        line = {
            "number": a.number,
            "at_utc": a.at_utc,
            "account_id": a.account_id,
            "act": a.act,
            "about": a.about,
            "division_code": a.division_code,
            "result": a.result,
            "detail": a.detail,
            "address": a.address,
            "device_id": a.device_id,
            "previous_hash": a.previous_hash,
        }
        if a.number != expected or a.previous_hash != previous or a.hash != _hash(line):
            return expected
        previous, expected = a.hash, expected + 1
    return None


def _hash(line: Mapping[str, object]) -> bytes:
    """The hash of a line; lines older than the two columns of whence have none of them, and are hashed without."""
    plain = {
        key: value.isoformat()
        if isinstance(value, datetime)
        else value.hex()
        if isinstance(value, bytes)
        else str(value)
        if isinstance(value, UUID)
        else value
        for key, value in line.items()
        if key not in _WHENCE or value is not None
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).digest()


def _lines() -> Select[Audit, str]:
    return select(Audit, Account.login).outerjoin(Account, Account.id == Audit.account_id)


def _entry(a: Audit, login: str | None) -> AuditEntry:
    return AuditEntry(
        a.number, a.at_utc, a.account_id, a.act, a.about, a.result, a.detail, a.address, a.device_id, login
    )
