"""The beta-binomial fit against an independent slow computation, published data, and the edges of its region."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.special import digamma

from visits.presence import BadCounts, NoVisits, fit_presence_rates

# Tumours in 71 groups of rats: R. E. Tarone, Biometrics 38 (1982) 215-220; table 5.1 of Gelman et al., Bayesian Data
# Analysis, whose posterior mode under (alpha + beta)^(-5/2) is about (2.4, 14.3) on its own scale.
# fmt: off
RATS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 5, 2, 5, 3, 2,
        7, 7, 3, 3, 2, 9, 10, 4, 4, 4, 4, 4, 4, 4, 10, 4, 4, 4, 5, 11, 12, 5, 5, 6, 5, 6, 6, 6, 6, 16, 15, 15, 9, 4]
RATS_OF = [20, 20, 20, 20, 20, 20, 20, 19, 19, 19, 19, 18, 18, 17, 20, 20, 20, 20, 19, 19, 18, 18, 25, 24, 23, 20, 20,
           20, 20, 20, 20, 10, 49, 19, 46, 27, 17, 49, 47, 20, 20, 13, 48, 50, 20, 20, 20, 20, 20, 20, 20, 48, 19, 19,
           19, 22, 46, 49, 20, 20, 23, 19, 22, 20, 20, 20, 52, 46, 47, 24, 14]
# Hits of 18 players in their first 45 times at bat of 1970: B. Efron and C. Morris, JASA 70 (1975) 311-319.
HITS = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]
# fmt: on


def slow_fit(found: Sequence[int], visits: Sequence[int]) -> tuple[float, float, float]:
    """The maximum by scipy's beta-binomial distribution and the zero of its digamma score, not by our formula."""
    k, n = np.array(found), np.array(visits)

    def fall(at: np.ndarray) -> float:
        return -float(np.sum(stats.betabinom.logpmf(k, n, np.exp(at[0]), np.exp(at[1]))))

    def score(at: np.ndarray) -> list[float]:
        a, b = np.exp(at)
        whole = digamma(a + b) - digamma(n + a + b)
        return [np.sum(digamma(k + a) - digamma(a) + whole), np.sum(digamma(n - k + b) - digamma(b) + whole)]

    near = optimize.minimize(fall, np.array([0.0, 1.0]), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-9})
    at = optimize.root(score, near.x, tol=1e-13).x
    return float(np.exp(at[0])), float(np.exp(at[1])), -fall(at)


@pytest.mark.parametrize(
    ("found", "visits"),
    [(RATS, RATS_OF), (HITS, [45] * 18), ([0, 3, 1, 4, 4, 2, 0, 5], [3, 3, 4, 4, 5, 6, 2, 5])],
    ids=["rats", "baseball", "few"],
)
def test_the_fit_equals_a_slow_independent_one_to_six_digits(found: list[int], visits: list[int]) -> None:
    fit, (alpha, beta, log_likelihood) = fit_presence_rates(found, visits), slow_fit(found, visits)
    assert not fit.at_boundary
    assert (fit.alpha, fit.beta) == pytest.approx((alpha, beta), rel=1e-6)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-9)
    assert fit.log_likelihood >= log_likelihood - 1e-10
    assert fit.mean == pytest.approx(fit.alpha / (fit.alpha + fit.beta), rel=1e-12)
    assert fit.rho == pytest.approx(1 / (fit.alpha + fit.beta + 1), rel=1e-12)


def test_the_rats_lie_where_the_book_says() -> None:
    fit = fit_presence_rates(RATS, RATS_OF)
    assert (fit.alpha, fit.beta) == pytest.approx((2.4, 14.3), rel=0.05)
    # The book's shrunken rates run from about 0.06 (none of 20) to about 0.21 (the group of 4 of 14).
    assert fit.shrunken[0] == pytest.approx(2.4 / (2.4 + 14.3 + 20), abs=0.01)
    assert fit.shrunken[70] == pytest.approx((2.4 + 4) / (2.4 + 14.3 + 14), abs=0.01)


def test_the_baseball_players_are_drawn_together_as_far_as_stein_would() -> None:
    fit = fit_presence_rates(HITS, [45] * 18)
    assert fit.mean == pytest.approx(0.2654, abs=2e-3)
    raw = np.array(HITS) / 45
    assert np.all(np.abs(fit.shrunken - raw.mean()) < np.abs(raw - raw.mean()) + 0.01)
    assert np.all(np.diff(fit.shrunken) <= 1e-12)


def test_nobody_differs_from_anybody() -> None:
    fit = fit_presence_rates([2, 2, 2, 2, 2, 2], [3] * 6)
    assert fit.at_boundary
    assert (fit.alpha, fit.beta, fit.rho) == (np.inf, np.inf, 0.0)
    assert fit.mean == pytest.approx(2 / 3)
    assert fit.log_likelihood == pytest.approx(stats.binom.logpmf(2, 3, 2 / 3) * 6)


@pytest.mark.parametrize(("found", "mean"), [([0, 0, 0], 0.0), ([3, 5, 4], 1.0)])
def test_none_and_all_found_are_a_boundary_too(found: list[int], mean: float) -> None:
    fit = fit_presence_rates(found, [3, 5, 4])
    assert (fit.at_boundary, fit.mean, fit.alpha, fit.log_likelihood) == (True, mean, np.inf, 0.0)
    assert np.all((fit.shrunken > 0) & (fit.shrunken < 1))


def test_always_or_never_is_the_other_boundary() -> None:
    fit = fit_presence_rates([0, 3, 4, 0], [3, 3, 4, 5])
    assert (fit.at_boundary, fit.alpha, fit.beta, fit.rho, fit.mean) == (True, 0.0, 0.0, 1.0, 0.5)
    assert fit.log_likelihood == pytest.approx(4 * np.log(0.5))


def test_one_person_and_one_visit_each_say_nothing_of_differences() -> None:
    assert fit_presence_rates([2], [5]).at_boundary
    assert fit_presence_rates([1, 0, 1], [1, 1, 1]).at_boundary


def test_somebody_never_visited_changes_nothing_and_gets_the_population() -> None:
    with_them, without = fit_presence_rates([0, *RATS], [0, *RATS_OF]), fit_presence_rates(RATS, RATS_OF)
    assert (with_them.alpha, with_them.log_likelihood) == pytest.approx((without.alpha, without.log_likelihood))
    assert with_them.shrunken[0] == pytest.approx(with_them.mean, abs=0.01)


def test_the_weak_prior_keeps_people_apart_where_the_likelihood_runs_away() -> None:
    fit = fit_presence_rates([2, 2, 2, 3, 2, 2, 3, 2], [3] * 8)
    assert fit.at_boundary
    low, high = fit.interval(0.8)
    assert np.all(low < fit.shrunken) and np.all(fit.shrunken < high)
    assert fit.shrunken[3] > fit.shrunken[0]
    assert high[0] - low[0] > 0.15


def test_the_interval_holds_what_it_says() -> None:
    draws = np.random.default_rng(20261122)
    inside = total = 0
    for _ in range(2):
        rate = draws.beta(5.9, 4.5, 1500)
        visits = draws.integers(1, 9, 1500)
        low, high = fit_presence_rates(draws.binomial(visits, rate), visits).interval(0.8)
        inside, total = inside + int(np.sum((low <= rate) & (rate <= high))), total + 1500
    assert 0.77 < inside / total < 0.83


@given(st.lists(st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1))
@settings(max_examples=25, deadline=None)
def test_no_beta_distribution_does_better(people: list[tuple[int, int]]) -> None:
    found, visits = zip(*people, strict=True)
    fit = fit_presence_rates(found, visits)
    rivals = [
        float(np.sum(stats.betabinom.logpmf(found, visits, m * s, (1 - m) * s)))
        for m in (0.05, 0.3, 0.5, 0.8, 0.97)
        for s in (0.05, 1.0, 8.0, 200.0)
    ]
    assert fit.log_likelihood >= max(rivals) - 1e-7
    assert fit.at_boundary or 0 < fit.rho < 1


@pytest.mark.parametrize(
    ("found", "visits"), [([1], [1, 2]), ([3], [2]), ([-1], [2]), ([0.5], [2]), ([float("nan")], [2]), (["a"], ["b"])]
)
def test_impossible_counts_are_refused(found: list[int], visits: list[int]) -> None:
    with pytest.raises(BadCounts):
        fit_presence_rates(found, visits)


@pytest.mark.parametrize(("found", "visits"), [([], []), ([0, 0], [0, 0])])
def test_nothing_to_learn_from_is_said(found: list[int], visits: list[int]) -> None:
    with pytest.raises(NoVisits):
        fit_presence_rates(found, visits)


def test_scipy_is_not_loaded_with_the_room() -> None:
    subprocess.run([sys.executable, "-c", "import visits.presence, sys; assert 'scipy' not in sys.modules"], check=True)
