"""What random visits say of everybody together: estimates for leaders, who need no names. Pure; numpy alone.

Only visits drawn at random count, weighted by one over their stored probability of being drawn; complaint-driven visits
say nothing of a population. Raw absence (whatever the reason) stands beside unexplained absence, always.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from visits.presence.interval import wilson_interval

LEAST_PEOPLE, LEAST_UNITS = 5, 2
EXPLAINED = frozenset({"leave", "trip", "excused"})
FOUND = frozenset({"met", "seen_by_others"})
PENDING = "leave_pending"


@dataclass(frozen=True, slots=True)
class LookedFor:
    """One person looked for on one random visit on which presence was required."""

    posting_id: str
    village_code: str
    unit: str
    month: str
    outcome: str
    weight: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """A weighted share with its clustered standard error and 95 % interval."""

    share: float
    standard_error: float
    low95: float
    high95: float


@dataclass(frozen=True)
class Absence:
    """Raw absence beside unexplained absence; between the bounds lies what the leave books have yet to settle.

    ``raw``: not found, for any reason. ``unexplained``: not found, both books asked, and nothing said; it takes every
    pending case for an excuse, ``unexplained_at_most`` none of them.
    """

    looked: int
    people: int
    villages: int
    raw: Estimate
    unexplained: Estimate
    unexplained_at_most: Estimate


def hajek(values: Sequence[float], weights: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """The weighted mean, its error clustered (linearised, with the factor G / (G - 1)), and a normal 95 % interval.

    J. Hajek (1971), in Godambe and Sprott, Foundations of Statistical Inference, p. 236; the variance by Taylor
    linearisation, as survey packages have it. With one cluster there is no error to be had and the interval is 0 to 1;
    where all values are 0, or all 1, it is Wilson's over clusters.
    """
    y, w = np.asarray(values, np.float64), np.asarray(weights, np.float64)
    if y.size == 0 or np.any(w <= 0):
        raise ValueError("an estimate needs values, each with a weight above nought")
    share = float(w @ y / w.sum())
    _, of = np.unique(np.asarray(clusters), return_inverse=True)
    totals = np.bincount(of, w * (y - share)) / w.sum()
    groups = len(totals)
    if groups < 2:
        return Estimate(share, float("nan"), 0.0, 1.0)
    error = sqrt(groups / (groups - 1) * float(totals @ totals))
    if np.all(y == y[0]) and y[0] in (0, 1):
        # Nothing varied, which is no certainty: Wilson's interval with each cluster as one look.
        return Estimate(share, error, *wilson_interval(int(y[0]) * groups, groups))
    half = NormalDist().inv_cdf(0.975) * error
    return Estimate(share, error, max(0.0, share - half), min(1.0, share + half))


def clustered_difference(
    treated: Sequence[tuple[str, int, int]], control: Sequence[tuple[str, int, int]]
) -> tuple[float, float]:
    """The difference of two groups' shares and its clustered (CR1) error, from counts (cluster, found, visits).

    Least squares of found on group with the sandwich of Liang and Zeger (Biometrika 73 (1986) 13-22), times
    G / (G - 1) * (N - 1) / (N - 2): what regression packages call "clustered".
    """
    shares, squares, groups, rows = [], 0.0, 0, 0
    for arm in (treated, control):
        found, visits = sum(f for _, f, _ in arm), sum(n for _, _, n in arm)
        share = found / visits
        by_cluster: dict[str, float] = {}
        for cluster, f, n in arm:
            by_cluster[cluster] = by_cluster.get(cluster, 0.0) + f - n * share
        squares += sum(total**2 for total in by_cluster.values()) / visits**2
        shares.append(share)
        groups += len(by_cluster)
        rows += visits
    factor = groups / (groups - 1) * (rows - 1) / (rows - 2)
    return shares[0] - shares[1], sqrt(factor * squares)


def absence(looked: Sequence[LookedFor]) -> Absence | None:
    """Raw and unexplained absence of a group, or None where the group is too small to be spoken of."""
    usable = [x for x in looked if x.outcome != "cannot_tell"]
    people, units = {x.posting_id for x in usable}, {x.unit for x in usable}
    if len(people) < LEAST_PEOPLE or len(units) < LEAST_UNITS:
        return None
    weights, villages = [x.weight for x in usable], [x.village_code for x in usable]

    def share(counts: frozenset[str]) -> Estimate:
        return hajek([float(x.outcome in counts) for x in usable], weights, villages)

    missed = frozenset({"not_met"})
    return Absence(
        looked=len(usable),
        people=len(people),
        villages=len(set(villages)),
        raw=share(missed | EXPLAINED | {PENDING}),
        unexplained=share(missed),
        unexplained_at_most=share(missed | {PENDING}),
    )


def excuses_by_month(looked: Sequence[LookedFor]) -> dict[str, dict[str, Estimate | None]]:
    """For each month the share of raw absence that leave, trips and other excuses explain; None in a small group.

    The nurses of Udaipur were monitored well until exempt days grew and swallowed the scheme (Banerjee, Duflo and
    Glennerster 2008), so this has a line of its own.
    """
    months: dict[str, list[LookedFor]] = {}
    for x in looked:
        months.setdefault(x.month, []).append(x)
    return {
        month: {word: _of_all(rows, word) for word in sorted(EXPLAINED | {PENDING})}
        for month, rows in sorted(months.items())
    }


def _of_all(rows: Sequence[LookedFor], word: str) -> Estimate | None:
    usable = [x for x in rows if x.outcome != "cannot_tell"]
    if len({x.posting_id for x in usable}) < LEAST_PEOPLE or len({x.unit for x in usable}) < LEAST_UNITS:
        return None
    return hajek(
        [float(x.outcome == word) for x in usable], [x.weight for x in usable], [x.village_code for x in usable]
    )


@dataclass(frozen=True)
class FunnelPoint:
    """One group in a funnel: its visits and share found, and the limits within which chance alone would keep it."""

    name: str
    visits: int
    share: float
    low95: float
    high95: float
    low999: float
    high999: float


@dataclass(frozen=True)
class Funnel:
    """Groups by name, never by share; ``inflation`` is the over-dispersion by which the limits are widened."""

    share: float
    inflation: float
    points: tuple[FunnelPoint, ...]


def funnel(groups: Mapping[str, tuple[int, int]], *, winsorised: float = 0.1) -> Funnel:
    """The funnel of groups (found, visits), its limits inflated for over-dispersion.

    D. J. Spiegelhalter, Statistics in Medicine 24 (2005) 1185-1202: z-scores winsorised at 10 %, and the mean of their
    squares, where above one, widens the limits. What lies outside is a reason to ask, and no verdict.
    """
    known = {name: counts for name, counts in sorted(groups.items()) if counts[1] > 0}
    if not known:
        return Funnel(float("nan"), 1.0, ())
    found = np.array([f for f, _ in known.values()], np.float64)
    visits = np.array([n for _, n in known.values()], np.float64)
    share = float(found.sum() / visits.sum())
    spread = np.sqrt(max(share * (1 - share), 1e-12) / visits)
    z = (found / visits - share) / spread
    low, high = np.quantile(z, [winsorised, 1 - winsorised])
    inflation = max(1.0, float(np.mean(np.clip(z, low, high) ** 2)))
    points = []
    for name, f, n, sd in zip(known, found, visits, spread * sqrt(inflation), strict=True):
        limits = [(max(0.0, share - q * sd), min(1.0, share + q * sd)) for q in (1.959964, 3.290527)]
        points.append(FunnelPoint(name, int(n), float(f / n), *limits[0], *limits[1]))
    return Funnel(share, inflation, tuple(points))
