"""The Wilson interval against published values and its own properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visits.presence import wilson_interval


@pytest.mark.parametrize(
    ("found", "visits", "low", "high"),
    [(0, 3, 0.0, 0.561), (1, 3, 0.061, 0.792), (0, 5, 0.0, 0.434), (2, 10, 0.057, 0.510), (3, 8, 0.137, 0.694)],
)
def test_reference_values(found: int, visits: int, low: float, high: float) -> None:
    assert wilson_interval(found, visits) == pytest.approx((low, high), abs=5e-4)


def test_nothing_is_known_from_no_visit() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_it_holds_the_rate_and_mirrors(counts: tuple[int, int], level: float) -> None:
    found, visits = counts
    low, high = wilson_interval(found, visits, level=level)
    assert 0 <= low <= found / visits <= high <= 1
    mirrored = wilson_interval(visits - found, visits, level=level)
    assert (1 - high, 1 - low) == pytest.approx(mirrored)


@pytest.mark.parametrize(("found", "visits"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(found: int, visits: int) -> None:
    with pytest.raises(ValueError, match="found of"):
        wilson_interval(found, visits)
