"""Whether the visits to one person are enough to say anything, and what they counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from visits.presence.interval import wilson_interval

MODEL_VERSION = "counts-1"
FOUND = frozenset({"met", "seen_by_others"})
USABLE = FOUND | {"not_met"}


@dataclass(frozen=True)
class Evidence:
    """One sighting as the statistics need it; ``outcome`` is a sighting word, ``place`` where somebody was met."""

    outcome: str
    place: str
    slot: str
    required: bool
    local_date: date
    inspectors: tuple[str, ...]
    unannounced: bool = True


@dataclass(frozen=True)
class Gate:
    """The least evidence before anything but "not enough visits" may be said."""

    visits: int = 4
    slots: int = 2
    inspectors: int = 2
    months: int = 2


@dataclass(frozen=True)
class Assessment:
    """Counts over usable visits, the interval of the rate, and what is lacking; ``enough`` when nothing is."""

    visits: int
    found: int
    low95: float
    high95: float
    by_slot: Mapping[str, Mapping[str, int]]
    lacking: Mapping[str, tuple[int, int]]  # what: (there is, needed)

    @property
    def enough(self) -> bool:
        return not self.lacking


def assess(evidence: Iterable[Evidence], gate: Gate = Gate()) -> Assessment:
    """Count what the visits found.

    Usable are unannounced visits on which presence was required and which no leave, trip or excuse explains. What
    could not be told, what is still being checked, and a meeting outside the village count on neither side.
    """
    everything = list(evidence)
    by_slot: dict[str, Counter[str]] = defaultdict(Counter)
    for e in everything:
        by_slot[e.slot][e.outcome] += 1
    usable = [e for e in everything if counts(e)]
    found = sum(e.outcome in FOUND for e in usable)
    low, high = wilson_interval(found, len(usable))
    has = {
        "visits": len(usable),
        "slots": len({e.slot for e in usable}),
        "inspectors": len({i for e in usable for i in e.inspectors}),
        "months": len({(e.local_date.year, e.local_date.month) for e in usable}),
    }
    needed = {"visits": gate.visits, "slots": gate.slots, "inspectors": gate.inspectors, "months": gate.months}
    return Assessment(
        visits=len(usable),
        found=found,
        low95=low,
        high95=high,
        by_slot={slot: dict(counts) for slot, counts in by_slot.items()},
        lacking={what: (has[what], needed[what]) for what in needed if has[what] < needed[what]},
    )


def counts(e: Evidence) -> bool:
    """Whether one sighting counts on either side, see :func:`assess`."""
    met_elsewhere = e.outcome == "met" and e.place == "outside"
    return e.outcome in USABLE and e.required and e.unannounced and not met_elsewhere
