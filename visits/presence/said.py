"""What may be said of each person from sightings: not enough visits, watch, or refer to a person. Nothing else.

Directed visits and visits that leave, a trip or a rest day explains stand beside the figures and never in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from visits.presence.gate import FOUND, USABLE, Gate
from visits.presence.pooled import Looked, PooledFit, fit_pooled

POOLED_VERSION = "pooled-1"
DAY = "day"
LEAST_OF_EACH_KIND = 4  # visits by day, and at dawn, evening or night, before the two are compared
WRONG_AMONG_REFERRED = 0.05
LEAST_POSTERIOR = 0.93
LEVEL = 0.8
LEAST_EVIDENCE = Gate()


class Says(StrEnum):
    """The only three things. ``insufficient`` is also said where there is no sign of absence."""

    INSUFFICIENT = "insufficient"
    WATCH = "watch"
    REFER = "refer"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one visit established about one posting. ``explained`` where a leave book covers the visit."""

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

    @property
    def usable(self) -> bool:
        """Whether it counts: a random visit, presence required, found or missed, and nothing explains it."""
        return self.drawn_at_random and self.required and not self.explained and self.outcome in USABLE


@dataclass(frozen=True)
class Said:
    """What is said of one posting, and on what. ``about`` names what a watch or a referral is about.

    ``visits`` and ``found`` count every usable visit. Mean, interval (80 %) and posterior, the probability that the
    rate is below the standard, are about nights where ``about`` is ``nights``, else about all usable visits; None
    without a usable visit. ``reason`` holds codes, joined by ``; ``.
    """

    posting_id: str
    says: Says
    about: str
    visits: int
    found: int
    mean: float | None
    low80: float | None
    high80: float | None
    posterior: float | None
    reason: str


def say(sightings: Sequence[Sighting], *, standard: float, gate: Gate = LEAST_EVIDENCE) -> list[Said]:
    """What may be said of each posting, in the order of their first sighting.

    The referred are those who pass the gate, whose posterior reaches ``LEAST_POSTERIOR``, and among whom the
    expected share of wrong referrals stays under ``WRONG_AMONG_REFERRED`` (Bayesian false discovery rate: M. A. Newton
    et al., Biostatistics 5 (2004) 155-176), absence and nights in one list.

    Parameters
    ----------
    standard
        The rate of presence, over visits nothing explains, below which presence is not good enough.
    """
    if not 0 < standard < 1:
        raise ValueError(f"{standard} is no rate between 0 and 1")
    cases: dict[str, _Case] = {}
    for sighting in sightings:
        cases.setdefault(sighting.posting_id, _Case()).take(sighting)
    usable = [s for s in sightings if s.usable]
    overall = _fitted(usable, standard)
    # Nights are judged among those found by day: beside people who are never there anybody's nights would look likelier
    # to be bad than they are.
    by_day = {posting_id for posting_id, case in cases.items() if case.is_found_by_day(standard)}
    at_night = _fitted([s for s in usable if s.slot != DAY and s.posting_id in by_day], standard)
    for posting_id, case in cases.items():
        case.weigh(overall.get(posting_id), at_night.get(posting_id), standard, gate)
    _refer(list(cases.values()))
    return [case.said(posting_id) for posting_id, case in cases.items()]


@dataclass(frozen=True)
class _Figures:
    mean: float
    low80: float
    high80: float
    posterior: float


class _Case:
    """The counts of one posting, and what becomes of them."""

    def __init__(self) -> None:
        self.by_day, self.by_night = [0, 0], [0, 0]  # found, visits
        self.slots: set[str] = set()
        self.inspectors: set[str] = set()
        self.months: set[tuple[int, int]] = set()
        self.night_inspectors: set[str] = set()
        self.night_months: set[tuple[int, int]] = set()
        self.directed = self.explained = 0
        self.says, self.about = Says.INSUFFICIENT, ""
        self.figures: _Figures | None = None
        self.candidates: dict[str, _Figures] = {}
        self.reasons: list[str] = []

    def take(self, s: Sighting) -> None:
        if not s.usable:
            self.directed += not s.drawn_at_random
            self.explained += s.drawn_at_random and (s.explained or not s.required or s.outcome not in USABLE)
            return
        counts = self.by_day if s.slot == DAY else self.by_night
        counts[0] += s.outcome in FOUND
        counts[1] += 1
        month = (s.local_date.year, s.local_date.month)
        self.slots.add(s.slot)
        self.inspectors.update(s.inspectors)
        self.months.add(month)
        if s.slot != DAY:
            self.night_inspectors.update(s.inspectors)
            self.night_months.add(month)

    @property
    def found(self) -> int:
        return self.by_day[0] + self.by_night[0]

    @property
    def visits(self) -> int:
        return self.by_day[1] + self.by_night[1]

    def weigh(self, overall: _Figures | None, at_night: _Figures | None, standard: float, gate: Gate) -> None:
        """Find what could be said, before the whole list is looked at."""
        self.figures = overall
        lacking = _lacking(gate, self.visits, len(self.slots), len(self.inspectors), len(self.months))
        if overall is not None and not lacking:
            if self.found < standard * self.visits or overall.posterior >= 0.5:
                self.says, self.about = Says.WATCH, "absence"
            if overall.posterior >= LEAST_POSTERIOR:
                self.candidates["absence"] = overall
        if at_night is not None and self.by_night[0] < standard * self.by_night[1]:
            nights = Gate(LEAST_OF_EACH_KIND, 1, gate.inspectors, gate.months)
            people, months = len(self.night_inspectors), len(self.night_months)
            if not _lacking(nights, self.by_night[1], 1, people, months):
                if self.says is Says.INSUFFICIENT:
                    self.says, self.about, self.figures = Says.WATCH, "nights", at_night
                if at_night.posterior >= LEAST_POSTERIOR:
                    self.candidates["nights"] = at_night
        self.reasons = lacking

    def is_found_by_day(self, standard: float) -> bool:
        """Whether there are enough visits of both kinds, and those by day found the person well enough."""
        (day_found, days), (_, nights) = self.by_day, self.by_night
        return min(days, nights) >= LEAST_OF_EACH_KIND and day_found >= standard * days

    def refer(self, about: str) -> None:
        self.says, self.about, self.figures = Says.REFER, about, self.candidates[about]

    def said(self, posting_id: str) -> Said:
        reasons = list(self.reasons)
        if not reasons and self.says is Says.INSUFFICIENT:
            reasons.append("no_sign_of_absence")
        if self.says is Says.WATCH:
            reasons.append("list_would_err" if self.about in self.candidates else "could_be_chance")
        if self.says is Says.REFER:
            reasons.append("seldom_found")
        if self.about == "nights":
            reasons.append("days {} of {}; nights {} of {}".format(*self.by_day, *self.by_night))
        reasons += [f"{what} {n}" for what, n in (("directed", self.directed), ("not_counted", self.explained)) if n]
        f = self.figures
        return Said(
            posting_id=posting_id,
            says=self.says,
            about=self.about,
            visits=self.visits,
            found=self.found,
            mean=f.mean if f else None,
            low80=f.low80 if f else None,
            high80=f.high80 if f else None,
            posterior=f.posterior if f else None,
            reason="; ".join(reasons),
        )


def _lacking(gate: Gate, visits: int, slots: int, inspectors: int, months: int) -> list[str]:
    has = {"visits": visits, "slots": slots, "inspectors": inspectors, "months": months}
    return [f"{what} {n} of {getattr(gate, what)}" for what, n in has.items() if n < getattr(gate, what)]


def _refer(cases: Sequence[_Case]) -> None:
    """Refer from the surest on, as long as the mean of the errors stays small; absence goes before nights."""
    likely = [
        (1 - figures.posterior, number, about)
        for number, case in enumerate(cases)
        for about, figures in sorted(case.candidates.items())[:1]
    ]
    errors = 0.0
    for taken, (error, number, about) in enumerate(sorted(likely), start=1):
        errors += error
        if errors > WRONG_AMONG_REFERRED * taken:
            return
        cases[number].refer(about)


def _fitted(usable: Sequence[Sighting], standard: float) -> dict[str, _Figures]:
    """The figures of each posting of these sightings."""
    if not usable:
        return {}
    looked, postings = _columns(usable)
    fit: PooledFit = fit_pooled(looked)
    columns = (fit.means, fit.quantile((1 - LEVEL) / 2), fit.quantile((1 + LEVEL) / 2), fit.below(standard))
    return {
        posting_id: _Figures(*figures)
        for posting_id, *figures in zip(postings, *(c.tolist() for c in columns), strict=True)
    }


def _columns(usable: Sequence[Sighting]) -> tuple[Looked, list[str]]:
    """The columns of the model, and which posting each of its people is."""
    village_of: dict[str, str] = {}
    for s in usable:
        village_of.setdefault(s.posting_id, s.village_code)
    postings = sorted(village_of, key=lambda posting_id: (village_of[posting_id], posting_id))
    number = {posting_id: i for i, posting_id in enumerate(postings)}
    visits: dict[tuple[str, str], int] = {}
    effects: dict[tuple[int, str], int] = {}
    terms: list[tuple[int, int, float]] = []
    person, visit = np.empty(len(usable), np.int64), np.empty(len(usable), np.int64)
    for row, s in enumerate(usable):
        # A shock is shared inside one village: a visit number used in two villages is two visits.
        key = (village_of[s.posting_id], s.visit_id)
        at = visits.get(key)
        if at is None:
            at = visits[key] = len(visits)
            of_visit = [(0, s.slot, 1.0), (1, f"{s.local_date:%Y-%m}", 1.0)]
            of_visit += [(2, inspector, 1 / len(s.inspectors)) for inspector in s.inspectors]
            terms += [(at, effects.setdefault(what[:2], len(effects)), what[2]) for what in of_visit]
        person[row], visit[row] = number[s.posting_id], at
    order = np.argsort(person, kind="stable")
    team_numbers = {village: i for i, village in enumerate(dict.fromkeys(village_of[p] for p in postings))}
    found: npt.NDArray[np.bool_] = np.fromiter((s.outcome in FOUND for s in usable), bool, len(usable))
    at_visit, effect, weight = zip(*terms, strict=True)
    looked = Looked(
        person=person[order],
        visit=visit[order],
        found=found[order],
        team=np.array([team_numbers[village_of[p]] for p in postings], np.int64),
        effect_visit=np.array(at_visit, np.int64),
        effect=np.array(effect, np.int64),
        effect_weight=np.array(weight, np.float64),
        family=np.array([kind for kind, _ in effects], np.int64),
    )
    return looked, postings
