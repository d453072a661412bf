"""Sightings as people read them: what visits established about somebody, and all that it was judged to be."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from visits.access import Actor, Right, require, within
from visits.fieldwork.errors import NoSuchSighting
from visits.fieldwork.rows import Sighting, SightingJudgement, Visit
from visits.people import PostingView, postings_by_id
from visits.plans import teams_of_visits
from visits.store import UnitOfWork


@dataclass(frozen=True)
class JudgementView:
    """How a sighting read with what was known at ``known_utc``."""

    outcome: str
    place: str
    met_by: int
    villagers_asked: int
    villagers_know: int
    sign: str | None
    leave_ids: tuple[str, ...]
    books_asked: tuple[str, ...]
    approved_late: bool
    reasons: tuple[str, ...]
    known_utc: datetime


@dataclass(frozen=True)
class SightingView:
    """What a visit established about one posting; ``now`` is the newest judgement, ``before`` the older ones."""

    id: UUID
    visit_id: UUID
    posting_id: UUID
    posting: PostingView | None
    village_code: str
    at_utc: datetime
    local_date: date
    slot: str
    required: bool
    now: JudgementView
    before: tuple[JudgementView, ...]
    record_ids: tuple[UUID, ...]
    inspectors: tuple[UUID, ...]
    visit_unannounced: bool


def sighting(uow: UnitOfWork, actor: Actor, sighting_id: UUID) -> SightingView:
    """One sighting, for those who read about people."""
    require(actor, Right.READ_PEOPLE)
    row = uow.session.scalar(select(Sighting).where(Sighting.id == sighting_id, within(actor, Sighting.village_code)))
    if row is None:
        raise NoSuchSighting(f"there is no sighting {sighting_id}")
    return _sightings(uow, [(row, uow.session.get_one(Visit, row.visit_id))])[0]


def sightings_of_postings(uow: UnitOfWork, posting_ids: Collection[UUID]) -> dict[UUID, list[SightingView]]:
    """The sightings of each of these postings, oldest first; callers check their reach."""
    query = (
        select(Sighting, Visit)
        .join(Visit, Visit.id == Sighting.visit_id)
        .where(Sighting.posting_id.in_(posting_ids))
        .order_by(Sighting.at_utc)
    )
    found: dict[UUID, list[SightingView]] = {posting_id: [] for posting_id in posting_ids}
    for seen in _sightings(uow, [(row, of_visit) for row, of_visit in uow.session.execute(query)]):
        found[seen.posting_id].append(seen)
    return found


def sightings_of_visit(uow: UnitOfWork, visit: Visit) -> list[SightingView]:
    """The sightings of one visit, by posting; callers check their reach."""
    query = select(Sighting).where(Sighting.visit_id == visit.id).order_by(Sighting.posting_id)
    return _sightings(uow, [(row, visit) for row in uow.session.scalars(query)])


def _sightings(uow: UnitOfWork, rows: Sequence[tuple[Sighting, Visit]]) -> list[SightingView]:
    """These sightings in their order, each with all that it was judged to be; asked for together."""
    judged: dict[UUID, list[SightingJudgement]] = defaultdict(list)
    query = select(SightingJudgement).where(SightingJudgement.sighting_id.in_([row.id for row, _ in rows]))
    for judgement in uow.session.scalars(query.order_by(SightingJudgement.number.desc())):
        judged[judgement.sighting_id].append(judgement)
    postings = postings_by_id(uow, {row.posting_id for row, _ in rows})
    teams = teams_of_visits(uow, {row.visit_id for row, _ in rows})
    return [
        SightingView(
            id=row.id,
            visit_id=row.visit_id,
            posting_id=row.posting_id,
            posting=postings.get(row.posting_id),
            village_code=row.village_code,
            at_utc=row.at_utc,
            local_date=row.local_date,
            slot=row.slot,
            required=row.required,
            now=_judgement(judged[row.id][0]),
            before=tuple(map(_judgement, judged[row.id][1:])),
            record_ids=tuple(UUID(i) for i in judged[row.id][0].record_ids),
            inspectors=tuple(member.account_id for member in teams.get(row.visit_id, ())),
            visit_unannounced=of_visit.unannounced_indeed,
        )
        for row, of_visit in rows
    ]


def _judgement(row: SightingJudgement) -> JudgementView:
    return JudgementView(
        row.outcome,
        row.place,
        row.met_by,
        row.villagers_asked,
        row.villagers_know,
        row.sign,
        tuple(row.leave_ids),
        tuple(row.books_asked),
        row.approved_late,
        tuple(row.reasons),
        row.known_utc,
    )
