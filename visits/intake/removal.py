"""Removal by rule, as far as it concerns what arrived: the key goes, and with it every text sealed under it."""

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from visits.access import lines_of
from visits.intake.rows import KeptDelivery, PhoneExport, ReceivedRecord, RemovedVisit, Upload, VisitKey
from visits.store import UnitOfWork

MISMATCH = "upload.mismatch"
REMOVED = "removed"


def remove_texts(
    uow: UnitOfWork, visit_id: UUID, *, rule: str, ordered_by: UUID, log_index: int, at_utc: datetime
) -> None:
    """Drop a visit's key, so that nobody opens its texts again, and say so for ever; callers check who orders it.

    What came for it under another key, which opens other things too, is emptied. Half-arrived photos end.
    """
    uow.session.add(
        RemovedVisit(visit_id=visit_id, rule=rule, ordered_by=ordered_by, removed_utc=at_utc, log_index=log_index)
    )
    uow.session.flush()
    uow.session.execute(delete(VisitKey).where(VisitKey.visit_id == visit_id))
    elsewhere = (KeptDelivery.visit_id == visit_id) & (KeptDelivery.sealed_under != visit_id)
    uow.session.execute(update(KeptDelivery).where(elsewhere).values(sealed_body=b""))
    unfinished = (Upload.visit_id == visit_id) & Upload.completed_utc.is_(None) & Upload.ended_utc.is_(None)
    uow.session.execute(update(Upload).where(unfinished).values(ended_utc=at_utc, ended_how=REMOVED))


def removal_of(uow: UnitOfWork, visit_id: UUID) -> RemovedVisit | None:
    """What is known of a visit's removal; None for one that is here."""
    return uow.session.get(RemovedVisit, visit_id)


def hashes_of(uow: UnitOfWork, visit_id: UUID) -> tuple[list[str], list[str]]:
    """The hashes of a visit's records, and of the photos they announce."""
    rows = uow.session.execute(
        select(ReceivedRecord.sha256, ReceivedRecord.photo_sha256)
        .where(ReceivedRecord.visit_id == visit_id)
        .order_by(ReceivedRecord.number)
    ).all()
    return [row.sha256 for row in rows], sorted({row.photo_sha256 for row in rows if row.photo_sha256})


def removals(uow: UnitOfWork) -> int:
    """How many visits were removed so far."""
    return uow.session.scalar(select(func.count()).select_from(RemovedVisit)) or 0


def bytes_nobody_needs(uow: UnitOfWork) -> list[str]:
    """The hashes of what was stored for removed visits, and for no visit that is still here.

    Photos; what arrived instead of one; and files of a phone's unsent work, once all visits in them were removed.
    """
    removed = set(uow.session.scalars(select(RemovedVisit.visit_id)))
    if not removed:
        return []
    gone: set[str] = set()
    needed: set[str] = set()
    for visit_id, sha256 in _stored_for(uow):
        (gone if visit_id in removed else needed).add(sha256)
    return sorted(gone - needed)


def uploads_cut_off(uow: UnitOfWork) -> list[UUID]:
    """The uploads that a removal ended; what had arrived of them goes too."""
    return list(uow.session.scalars(select(Upload.id).where(Upload.ended_how == REMOVED)))


def _stored_for(uow: UnitOfWork) -> Iterator[tuple[UUID, str]]:
    """(visit, hash) of all bytes in the evidence store that are known to be of a visit."""
    announced = select(ReceivedRecord.visit_id, ReceivedRecord.photo_sha256).distinct()
    for visit_id, photo_sha256 in uow.session.execute(announced):
        if photo_sha256 is not None:
            yield visit_id, photo_sha256
    for line in lines_of(uow, MISMATCH):
        yield UUID(line.about.removeprefix("visit:")), str(line.detail["arrived"])
    whole = select(PhoneExport.sha256, PhoneExport.receipt).where(PhoneExport.kept_whole)
    for sha256, receipt in uow.session.execute(whole):
        for visit in json.loads(receipt["receipts"])["results"] if receipt else ():
            yield UUID(visit["visit_id"]), sha256
