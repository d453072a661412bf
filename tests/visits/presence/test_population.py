"""Figures of everybody against published ones: Duflo, Hanna and Ryan 2012, and survey formulas worked by hand."""

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest

from visits.presence import (
    Agreement,
    LookedFor,
    absence,
    agreement,
    clustered_difference,
    excuses_by_month,
    funnel,
    hajek,
    inspector_facts,
)
from visits.presence.inspectors import LEAST_VISITS_OF_AN_INSPECTOR

# Duflo, Hanna and Ryan, American Economic Review 102(4) (2012) 1241-1278, table 2A: monitored teachers were found on
# 1,239 of 1,575 random visits, the others on 867 of 1,496; difference 0.21 with standard error 0.03 by school.
DHR_TREATED, DHR_CONTROL = (1239, 1575, 57), (867, 1496, 56)
RHO_TREATED, RHO_CONTROL = 0.0900, 0.0875  # of the beta-binomial fits to the same counts by school


def schools(total: tuple[int, int, int], rho: float) -> list[tuple[str, int, int]]:
    """Counts of so many schools that add up to the published totals, as unlike as the schools of the study were.

    Schools get quantiles of the normal that has the mean and, by the correlation within schools, the spread published;
    the last unit of rounding goes to the middle.
    """
    found, visits, many = total
    n = np.full(many, visits // many)
    n[: visits - int(n.sum())] += 1
    p = found / visits
    spread = sqrt(p * (1 - p) * (rho + (1 - rho) / n.mean()))
    ranks = (np.arange(many) + 0.5) / many
    shares = np.clip([NormalDist(p, spread).inv_cdf(r) for r in ranks], 0, 1)
    k = np.rint(shares * n).astype(int)
    at = many // 2
    while k.sum() != found:
        step = int(np.sign(found - k.sum()))
        if 0 <= k[at] + step <= n[at]:
            k[at] += step
        at = (at + 7) % many
    return [(f"{total}-{i}", int(a), int(b)) for i, (a, b) in enumerate(zip(k, n, strict=True))]


def test_duflo_hanna_and_ryan_by_their_totals() -> None:
    treated, control = schools(DHR_TREATED, RHO_TREATED), schools(DHR_CONTROL, RHO_CONTROL)
    assert sum(f for _, f, _ in treated) == 1239 and sum(n for _, _, n in control) == 1496
    difference, error = clustered_difference(treated, control)
    assert round(1239 / 1575, 2) == 0.79 and round(867 / 1496, 2) == 0.58
    assert difference == pytest.approx(0.2071, abs=5e-5)  # published as 0.21
    assert round(error, 2) == 0.03  # published as 0.03; schools of equal size give a little less than 0.0296
    assert error == pytest.approx(0.0296, abs=0.003)


def test_the_clustered_error_is_that_of_the_sandwich() -> None:
    """Against the textbook matrices, written out for every single row."""
    treated, control = [("a", 3, 4), ("b", 1, 5), ("c", 2, 2)], [("d", 1, 3), ("e", 0, 4)]
    rows = [
        (arm, cluster, float(i < f))
        for arm, group in ((1.0, treated), (0.0, control))
        for cluster, f, n in group
        for i in range(n)
    ]
    x = np.array([[1.0, arm] for arm, _, _ in rows])
    y = np.array([found for _, _, found in rows])
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)
    meat = np.zeros((2, 2))
    names = [cluster for _, cluster, _ in rows]
    for cluster in set(names):
        of = np.array([name == cluster for name in names])
        score = x[of].T @ residual[of]
        meat += np.outer(score, score)
    factor = 5 / 4 * (len(y) - 1) / (len(y) - 2)
    wanted = sqrt(float((factor * bread @ meat @ bread)[1, 1]))
    assert clustered_difference(treated, control)[1] == pytest.approx(wanted, rel=1e-12)


def test_hajek_weighs_by_one_over_the_probability_of_being_drawn() -> None:
    # One village drawn with probability 0.5, one with 0.1: the second stands for five times as many.
    found = hajek([1, 1, 0, 0], [2, 2, 10, 10], ["a", "a", "b", "b"])
    assert found.share == pytest.approx(4 / 24)
    totals = [2 * 2 * (1 - 4 / 24) / 24, -2 * 10 * (4 / 24) / 24]
    assert found.standard_error == pytest.approx(sqrt(2 * sum(t * t for t in totals)))


def test_hajek_holds_the_truth_of_a_population_drawn_unequally() -> None:
    draws = np.random.default_rng(4)
    inside = 0
    for _ in range(200):
        villages = draws.beta(8, 2, 400)
        chance = np.where(villages < 0.75, 0.3, 0.1)  # bad villages are visited more: the plain mean would be too low
        drawn = np.flatnonzero(draws.random(400) < chance)
        seen = (draws.random((len(drawn), 3)) < villages[drawn, None]).astype(float)
        weights, clusters = np.repeat(1 / chance[drawn], 3), [str(v) for v in np.repeat(drawn, 3)]
        estimate = hajek(seen.reshape(-1).tolist(), weights.tolist(), clusters)
        inside += estimate.low95 <= villages.mean() <= estimate.high95
    assert inside >= 184


def test_one_cluster_has_no_error_and_the_widest_interval() -> None:
    found = hajek([1, 0], [1, 1], ["a", "a"])
    assert (found.low95, found.high95) == (0.0, 1.0) and found.standard_error != found.standard_error


def test_none_of_many_is_no_certainty() -> None:
    found = hajek([0] * 12, [1] * 12, [str(n // 2) for n in range(12)])
    assert found.share == 0 and found.low95 == 0 and 0.3 < found.high95 < 0.5


def looked(who: int, outcome: str, *, month: str = "2026-05", unit: str | None = None) -> LookedFor:
    return LookedFor(f"p{who}", f"v{who // 2}", unit or f"unit {who % 3}", month, outcome)


def test_raw_and_unexplained_absence_stand_side_by_side_with_bounds() -> None:
    rows = [looked(n, word) for n, word in enumerate(["met"] * 4 + ["leave", "trip", "leave_pending", "not_met"])]
    found = absence([*rows, looked(9, "cannot_tell")])
    assert found is not None
    assert (found.looked, found.people) == (8, 8)
    assert found.raw.share == 4 / 8
    assert found.unexplained.share == 1 / 8
    assert found.unexplained_at_most.share == 2 / 8


@pytest.mark.parametrize(
    "rows",
    [
        [looked(n, "met") for n in range(4)],
        [looked(n, "met", unit="one") for n in range(9)],
        [looked(0, "met", unit=f"u{n}") for n in range(9)],
    ],
    ids=["four people", "one unit", "one person often"],
)
def test_small_groups_are_not_spoken_of(rows: list[LookedFor]) -> None:
    assert absence(rows) is None
    assert all(e is None for of in excuses_by_month(rows).values() for e in of.values())


def test_excuses_have_a_line_of_their_own_over_time() -> None:
    rows = [looked(n, "leave" if n < 2 * m else "met", month=f"2026-0{m}") for m in (1, 2, 3) for n in range(8)]
    months = excuses_by_month(rows)
    shares = [months[m]["leave"].share for m in sorted(months)]  # type: ignore[union-attr]
    assert shares == [2 / 8, 4 / 8, 6 / 8]


def test_the_funnel_widens_where_groups_differ_more_than_chance() -> None:
    draws = np.random.default_rng(3)
    alike = funnel({f"t{i:02}": (int(draws.binomial(20, 0.7)), 20) for i in range(60)})
    unlike = funnel({f"t{i:02}": (int(draws.binomial(20, draws.beta(4, 2))), 20) for i in range(60)})
    assert alike.inflation < 1.4 < unlike.inflation
    assert [p.name for p in unlike.points] == sorted(p.name for p in unlike.points)  # by name, never by share
    outside = sum(not p.low999 <= p.share <= p.high999 for p in unlike.points)
    assert outside <= 2
    assert funnel({}).points == ()


def test_kappa_equals_cohens_own_worked_example() -> None:
    # Cohen (1960), table 1 collapsed to two by two would not be his; this is the textbook one: 20, 5, 10, 15 of 50.
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    found = agreement(pairs)
    assert isinstance(found, Agreement)
    assert found.agree == 0.7
    assert found.kappa == pytest.approx(0.4)
    assert found.pairs == 50
    assert agreement([]) is None
    same = agreement([(True, True)] * 3)
    assert same is not None and same.kappa is None


def test_an_inspector_who_never_finds_anything_is_told_by_name_and_only_after_many_visits() -> None:
    def rows(visits: int, missed: int) -> list[tuple[str, bool]]:
        return [(f"v{v}", not (v < missed and who == 0)) for v in range(visits) for who in range(3)]

    looks = {"zhao": rows(30, 0), "chen": rows(30, 9), "an": rows(LEAST_VISITS_OF_AN_INSPECTOR - 1, 0)}
    facts = {f.inspector: f for f in inspector_facts(looks, {}, usual=0.8)}
    assert list(facts) == ["an", "chen", "zhao"]
    assert [name for name, f in facts.items() if f.never_finds] == ["zhao"]
    assert inspector_facts({"zhao": rows(30, 0)}, {"v3": True}, usual=0.8)[0].never_finds is False
