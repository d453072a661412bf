"""Where visits have and have not been: villages, never people."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import select

from visits.access import Actor, Right, require, within
from visits.fieldwork.rows import Visit
from visits.people import Slot
from visits.places import TileSetView, VillageView, map_numbers, successor_of, tile_sets, villages
from visits.store import UnitOfWork

SLOT_BITS = {slot.value: 1 << place for place, slot in enumerate(Slot)}


@dataclass(frozen=True)
class VillageCoverage:
    """One village: when it was last visited without notice, and how many such visits fell into each slot.

    Only complete visits that were truly unannounced count; escorted ones, or ones the village was warned of, do not.
    """

    village: VillageView
    last_visit_on: date | None
    visits: int
    by_slot: dict[str, int]


def coverage(uow: UnitOfWork, actor: Actor, *, on: date | None = None) -> list[VillageCoverage]:
    """Every village of the caller's division, by code, with its visits and those of the codes that became it.

    With ``on`` without the villages that had ended by that day.
    """
    require(actor, Right.READ_COVERAGE)
    counted = uow.session.execute(
        select(Visit.village_code, Visit.slot, Visit.local_date).where(
            within(actor, Visit.village_code),
            Visit.complete,
            Visit.state == "closed",
            Visit.announced.is_(False),
            Visit.escorted.is_(False),
            Visit.warned_beforehand.is_(False),
        )
    ).all()
    slots: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, date] = {}
    for code, slot, on in counted:
        # A visit to a village that was merged is one to what it became.
        now = successor_of(uow, code)
        slots[now][slot] += 1
        last[now] = max(on, last.get(now, on))
    return [
        VillageCoverage(v, last.get(v.code), slots[v.code].total(), dict(slots[v.code]))
        for v in _all_villages(uow, actor)
        if on is None or v.valid_to is None or v.valid_to >= on
    ]


@dataclass(frozen=True)
class CoverageStatus:
    """What the map colours by, for every village in reach, in the order of their map numbers.

    ``numbers`` are runs of numbers (first, how many). ``last_day`` counts days since ``first_day``, the last visit that
    is longest ago (``None`` where there was no visit at all); ``slots`` adds up 1 dawn, 2 day, 4 evening, 8 night.
    ``tiles`` are the counties that lie whole in reach.
    """

    tiles: list[TileSetView]
    numbers: list[tuple[int, int]]
    first_day: date | None
    last_day: list[int | None]
    slots: list[int]


def coverage_status(uow: UnitOfWork, actor: Actor, *, on: date | None = None) -> CoverageStatus:
    """The same as :func:`coverage`, small enough to be asked for again and again: 20,000 villages in some 40 kB."""
    covered = {one.village.code: one for one in coverage(uow, actor, on=on)}
    numbers = map_numbers(uow, actor.division_prefix)
    # A village that came a moment ago has no number until the job that gives it is done.
    numbered = sorted((numbers[code], one) for code, one in covered.items() if code in numbers)
    days = [one.last_visit_on for _, one in numbered]
    first_day = min((day for day in days if day is not None), default=None)
    return CoverageStatus(
        tiles=tile_sets(uow, actor),
        numbers=_runs([number for number, _ in numbered]),
        first_day=first_day,
        last_day=[None if day is None or first_day is None else (day - first_day).days for day in days],
        slots=[sum(SLOT_BITS[slot] for slot in one.by_slot) for _, one in numbered],
    )


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs: [3, 4, 5, 9] is [(3, 3), (9, 1)]."""
    starts = [at for at, number in enumerate(numbers) if at == 0 or number != numbers[at - 1] + 1]
    return [(numbers[at], end - at) for at, end in pairwise([*starts, len(numbers)])]


def _all_villages(uow: UnitOfWork, actor: Actor) -> Iterator[VillageView]:
    after: str | None = None
    while page := villages(uow, actor, after_code=after, limit=1000):
        yield from page
        after = page[-1].code
