"""``geo.distance`` against known lengths and pyproj."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

from geo import LonLat, bearing_deg, distance_m, local_distance_m

GEOD = Geod(ellps="WGS84")
places = st.builds(LonLat, st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))


def test_a_degree_of_latitude_at_the_equator_is_the_known_length():
    assert distance_m(LonLat(0, 0), LonLat(0, 1)) == pytest.approx(110574.39, abs=0.01)
    assert distance_m(LonLat(0, 0), LonLat(1, 0)) == pytest.approx(111319.49, abs=0.01)


@given(places, places, places)
def test_a_detour_is_never_shorter(a, b, c):
    assert distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 1e-6


@given(places, places)
def test_the_way_back_is_as_long(a, b):
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), abs=1e-6)


@pytest.mark.parametrize(
    ("there", "expected_deg"),
    [(LonLat(119.5, 28), 0), (LonLat(119.6, 27.4), 90), (LonLat(119.5, 27), 180), (LonLat(119.4, 27.4), 270)],
)
def test_bearings_run_clockwise_from_north(there, expected_deg):
    assert bearing_deg(LonLat(119.5, 27.4), there) == pytest.approx(expected_deg, abs=0.05)


@given(places, places)
@example(LonLat(0, 0), LonLat(-1e-16, 1))
def test_a_bearing_is_at_least_0_and_below_360_or_none(a, b):
    bearing = bearing_deg(a, b)
    assert bearing is None or 0.0 <= bearing < 360.0


def test_there_is_no_bearing_to_the_same_place_or_to_nowhere():
    assert bearing_deg(LonLat(119.5, 27.4), LonLat(119.5, 27.4)) is None
    assert bearing_deg(LonLat(119.5, 27.4), LonLat(math.nan, 27.4)) is None


def test_a_missing_coordinate_has_no_distance():
    assert math.isnan(distance_m(LonLat(119.5, 27.4), LonLat(119.5, math.nan)))
    assert math.isnan(local_distance_m(119.5, 27.4, 119.5, math.nan))


@pytest.mark.parametrize("pair", [(math.inf, 27.4), (119.5, -math.inf), (27.4, 119.5)])
def test_a_place_off_the_globe_has_no_distance(pair):
    assert math.isnan(distance_m(LonLat(119.5, 27.4), LonLat(*pair)))
    assert math.isnan(local_distance_m(119.5, 27.4, *pair)) and math.isnan(local_distance_m(*pair, 119.5, 27.4))


@given(st.floats(-180.0, 180.0), st.floats(-85.0, 85.0), st.floats(0.0, 360.0), st.floats(0.0, 100_000.0))
@example(180.0, 27.4, 90.0, 5000.0)
def test_the_cheap_distance_is_within_its_word_up_to_100_km(lon_deg, lat_deg, azimuth_deg, length_m):
    lon_b, lat_b, _ = GEOD.fwd(lon_deg, lat_deg, azimuth_deg, length_m)
    exact_m = GEOD.inv(lon_deg, lat_deg, lon_b, lat_b)[2]
    assert float(local_distance_m(lon_deg, lat_deg, lon_b, lat_b)) == pytest.approx(exact_m, rel=1e-7, abs=1e-4)


@given(places, places)
def test_the_cheap_distance_is_rough_but_not_wild_far_away(a, b):
    cheap_m = float(local_distance_m(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg))
    assert cheap_m == pytest.approx(distance_m(a, b), rel=0.06, abs=1e-3)
    if distance_m(a, b) <= 1_000_000.0:
        assert cheap_m == pytest.approx(distance_m(a, b), rel=1e-5, abs=1e-3)


def test_the_cheap_distance_takes_columns_against_one_place():
    apart_m = local_distance_m(np.array([119.5, 119.6, np.nan]), 27.4, 119.5, 27.4)
    assert apart_m[0] == 0.0 and np.isnan(apart_m[2])
    assert apart_m[1] == pytest.approx(distance_m(LonLat(119.5, 27.4), LonLat(119.6, 27.4)), abs=1e-3)


def test_a_place_does_not_change():
    with pytest.raises(AttributeError):
        LonLat(119.5, 27.4).lon_deg = 0.0
