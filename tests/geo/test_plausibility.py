"""``geo.plausibility``: mix-ups that explain a distance, ones that do not, and speeds."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo import Datum, LonLat, TimedFix, convert, distance_m, explained_by_datum, implied_speed_mps

GEOD = Geod(ellps="WGS84")
XIADANG = LonLat(119.5044, 27.4555)
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def moved(place: LonLat, azimuth_deg: float, length_m: float) -> LonLat:
    lon_deg, lat_deg, _ = GEOD.fwd(place.lon_deg, place.lat_deg, azimuth_deg, length_m)
    return LonLat(lon_deg, lat_deg)


def in_datum(place: LonLat, source: Datum, target: Datum) -> LonLat:
    return LonLat(*convert(place.lon_deg, place.lat_deg, source=source, target=target))


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
@given(st.floats(98, 122), st.floats(22, 45), st.floats(0, 360), st.floats(0, 20))
def test_each_mix_up_is_named_both_ways(datum, lon_deg, lat_deg, azimuth_deg, noise_m):
    true_place = LonLat(lon_deg, lat_deg)
    noisy = moved(true_place, azimuth_deg, noise_m)
    misread = in_datum(noisy, Datum.WGS84, datum)
    overcorrected = in_datum(noisy, datum, Datum.WGS84)
    for claimed, read_as, really in ((misread, Datum.WGS84, datum), (overcorrected, datum, Datum.WGS84)):
        mix_up = explained_by_datum(claimed, true_place, tolerance_m=21)
        if distance_m(claimed, true_place) > 60:
            assert (mix_up.read_as, mix_up.really) == (read_as, really)
            assert mix_up.distance_m == pytest.approx(noise_m, abs=0.5)


@given(st.floats(0, 360), st.floats(0, 79.9))
def test_what_is_near_needs_no_explanation(azimuth_deg, length_m):
    assert explained_by_datum(moved(XIADANG, azimuth_deg, length_m), XIADANG, tolerance_m=40) is None


def test_a_distance_no_datum_explains_is_left_unexplained():
    assert explained_by_datum(moved(XIADANG, 0, 3000), XIADANG, tolerance_m=40) is None
    # As far as the GCJ-02 shift, which goes to the south-east there, but the other way round the compass.
    assert explained_by_datum(moved(XIADANG, 220, 593), XIADANG, tolerance_m=40) is None


def test_honest_displacements_are_seldom_called_a_mix_up():
    rng = np.random.default_rng(1)
    called = [
        explained_by_datum(moved(XIADANG, rng.uniform(0, 360), rng.uniform(100, 1000)), XIADANG, tolerance_m=40)
        for _ in range(2000)
    ]
    assert sum(mix_up is not None for mix_up in called) / 2000 < 0.03


def test_a_tolerance_wider_than_the_shift_explains_nothing():
    claimed = in_datum(XIADANG, Datum.WGS84, Datum.GCJ02)
    assert explained_by_datum(claimed, XIADANG, tolerance_m=290) is not None
    assert explained_by_datum(claimed, XIADANG, tolerance_m=300) is None


@pytest.mark.parametrize("nowhere", [LonLat(math.nan, 27.4), LonLat(119.5, math.inf), LonLat(27.4, 119.5)])
def test_a_missing_place_has_no_explanation(nowhere):
    assert explained_by_datum(nowhere, XIADANG, tolerance_m=40) is None
    assert explained_by_datum(XIADANG, nowhere, tolerance_m=40) is None


@pytest.mark.parametrize("tolerance_m", [math.nan, math.inf, -5.0, 0.0])
def test_a_tolerance_that_is_none_explains_nothing(tolerance_m):
    claimed = in_datum(XIADANG, Datum.WGS84, Datum.GCJ02)
    assert explained_by_datum(claimed, XIADANG, tolerance_m=tolerance_m) is None


def some_fix(place=XIADANG, accuracy_m=20.0, after=timedelta(0)):
    return TimedFix(place, accuracy_m, NOON + after)


def test_speed_gives_both_accuracies_away():
    later = some_fix(moved(XIADANG, 90, 1000), accuracy_m=180.0, after=timedelta(seconds=100))
    assert implied_speed_mps(some_fix(), later) == pytest.approx(8.0, abs=1e-4)


def test_a_distance_within_the_accuracies_is_no_movement():
    later = some_fix(moved(XIADANG, 90, 39), after=timedelta(seconds=1))
    assert implied_speed_mps(some_fix(), later) == 0.0
    assert implied_speed_mps(some_fix(), some_fix()) == 0.0


def test_two_places_at_once_are_infinitely_fast():
    assert implied_speed_mps(some_fix(), some_fix(moved(XIADANG, 90, 5000))) == math.inf


def test_a_clock_that_ran_backwards_says_nothing_of_speed():
    earlier = some_fix(moved(XIADANG, 90, 5000), after=timedelta(seconds=1))
    assert implied_speed_mps(earlier, some_fix()) is None


@pytest.mark.parametrize("bad", [None, math.nan, -1.0])
def test_without_an_accuracy_there_is_no_speed(bad):
    far = moved(XIADANG, 90, 5000)
    assert implied_speed_mps(some_fix(accuracy_m=bad), some_fix(far, after=timedelta(60))) is None
    assert implied_speed_mps(some_fix(), some_fix(far, accuracy_m=bad, after=timedelta(60))) is None


@pytest.mark.parametrize("place", [LonLat(math.nan, 27.4), LonLat(math.inf, 27.4), LonLat(27.4, 119.5)])
def test_without_a_place_there_is_no_speed(place):
    assert implied_speed_mps(some_fix(), some_fix(place, after=timedelta(60))) is None


@given(st.floats(0, 360), st.floats(0, 50_000), st.floats(1, 86_400), st.floats(0, 3000))
def test_worse_accuracy_never_makes_anybody_faster(azimuth_deg, length_m, seconds, more_m):
    place, after = moved(XIADANG, azimuth_deg, length_m), timedelta(seconds=seconds)
    sure = implied_speed_mps(some_fix(), some_fix(place, after=after))
    unsure = implied_speed_mps(some_fix(), some_fix(place, accuracy_m=20 + more_m, after=after))
    assert 0.0 <= unsure <= sure <= length_m / seconds + 1e-6
