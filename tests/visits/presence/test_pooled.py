"""The pooled model against full enumeration on a small village, and what it makes of simulated people."""

from itertools import product

import numpy as np
import pytest

from visits.presence import NoVisits
from visits.presence.pooled import GRID, Chunk, Looked, Population, believe, fit_pooled


def enumerated(found: np.ndarray, population: Population, offsets: np.ndarray) -> np.ndarray:
    """The exact beliefs about two people looked for on the same visits: every combination of every grid, summed."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    weights = weights / weights.sum()
    rarely = np.exp(-((GRID + 2.0) ** 2) / 2)
    beliefs = np.zeros((2, len(GRID)))
    for t, weight_t in zip(nodes * population.team_sd, weights, strict=True):
        main = np.exp(-(((GRID - population.mean - t) / population.person_sd) ** 2) / 2)
        prior = (1 - population.rarely) * main / main.sum() + population.rarely * rarely / rarely.sum()
        for shocks in product(range(5), repeat=len(offsets)):
            at = GRID[:, None] + nodes[list(shocks)] * population.visit_sd + offsets
            p = 1 / (1 + np.exp(-at))
            each = [prior * np.prod(np.where(found[i], p, 1 - p), axis=1) for i in (0, 1)]
            weight = weight_t * np.prod(weights[list(shocks)])
            beliefs[0] += weight * each[0] * each[1].sum()
            beliefs[1] += weight * each[1] * each[0].sum()
    return beliefs / beliefs.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "found", [[[0, 0, 0, 0], [0, 0, 0, 0]], [[0, 0, 0, 0], [1, 1, 1, 1]], [[0, 1, 0, 0], [1, 0, 1, 0]]]
)
def test_beliefs_come_close_to_full_enumeration(found: list[list[int]]) -> None:
    population = Population(mean=1.2, person_sd=0.8, team_sd=0.5, visit_sd=1.0, rarely=0.05)
    offsets = np.array([0.3, -0.2, 0.0, -0.5])
    chunk = Chunk(
        person=np.repeat([0, 1], 4),
        visit=np.tile(np.arange(4), 2),
        found=np.array(found, dtype=bool).reshape(-1),
        team=np.zeros(2, dtype=np.int64),
        visits=np.arange(4),
    )
    quick = believe(chunk, population, offsets).people
    exact = enumerated(np.array(found, dtype=bool), population, offsets)
    assert np.abs(np.cumsum(quick, axis=1) - np.cumsum(exact, axis=1)).max() < 0.03
    assert quick @ (1 / (1 + np.exp(-GRID))) == pytest.approx(exact @ (1 / (1 + np.exp(-GRID))), abs=0.015)


def village(seed: int, *, villages: int, visit_sd: float, mean: float = 1.7) -> tuple[Looked, np.ndarray]:
    """Three people and eight visits a village, six in a hundred people rarely there, and everybody's true logit."""
    draws = np.random.default_rng(seed)
    people, visits = villages * 3, villages * 8
    b = np.where(draws.random(people) < 0.06, draws.normal(-2, 1, people), draws.normal(mean, 0.7, people))
    u = draws.normal(0, visit_sd, visits)
    person = np.repeat(np.arange(people), 8)
    visit = (np.arange(villages)[:, None, None] * 8 + np.arange(8)).repeat(3, axis=1).reshape(-1)
    month = np.arange(visits) % 5
    found = draws.random(len(person)) < 1 / (
        1 + np.exp(-b[person] - u[visit] - np.linspace(-0.4, 0.4, 5)[month[visit]])
    )
    looked = Looked(
        person, visit, found, np.arange(people) // 3, np.arange(visits), month, np.ones(visits), np.zeros(5, np.int64)
    )
    return looked, b


@pytest.mark.parametrize("visit_sd", [0.0, 1.0])
def test_the_population_is_found_again(visit_sd: float) -> None:
    looked, _ = village(7, villages=450, visit_sd=visit_sd)
    fit = fit_pooled(looked)
    assert fit.population.mean + fit.effects.mean() == pytest.approx(1.7, abs=0.25)
    assert fit.population.person_sd == pytest.approx(0.7, abs=0.2)
    # EM crawls towards no shock at all; a shock believed where there is none makes the answers only more careful.
    assert fit.population.visit_sd == pytest.approx(visit_sd, abs=0.25 if visit_sd else 0.65)
    assert fit.population.rarely == pytest.approx(0.06, abs=0.03)
    assert fit.effects[-1] - fit.effects[0] == pytest.approx(0.8, abs=0.35)


def test_three_missed_together_weigh_less_than_three_missed_alone() -> None:
    looked, _ = village(11, villages=300, visit_sd=1.2)
    found = looked.found.reshape(300, 3, 8).copy()
    found[:2] = True
    found[0, :, :4] = False  # the whole team, on four visits
    found[1, 0, :4] = False  # one of the team, on four visits
    told = fit_pooled(Looked(**{**vars(looked), "found": found.reshape(-1)}))
    assert told.below(0.5)[0] < told.below(0.5)[3]


def test_the_intervals_hold_what_they_say() -> None:
    looked, b = village(13, villages=500, visit_sd=1.0)
    fit = fit_pooled(looked)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    months = np.linspace(-0.4, 0.4, 5)
    rate = (1 / (1 + np.exp(-(b[:, None, None] + nodes[:, None] + months)))).mean(axis=2) @ (weights / weights.sum())
    covered = np.mean((fit.quantile(0.1) <= rate) & (rate <= fit.quantile(0.9)))
    assert 0.76 < covered < 0.84


def test_nothing_to_learn_from_is_said() -> None:
    none, flags = np.zeros(0, np.int64), np.zeros(0, bool)
    with pytest.raises(NoVisits):
        fit_pooled(Looked(none, none, flags, none, none, none, np.zeros(0), none))
