"""What sparse visits say of each person, with everybody's visits behind it: partially pooled effects.

The model: logit P(found) = b(person) + u(visit) + slot + month + inspectors. A person's ``b`` is, for most, normal
around the mean of all plus an effect of the team; a small share, learned from the data, is rarely there whatever
the team does. Without that share nobody in a good workforce could ever stand out, with it fixed too many would. The
shock ``u`` of a visit is shared by all who were looked for on it, so three missed together are one event.

How: ``b``, ``u`` and the team's effect live on grids, and belief propagation passes messages between the people
and visits of one village. It is exact where each visit looked for one person, and close elsewhere (the tests compare it
with full enumeration). The few numbers that describe the population are set by EM under weak priors and then taken as
known, so for a handful of people the intervals are somewhat too narrow. Every village stands by itself, so memory does
not grow with the province beyond the input and the answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from visits.presence.errors import NoVisits

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

GRID = np.arange(-6.0, 6.01, 0.5)
_STEP = 0.5
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_SWEEPS = 3
_ROWS_OF_A_CHUNK = 16_000
_OFFSETS_PER_LOGIT = 16
_ROWS_TO_LEARN_FROM = 16_000
_MOST_ROUNDS, _SETTLED = 30, 4e-3
_STRIDE = 1.5  # EM crawls along variances; a stride over 1 in their logarithm is safe up to 2
_TINY = 1e-30

# Weak priors, each as so many imagined people or visits.
_MEAN_PRIOR, _MEAN_PRIOR_SD = 1.4, 0.7
_PERSON_VARIANCE, _TEAM_VARIANCE, _VISIT_VARIANCE, _EFFECT_VARIANCE, _IMAGINED = 0.5, 0.2, 0.5, 0.05, 4.0
_RARELY_PRIOR = (0.5, 24.5)
_RARELY_LOGIT, _RARELY_SD = -2.0, 1.0
_LEAST_PERSON_SD = 0.3


@dataclass(frozen=True)
class Looked:
    """Usable person-visits as columns. People are numbered by team, rows sorted by person; visits stay in one team.

    ``effect_*`` are the terms of slot, month and inspectors: row i says that ``effect_visit[i]`` carries
    ``effect_weight[i]`` of effect ``effect[i]``; ``family`` says of each effect which kind it is.
    """

    person: Whole
    visit: Whole
    found: Flags
    team: Whole  # of each person
    effect_visit: Whole
    effect: Whole
    effect_weight: Floats
    family: Whole  # of each effect
    # Of each row: how likely what is said to have been seen is what was so. One, where it is beyond doubt.
    trust: Floats | None = None


@dataclass(frozen=True)
class Population:
    """What describes everybody: on the logit scale, and the share of those rarely there."""

    mean: float = _MEAN_PRIOR
    person_sd: float = _PERSON_VARIANCE**0.5
    team_sd: float = _TEAM_VARIANCE**0.5
    visit_sd: float = _VISIT_VARIANCE**0.5
    rarely: float = 0.02


@dataclass(frozen=True)
class PooledFit:
    """Each person's belief over ``GRID`` and what it means as a rate of presence on an ordinary visit."""

    population: Population
    effects: Floats
    effect_sds: Floats  # how sure each effect is
    beliefs: Singles
    rates: Floats  # of each edge of the grid's cells

    @property
    def means(self) -> Floats:
        """The posterior mean of each person's rate."""
        return np.asarray(self.beliefs @ ((self.rates[1:] + self.rates[:-1]) / 2))

    def below(self, standard: float | Floats) -> Floats:
        """The posterior probability of each person that the rate is below ``standard``, or below that person's own."""
        at = np.interp(np.asarray(standard), self.rates, np.arange(len(self.rates), dtype=np.float64))
        cell = np.broadcast_to(np.minimum(at.astype(np.int64), len(GRID) - 1), len(self.beliefs))
        people = np.arange(len(self.beliefs))
        below = self._cumulated[people, cell] + (at - cell) * self.beliefs[people, cell]
        return np.asarray(below, dtype=np.float64)

    def quantile(self, share: float) -> Floats:
        """The rate below which so much of each person's posterior lies."""
        cumulated = self._cumulated
        cell = np.clip((cumulated < share).sum(axis=1) - 1, 0, len(GRID) - 1)
        people = np.arange(len(cumulated))
        inside = (share - cumulated[people, cell]) / np.maximum(self.beliefs[people, cell], _TINY)
        return np.asarray(np.interp(cell + np.clip(inside, 0, 1), np.arange(len(self.rates)), self.rates))

    def found_with(self, shift: Floats) -> Floats:
        """The share of everybody looked for that is found, were all visits shifted so far on the logit scale."""
        everybody = self.beliefs.mean(axis=0)
        edges = np.r_[GRID - _STEP / 2, GRID[-1] + _STEP / 2]
        return np.asarray(np.interp(GRID + np.asarray(shift)[:, None], edges, self.rates) @ everybody)

    @property
    def _cumulated(self) -> Singles:
        summed = np.cumsum(self.beliefs, axis=1, dtype=np.float32)
        return np.concatenate((np.zeros((len(summed), 1), np.float32), summed), axis=1)


def fit_pooled(looked: Looked) -> PooledFit:
    """The beliefs about every person, the population learned from a share of the villages where there are many.

    Raises
    ------
    NoVisits
        Without a single row there is nothing to learn from.
    """
    if looked.person.size == 0:
        raise NoVisits("there is no visit to learn from")
    chunks = list(_chunks(looked))
    few = chunks[:: max(1, looked.person.size // _ROWS_TO_LEARN_FROM)]
    population, effects = Population(), np.zeros(len(looked.family))
    for _ in range(_MOST_ROUNDS):
        before = population
        learned = _Learned(looked, effects)
        for chunk in few:
            learned.add(chunk, believe(chunk, population, learned.offsets))
        population, effects = learned.population(before), learned.effects()
        if _moved(before, population) < _SETTLED:
            break
    if len(few) < len(chunks):  # inspectors and months that the share did not hold
        learned = _Learned(looked, effects)
        for chunk in chunks:
            learned.add(chunk, believe(chunk, population, learned.offsets, sweeps=2))
        effects = learned.effects()
    learned = _Learned(looked, effects)
    beliefs = []
    for chunk in chunks:
        believed = believe(chunk, population, learned.offsets)
        learned.add(chunk, believed)
        beliefs.append(believed.people)
    rates = _rates(population, learned.offsets)
    return PooledFit(population, effects, learned.effect_sds(population), np.concatenate(beliefs), rates)


@dataclass(frozen=True)
class Chunk:
    """Some whole villages, people and visits numbered from nought. ``trust`` of each row as in :class:`Looked`."""

    person: Whole
    visit: Whole
    found: Flags
    team: Whole
    visits: Whole  # the numbers the visits have in the whole
    trust: Floats | None = None

    @property
    def people(self) -> int:
        return len(self.team)


@dataclass(frozen=True)
class Believed:
    """What the messages of one chunk settle on, and the sums from which the population is learned."""

    people: Singles
    visit_square: float  # summed over visits: the squared shock
    team_square: float
    main: Floats  # by node of the team and point of the grid: people of the main kind
    score: Floats  # of each visit, by its offset
    information: Floats


def believe(chunk: Chunk, population: Population, offsets: Floats, *, sweeps: int = _SWEEPS) -> Believed:
    """The beliefs about the people of some villages, the population and the offset of each visit being given."""
    node_u, node_t = _NODES * population.visit_sd, _NODES * population.team_sd
    main, both = _person_priors(population, node_t)
    log_w = np.log(_WEIGHTS).astype(np.float32)
    seen = _Seen(chunk, offsets, node_u)
    person, visit = chunk.person[seen.order], chunk.visit[seen.order]
    of_people, of_visits = _adding(person, chunk.people), _adding(visit, len(chunk.visits))
    team = np.cumsum(np.r_[False, np.diff(chunk.team) > 0])
    of_teams = _adding(team, int(team[-1]) + 1)
    from_visit = np.tile(_WEIGHTS.astype(np.float32), (len(person), 1))
    for _ in range(sweeps):
        likely = seen.over_grid(from_visit)
        told = of_people @ np.log(likely)
        told -= told.max(axis=1, keepdims=True)
        weight = np.exp(told)
        to_team = np.log(weight @ both.T + _TINY)
        of_team = of_teams @ to_team + log_w
        from_team = _shares(of_team[team] - to_team)
        belief = (from_team @ both) * weight
        from_person = belief[person]
        from_person /= likely
        once = seen.over_nodes(from_person) + np.float32(_TINY)
        to_visit = np.log(once)
        of_visit = of_visits @ to_visit + log_w
        from_visit = _shares(of_visit[visit] - to_visit)
    whole = belief.sum(axis=1, keepdims=True)
    once = np.einsum("nu,nu->n", once, from_visit)
    slope = np.einsum("nu,nu->n", seen.over_nodes(from_person, seen.slopes), from_visit) / once
    curve = np.einsum("nu,nu->n", seen.over_nodes(from_person, seen.curves), from_visit) / once
    return Believed(
        people=belief / whole,
        visit_square=float(np.sum(_shares(of_visit) @ node_u**2)),
        team_square=float(np.sum(_shares(of_team) @ node_t**2)),
        main=main * ((from_team / whole).T @ weight),
        score=np.bincount(visit, slope, len(chunk.visits)).astype(np.float64),
        information=np.bincount(visit, curve, len(chunk.visits)).astype(np.float64),
    )


class _Seen:
    """The likelihood of each row over shock and person: one small table for all rows alike, so that the rest is
    products of matrices.

    Rows are alike where what was seen, how far that is trusted, and the offset of the visit are, the last to a
    sixteenth of a logit. ``order`` sorts rows by their table; all that goes in and comes out is in that order.
    """

    def __init__(self, chunk: Chunk, offsets: Floats, node_u: Floats) -> None:
        trust = np.ones(len(chunk.person)) if chunk.trust is None else chunk.trust
        trusted, of_trust = np.unique(trust, return_inverse=True)
        near = np.rint(offsets[chunk.visits] * _OFFSETS_PER_LOGIT).astype(np.int64)
        lowest = int(near.min())
        kind = ((near - lowest)[chunk.visit] * len(trusted) + of_trust) * 2 + chunk.found
        self.order = np.argsort(kind, kind="stable")
        kinds, self._begins = np.unique(kind[self.order], return_index=True)
        offset = (kinds // (2 * len(trusted)) + lowest) / _OFFSETS_PER_LOGIT
        p = 1 / (1 + np.exp(-(offset[:, None, None] + node_u[:, None] + GRID)))
        right = trusted[kinds // 2 % len(trusted), None, None]
        sign = np.where(kinds % 2, 1.0, -1.0)[:, None, None]
        likely = np.where(sign > 0, p, 1 - p)
        likely = right * likely + (1 - right) * (1 - likely)
        self.likely = likely.astype(np.float32)
        self.slopes = (sign * (2 * right - 1) * p * (1 - p)).astype(np.float32)
        self.curves = (likely * p * (1 - p)).astype(np.float32)

    def over_grid(self, nodes: Singles) -> Singles:
        """For each row the likelihood over the grid, its shock averaged by these weights; never nought."""
        out = np.empty((len(nodes), len(GRID)), np.float32)
        for table, rows in self._slices():
            np.matmul(nodes[rows], self.likely[table], out=out[rows])
        out += np.float32(_TINY)
        return out

    def over_nodes(self, grid: Singles, tables: Singles | None = None) -> Singles:
        """For each row the sum over the grid at each node of the shock, by these weights."""
        out = np.empty((len(grid), len(_NODES)), np.float32)
        by = self.likely if tables is None else tables
        for table, rows in self._slices():
            np.matmul(grid[rows], by[table].T, out=out[rows])
        return out

    def _slices(self) -> Iterator[tuple[int, slice]]:
        ends = [*self._begins.tolist()[1:], len(self.order)]
        return ((table, slice(begin, end)) for table, (begin, end) in enumerate(zip(self._begins, ends, strict=True)))


def _adding(group: Whole, groups: int) -> "csr_array":
    """The matrix that adds up rows by their group. scipy is loaded here: the server answers pages and never fits."""
    from scipy.sparse import csr_array

    ones = np.ones(len(group), np.float32)
    return csr_array((ones, (group, np.arange(len(group)))), shape=(groups, len(group)))


class _Learned:
    """Sums over chunks, from which the next population and effects follow."""

    def __init__(self, looked: Looked, effects: Floats) -> None:
        self.offsets = _offsets(looked, effects)
        self._looked, self._effects = looked, effects
        self._score, self._information = np.zeros(len(self.offsets)), np.zeros(len(self.offsets))
        self._people = self._visits = self._teams = 0
        self._main = np.zeros((len(_NODES), len(GRID)))
        self._visit_square = self._team_square = 0.0

    def add(self, chunk: Chunk, believed: Believed) -> None:
        self._score[chunk.visits] += believed.score
        self._information[chunk.visits] += believed.information
        self._people += chunk.people
        self._visits += len(chunk.visits)
        self._teams += 1 + int(np.count_nonzero(np.diff(chunk.team)))  # They stand together, and no chunk is empty.
        self._main += believed.main
        self._visit_square += believed.visit_square
        self._team_square += believed.team_square

    def population(self, before: Population) -> Population:
        away = GRID[None, :] - (_NODES * before.team_sd)[:, None]
        people = float(self._main.sum())
        trust = before.person_sd**2 / _MEAN_PRIOR_SD**2
        mean = (float(np.sum(self._main * away)) + trust * _MEAN_PRIOR) / (people + trust)
        person = _pooled_variance(float(np.sum(self._main * (away - mean) ** 2)), people, _PERSON_VARIANCE)
        team = _pooled_variance(self._team_square, self._teams, _TEAM_VARIANCE)
        visit = _pooled_variance(self._visit_square, self._visits, _VISIT_VARIANCE)
        rarely, imagined = self._people - people + _RARELY_PRIOR[0], sum(_RARELY_PRIOR)
        return Population(
            mean=mean,
            person_sd=max(_LEAST_PERSON_SD, _strode(before.person_sd, person)),
            team_sd=_strode(before.team_sd, team),
            visit_sd=_strode(before.visit_sd, visit),
            rarely=rarely / (self._people + imagined),
        )

    def effect_sds(self, population: Population) -> Floats:
        """How sure each effect is, as a standard deviation; on the wide side.

        A visit says no more of who made it than its own shock, and the people it happened to look for, allow: what is
        known of these from other visits is left out here.
        """
        at, weight, effect = self._looked.effect_visit, self._looked.effect_weight, self._looked.effect
        people = np.maximum(np.bincount(self._looked.visit, minlength=len(self.offsets)), 1)
        of_luck = population.visit_sd**2 + population.person_sd**2 / people
        said = self._information / (1 + self._information * of_luck)
        curve = np.bincount(effect, said[at] * weight**2, len(self._effects))
        return np.asarray(1 / np.sqrt(curve + 1 / self._variances))

    def effects(self) -> Floats:
        """One damped Newton step for each effect, drawn towards nought by the spread of its own kind."""
        at, weight, effect = self._looked.effect_visit, self._looked.effect_weight, self._looked.effect
        many = len(self._effects)
        slope = np.bincount(effect, self._score[at] * weight, many)
        curve, variance = self._curve, self._variances
        return np.asarray(self._effects + (slope - self._effects / variance) / (curve + 1 / variance))

    @cached_property
    def _curve(self) -> Floats:
        """How much all chunks say of each effect; asked for once the last one was added."""
        at, weight = self._looked.effect_visit, self._looked.effect_weight
        return np.asarray(np.bincount(self._looked.effect, self._information[at] * weight, len(self._effects)), float)

    @property
    def _variances(self) -> Floats:
        """Of each effect the variance of its kind."""
        curve = self._curve
        variances = np.empty(len(self._effects))
        for kind in np.unique(self._looked.family):
            of = self._looked.family == kind
            left = 1 / (curve[of] + 1 / _EFFECT_VARIANCE)
            squares = float(np.sum(self._effects[of] ** 2 + left))
            variances[of] = _pooled_variance(squares, int(of.sum()), _EFFECT_VARIANCE)
        return variances


def _pooled_variance(squares: float, many: float, imagined_variance: float) -> float:
    return (squares + _IMAGINED * imagined_variance) / (many + _IMAGINED)


def _strode(sd: float, variance: float) -> float:
    return float(np.clip(sd * (variance / sd**2) ** (_STRIDE / 2), 0.05, 3.0))


def _moved(before: Population, after: Population) -> float:
    logs = [abs(np.log(getattr(after, sd) / getattr(before, sd))) for sd in ("person_sd", "team_sd", "visit_sd")]
    return float(max(*logs, abs(after.mean - before.mean), abs(np.log(after.rarely / before.rarely)) / 5))


def _person_priors(population: Population, node_t: Floats) -> tuple[Floats, Singles]:
    """By node of the team's effect and point of the grid: the main kind alone, and everybody."""
    main = np.exp(-(((GRID[None, :] - population.mean - node_t[:, None]) / population.person_sd) ** 2) / 2)
    rarely = np.exp(-(((GRID - _RARELY_LOGIT) / _RARELY_SD) ** 2) / 2)
    main = (1 - population.rarely) * main / main.sum(axis=1, keepdims=True)
    return main, (main + population.rarely * rarely / rarely.sum()).astype(np.float32)


def _shares(logs: Singles) -> Singles:
    shares: Singles = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _offsets(looked: Looked, effects: Floats) -> Floats:
    visits = int(looked.visit.max()) + 1
    offsets = np.bincount(looked.effect_visit, looked.effect_weight * effects[looked.effect], visits)
    return offsets.astype(np.float64)


def _rates(population: Population, offsets: Floats) -> Floats:
    """The rate at each edge of the grid's cells, averaged over shocks and over the visits as they were made."""
    edges = np.r_[GRID - _STEP / 2, GRID[-1] + _STEP / 2]
    typical = np.quantile(offsets, (np.arange(50) + 0.5) / 50)
    at = edges[:, None, None] + (_NODES * population.visit_sd)[None, :, None] + typical
    return np.asarray((1 / (1 + np.exp(-at))).mean(axis=2) @ _WEIGHTS)


def _chunks(looked: Looked) -> Iterator[Chunk]:
    """Whole villages, so many at a time that a chunk stays in the processor's cache."""
    team_of_row = looked.team[looked.person]
    begins = np.flatnonzero(np.r_[True, np.diff(team_of_row) > 0])
    cut = np.r_[begins[np.flatnonzero(np.r_[True, np.diff(begins // _ROWS_OF_A_CHUNK) > 0])], len(team_of_row)]
    for start, end in pairwise(cut):
        people, person = np.unique(looked.person[start:end], return_inverse=True)
        visits, visit = np.unique(looked.visit[start:end], return_inverse=True)
        trust = None if looked.trust is None else looked.trust[start:end]
        yield Chunk(person, visit, looked.found[start:end], looked.team[people], visits, trust)
