"""Removal by rule, as far as it concerns what arrived: the key goes, and with it every text sealed under it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select

from visits.intake.rows import ReceivedRecord, RemovedVisit, VisitKey
from visits.store import UnitOfWork


def remove_texts(
    uow: UnitOfWork, visit_id: UUID, *, rule: str, ordered_by: UUID, log_index: int, at_utc: datetime
) -> None:
    """Drop a visit's key, so that nobody opens its texts again, and say so for ever; callers check who orders it."""
    uow.session.add(
        RemovedVisit(visit_id=visit_id, rule=rule, ordered_by=ordered_by, removed_utc=at_utc, log_index=log_index)
    )
    uow.session.execute(delete(VisitKey).where(VisitKey.visit_id == visit_id))
    uow.session.flush()


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


def photos_nobody_needs(uow: UnitOfWork, candidates: Iterable[str] | None = None) -> list[str]:
    """The photos of removed visits that no visit which is still here announces; of ``candidates`` or of all."""
    removed = exists().where(RemovedVisit.visit_id == ReceivedRecord.visit_id)
    query = select(ReceivedRecord.photo_sha256).where(ReceivedRecord.photo_sha256.is_not(None)).distinct()
    gone = set(uow.session.scalars(query.where(removed)))
    if candidates is not None:
        gone &= set(candidates)
    needed = set(uow.session.scalars(query.where(~removed, ReceivedRecord.photo_sha256.in_(gone)))) if gone else set()
    return sorted(sha256 for sha256 in gone - needed if sha256 is not None)
