"""Where visits have and have not been: villages, never people."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, String, case, cast, func, select, type_coerce

from geo import TILE_ZOOMS
from visits.access import Actor, Right, in_scope, require, within
from visits.fieldwork.rows import Visit
from visits.people import Slot
from visits.places import (
    NumberedVillages,
    TileSetView,
    VillageView,
    joined_name,
    reach_box,
    read_digits,
    successors,
    tile_sets,
    told_as_text,
    village_numbers,
    villages,
)
from visits.plans import Assignment, line_in_reach
from visits.store import UnitOfWork

COUNTY_CODE_LENGTH = 6
DIGITS = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
BASE = len(DIGITS)
SLOT_PLACES = {slot.value: place for place, slot in enumerate(Slot)}


class CountedVisit(NamedTuple):
    """One visit that covers its village. ``drawn`` is one that a draw sent there, the others were directed; the line
    of the year's plan it was made under is ``None`` where the county had none."""

    village_code: str
    on: date
    slot: str
    drawn: bool
    plan_line_id: UUID | None = None


@dataclass(frozen=True)
class CountedVisits:
    """Visits that cover their villages, in no order, as columns: a year of a province has 80,000.

    ``codes`` and ``lines`` are told once each; ``village`` and ``line`` are places in them, ``day`` is the date's
    ordinal, ``slot`` a place among the slots. The rest is as in :class:`CountedVisit`.
    """

    codes: Sequence[str]
    village: NDArray[np.intp]
    day: NDArray[np.int64]
    slot: NDArray[np.uint8]
    drawn: NDArray[np.bool_]
    lines: Sequence[UUID | None]
    line: NDArray[np.intp]

    def rows(self) -> Iterator[CountedVisit]:
        """The same, one by one."""
        slots = [slot.value for slot in Slot]
        for village, day, slot, drawn, line in zip(
            *(column.tolist() for column in (self.village, self.day, self.slot, self.drawn, self.line)), strict=True
        ):
            yield CountedVisit(self.codes[village], date.fromordinal(day), slots[slot], drawn, self.lines[line])

    def village_in(self, places: Mapping[str, int]) -> NDArray[np.int64]:
        """The place of each visit's village in a list of villages; -1 where it is not in it."""
        return _places(self.codes, places)[self.village]


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


def counted_visits(uow: UnitOfWork, actor: Actor, which: Which = EVERY) -> CountedVisits:
    """The visits that cover their villages; one to a village that was merged is one to what it became."""
    require(actor, Right.READ_COVERAGE)
    conditions = _covering(actor, which)
    if which.plan_line_id is not None:
        require(actor, Right.READ_PLANS)
        conditions.append(Assignment.plan_line_id == line_in_reach(uow, actor, which.plan_line_id).id)
    line = func.replace(cast(Assignment.plan_line_id, String), "-", "")
    parts = (*_WHERE_AND_WHEN, _digit(Assignment.draw_reference.is_not(None)), func.coalesce(line, _NO_LINE))
    query = select(Visit.id).join(Assignment, Assignment.id == Visit.assignment_id).where(*conditions)
    told = told_as_text(uow, parts, query, [*_WHERE_AND_WHEN_WIDTHS, ("drawn", "S1"), ("line", "S32")])
    codes, village = np.unique(read_digits(told["code"]), return_inverse=True)
    lines, of_line = _distinct(told["line"])
    return CountedVisits(
        codes=_codes_now(uow, [f"{code:012d}" for code in codes.tolist()]),
        village=village,
        day=_ordinals(told["day"]),
        slot=read_digits(told["slot"]).astype(np.uint8),
        drawn=told["drawn"] == b"1",
        lines=[UUID(line) if line.strip() else None for line in lines],
        line=of_line,
    )


_WHERE_AND_WHEN: tuple[ColumnElement[Any], ...] = (
    type_coerce(Visit.village_code, String),
    cast(Visit.local_date, String),
    case({slot: str(place) for slot, place in SLOT_PLACES.items()}, value=Visit.slot),
)
_WHERE_AND_WHEN_WIDTHS = [("code", "S12"), ("day", "S10"), ("slot", "S1")]
_NO_LINE = " " * 32
_FIRST_MONTH = 1970 * 12 + 1


def _covering(actor: Actor, which: Which) -> list[ColumnElement[bool]]:
    """The conditions for visits that cover their villages; the line of the plan is asked for elsewhere."""
    conditions = [
        within(actor, Visit.village_code),
        Visit.complete.is_(True),
        Visit.state == "closed",
        Visit.announced.is_(False),
        Visit.escorted.is_(False),
        Visit.warned_beforehand.is_(False),
    ]
    if which.since is not None:
        conditions.append(Visit.local_date >= which.since)
    if which.until is not None:
        conditions.append(Visit.local_date <= which.until)
    if which.slot is not None:
        conditions.append(Visit.slot == which.slot.value)
    return conditions


def _digit(condition: ColumnElement[bool]) -> ColumnElement[str]:
    return case((condition, "1"), else_="0")


def _distinct(column: NDArray[Any]) -> tuple[list[str], NDArray[np.intp]]:
    """Each text once, and for each row which of them it has."""
    texts, place = np.unique(column, return_inverse=True)
    return [text.decode("ascii") for text in texts.tolist()], place


def _ordinals(days: NDArray[Any]) -> NDArray[np.int64]:
    """The ordinals of ISO dates, as ``date`` counts them."""
    months = read_digits(days, at=range(4)) * 12 + read_digits(days, at=(5, 6)) - _FIRST_MONTH
    first = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    return first + read_digits(days, at=(8, 9)) - 1 + date(1970, 1, 1).toordinal()


def _places(values: Sequence[Any], places: Mapping[Any, int]) -> NDArray[np.int64]:
    """The place of each value; -1 for one that has none."""
    return np.fromiter((places.get(value, -1) for value in values), dtype=np.int64, count=len(values))


def _codes_now(uow: UnitOfWork, codes: Sequence[str]) -> list[str]:
    now = successors(uow)
    return [now.get(code, code) for code in codes]


def coverage(uow: UnitOfWork, actor: Actor, which: Which = EVERY, *, on: date | None = None) -> list[VillageCoverage]:
    """Every village of the caller's division, by code, with its visits and those of the codes that became it.

    With ``on`` without the villages that had ended by that day.
    """
    counted: dict[str, list[CountedVisit]] = defaultdict(list)
    for one in counted_visits(uow, actor, which).rows():
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
    require(actor, Right.READ_COVERAGE)
    # A village that came a moment ago has no number until the job that gives it is done.
    numbered = village_numbers(uow, actor.division_prefix, on=on)
    told = told_as_text(uow, _WHERE_AND_WHEN, select(Visit.id).where(*_covering(actor, EVERY)), _WHERE_AND_WHEN_WIDTHS)
    place = _places_by_number(uow, numbered, read_digits(told["code"]))
    known = place >= 0
    last = np.full(len(numbered.numbers), -1, dtype=np.int64)
    np.maximum.at(last, place[known], _ordinals(told["day"])[known])
    seen = np.zeros(len(last), dtype=np.uint8)
    np.bitwise_or.at(seen, place[known], np.left_shift(1, read_digits(told["slot"]).astype(np.uint8))[known])
    visited = last >= 0
    first = int(last[visited].min()) if visited.any() else None
    return CoverageStatus(
        tiles=tile_sets(uow, actor),
        drawn=drawn_reach(uow, actor),
        numbers=_runs(numbered.numbers),
        first_day=None if first is None else date.fromordinal(first),
        last_day=_digits(np.where(visited, last - (first or 0), -1)),
        slots=DIGITS[seen].tobytes().decode(),
    )


def _places_by_number(uow: UnitOfWork, numbered: NumberedVillages, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each code's village, or of what it became, in the order of map numbers; -1 where it has none."""
    distinct, of_distinct = np.unique(codes, return_inverse=True)
    now = {int(before): int(after) for before, after in successors(uow).items()}
    for place in np.flatnonzero(np.isin(distinct, list(now))).tolist():
        distinct[place] = now[int(distinct[place])]
    by_code = np.argsort(numbered.codes)
    sought = np.searchsorted(numbered.codes, distinct, sorter=by_code)
    found = by_code[np.minimum(sought, len(by_code) - 1)] if len(by_code) else np.zeros_like(sought)
    is_one = np.isin(distinct, numbered.codes)
    return np.asarray(np.where(is_one, found, -1)[of_distinct])


def drawn_reach(uow: UnitOfWork, actor: Actor) -> DrawnReach | None:
    """The tiles of everything in the caller's reach; ``None`` where there are none, and for a town alone."""
    sets = tile_sets(uow, actor)
    box = reach_box(uow, actor) if sets else None
    prefix = _common_beginning([one.county_code for one in sets]) if sets else ""
    if box is None or not prefix or not in_scope(actor, prefix):
        return None
    bounds = [box.west_deg, box.south_deg, box.east_deg, box.north_deg]
    return DrawnReach(prefix, joined_name(sets), min(TILE_ZOOMS), max(TILE_ZOOMS), bounds)


def _common_beginning(codes: Sequence[str]) -> str:
    """The county, or the prefecture or province that holds all of them."""
    return next(codes[0][:long] for long in (6, 4, 2, 0) if len({code[:long] for code in codes}) == 1)


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
    counted: CountedVisits,
    order: Mapping[str, int],
    *,
    draws_too: bool,
    lines: Sequence[UUID] | None = None,
) -> VisitColumns:
    """The visits as columns. ``order`` is the place of each village in the list they go with; others fall out.

    ``lines`` are the lines of plans that visits may be told to fall under; ``None`` when that is not told.
    """
    village, on, how = counted.village_in(order), counted.day, counted.slot.copy()
    if draws_too:
        how[~counted.drawn] += 4
    place_of_line = {line: place for place, line in enumerate(lines or (), 1)}
    line = np.maximum(_places(counted.lines, place_of_line), 0)[counted.line]
    # By day, village, slot and line, so that the same visits are always told in the same bytes.
    by_day = np.lexsort((line, how, village, on))
    by_day = by_day[village[by_day] >= 0]
    if not len(by_day):
        return VisitColumns(None, [], [], "", None if lines is None else [])
    village, on, how, line = village[by_day], on[by_day], how[by_day], line[by_day]
    same_day = np.append(False, on[1:] == on[:-1])
    return VisitColumns(
        first_day=date.fromordinal(int(on[0])),
        per_day=np.bincount(on - on[0]).tolist(),
        village=(village - np.where(same_day, np.roll(village, 1), 0)).tolist(),
        how=DIGITS[how].tobytes().decode(),
        line=None if lines is None else line.tolist(),
    )


def _runs(numbers: Sequence[int] | NDArray[np.int64]) -> list[tuple[int, int]]:
    """Sorted numbers as runs, each told from the end of the one before: [3, 4, 5, 9] is [(3, 3), (3, 1)].

    Runs repeat themselves from town to town, and so take next to nothing when they are packed.
    """
    column = np.asarray(numbers, dtype=np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-2) != 1)
    counts = np.diff(starts, append=len(column))
    after = np.append(0, column[starts[1:] - 1] + 1)[: len(starts)]
    return list(zip((column[starts] - after).tolist(), counts.tolist(), strict=True))


def _digits(values: Sequence[int] | NDArray[np.int64]) -> list[str]:
    """Numbers in base 36, a text for each place, the highest first; ``-`` for what is below nought, where there is
    none.

    The digits of one place are alike, which packs a tenth smaller than the numbers one by one.
    """
    column = np.asarray(values, dtype=np.int64)
    places = 1
    while (column >= BASE**places).any():
        places += 1
    return [
        np.where(column < 0, ord("-"), DIGITS[column // BASE**place % BASE]).astype(np.uint8).tobytes().decode()
        for place in reversed(range(places))
    ]
