"""Signs that a sealed visit was known of beforehand: counts of a whole county to look at, no verdict on anybody."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from geo import LonLat, distance_m
from visits.access import Account, Actor, Right, require, within
from visits.fieldwork import Visit
from visits.ledger import Problem
from visits.places import VillageView, sites_of, village
from visits.plans import Assignment, AssignmentMember, Opening, require_county
from visits.presence import wilson_interval
from visits.store import UnitOfWork

NEAR_M = 3_000.0
WEEK = timedelta(days=7)
LEADS = ((2.0, "under_2h"), (6.0, "2_to_6h"), (24.0, "6_to_24h"))
LONGEST_LEAD = "over_24h"
ORIGINS = (("drawn", True), ("chosen", False))
FEWEST = 10
"""Of fewer visits a rate says nothing, and none is told."""


@dataclass(frozen=True)
class FoundRate:
    """Of so many unannounced visits of one sort, so many found something.

    ``rate`` and ``interval95``, its lower and upper end, are None for too few.
    """

    sort: str
    visits: int
    found: int

    @property
    def rate(self) -> float | None:
        return self.found / self.visits if self.visits >= FEWEST else None

    @property
    def interval95(self) -> tuple[float, float] | None:
        return wilson_interval(self.found, self.visits) if self.visits >= FEWEST else None


@dataclass(frozen=True)
class NearBefore:
    """A visit of whose team somebody had been at the village, or near it, in the week before, on another visit.

    ``inspectors`` are the names of those who were on both.
    """

    visit_id: UUID
    village: VillageView
    began_utc: datetime
    earlier_visit_id: UUID
    earlier_village: VillageView
    earlier_began_utc: datetime
    metres: int
    days_before: int
    inspectors: tuple[str, ...]


@dataclass(frozen=True)
class LeakSigns:
    """How often visits find something, by what could have been told beforehand, and to whom.

    ``by_lead`` goes by the time from release to arrival, ``by_knew`` by how many had opened the assignment, and
    ``by_origin`` by who knew before the release: nobody where a draw decided, the office where it chose the village.
    """

    by_lead: tuple[FoundRate, ...]
    by_knew: tuple[FoundRate, ...]
    by_origin: tuple[FoundRate, ...]
    near_before: tuple[NearBefore, ...]


@dataclass(frozen=True)
class _Made:
    visit: Visit
    lead: timedelta
    knew: int
    drawn: bool
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
        by_origin=tuple(_rate(name, (m for m in made if m.drawn == drawn)) for name, drawn in ORIGINS),
        near_before=tuple(_near(uow, actor, made)),
    )


def _rate(sort: str, made: Iterable[_Made]) -> FoundRate:
    of_sort = list(made)
    return FoundRate(sort, len(of_sort), sum(one.found for one in of_sort))


def _lead(lead: timedelta) -> str:
    hours = lead / timedelta(hours=1)
    return next((name for most, name in LEADS if hours < most), LONGEST_LEAD)


def _made(uow: UnitOfWork, actor: Actor) -> list[_Made]:
    query = (
        select(Visit, Assignment)
        .join(Assignment, Assignment.id == Visit.assignment_id)
        .where(within(actor, Visit.village_code), Visit.state == "closed", Visit.announced.is_(False))
        .order_by(Visit.began_utc, Visit.id)
    )
    rows = uow.session.execute(query).all()
    of_county = within(actor, Problem.village_code)
    found = set(uow.session.scalars(select(Problem.visit_id).where(of_county, Problem.state != "withdrawn")))
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
            visit.began_utc - assigned.release_utc,
            knew.get(assigned.id, 0),
            assigned.draw_id is not None,
            visit.id in found,
            frozenset(teams[assigned.id]),
        )
        for visit, assigned in rows
    ]


def _near(uow: UnitOfWork, actor: Actor, made: list[_Made]) -> Iterable[NearBefore]:
    """Pairs of visits of one week with an inspector in common, to villages that lie close together, or to one."""
    places: dict[str, LonLat | None] = {}
    for later, earlier in _within_a_week(made):
        both = later.team & earlier.team
        if not both or (metres := _apart(uow, places, later.visit.village_code, earlier.visit.village_code)) is None:
            continue
        names = select(Account.name).where(Account.id.in_(both)).order_by(Account.name)
        yield NearBefore(
            visit_id=later.visit.id,
            village=village(uow, actor, later.visit.village_code),
            began_utc=later.visit.began_utc,
            earlier_visit_id=earlier.visit.id,
            earlier_village=village(uow, actor, earlier.visit.village_code),
            earlier_began_utc=earlier.visit.began_utc,
            metres=metres,
            days_before=(later.visit.began_utc - earlier.visit.began_utc).days,
            inspectors=tuple(uow.session.scalars(names)),
        )


def _within_a_week(made: list[_Made]) -> Iterable[tuple[_Made, _Made]]:
    """Each visit with those of the week before it, oldest first; visits come in the order in which they began."""
    first = 0
    for number, later in enumerate(made):
        while later.visit.began_utc - made[first].visit.began_utc > WEEK:
            first += 1
        for earlier in made[first:number]:
            if earlier.visit.began_utc < later.visit.began_utc:
                yield later, earlier


def _apart(uow: UnitOfWork, places: dict[str, LonLat | None], code: str, other: str) -> int | None:
    """Metres between two villages that lie near each other, or are one; None for all others."""
    if code == other:
        return 0
    here, there = (_place(uow, places, one) for one in (code, other))
    metres = distance_m(here, there) if here and there else None
    return round(metres) if metres is not None and metres <= NEAR_M else None


def _place(uow: UnitOfWork, known: dict[str, LonLat | None], code: str) -> LonLat | None:
    if code not in known:
        sites = sites_of(uow, code)
        known[code] = LonLat(sites[0].lon_deg, sites[0].lat_deg) if sites else None
    return known[code]
