"""How much people differ in the share of visits on which they are found: the beta-binomial model.

scipy is loaded when a fit is asked for, not with this module: the server answers pages and never fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from visits.presence.errors import BadCounts, NoVisits

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# The weak prior: log(alpha + beta) is N(log 8, 1), logit(mean) is N(0, 2). With three visits a person the likelihood
# alone often says that everybody is alike; nobody believes that.
_LOG_SIZE_CENTRE, _LOG_SIZE_SD, _LOGIT_MEAN_SD = float(np.log(8)), 1.0, 2.0
_GRID_POINTS, _GRID_SDS, _LEAST_WEIGHT = 17, 3.5, 1e-5
_LARGEST_SPREAD = 1e9  # of 1 / (alpha + beta): beyond it everybody is either always or never found
_HALVINGS = 32


@dataclass(frozen=True)
class PresenceRates:
    """A beta-binomial fit. ``alpha``, ``beta``, ``rho`` and ``log_likelihood`` are at the unpenalised maximum.

    ``rho`` is the correlation of two visits to one person, 1 / (alpha + beta + 1). ``at_boundary`` where the maximum
    is no proper beta distribution: nobody differs from anybody (alpha and beta infinite, rho 0), or everybody is
    always or never found (alpha and beta 0, rho 1). The log-likelihood holds the binomial coefficients.
    """

    found: Whole
    visits: Whole
    alpha: float
    beta: float
    mean: float
    rho: float
    log_likelihood: float
    at_boundary: bool

    @property
    def shrunken(self) -> Floats:
        """The posterior mean of each person's rate under the weak prior, averaged over what the fit leaves open."""
        weights, alphas, betas = self._posterior_of_population
        kinds, which = self._kinds
        means = (alphas + kinds[:, :1]) / (alphas + betas + kinds[:, 1:])
        return np.asarray((means @ weights)[which])

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Lower and upper end of the central posterior interval of each person's rate, under the weak prior."""
        if not 0 < level < 1:
            raise ValueError(f"{level} is no level between 0 and 1")
        kinds, which = self._kinds
        return self._quantile(kinds, (1 - level) / 2)[which], self._quantile(kinds, (1 + level) / 2)[which]

    @cached_property
    def _kinds(self) -> tuple[Whole, Whole]:
        """The distinct pairs of found and visits, and which of them each person has."""
        kinds, which = np.unique(np.column_stack((self.found, self.visits)), axis=0, return_inverse=True)
        return kinds, which.reshape(-1)

    def _quantile(self, kinds: Whole, share: float) -> Floats:
        from scipy.special import betainc

        weights, alphas, betas = self._posterior_of_population
        low, high = np.zeros(len(kinds)), np.ones(len(kinds))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            a, b = alphas + kinds[:, :1], betas + (kinds[:, 1:] - kinds[:, :1])
            below = betainc(a, b, middle[:, None]) @ weights < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    @cached_property
    def _posterior_of_population(self) -> tuple[Floats, Floats, Floats]:
        """Weights, alphas and betas on a grid around the penalised maximum."""
        from scipy.optimize import minimize

        tails = _Tails(self.found, self.visits)

        def log_posterior(at: Floats) -> float:
            logit_mean, log_size = at
            prior = ((log_size - _LOG_SIZE_CENTRE) / _LOG_SIZE_SD) ** 2 + (logit_mean / _LOGIT_MEAN_SD) ** 2
            mean = float(1 / (1 + np.exp(-logit_mean)))
            return tails.log_likelihood(mean, float(np.exp(-log_size))) - float(prior) / 2

        start = np.array([_logit(np.clip(self.mean, 0.02, 0.98)), _LOG_SIZE_CENTRE])
        top = minimize(lambda at: -log_posterior(at), start, method="Nelder-Mead", options={"xatol": 1e-6}).x
        sds = [_sd_along(log_posterior, top, axis) for axis in (0, 1)]
        steps = np.linspace(-_GRID_SDS, _GRID_SDS, _GRID_POINTS)
        grid = np.array([(top[0] + u * sds[0], top[1] + v * sds[1]) for u in steps for v in steps])
        heights = np.array([log_posterior(at) for at in grid])
        weights = np.exp(heights - heights.max())
        grid, weights = grid[weights > _LEAST_WEIGHT], weights[weights > _LEAST_WEIGHT]
        mean, size = 1 / (1 + np.exp(-grid[:, 0])), np.exp(grid[:, 1])
        return weights / weights.sum(), mean * size, (1 - mean) * size


def fit_presence_rates(found: Sequence[int] | Whole, visits: Sequence[int] | Whole) -> PresenceRates:
    """The beta-binomial fit to counts per person: on how many of their visits each was found.

    Parameters
    ----------
    found, visits
        One whole number per person; somebody without a visit adds nothing and is given the population's posterior.

    Raises
    ------
    NoVisits
        Without a single visit there is nothing to fit.
    BadCounts
        Lengths differ, a count is no whole number, is negative, or more were found than visits made.

    Notes
    -----
    The likelihood is written in the mean and ``spread`` = 1 / (alpha + beta), so that equal rates for everybody are a
    point of it (spread 0) and not a limit at which log-gamma functions cancel: D. A. Griffiths, Biometrics 29 (1973)
    637-648. Visits to one person count as exchangeable; shared causes of one visit are not known to it.
    """
    from scipy.special import gammaln

    k, n = _checked(found, visits)
    tails = _Tails(k, n)
    coefficients = float(np.sum(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)))
    pooled = float(k.sum() / n.sum())

    def fitted(mean: float, spread: float, *, at_boundary: bool) -> PresenceRates:
        size = np.inf if spread == 0 else 0.0 if spread == np.inf else 1 / spread
        rho = 1.0 if spread == np.inf else spread / (1 + spread)
        both = (size, size) if at_boundary else (mean * size, (1 - mean) * size)
        likelihood = tails.log_likelihood(mean, spread) if spread < np.inf else tails.log_likelihood_all_or_none()
        return PresenceRates(k, n, both[0], both[1], mean, rho, likelihood + coefficients, at_boundary)

    if pooled in (0.0, 1.0) or n.max() == 1:
        return fitted(pooled, 0.0, at_boundary=True)
    if bool(np.all((k == 0) | (k == n))):
        people = n > 0
        return fitted(float(np.mean(k[people] == n[people])), np.inf, at_boundary=True)
    mean, spread = _highest(tails, pooled)
    if spread == 0.0:
        return fitted(pooled, 0.0, at_boundary=True)
    return fitted(mean, spread, at_boundary=False)


class _Tails:
    """The likelihood through how many people have more than j found, missed, visits: cheap for any number of people."""

    def __init__(self, found: Whole, visits: Whole) -> None:
        missed = visits - found
        longest = int(visits.max())
        self.j = np.arange(longest, dtype=np.float64)
        self.found, self.missed, self.visits = (
            len(c) - np.searchsorted(np.sort(c), self.j, side="right") for c in (found, missed, visits)
        )

    def log_likelihood(self, mean: float, spread: float) -> float:
        """Without the binomial coefficients."""
        js = self.j * spread
        with np.errstate(divide="ignore"):
            return float(
                _dot(self.found, np.log(mean + js))
                + _dot(self.missed, np.log(1 - mean + js))
                - _dot(self.visits, np.log1p(js))
            )

    def log_likelihood_all_or_none(self) -> float:
        """At the boundary where each person is either always or never found."""
        people, always = int(self.visits[0]), int(self.found[0])
        share = always / people
        return float(sum(c * np.log(p) for c, p in ((always, share), (people - always, 1 - share)) if c))

    def slope_and_curve(self, mean: float, spread: float) -> tuple[Floats, Floats]:
        """First and second derivatives by mean and spread."""
        js = self.j * spread
        up, down, all_ = 1 / (mean + js), 1 / (1 - mean + js), 1 / (1 + js)
        f, m, v, j = self.found, self.missed, self.visits, self.j
        slope = np.array([f @ up - m @ down, f @ (j * up) + m @ (j * down) - v @ (j * all_)])
        mm = -(f @ up**2) - m @ down**2
        ms = -(f @ (j * up**2)) + m @ (j * down**2)
        ss = -(f @ (j * up) ** 2) - m @ (j * down) ** 2 + v @ (j * all_) ** 2
        return slope, np.array([[mm, ms], [ms, ss]])


def _dot(counts: Whole, logs: Floats) -> float:
    """The sum of products in which nought times minus infinity is nought."""
    return float(np.sum(np.where(counts > 0, counts * np.where(counts > 0, logs, 0.0), 0.0)))


def _highest(tails: _Tails, pooled: float) -> tuple[float, float]:
    """Mean and spread of the highest likelihood; spread 0.0 where equal rates do as well as anything."""
    from scipy.optimize import minimize

    level_ground = tails.log_likelihood(pooled, 0.0)
    starts = [(_logit(pooled), s) for s in (-8.0, -4.0, -2.0, 0.0, 3.0)]

    def fall(at: Floats) -> tuple[float, Floats]:
        mean, spread = 1 / (1 + np.exp(-at[0])), float(np.exp(at[1]))
        slope, _ = tails.slope_and_curve(mean, spread)
        return -tails.log_likelihood(mean, spread), -slope * np.array([mean * (1 - mean), spread])

    bounds = [(-30.0, 30.0), (-23.0, float(np.log(_LARGEST_SPREAD)))]
    tops = [minimize(fall, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in starts]
    top = min(tops, key=lambda found: float(found.fun))
    mean, spread = float(1 / (1 + np.exp(-top.x[0]))), float(np.exp(top.x[1]))
    # The rise over equal rates is about slope * spread: at the lower bound it drowns in rounding.
    if -float(top.fun) <= level_ground + 1e-9 or spread < 1e-9:
        return pooled, 0.0
    return _polished(tails, mean, spread)


def _polished(tails: _Tails, mean: float, spread: float) -> tuple[float, float]:
    """The same maximum to full precision by Newton steps; stays where a step would leave the region."""
    for _ in range(20):
        slope, curve = tails.slope_and_curve(mean, spread)
        step = np.linalg.solve(curve, slope)
        to_mean, to_spread = mean - float(step[0]), spread - float(step[1])
        if not (0 < to_mean < 1 and to_spread > 0):
            break
        settled = abs(to_mean - mean) < 1e-15 and abs(to_spread - spread) <= 1e-14 * spread
        mean, spread = to_mean, to_spread
        if settled:
            break
    return mean, spread


def _checked(found: Any, visits: Any) -> tuple[Whole, Whole]:
    k, n = np.asarray(found), np.asarray(visits)
    if k.ndim != 1 or k.shape != n.shape:
        raise BadCounts(f"found and visits must be two lists of one length, not {k.shape} and {n.shape}")
    if k.size == 0:
        raise NoVisits("there is nobody to learn from")
    for what in (k, n):
        if what.dtype.kind not in "iuf" or not np.all(np.isfinite(what)) or np.any(what != np.floor(what)):
            raise BadCounts("found and visits must be whole numbers")
    wrong = np.flatnonzero((k < 0) | (k > n))
    if wrong.size:
        raise BadCounts(f"{k[wrong[0]]} found of {n[wrong[0]]} visits (place {wrong[0]})")
    if n.sum() == 0:
        raise NoVisits("there is no visit to learn from")
    return k.astype(np.int64), n.astype(np.int64)


def _sd_along(height: Any, top: Floats, axis: int) -> float:
    """How far one must go along one axis to lose half a unit of log height, by the curve at the top."""
    h = np.zeros(2)
    h[axis] = 0.05
    curve = (2 * height(top) - height(top + h) - height(top - h)) / 0.05**2
    return float(1 / np.sqrt(max(curve, 1e-6)))


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))
