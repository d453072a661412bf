"""``geo.signals``: what is odd, what is not, and what one bad or missing row may do."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import (
    LonLat,
    TimedFix,
    constant_accuracy,
    convert,
    identical_coordinates,
    implied_speed_mps,
    impossible_speed,
    light_at_night,
    photo_against_fix,
    time_disorder,
)

START = datetime(2026, 3, 1, 1, tzinfo=UTC)


def minutes(*counts):
    return [None if count is None else START + timedelta(minutes=count) for count in counts]


def noisy(count, seed=1):
    rng = np.random.default_rng(seed)
    return 119.5044 + rng.normal(0, 1e-4, count), 27.4555 + rng.normal(0, 1e-4, count)


def test_a_receiver_that_moves_a_little_is_not_odd():
    lon, lat = noisy(50)
    assert identical_coordinates(lon, lat, minutes(*range(50))) is None


@pytest.mark.parametrize(
    ("digits", "count", "step", "strength"),
    [(7, 5, 10, "strong"), (7, 4, 30, "weak"), (7, 5, 1, "weak"), (4, 9, 10, "weak"), (7, 2, 10, None)],
)
def test_how_strong_identical_coordinates_are(digits, count, step, strength):
    odd = identical_coordinates(
        [round(119.50441234, digits)] * count,
        [round(27.45551234, digits)] * count,
        minutes(*range(0, step * count, step)),
    )
    assert (odd and odd.strength.value) == strength
    if odd:
        assert odd.values == {"fixes": count, "seconds": 60.0 * step * (count - 1), "decimals": digits}
        assert odd.rows == tuple(range(count)) and odd.honest_causes


def test_one_fix_told_often_is_one_fix_and_gaps_are_passed_over():
    assert identical_coordinates([119.50441] * 9, [27.4] * 9, minutes(*[5] * 9)) is None
    assert identical_coordinates([119.5, None, 119.5], [27.4, 27.4, 27.4], minutes(0, 1, None)) is None
    assert identical_coordinates([], [], []) is None
    lon, lat = noisy(9)
    lon[3:7], lat[3:7] = lon[3], lat[3]
    lon[4] = np.nan
    assert identical_coordinates(lon, lat, minutes(*range(9))).rows == (3, 5, 6)


def test_constant_accuracy_is_weak_and_needs_five():
    assert constant_accuracy([20] * 4 + [None]) is None
    assert constant_accuracy([20] * 5 + [21]) is None
    assert constant_accuracy([]) is None
    odd = constant_accuracy([None, 20, 20, 20, 20, 20])
    assert odd.strength == "weak" and odd.rows == (1, 2, 3, 4, 5)


def test_time_disorder_names_the_rows_that_went_back():
    assert time_disorder(minutes(0, 1, 1, None, 2)) is None
    assert time_disorder([START, START - timedelta(seconds=2)]) is None
    assert time_disorder([]) is None and time_disorder([None, None]) is None
    odd = time_disorder(minutes(0, 30, 25, 26, None, 40))
    assert (odd.rows, odd.strength.value, odd.values["back_s"]) == ((2, 3), "weak", 300.0)
    assert time_disorder(minutes(0, 60, 0)).strength == "strong"


@given(
    st.lists(
        st.tuples(st.floats(119.0, 120.0), st.floats(27.0, 28.0), st.floats(0.0, 500.0), st.integers(0, 10_000)),
        min_size=2,
        max_size=12,
        unique_by=lambda row: row[3],
    )
)
def test_the_speed_of_a_series_is_that_of_its_fastest_pair(rows):
    lon, lat, accuracy, second = zip(*rows, strict=True)
    at_utc = [START + timedelta(seconds=value) for value in second]
    fixes = sorted(
        (TimedFix(LonLat(*row[:2]), row[2], at) for row, at in zip(rows, at_utc, strict=True)),
        key=lambda fix: fix.at_utc,
    )
    fastest = max(implied_speed_mps(*pair) for pair in pairwise(fixes))
    odd = impossible_speed(lon, lat, accuracy, at_utc, limit_mps=0.0)
    assert (0.0 if odd is None else odd.values["speed_mps"]) == pytest.approx(fastest)


def test_one_bad_fix_is_weak_wherever_it_stands_and_a_leap_is_strong():
    for bad in range(6):
        lon = np.full(6, 119.5)
        lon[bad] = 119.6
        odd = impossible_speed(lon, [27.4] * 6, [20] * 6, minutes(*range(6)))
        assert odd.strength == "weak" and bad in odd.rows
    leap = impossible_speed([119.5] * 3 + [119.6] * 3, [27.4] * 6, [20] * 6, minutes(*range(6)))
    assert leap.strength == "strong" and leap.rows == (2, 3) and leap.values["pairs"] == 1
    twice = impossible_speed([119.5, 119.6, 119.5, 119.5, 119.6, 119.5], [27.4] * 6, [20] * 6, minutes(*range(6)))
    assert twice.strength == "strong"


def test_accuracy_order_and_gaps_are_allowed_for():
    assert impossible_speed([119.5, 119.6], [27.4] * 2, [20, 10_000], minutes(0, 1)) is None
    assert impossible_speed([119.5, 119.6], [27.4] * 2, [20, None], minutes(0, 1)) is None
    assert impossible_speed([119.5, 119.6], [27.4] * 2, [20, -1], minutes(0, 1)) is None
    assert impossible_speed([119.5, 119.6], [27.4] * 2, [20, 20], minutes(0, None)) is None
    assert impossible_speed([119.5, 119.5, 119.6], [27.4] * 3, [20] * 3, minutes(60, 1, 0)).rows == (1, 2)
    assert impossible_speed([119.5, 119.6], [27.4] * 2, [20, 20], minutes(0, 0)).values["speed_mps"] == math.inf
    assert impossible_speed([119.5, 119.5], [27.4] * 2, [20, 20], minutes(0, 0)) is None


def test_a_photo_far_from_its_fix_is_told():
    lon, lat = noisy(3)
    assert photo_against_fix(lon + 0.004, lat, lon, lat, [20] * 3) is None  # 395 m
    far = photo_against_fix(lon + 0.02, lat, lon, lat, [20] * 3)
    assert far.strength == "strong" and far.values["explained_by"] == "" and far.rows == (0, 1, 2)
    assert far.values["apart_m"] == pytest.approx(1957, abs=3)
    assert photo_against_fix(lon[:1] + 0.02, lat[:1], lon[:1], lat[:1], [20]).strength == "weak"
    assert photo_against_fix(lon + 0.02, lat, lon, lat, [20, None, 3000]).rows == (0,)


def test_a_mix_up_of_datums_explains_only_if_it_explains_all():
    lon, lat = noisy(3)
    photo = convert(lon, lat, source="wgs84", target="gcj02")
    odd = photo_against_fix(*photo, lon, lat, [20] * 3)
    assert (odd.strength.value, odd.values["explained_by"]) == ("weak", "wgs84>gcj02")
    photo[0][1] += 0.05
    odd = photo_against_fix(*photo, lon, lat, [20] * 3)
    assert (odd.strength.value, odd.values["explained_by"]) == ("strong", "")


@pytest.mark.parametrize(
    ("light_lv", "utc_hour", "strength"),
    [
        (13.0, 4, None),  # noon
        (3.0, 4, None),  # a dark room at noon
        (13.0, 16, "strong"),  # daylight at midnight
        (10.0, 16, "weak"),  # a lit room at midnight
        (8.9, 16, None),
        (None, 16, None),
    ],
)
def test_only_bright_light_in_the_dark_is_odd(light_lv, utc_hour, strength):
    at = datetime(2026, 3, 1, utc_hour, tzinfo=UTC)
    odd = light_at_night([light_lv], [at], [119.5], [27.4])
    assert (odd and odd.strength.value) == strength
    assert light_at_night([light_lv], [None], [119.5], [27.4]) is None
    assert light_at_night([light_lv], [at], [None], [27.4]) is None
