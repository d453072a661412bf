"""Sightings as columns: counts for each posting, and what the pooled model needs of all or of some of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import compress

import numpy as np
import numpy.typing as npt

from visits.presence.gate import FOUND, USABLE
from visits.presence.pooled import Looked

DAY = "day"
SLOT, MONTH, INSPECTOR = range(3)  # the kinds of effects

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
        # A column at a time: half a million rows as tuples take several times as long.
        number: dict[str, int] = {}
        who: Whole = np.array([number.setdefault(s.posting_id, len(number)) for s in sightings], np.int64)
        # Read backwards, the first village of a posting is written last.
        first_village = {s.posting_id: s.village_code for s in reversed(sightings)}
        villages = [first_village[posting_id] for posting_id in number]
        usable = np.array([s.usable for s in sightings], bool)
        drawn = np.array([s.drawn_at_random for s in sightings], bool)
        used = list(compress(sightings, usable))
        self.posting_ids = list(number)
        self.who: Whole = who[usable]
        # A shock is shared inside one village: a visit number used in two villages is two visits.
        visits: dict[tuple[str, str], int] = {}
        keys = zip((villages[w] for w in self.who.tolist()), (s.visit_id for s in used), strict=True)
        self.visit: Whole = np.array([visits.setdefault(key, len(visits)) for key in keys], np.int64)
        slots: dict[str, int] = {DAY: 0}
        self.slot: Whole = np.array([slots.setdefault(s.slot, len(slots)) for s in used], np.int64)
        self.found: Flags = np.array([s.outcome in FOUND for s in used], bool)
        self.trust = np.array([s.trust for s in used], np.float64)
        self.directed = self._count(who[~usable & ~drawn])
        self.explained = self._count(who[~usable & drawn])
        firsts = np.unique(self.visit, return_index=True)[1]
        self._visits = _columns_of_visits([used[at] for at in firsts.tolist()])
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
        pairs = np.sort(who * width + what)  # Many times faster here than numpy's own way to the different ones.
        return self._count(pairs[np.diff(pairs, prepend=-1) > 0] // width)

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
        """Which effect each of the model's is: its kind and its name."""
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


def _columns_of_visits(firsts: Sequence[Sighting]) -> _VisitColumns:
    """Of each visit its month, its inspectors and the effects it carries, by the first sighting made on it."""
    effects: dict[tuple[int, str], int] = {}

    def effect(family: int, name: str) -> int:
        return effects.setdefault((family, name), len(effects))

    month: Whole = np.array([effect(MONTH, s.local_date.isoformat()[:7]) for s in firsts], np.int64)
    many: Whole = np.array([len(s.inspectors) for s in firsts], np.int64)
    inspectors: Whole = np.array([effect(INSPECTOR, name) for s in firsts for name in s.inspectors], np.int64)
    slot: Whole = np.array([effect(SLOT, s.slot) for s in firsts], np.int64)
    visit, ends = np.arange(len(firsts)), np.cumsum(many)
    at = np.concatenate([visit, visit, np.repeat(visit, many)])
    in_order = np.argsort(at, kind="stable")
    shares = 1 / np.repeat(np.maximum(many, 1), many)
    return _VisitColumns(
        month=month,
        inspectors=inspectors,
        inspector_begins=ends - many,
        inspector_ends=ends,
        effect_visit=at[in_order],
        effect=np.concatenate([slot, month, inspectors])[in_order],
        effect_weight=np.concatenate([np.ones(2 * len(firsts)), shares])[in_order],
        family=np.array([kind for kind, _ in effects], np.int64),
        names=list(effects),
    )
