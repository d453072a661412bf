"""All sightings of a county at once, as they read at some instant: for jobs that weigh them together."""

from dataclasses import dataclass
from datetime import date, datetime
from math import prod
from uuid import UUID

from sqlalchemy import func, select

from visits.fieldwork.rows import Sighting, SightingJudgement, Visit
from visits.intake import ReceivedRecord
from visits.plans import BILLION, Assignment, AssignmentMember, blind_doubles
from visits.store import UnitOfWork


@dataclass(frozen=True)
class SightingKnown:
    """One sighting with the judgement that was the newest at that instant, and how its visit came to be.

    ``drawn`` where a random draw chose the visit; ``unannounced`` where nobody escorted it or warned the village;
    ``doubles`` is the visit after which this one's team was sent without knowing of it.
    """

    id: UUID
    visit_id: UUID
    posting_id: UUID
    village_code: str
    at_utc: datetime
    local_date: date
    slot: str
    required: bool
    outcome: str
    place: str
    met_by: int
    villagers_asked: int
    villagers_know: int
    sign: str | None
    on_leave: bool
    drawn: bool
    unannounced: bool
    draw_probability: float
    inspectors: tuple[UUID, ...]
    doubles: UUID | None = None


def sightings_known(
    uow: UnitOfWork, division_prefix: str, *, until: date, known_at_utc: datetime
) -> list[SightingKnown]:
    """The sightings of visits up to that local day, as judged with what was known at that instant, oldest first.

    What a sighting amounts to is bitemporal. Whether a visit was escorted or warned of is read as it stands now: it is
    said at the visit's close and changes only by a correction. Callers check their reach.
    """
    newest = (
        select(SightingJudgement.sighting_id, func.max(SightingJudgement.number).label("number"))
        .where(SightingJudgement.known_utc <= known_at_utc)
        .group_by(SightingJudgement.sighting_id)
        .subquery()
    )
    query = (
        select(Sighting, SightingJudgement, Visit, Assignment)
        .join(newest, newest.c.sighting_id == Sighting.id)
        .join(SightingJudgement, SightingJudgement.number == newest.c.number)
        .join(Visit, Visit.id == Sighting.visit_id)
        .join(Assignment, Assignment.id == Visit.assignment_id)
        .where(Sighting.village_code.startswith(division_prefix), Sighting.local_date <= until)
        .order_by(Sighting.at_utc, Sighting.id)
    )
    teams = _teams(uow, division_prefix)
    doubles = blind_doubles(uow, division_prefix, known_at_utc=known_at_utc)
    return [
        SightingKnown(
            id=seen.id,
            visit_id=seen.visit_id,
            posting_id=seen.posting_id,
            village_code=seen.village_code,
            at_utc=seen.at_utc,
            local_date=seen.local_date,
            slot=seen.slot,
            required=seen.required,
            outcome=judged.outcome,
            place=judged.place,
            met_by=judged.met_by,
            villagers_asked=judged.villagers_asked,
            villagers_know=judged.villagers_know,
            sign=judged.sign,
            on_leave=bool(judged.leave_ids),
            drawn=assigned.draw_id is not None,
            unannounced=visit.unannounced_indeed,
            draw_probability=_probability(assigned),
            inspectors=teams.get(visit.assignment_id, ()),
            doubles=doubles.get(seen.visit_id),
        )
        for seen, judged, visit, assigned in uow.session.execute(query)
    ]


def was_visited(uow: UnitOfWork, division_prefix: str, *, by: date) -> bool:
    """Whether any visit up to that local day spoke of anybody posted there. Callers check their reach."""
    seen = select(Sighting.id).where(Sighting.village_code.startswith(division_prefix), Sighting.local_date <= by)
    return uow.session.scalar(seen.limit(1)) is not None


def visits_with_a_problem(uow: UnitOfWork, division_prefix: str, *, known_at_utc: datetime) -> frozenset[UUID]:
    """The visits whose inspectors recorded a problem that had come in by that instant. Callers check their reach."""
    query = (
        select(ReceivedRecord.visit_id)
        .join(Visit, Visit.id == ReceivedRecord.visit_id)
        .where(
            ReceivedRecord.kind == "problem",
            ReceivedRecord.outcome == "accepted",
            ReceivedRecord.received_utc <= known_at_utc,
            Visit.village_code.startswith(division_prefix),
        )
    )
    return frozenset(uow.session.scalars(query))


def _probability(assigned: Assignment) -> float:
    """How likely the draw was to come to this village in this slot; one where none is stored."""
    stored = (assigned.inclusion_billionths, assigned.slot_billionths)
    return prod(n / BILLION for n in stored if n)


def _teams(uow: UnitOfWork, division_prefix: str) -> dict[UUID, tuple[UUID, ...]]:
    query = (
        select(AssignmentMember.assignment_id, AssignmentMember.account_id)
        .join(Assignment, Assignment.id == AssignmentMember.assignment_id)
        .where(Assignment.village_code.startswith(division_prefix))
        .order_by(AssignmentMember.account_id)
    )
    teams: dict[UUID, list[UUID]] = {}
    for assignment_id, account_id in uow.session.execute(query):
        teams.setdefault(assignment_id, []).append(account_id)
    return {assignment_id: tuple(team) for assignment_id, team in teams.items()}
