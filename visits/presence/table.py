"""Sightings as columns: counts for each posting, and what the pooled model needs of all or of some of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from visits.presence.gate import FOUND, USABLE
from visits.presence.pooled import Looked

DAY = "day"

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one visit established about one posting. ``explained`` where a leave book covers the visit.

    ``trust`` is how far the evidence of it goes, see :func:`visits.presence.trust`.
    """

    posting_id: str
    village_code: str
    visit_id: str
    local_date: date
    slot: str
    inspectors: tuple[str, ...]
    outcome: str
    required: bool
    drawn_at_random: bool
    explained: bool = False
    trust: float = 1.0

    @property
    def usable(self) -> bool:
        """Whether it counts: a random visit, presence required, found or missed, and nothing explains it."""
        return self.drawn_at_random and self.required and not self.explained and self.outcome in USABLE


class SightingTable:
    """All sightings by posting, in the order in which postings first come; rows are the usable ones."""

    def __init__(self, sightings: Sequence[Sighting]) -> None:
        number: dict[str, int] = {}
        villages: list[str] = []
        beside: list[tuple[int, bool]] = []
        visits = _Visits()
        rows: list[tuple[int, int, int, bool, float]] = []
        slots: dict[str, int] = {DAY: 0}
        for s in sightings:
            who = number.setdefault(s.posting_id, len(number))
            if who == len(villages):
                villages.append(s.village_code)
            if not s.usable:
                beside.append((who, s.drawn_at_random))
                continue
            slot = slots.setdefault(s.slot, len(slots))
            # A shock is shared inside one village: a visit number used in two villages is two visits.
            rows.append((who, visits.number(villages[who], s), slot, s.outcome in FOUND, s.trust))
        self.posting_ids = list(number)
        columns = list(zip(*rows, strict=True)) if rows else [()] * 5
        self.who: Whole = np.array(columns[0], np.int64)
        self.visit: Whole = np.array(columns[1], np.int64)
        self.slot: Whole = np.array(columns[2], np.int64)
        self.found: Flags = np.array(columns[3], bool)
        self.trust = np.array(columns[4], np.float64)
        self.directed = self._count(np.array([w for w, drawn in beside if not drawn], np.int64))
        self.explained = self._count(np.array([w for w, drawn in beside if drawn], np.int64))
        self._visits = visits.columns()
        named = {village: i for i, village in enumerate(dict.fromkeys(villages))}
        self._village: Whole = np.array([named[v] for v in villages], np.int64)

    @property
    def by_day(self) -> Flags:
        return np.asarray(self.slot == 0)

    def _count(self, who: Whole) -> Whole:
        return np.bincount(who, minlength=len(self.posting_ids))

    def counts(self, of: Flags) -> tuple[Whole, Whole]:
        """For each posting: on how many of these rows it was found, and how many there are."""
        return self._count(self.who[of & self.found]), self._count(self.who[of])

    def kinds(self, of: Flags) -> dict[str, Whole]:
        """For each posting, over these rows: visits, and different slots, inspectors and months among them."""
        who, visit = self.who[of], self.visit[of]
        v = self._visits
        many = v.inspector_ends[visit] - v.inspector_begins[visit]
        first = np.repeat(v.inspector_begins[visit] - np.r_[0, np.cumsum(many)[:-1]], many)
        inspectors = v.inspectors[first + np.arange(int(many.sum()))]
        return {
            "visits": self._count(who),
            "slots": self._different(who, self.slot[of]),
            "inspectors": self._different(np.repeat(who, many), inspectors),
            "months": self._different(who, v.month[visit]),
        }

    def _different(self, who: Whole, what: Whole) -> Whole:
        width = int(what.max(initial=0)) + 1
        return self._count(np.unique(who * width + what) // width)

    def looked(self, of: Flags) -> tuple[Looked, Whole]:
        """These rows as the model takes them, and which posting each of its people is."""
        by_village = np.lexsort((np.arange(len(self._village)), self._village))
        rank = np.empty_like(by_village)
        rank[by_village] = np.arange(len(by_village))
        people, person = np.unique(rank[self.who[of]], return_inverse=True)
        visits, visit = np.unique(self.visit[of], return_inverse=True)
        order = np.argsort(person, kind="stable")
        v = self._visits
        here = np.full(len(v.month), -1)
        here[visits] = np.arange(len(visits))
        terms = here[v.effect_visit] >= 0
        effects, effect = np.unique(v.effect[terms], return_inverse=True)
        looked = Looked(
            person=person[order],
            visit=visit[order],
            found=self.found[of][order],
            team=self._village[by_village[people]],
            effect_visit=here[v.effect_visit[terms]],
            effect=effect,
            effect_weight=v.effect_weight[terms],
            family=v.family[effects],
            trust=self.trust[of][order],
        )
        return looked, by_village[people]

    def effect_names(self, of: Flags) -> list[tuple[int, str]]:
        """Which effect each of the model's is: its family (0 slot, 1 month, 2 inspector) and its name."""
        here = np.zeros(len(self._visits.month), bool)
        here[self.visit[of]] = True
        used = np.unique(self._visits.effect[here[self._visits.effect_visit]])
        return [self._visits.names[i] for i in used]


@dataclass(frozen=True)
class _VisitColumns:
    month: Whole
    inspectors: Whole
    inspector_begins: Whole
    inspector_ends: Whole
    effect_visit: Whole
    effect: Whole
    effect_weight: npt.NDArray[np.float64]
    family: Whole
    names: list[tuple[int, str]]


class _Visits:
    """Numbers visits, and keeps of each its month, its inspectors and the effects it carries."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._effects: dict[tuple[int, str], int] = {}
        self._months: list[int] = []
        self._inspectors: list[int] = []
        self._ends: list[int] = []
        self._terms: list[tuple[int, int, float]] = []

    def number(self, village: str, s: Sighting) -> int:
        key = (village, s.visit_id)
        at = self._numbers.get(key)
        if at is None:
            at = self._numbers[key] = len(self._numbers)
            month = self._effect(1, s.local_date.isoformat()[:7])
            inspectors = [self._effect(2, inspector) for inspector in s.inspectors]
            self._months.append(month)
            self._inspectors += inspectors
            self._ends.append(len(self._inspectors))
            self._terms += [(at, self._effect(0, s.slot), 1.0), (at, month, 1.0)]
            self._terms += [(at, inspector, 1 / len(inspectors)) for inspector in inspectors]
        return at

    def _effect(self, family: int, name: str) -> int:
        return self._effects.setdefault((family, name), len(self._effects))

    def columns(self) -> _VisitColumns:
        at, effect, weight = zip(*self._terms, strict=True) if self._terms else ((), (), ())
        ends = np.array(self._ends, np.int64)
        return _VisitColumns(
            month=np.array(self._months, np.int64),
            inspectors=np.array(self._inspectors, np.int64),
            inspector_begins=np.r_[0, ends[:-1]] if len(ends) else ends,
            inspector_ends=ends,
            effect_visit=np.array(at, np.int64),
            effect=np.array(effect, np.int64),
            effect_weight=np.array(weight, np.float64),
            family=np.array([kind for kind, _ in self._effects], np.int64),
            names=list(self._effects),
        )
