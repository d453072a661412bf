"""Where visits have and have not been: villages, never people."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from visits.access import Actor, Right, require, within
from visits.fieldwork.rows import Visit
from visits.places import VillageView, villages
from visits.store import UnitOfWork


@dataclass(frozen=True)
class VillageCoverage:
    """One village: when it was last visited without notice, and how many such visits fell into each slot.

    Only complete visits that were truly unannounced count; escorted ones, or ones the village was warned of, do not.
    """

    village: VillageView
    last_visit_on: date | None
    visits: int
    by_slot: dict[str, int]


def coverage(uow: UnitOfWork, actor: Actor) -> list[VillageCoverage]:
    """Every village of the caller's division, by code, with its visits."""
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
        slots[code][slot] += 1
        last[code] = max(on, last.get(code, on))
    return [
        VillageCoverage(v, last.get(v.code), slots[v.code].total(), dict(slots[v.code]))
        for v in _all_villages(uow, actor)
    ]


def _all_villages(uow: UnitOfWork, actor: Actor) -> Iterator[VillageView]:
    after: str | None = None
    while page := villages(uow, actor, after_code=after, limit=1000):
        yield from page
        after = page[-1].code
