"""Blurring by rule: some days after a visit ended its raw positions go, with their key; what was judged stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from visits.access import Actor, Right, note, require, within
from visits.fieldwork import Visit, blur_facts, field_records, projects_seen
from visits.intake import RemovedVisit, blur_texts, exchange_seal, holds_positions, keep_blur, removal_of
from visits.log import append
from visits.plans import issues_of
from visits.store import Store, UnitOfWork, enqueue, lock_for_transaction
from visits.upkeep.standing import Standing, standing
from visits.zone import LOCAL_ZONE

BLURRING = ("blur_visits", "daily")
# When phones are asleep and the daily checkpoint is made; the next one covers what this adds to the log.
AT_NIGHT = timedelta(hours=2, minutes=20)
# Where a run overwrites keys and copies.
_WIPED = ("kept_delivery", "visit_key")


@dataclass(frozen=True)
class Held:
    """A visit that is old enough to be blurred, and why it is not, where something of it is open."""

    visit_id: UUID
    decided_utc: datetime
    stays_because: str


def held_back(uow: UnitOfWork, actor: Actor, *, days: int, at_utc: datetime) -> list[Held]:
    """The visits of the caller's division that are due, oldest first, each with what holds it back, if anything."""
    require(actor, Right.ORDER_REMOVAL)
    rows = uow.session.scalars(_due(days, at_utc).where(within(actor, Visit.village_code)))
    found = [(row, standing(uow, row, at_utc)) for row in rows]
    return [Held(row.id, now.decided_utc, _why(now)) for row, now in found if _is_over(now, days, at_utc)]


def blur_visits(store: Store, *, days: int, at_utc: datetime) -> int:
    """Blur every visit that is due, each in a transaction of its own, and see to the next day's run; how many went."""
    with store.reading() as uow:
        due = [row.id for row in uow.session.scalars(_due(days, at_utc))]
    done = 0
    for visit_id in due:
        with store.writing() as uow:
            done += blur_visit(uow, visit_id, days=days, at_utc=at_utc)
    if done and not store.is_sqlite:
        store.wipe(*_WIPED)
    with store.writing() as uow:
        tomorrow = at_utc.astimezone(LOCAL_ZONE) + timedelta(days=1)
        enqueue(uow, *BLURRING, at_utc=tomorrow.replace(hour=0, minute=0, second=0, microsecond=0) + AT_NIGHT)
    return done


def blur_visit(uow: UnitOfWork, visit_id: UUID, *, days: int, at_utc: datetime) -> bool:
    """Blur one visit unless something of it is open; whether it was.

    The log names the rule, every record by its hash, and the hash of the copy that took its place.
    """
    lock_for_transaction(uow, f"visit:{visit_id}")
    row = uow.session.get_one(Visit, visit_id)
    now = standing(uow, row, at_utc)
    if removal_of(uow, visit_id) is not None or not _is_over(now, days, at_utc) or _why(now):
        return False
    said = _distances(uow, row)
    old, new = exchange_seal(uow, visit_id)
    pairs = blur_texts(uow, visit_id, old, new, said)
    blur_facts(uow, visit_id, old, new)
    listed = [[one.sha256, one.blurred_sha256] for one in pairs]
    entry = append(uow, "blur", {"visit_id": str(visit_id), "days": days, "records": listed}, at_utc=at_utc)
    keep_blur(uow, visit_id, days=days, log_index=entry.index, at_utc=at_utc)
    detail = {"days": days, "records": len(pairs)}
    note(
        uow, None, "visit.blur", about=f"visit:{visit_id}", division_code=row.village_code, detail=detail, at_utc=at_utc
    )
    return True


def begin_blurring(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """See to it that the daily run waits; a server says so when it starts."""
    enqueue(uow, *BLURRING, at_utc=at_utc)


def _due(days: int, at_utc: datetime) -> Any:
    """The visits that ended long enough ago, are not removed, and still hold something that was received as it came."""
    removed = exists().where(RemovedVisit.visit_id == Visit.id)
    return (
        select(Visit)
        .where(Visit.closed_utc <= at_utc - timedelta(days=days), ~removed, holds_positions(Visit.id))
        .order_by(Visit.closed_utc, Visit.id)
    )


def _is_over(now: Standing, days: int, at_utc: datetime) -> bool:
    """Whether the days have passed since the visit ended, and since anybody last decided about it."""
    return now.decided_utc + timedelta(days=days) <= at_utc


def _why(now: Standing) -> str:
    return "; ".join(now.open_about_people)


def _distances(uow: UnitOfWork, row: Visit) -> Mapping[UUID, Mapping[str, Any]]:
    """How far each project was seen from its planned place: worked out from positions, so it is kept in their place."""
    records = field_records(uow, row.id, issues_of(uow, row.assignment_id))
    seen = projects_seen(uow, row.village_code, records)
    return {one.record.id: {"metres": one.metres, "is_far": one.is_far} for one in seen}
