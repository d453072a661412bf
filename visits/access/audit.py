"""The audit chain: who did and read what, when, with what result."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from visits.access.actor import Actor, Right
from visits.access.rows import Audit
from visits.access.scope import require, within
from visits.store import UnitOfWork, lock_for_transaction

START = bytes(32)


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


def note(
    uow: UnitOfWork,
    actor: Actor | None,
    act: str,
    *,
    about: str,
    division_code: str = "",
    result: str = "done",
    detail: Mapping[str, object] | None = None,
    at_utc: datetime,
) -> None:
    """Add one line. Refusals are noted too, so the caller commits them before it answers."""
    lock_for_transaction(uow, "audit")
    last = uow.session.execute(select(Audit.number, Audit.hash).order_by(Audit.number.desc()).limit(1)).first()
    line = {
        "number": last.number + 1 if last else 0,
        "at_utc": at_utc,
        "account_id": actor.account_id if actor else None,
        "act": act,
        "about": about,
        "division_code": division_code or (actor.division_prefix if actor else ""),
        "result": result,
        "detail": dict(detail or {}),
        "previous_hash": last.hash if last else START,
    }
    uow.session.execute(insert(Audit).values(**line, hash=_hash(line)))


def audit_trail(uow: UnitOfWork, actor: Actor, *, about: str | None = None, limit: int = 200) -> list[AuditEntry]:
    """The newest lines of the actor's division, newest first."""
    require(actor, Right.READ_AUDIT)
    query = select(Audit).where(within(actor, Audit.division_code)).order_by(Audit.number.desc()).limit(limit)
    if about is not None:
        query = query.where(Audit.about == about)
    return [_entry(a) for a in uow.session.scalars(query)]


def lines_of(uow: UnitOfWork, act: str) -> list[AuditEntry]:
    """Every line of one act, oldest first; for the program itself, which no division bounds."""
    query = select(Audit).where(Audit.act == act).order_by(Audit.number)
    return [_entry(a) for a in uow.session.scalars(query)]


def audit_head(uow: UnitOfWork) -> tuple[int, str]:
    """Number and hash of the newest line; number -1 and the start value where there is none."""
    last = uow.session.execute(select(Audit.number, Audit.hash).order_by(Audit.number.desc()).limit(1)).first()
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
            "previous_hash": a.previous_hash,
        }
        if a.number != expected or a.previous_hash != previous or a.hash != _hash(line):
            return expected
        previous, expected = a.hash, expected + 1
    return None


def _hash(line: Mapping[str, object]) -> bytes:
    plain = {
        key: value.isoformat()
        if isinstance(value, datetime)
        else value.hex()
        if isinstance(value, bytes)
        else str(value)
        if isinstance(value, UUID)
        else value
        for key, value in line.items()
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).digest()


def _entry(a: Audit) -> AuditEntry:
    return AuditEntry(a.number, a.at_utc, a.account_id, a.act, a.about, a.result, a.detail)
