"""Where visits have and have not been: villages, never people."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from geo import TILE_ZOOMS
from visits.access import Actor, Right, in_scope, require, within
from visits.fieldwork.rows import Visit
from visits.people import Slot
from visits.places import (
    Box,
    TileSetView,
    VillageView,
    joined_name,
    map_numbers,
    reach_box,
    successors,
    tile_sets,
    villages,
)
from visits.plans import Assignment, line_in_reach
from visits.store import UnitOfWork

COUNTY_CODE_LENGTH = 6
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
SLOT_BITS = {slot.value: 1 << place for place, slot in enumerate(Slot)}


class CountedVisit(NamedTuple):
    """One visit that covers its village. ``drawn`` is one that a draw sent there, the others were directed; the line
    of the year's plan it was made under is ``None`` where the county had none."""

    village_code: str
    on: date
    slot: str
    drawn: bool
    plan_line_id: UUID | None = None


def sees_draws(actor: Actor) -> bool:
    """Whether the caller may know which visits were drawn: not below the county, where a directed visit would tell
    a town that somebody spoke about it."""
    return len(actor.division_prefix) <= COUNTY_CODE_LENGTH


@dataclass(frozen=True)
class VillageCoverage:
    """One village: when it was last visited without notice, and how many such visits fell into each slot.

    Only complete visits that were truly unannounced count; escorted ones, or ones the village was warned of, do not.
    ``drawn`` of them were sent there by a draw; ``None`` for whoever may not know (:func:`sees_draws`).
    """

    village: VillageView
    last_visit_on: date | None
    visits: int
    by_slot: dict[str, int]
    drawn: int | None


@dataclass(frozen=True)
class Which:
    """Which visits count: those from a first to a last day, in one slot, under one line of a plan; all, where nothing
    is said."""

    since: date | None = None
    until: date | None = None
    slot: Slot | None = None
    plan_line_id: UUID | None = None


EVERY = Which()


def counted_visits(uow: UnitOfWork, actor: Actor, which: Which = EVERY) -> list[CountedVisit]:
    """The visits that cover their villages, in no order; one to a village that was merged is one to what it became."""
    require(actor, Right.READ_COVERAGE)
    query = (
        select(Visit.village_code, Visit.local_date, Visit.slot, Assignment.draw_reference, Assignment.plan_line_id)
        .join(Assignment, Assignment.id == Visit.assignment_id)
        .where(
            within(actor, Visit.village_code),
            Visit.complete,
            Visit.state == "closed",
            Visit.announced.is_(False),
            Visit.escorted.is_(False),
            Visit.warned_beforehand.is_(False),
        )
    )
    if which.since is not None:
        query = query.where(Visit.local_date >= which.since)
    if which.until is not None:
        query = query.where(Visit.local_date <= which.until)
    if which.slot is not None:
        query = query.where(Visit.slot == which.slot.value)
    if which.plan_line_id is not None:
        require(actor, Right.READ_PLANS)
        query = query.where(Assignment.plan_line_id == line_in_reach(uow, actor, which.plan_line_id).id)
    now = successors(uow)
    return [
        CountedVisit(now.get(code, code), day, slot, reference is not None, line_id)
        for code, day, slot, reference, line_id in uow.session.execute(query)
    ]


def coverage(uow: UnitOfWork, actor: Actor, which: Which = EVERY, *, on: date | None = None) -> list[VillageCoverage]:
    """Every village of the caller's division, by code, with its visits and those of the codes that became it.

    With ``on`` without the villages that had ended by that day.
    """
    counted: dict[str, list[CountedVisit]] = defaultdict(list)
    for one in counted_visits(uow, actor, which):
        counted[one.village_code].append(one)
    return [
        _covered(village, counted[village.code], draws_too=sees_draws(actor))
        for village in villages(uow, actor, limit=None)
        if on is None or village.valid_to is None or village.valid_to >= on
    ]


def _covered(village: VillageView, counted: Sequence[CountedVisit], *, draws_too: bool) -> VillageCoverage:
    return VillageCoverage(
        village=village,
        last_visit_on=max((one.on for one in counted), default=None),
        visits=len(counted),
        by_slot=dict(Counter(one.slot for one in counted)),
        drawn=sum(one.drawn for one in counted) if draws_too else None,
    )


@dataclass(frozen=True)
class DrawnReach:
    """Under which name the tiles of everything in reach are asked for, and what they show."""

    prefix: str
    sha256: str
    first_zoom: int
    last_zoom: int
    bounds: list[float]


@dataclass(frozen=True)
class CoverageStatus:
    """What the map colours by, for every village in reach, in the order of their map numbers.

    ``numbers`` are runs of numbers (how many are left out since the run before, how many follow). ``last_day`` counts
    days since ``first_day``, the last visit that is longest ago, in base 36: a text for each place, the highest
    first, with a digit for each village (``-`` where there was no visit at all). ``slots`` is a digit for each
    village, in base 16, that adds up 1 dawn, 2 day, 4 evening, 8 night. ``tiles`` are the counties that lie whole in
    reach, ``drawn`` all of them together.
    """

    tiles: list[TileSetView]
    drawn: DrawnReach | None
    numbers: list[tuple[int, int]]
    first_day: date | None
    last_day: list[str]
    slots: str


def coverage_status(uow: UnitOfWork, actor: Actor, *, on: date) -> CoverageStatus:
    """The same as :func:`coverage`, small enough to be asked for again and again: 20,000 villages in under 40 kB."""
    last: dict[str, date] = {}
    slots: dict[str, int] = defaultdict(int)
    for one in counted_visits(uow, actor):
        last[one.village_code] = max(one.on, last.get(one.village_code, one.on))
        slots[one.village_code] |= SLOT_BITS[one.slot]
    # A village that came a moment ago has no number until the job that gives it is done.
    numbers = map_numbers(uow, actor.division_prefix, villages_on=on)
    numbered = sorted((number, code) for code, number in numbers.items())
    codes = [code for _, code in numbered]
    first_day = min((last[code] for code in codes if code in last), default=None)
    sets = tile_sets(uow, actor)
    return CoverageStatus(
        tiles=sets,
        drawn=_drawn_reach(actor, sets, reach_box(uow, actor)),
        numbers=_runs([number for number, _ in numbered]),
        first_day=first_day,
        last_day=_digits([_days(last.get(code), first_day) for code in codes]),
        slots="".join(f"{slots[code]:x}" for code in codes),
    )


def _drawn_reach(actor: Actor, sets: Sequence[TileSetView], box: Box | None) -> DrawnReach | None:
    prefix = _common_beginning([one.county_code for one in sets]) if sets else ""
    if box is None or not prefix or not in_scope(actor, prefix):
        return None
    bounds = [box.west_deg, box.south_deg, box.east_deg, box.north_deg]
    return DrawnReach(prefix, joined_name(sets), min(TILE_ZOOMS), max(TILE_ZOOMS), bounds)


def _common_beginning(codes: Sequence[str]) -> str:
    """The county, or the prefecture or province that holds all of them."""
    return next(codes[0][:long] for long in (6, 4, 2, 0) if len({code[:long] for code in codes}) == 1)


def _days(day: date | None, first_day: date | None) -> int | None:
    return None if day is None or first_day is None else (day - first_day).days


@dataclass(frozen=True)
class VisitColumns:
    """Every counted visit in small, to be loaded once and brushed by the reader.

    By day and, within a day, by the place of the village in a list. ``per_day`` says how many fell on each day from
    ``first_day`` on. ``village`` is the step from the village before (on a new day, from the first of the list).
    ``how`` is a digit for each: the slot from 0 (dawn) to 3 (night), and 4 more where the visit was directed (nowhere,
    when that is not told). ``line`` is the place, from 1, of the plan's line in a list of them, 0 for none; ``None``
    where lines are not told.
    """

    first_day: date | None
    per_day: list[int]
    village: list[int]
    how: str
    line: list[int] | None


def visit_columns(
    counted: Sequence[CountedVisit],
    order: Mapping[str, int],
    *,
    draws_too: bool,
    lines: Sequence[UUID] | None = None,
) -> VisitColumns:
    """The visits as columns. ``order`` is the place of each village in the list they go with; others fall out.

    ``lines`` are the lines of plans that visits may be told to fall under; ``None`` when that is not told.
    """
    place_of_line: dict[UUID | None, int] = {line: place for place, line in enumerate(lines or (), 1)}
    slot_digit = {slot.value: place for place, slot in enumerate(Slot)}
    rows = sorted(
        (
            one.on,
            order[one.village_code],
            slot_digit[one.slot] + (4 if draws_too and not one.drawn else 0),
            place_of_line.get(one.plan_line_id, 0),
        )
        for one in counted
        if one.village_code in order
    )
    if not rows:
        return VisitColumns(None, [], [], "", None if lines is None else [])
    first_day = rows[0][0]
    per_day = [0] * ((rows[-1][0] - first_day).days + 1)
    for day, *_ in rows:
        per_day[(day - first_day).days] += 1
    before = [(first_day, 0, 0, 0), *rows[:-1]]
    steps = [row[1] - (was[1] if row[0] == was[0] else 0) for was, row in zip(before, rows, strict=True)]
    how = "".join(str(row[2]) for row in rows)
    return VisitColumns(first_day, per_day, steps, how, None if lines is None else [row[3] for row in rows])


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs, each told from the end of the one before: [3, 4, 5, 9] is [(3, 3), (3, 1)].

    Runs repeat themselves from town to town, and so take next to nothing when they are packed.
    """
    starts = [at for at, number in enumerate(numbers) if at == 0 or number != numbers[at - 1] + 1]
    after = [numbers[start - 1] + 1 if start else 0 for start in starts]
    ends = pairwise([*starts, len(numbers)])
    return [(numbers[at] - was, end - at) for was, (at, end) in zip(after, ends, strict=True)]


def _digits(values: Sequence[int | None]) -> list[str]:
    """Numbers in base 36, a text for each place, the highest first; ``-`` where there is none.

    The digits of one place are alike, which packs a tenth smaller than the numbers one by one.
    """
    places = 1
    while any(value is not None and value >= BASE**places for value in values):
        places += 1
    return [
        "".join("-" if value is None else DIGITS[value // BASE**place % BASE] for value in values)
        for place in reversed(range(places))
    ]
