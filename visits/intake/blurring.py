"""Blurring by rule, as far as it concerns what arrived: signed texts go with their key, copies without positions stay.

A signature covers a text as a whole, so a text that lost its position is no longer what the phone signed. The original
row stays as it came, and nobody can open it any more; what is read from then on is a copy beside it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.sql import ColumnElement

from media.proof import canonical
from visits.intake.rows import BlurredRecord, KeptDelivery, ReceivedRecord, VisitBlur
from visits.intake.sealing import VisitSeal
from visits.store import UnitOfWork

# Where a record keeps positions, whatever its kind; the schema knows no other place.
_ONE, _SEVERAL = "fix", "fixes"


@dataclass(frozen=True)
class BlurredPair:
    """A record by the hash of its signed text, and the hash of the copy that took its place."""

    sha256: str
    blurred_sha256: str


def blur_texts(
    uow: UnitOfWork, visit_id: UUID, old: VisitSeal, new: VisitSeal, said: Mapping[UUID, Mapping[str, Any]]
) -> list[BlurredPair]:
    """Write the copies of a visit's records that have none yet, under its new key; each pair, in the order they came.

    ``said`` is what is put in the place of the positions, by record. What had no position keeps its very text.
    """
    copies = {row.number: row for row in uow.session.scalars(_copies(visit_id))}
    for copy in copies.values():
        copy.sealed_text = new.close(old.open(copy.sealed_text, _context(copy.sha256)), _context(copy.sha256))
    pairs = []
    for row in uow.session.scalars(_received(visit_id)):
        if row.number in copies:
            continue
        text = _blurred(row, old.open(row.sealed_text, row.sha256).decode(), said)
        digest = hashlib.sha256(text).hexdigest()
        sealed = new.close(text, _context(digest))
        uow.session.add(BlurredRecord(number=row.number, visit_id=visit_id, sha256=digest, sealed_text=sealed))
        pairs.append(BlurredPair(row.sha256, digest))
    uow.session.flush()
    return pairs


def keep_blur(uow: UnitOfWork, visit_id: UUID, *, days: int, log_index: int, at_utc: datetime) -> None:
    """Say for ever that a visit was blurred, and where the log says so.

    Bodies that could not be read as records may hold positions anywhere, so they are emptied with this.
    """
    uow.session.add(VisitBlur(log_index=log_index, visit_id=visit_id, days=days, blurred_utc=at_utc))
    uow.session.flush()
    full = (KeptDelivery.visit_id == visit_id) & (func.length(KeptDelivery.sealed_body) > 0)
    uow.session.execute(update(KeptDelivery).where(full).values(sealed_body=b""))


def blurs_of(uow: UnitOfWork, visit_id: UUID) -> list[VisitBlur]:
    """Each time a visit was blurred, the first one first: what arrives afterwards is blurred by the next."""
    query = select(VisitBlur).where(VisitBlur.visit_id == visit_id).order_by(VisitBlur.log_index)
    return list(uow.session.scalars(query))


def holds_positions(visit_id: Any) -> ColumnElement[bool]:
    """A filter: something of this visit was received and not blurred yet."""
    copy = exists().where(BlurredRecord.number == ReceivedRecord.number)
    kept = exists().where(KeptDelivery.visit_id == visit_id, func.length(KeptDelivery.sealed_body) > 0)
    return exists().where(ReceivedRecord.visit_id == visit_id, ~copy) | kept


def blurred_copies(uow: UnitOfWork, visit_id: UUID) -> dict[int, BlurredRecord]:
    """The copies of a visit's records by the number of the record; empty while it was not blurred."""
    return {row.number: row for row in uow.session.scalars(_copies(visit_id))}


def text_of(seal: VisitSeal, row: ReceivedRecord, copy: BlurredRecord | None) -> str:
    """What can still be read of a record: its signed text, or the copy that took its place."""
    if copy is None:
        return seal.open(row.sealed_text, row.sha256).decode()
    return seal.open(copy.sealed_text, _context(copy.sha256)).decode()


def _blurred(row: ReceivedRecord, text: str, said: Mapping[UUID, Mapping[str, Any]]) -> bytes:
    if row.record_id is None:
        return canonical({"blurred": {"unreadable": True}})
    record = json.loads(text)
    body, count = _without(record["body"])
    if count == 0:
        return text.encode()
    return canonical({**record, "body": body, "blurred": {"fixes": count, **said.get(row.record_id, {})}})


def _without(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """A body without its positions, and how many there were; a correction has a body of its own inside."""
    kept, count = dict(body), 0
    if kept.get(_ONE) is not None:
        kept[_ONE], count = None, 1
    if kept.get(_SEVERAL):
        count += len(kept[_SEVERAL])
        kept[_SEVERAL] = []
    if isinstance(kept.get("body"), dict):
        kept["body"], inside = _without(kept["body"])
        count += inside
    return kept, count


def _context(sha256: str) -> str:
    return f"blurred:{sha256}"


def _copies(visit_id: UUID) -> Any:
    return select(BlurredRecord).where(BlurredRecord.visit_id == visit_id).order_by(BlurredRecord.number)


def _received(visit_id: UUID) -> Any:
    return select(ReceivedRecord).where(ReceivedRecord.visit_id == visit_id).order_by(ReceivedRecord.number)
