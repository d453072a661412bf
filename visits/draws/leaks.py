"""Signs that a sealed visit was known of beforehand: counts of a whole county to look at, no verdict on anybody."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from geo import LonLat, distance_m
from visits.access import Actor, Right, require, within
from visits.fieldwork import Visit
from visits.ledger import Problem
from visits.places import sites_of
from visits.plans import Assignment, AssignmentMember, Opening, require_county
from visits.store import UnitOfWork

NEAR_M = 3_000.0
WEEK = timedelta(days=7)
LEADS = ((2.0, "under_2h"), (6.0, "2_to_6h"), (24.0, "6_to_24h"))
LONGEST_LEAD = "over_24h"
FEWEST = 10
"""Of fewer visits a rate says nothing, and none is told."""


@dataclass(frozen=True)
class FoundRate:
    """Of so many unannounced visits of one sort, so many found something. ``rate`` is None for too few."""

    sort: str
    visits: int
    found: int

    @property
    def rate(self) -> float | None:
        return self.found / self.visits if self.visits >= FEWEST else None


@dataclass(frozen=True)
class NearBefore:
    """A visit of whose team somebody had been at the village, or near it, in the week before, on another visit."""

    visit_id: UUID
    earlier_visit_id: UUID
    metres: int
    days_before: int


@dataclass(frozen=True)
class LeakSigns:
    """How often visits find something by how long before they were released, and by how many had opened them."""

    by_lead: tuple[FoundRate, ...]
    by_knew: tuple[FoundRate, ...]
    near_before: tuple[NearBefore, ...]


@dataclass(frozen=True)
class _Made:
    visit: Visit
    lead: timedelta
    knew: int
    found: bool
    team: frozenset[UUID]


def leak_signs(uow: UnitOfWork, actor: Actor) -> LeakSigns:
    """The signs of the caller's county, over all unannounced visits that were closed.

    A visit that finds less the longer its village could have been told is what a leak looks like from outside; so does
    a season, or a better county. That is for people to weigh.
    """
    require(actor, Right.READ_AUDIT)
    require_county(actor)
    made = _made(uow, actor)
    leads = [*(name for _, name in LEADS), LONGEST_LEAD]
    knew = sorted({one.knew for one in made})
    return LeakSigns(
        by_lead=tuple(_rate(name, (m for m in made if _lead(m.lead) == name)) for name in leads),
        by_knew=tuple(_rate(str(n), (m for m in made if m.knew == n)) for n in knew),
        near_before=tuple(_near(uow, made)),
    )


def _rate(sort: str, made: Iterable[_Made]) -> FoundRate:
    of_sort = list(made)
    return FoundRate(sort, len(of_sort), sum(one.found for one in of_sort))


def _lead(lead: timedelta) -> str:
    hours = lead / timedelta(hours=1)
    return next((name for most, name in LEADS if hours < most), LONGEST_LEAD)


def _made(uow: UnitOfWork, actor: Actor) -> list[_Made]:
    query = (
        select(Visit, Assignment.release_utc)
        .join(Assignment, Assignment.id == Visit.assignment_id)
        .where(within(actor, Visit.village_code), Visit.state == "closed", Visit.announced.is_(False))
        .order_by(Visit.began_utc)
    )
    rows = uow.session.execute(query).all()
    found = set(uow.session.scalars(select(Problem.visit_id).where(Problem.state != "withdrawn")))
    opened = (
        select(Opening.assignment_id, func.count(Opening.account_id.distinct()))
        .where(Opening.granted)
        .group_by(Opening.assignment_id)
    )
    knew = {row[0]: int(row[1]) for row in uow.session.execute(opened)}
    teams: dict[UUID, set[UUID]] = defaultdict(set)
    for assignment_id, account_id in uow.session.execute(
        select(AssignmentMember.assignment_id, AssignmentMember.account_id)
    ):
        teams[assignment_id].add(account_id)
    return [
        _Made(
            visit,
            visit.began_utc - release_utc,
            knew.get(visit.assignment_id, 0),
            visit.id in found,
            frozenset(teams[visit.assignment_id]),
        )
        for visit, release_utc in rows
    ]


def _near(uow: UnitOfWork, made: list[_Made]) -> Iterable[NearBefore]:
    """Pairs of visits of one week with an inspector in common, to villages that lie close together, or to one."""
    places: dict[str, LonLat | None] = {}
    for number, later in enumerate(made):
        for earlier in made[:number]:
            before = later.visit.began_utc - earlier.visit.began_utc
            if not timedelta() < before <= WEEK or not later.team & earlier.team:
                continue
            here, there = (_place(uow, places, one.visit.village_code) for one in (later, earlier))
            same = later.visit.village_code == earlier.visit.village_code
            if same or (here and there and distance_m(here, there) <= NEAR_M):
                metres = 0 if same or not (here and there) else round(distance_m(here, there))
                yield NearBefore(later.visit.id, earlier.visit.id, metres, before.days)


def _place(uow: UnitOfWork, known: dict[str, LonLat | None], code: str) -> LonLat | None:
    if code not in known:
        sites = sites_of(uow, code)
        known[code] = LonLat(sites[0].lon_deg, sites[0].lat_deg) if sites else None
    return known[code]
