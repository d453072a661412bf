"""What may be said of each person from sightings: not enough visits, watch, or refer to a person. Nothing else.

Directed visits and visits that leave, a trip or a rest day explains stand beside the figures and never in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from visits.presence.gate import Gate
from visits.presence.pooled import Looked, PooledFit, fit_pooled
from visits.presence.standards import Standard
from visits.presence.table import INSPECTOR, Flags, Sighting, SightingTable

POOLED_VERSION = "pooled-2"
WRONG_AMONG_REFERRED = 0.05
# The population is learned and then taken as known, which makes the posterior a little too sure of itself; this is what
# keeps the promise in worlds that are not the model's. Settled on counties of other seeds than those published.
LEAST_POSTERIOR = 0.94
LEVEL = 0.8

Floats = npt.NDArray[np.float64]


class Says(StrEnum):
    """The only three things. ``insufficient`` is also said where there is no sign of absence."""

    INSUFFICIENT = "insufficient"
    WATCH = "watch"
    REFER = "refer"


@dataclass(frozen=True)
class Said:
    """What is said of one posting, and on what. ``about`` names what a watch or a referral is about.

    ``visits`` and ``found`` count every usable visit; ``days`` and ``nights`` are (found, visits) of either kind. Mean,
    interval (80 %) and posterior, the probability that the rate is below the standard, are about nights where
    ``about`` is ``nights``, else about all usable visits; None without a usable visit. ``lacking`` says of what there
    is too little: (there is, needed). ``reason`` holds codes, joined by ``; ``.
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
    standard: Standard = field(default_factory=Standard)
    days: tuple[int, int] = (0, 0)
    nights: tuple[int, int] = (0, 0)
    directed: int = 0
    not_counted: int = 0
    lacking: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class InspectorEffect:
    """How often people are found on the visits of one inspector, all else as usual, beside how often usually.

    The interval (80 %) is wide where somebody made few visits, or always with the same colleague.
    """

    inspector: str
    usual: float
    share: float
    low80: float
    high80: float


@dataclass(frozen=True)
class Weighed:
    """What one fit says of postings, in the order of their first sighting, and of inspectors, by name."""

    said: list[Said]
    inspectors: list[InspectorEffect]


def say(
    sightings: Sequence[Sighting], *, standard: float | Standard, standards: Mapping[str, Standard] | None = None
) -> list[Said]:
    """What may be said of each posting, in the order of their first sighting; see :func:`weigh`."""
    return weigh(sightings, standard=standard, standards=standards).said


def weigh(
    sightings: Sequence[Sighting], *, standard: float | Standard, standards: Mapping[str, Standard] | None = None
) -> Weighed:
    """What may be said of each posting, and what the same fit says of the inspectors.

    The referred are those who pass the gate, whose posterior reaches ``LEAST_POSTERIOR``, and among whom the
    expected share of wrong referrals stays under ``WRONG_AMONG_REFERRED`` (Bayesian false discovery rate: M. A. Newton
    et al., Biostatistics 5 (2004) 155-176), absence and nights in one list.

    Parameters
    ----------
    standard
        The rate of presence, over visits nothing explains, below which presence is not good enough, or the whole
        standard; for postings that ``standards`` does not name.
    standards
        By posting, where places or kinds of posting ask for different things.
    """
    usual = standard if isinstance(standard, Standard) else Standard(rate=standard)
    table = SightingTable(sightings)
    asked = [(standards or {}).get(posting_id, usual) for posting_id in table.posting_ids]
    rates = np.array([s.rate for s in asked])
    everything = np.ones(len(table.who), bool)
    overall, inspectors = _figures(table, everything, rates)
    # Nights are judged among those found by day: beside people who are never there anybody's nights would look likelier
    # to be bad than they are.
    days, nights = table.counts(table.by_day), table.counts(~table.by_day)
    least = np.array([s.least_of_each_kind if s.compares_nights else np.inf for s in asked])
    by_day = (np.minimum(days[1], nights[1]) >= least) & (days[0] >= rates * days[1])
    at_night, _ = _figures(table, ~table.by_day & by_day[table.who], rates)
    # Plain numbers by posting from here on: asking an array for one number at a time is slow.
    has, has_at_night = (
        [dict(zip(kinds, of_one, strict=True)) for of_one in zip(*(n.tolist() for n in kinds.values()), strict=True)]
        for kinds in (table.kinds(everything), table.kinds(~table.by_day))
    )
    counted = (zip(found.tolist(), n.tolist(), strict=True) for found, n in (days, nights))
    beside = zip(table.directed.tolist(), table.explained.tolist(), strict=True)
    cases = [
        _Case(standard=s, days=of_days, nights=of_nights, lacking=_lacking(s.gate, there_is), beside=not_counted)
        for s, of_days, of_nights, there_is, not_counted in zip(asked, *counted, has, beside, strict=True)
    ]
    for i, case in enumerate(cases):
        case.weigh(overall.get(i), at_night.get(i) if _enough_at_night(case.standard, has_at_night[i]) else None)
    _refer(cases)
    said = [case.said(posting_id) for posting_id, case in zip(table.posting_ids, cases, strict=True)]
    return Weighed(said, inspectors)


@dataclass(frozen=True)
class _Figures:
    mean: float
    low80: float
    high80: float
    posterior: float


@dataclass
class _Case:
    """The counts of one posting, and what becomes of them."""

    standard: Standard
    days: tuple[int, int]
    nights: tuple[int, int]
    lacking: dict[str, tuple[int, int]]
    beside: tuple[int, int]
    says: Says = Says.INSUFFICIENT
    about: str = ""
    figures: _Figures | None = None
    candidates: dict[str, _Figures] = field(default_factory=dict)

    @property
    def found(self) -> int:
        return self.days[0] + self.nights[0]

    @property
    def visits(self) -> int:
        return self.days[1] + self.nights[1]

    def weigh(self, overall: _Figures | None, at_night: _Figures | None) -> None:
        """Find what could be said, before the whole list is looked at."""
        self.figures = overall
        rate = self.standard.rate
        if overall is not None and not self.lacking:
            if self.found < rate * self.visits or overall.posterior >= 0.5:
                self.says, self.about = Says.WATCH, "absence"
            if overall.posterior >= LEAST_POSTERIOR:
                self.candidates["absence"] = overall
        if at_night is not None and self.nights[0] < rate * self.nights[1]:
            if self.says is Says.INSUFFICIENT:
                self.says, self.about, self.figures = Says.WATCH, "nights", at_night
            if at_night.posterior >= LEAST_POSTERIOR:
                self.candidates["nights"] = at_night

    def refer(self, about: str) -> None:
        self.says, self.about, self.figures = Says.REFER, about, self.candidates[about]

    def reasons(self) -> list[str]:
        """Why that is said, as codes with their counts."""
        reasons = [f"{what} {has} of {needed}" for what, (has, needed) in self.lacking.items()]
        if not reasons and self.says is Says.INSUFFICIENT:
            reasons.append("no_sign_of_absence")
        if self.says is Says.WATCH:
            reasons.append("list_would_err" if self.about in self.candidates else "could_be_chance")
        if self.says is Says.REFER:
            reasons.append("seldom_found")
        if self.about == "nights":
            reasons.append("days {} of {}; nights {} of {}".format(*self.days, *self.nights))
        return reasons + [f"{what} {n}" for what, n in zip(("directed", "not_counted"), self.beside, strict=True) if n]

    def said(self, posting_id: str) -> Said:
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
            reason="; ".join(self.reasons()),
            standard=self.standard,
            days=self.days,
            nights=self.nights,
            directed=self.beside[0],
            not_counted=self.beside[1],
            lacking=self.lacking,
        )


def _lacking(gate: Gate, has: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    return {what: (n, getattr(gate, what)) for what, n in has.items() if n < getattr(gate, what)}


def _enough_at_night(standard: Standard, has: Mapping[str, int]) -> bool:
    gate = standard.gate
    return (
        has["visits"] >= standard.least_of_each_kind
        and has["slots"] >= 1
        and has["inspectors"] >= gate.inspectors
        and has["months"] >= gate.months
    )


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


def _figures(table: SightingTable, of: Flags, rates: Floats) -> tuple[dict[int, _Figures], list[InspectorEffect]]:
    """The figures of each posting that these rows speak of, by its number in the table, and of who visited."""
    if not of.any():
        return {}, []
    looked, postings = table.looked(of)
    fit = fit_pooled(looked)
    columns = (fit.means, fit.quantile((1 - LEVEL) / 2), fit.quantile((1 + LEVEL) / 2), fit.below(rates[postings]))
    figures = {
        number: _Figures(*figures)
        for number, *figures in zip(postings.tolist(), *(c.tolist() for c in columns), strict=True)
    }
    return figures, _of_inspectors(looked, fit, table.effect_names(of))


def _of_inspectors(looked: Looked, fit: PooledFit, names: Sequence[tuple[int, str]]) -> list[InspectorEffect]:
    """What each inspector's effect means as a share of people found, at the weight it has on their visits."""
    many = len(names)
    # In a team of two half of a visit's shift is each one's.
    weight = np.bincount(looked.effect, looked.effect_weight, many) / np.bincount(looked.effect, minlength=many)
    away = NormalDist().inv_cdf((1 + LEVEL) / 2) * fit.effect_sds * weight
    middle = fit.effects * weight
    shares = [fit.found_with(shift).tolist() for shift in (middle, middle - away, middle + away)]
    [usual] = fit.found_with(np.zeros(1)).tolist()
    of_each = zip(names, *shares, strict=True)
    return [InspectorEffect(name, usual, *share) for (kind, name), *share in sorted(of_each) if kind == INSPECTOR]
