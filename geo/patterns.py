"""What a month of nights and days amounts to: a pattern when it is sure enough, and why not otherwise. Pure.

Each posting has three rates: the share of its nights, of its days, and of its dawns and evenings that were spent here.
How such rates lie in this very log is learned from all its postings together (an estimate of the mixing distribution on
a grid, by expectation and maximisation), and a posting's own slots are weighed against that. A log of few postings
teaches little: there the flat start counts as twenty postings more; over a hundred postings it fades away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

HALF_THE_NIGHTS = 0.5
FIFTH_OF_DAYS = 0.2
SAME_ERROR = 0.2
"""How alike the errors of fixes of one slot are: ten fixes of one night tell less than ten nights."""

# Half-way points lie on the two limits above, so that neither side is favoured.
_RATES = np.array([0.01, 0.06, 0.14, 0.26, 0.42, 0.58, 0.72, 0.84, 0.93, 0.985])
_EDGE_RATES = np.array([0.02, 0.12, 0.3, 0.5, 0.7, 0.88, 0.98])
_FLAT_POSTINGS = 20.0
_FADES_OVER = 100.0
_STEPS = 40
_LEARNED_FROM = 1_000
_AT_ONCE = 20_000


class Pattern(StrEnum):
    """A pattern of a log of positions. It says nothing of why, and is no word about a person."""

    NIGHTS_HERE = "nights_here"
    DAYS_ONLY = "days_only"
    RARELY_HERE = "rarely_here"
    INSUFFICIENT = "insufficient"


_DECIDED = (Pattern.NIGHTS_HERE, Pattern.DAYS_ONLY, Pattern.RARELY_HERE)


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """How many slots of one kind count for each posting (seen, and neither on leave nor outside the posting), and in
    how many of them, as a sum of chances, the posting was here."""

    seen: Column
    present: Column


def presence(fixes: NDArray[np.uint32], leaning: NDArray[np.float32]) -> Column:
    """Return the chance of having been here in each slot, NaN where nothing was seen.

    ``leaning`` is the sum over the slot's fixes of their signed distance in standard deviations, each cut at 3: one fix
    may neither make nor unmake a night of many.
    """
    from geo.residence_kernel import chances

    count = fixes.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = leaning / count
        score = mean * np.sqrt(count / (1.0 + (count - 1.0) * SAME_ERROR))
    return np.where(count > 0, np.asarray(chances(score.ravel())).reshape(score.shape), np.nan)


def slots(chance: Column, counts: NDArray[np.bool_]) -> Slots:
    """Return the slots that count, from the chances of a block of slots and whether each may count.

    >>> seen = slots(np.array([[1.0, np.nan, 0.25]]), np.array([[True, True, False]]))
    >>> seen.seen.tolist(), seen.present.tolist()
    ([1.0], [1.0])
    """
    usable = counts & ~np.isnan(chance)
    return Slots(usable.sum(axis=1).astype(np.float64), np.where(usable, chance, 0.0).sum(axis=1))


def patterns(nights: Slots, days: Slots, edges: Slots, *, need: float) -> tuple[list[Pattern], Column, list[str]]:
    """Return each posting's pattern, the probability of the likeliest one, and a reason in one word.

    A pattern is given when its probability is at least ``need``, one night was seen at least, and a day too where the
    pattern speaks of days. Reasons: ``enough``, ``no_fixes``, ``no_nights``, ``no_days``, ``few_slots``, ``divided``.
    """
    probability = _probabilities(nights, days, edges)
    likeliest = probability.argmax(axis=1)
    best = probability.max(axis=1)
    found, reasons = [], []
    for at in range(len(best)):
        reason = _reason(nights.seen[at], days.seen[at], edges.seen[at], int(likeliest[at]), best[at] >= need)
        found.append(_DECIDED[likeliest[at]] if reason == "enough" else Pattern.INSUFFICIENT)
        reasons.append(reason)
    return found, best, reasons


def _reason(nights: float, days: float, edges: float, likeliest: int, is_sure: bool) -> str:
    if nights + days + edges == 0.0:
        return "no_fixes"
    if nights == 0.0:
        return "no_nights"
    if days == 0.0 and likeliest > 0:
        return "no_days"
    if is_sure:
        return "enough"
    return "few_slots" if nights < 8.0 or days < 8.0 else "divided"


def _probabilities(nights: Slots, days: Slots, edges: Slots) -> Column:
    """Return the probability of each of the three patterns for each posting."""
    flat = (_flat(_RATES)[:, None, None] * _flat(_RATES)[None, :, None] * _flat(_EDGE_RATES)).ravel()
    parts = (nights, days, edges)
    # Evenly taken, so that no part of the list of postings is left out.
    sample = np.unique(np.linspace(0, len(nights.seen) - 1, min(len(nights.seen), _LEARNED_FROM)).astype(np.int64))
    weights = _learned(_likelihood(parts, sample), flat)
    kind = np.where(_RATES[:, None] >= HALF_THE_NIGHTS, 0, np.where(_RATES[None, :] >= FIFTH_OF_DAYS, 1, 2))
    kind = np.repeat(kind.ravel(), _EDGE_RATES.size)
    found = np.empty((len(nights.seen), 3))
    for start in range(0, len(found), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(found)))
        weighed = _likelihood(parts, rows) * weights
        by_kind = np.stack([weighed[:, kind == pattern].sum(axis=1) for pattern in range(3)], axis=1)
        found[rows] = by_kind / by_kind.sum(axis=1, keepdims=True)
    return found


def _learned(likelihood: Column, flat: Column) -> Column:
    """Return the weights of the grid that fit the log, the flat start counting as some postings of its own."""
    # Single precision is more than a prior is worth, and twice as fast.
    chance, start = likelihood.astype(np.float32), flat.astype(np.float32)
    extra = np.float32(_FLAT_POSTINGS * min(1.0, _FADES_OVER / len(chance)))
    weights: NDArray[Any] = start
    for _ in range(_STEPS):
        share = weights * (chance.T @ (np.float32(1.0) / (chance @ weights)))
        weights = (share + extra * start) / (np.float32(len(chance)) + extra)
    return weights.astype(np.float64)


def _likelihood(parts: tuple[Slots, Slots, Slots], rows: NDArray[np.int64]) -> Column:
    nights, days, edges = (
        _one_likelihood(part, grid, rows) for part, grid in zip(parts, (_RATES, _RATES, _EDGE_RATES), strict=True)
    )
    return np.asarray(
        (nights[:, :, None, None] * days[:, None, :, None] * edges[:, None, None, :]).reshape(len(rows), -1)
    )


def _one_likelihood(part: Slots, grid: Column, rows: NDArray[np.int64]) -> Column:
    """Return the binomial likelihood over the grid, largest 1, so that products of three do not vanish."""
    seen, present = part.seen[rows, None], part.present[rows, None]
    log = present * np.log(grid) + (seen - present) * np.log1p(-grid)
    return np.asarray(np.exp(log - log.max(axis=1, keepdims=True)))


def _flat(grid: Column) -> Column:
    """Return the width of what each rate of the grid stands for: before anything is seen, every rate is as likely."""
    return np.diff([0.0, *((grid[1:] + grid[:-1]) / 2.0).tolist(), 1.0])
