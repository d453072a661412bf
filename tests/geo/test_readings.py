"""``geo.readings``: devices and phones that mean other numbers than we read, and those that do not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geo import Calibration, Datum, LonLat, Reading, calibrate, convert, disc, misread_devices

OFFICE = LonLat(119.5044, 27.4555)
CENTRES = np.array([(119.40 + 0.03 * step, 27.40 + 0.01 * step) for step in range(10)])
VILLAGES = [disc(lon, lat, 500) for lon, lat in CENTRES]


def visits(datum, *, count=40, swapped=False, seed=1):
    """Columns of fixes within 200 m of the middle of a village, in that datum."""
    rng = np.random.default_rng(seed)
    area_of = rng.integers(0, len(VILLAGES), count)
    places = CENTRES[area_of] + rng.normal(0.0, 0.0008, (count, 2))
    lon, lat = convert(places[:, 0], places[:, 1], source=Datum.WGS84, target=datum)
    return (lat, lon, area_of) if swapped else (lon, lat, area_of)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09, Datum.WGS84])
@pytest.mark.parametrize("read_as", [None, Reading(Datum.GCJ02)])
def test_each_device_is_told_by_its_own_fixes(datum, swapped, read_as):
    good = visits((read_as or Reading(Datum.WGS84)).datum, seed=2)
    other = visits(datum, swapped=swapped)
    x, y, area_of = (np.concatenate(pair) for pair in zip(good, other, strict=True))
    found = misread_devices(["good"] * 40 + ["other"] * 40, x, y, area_of, VILLAGES, read_as=read_as)
    truth = Reading(datum, swapped)
    if truth == (read_as or Reading(Datum.WGS84)):
        assert found == []
        return
    [misread] = found
    assert (misread.device, misread.reading, misread.fixes) == ("other", truth, 40)
    assert misread.fitting_after > 35 and misread.fitting_before < 20
    assert math.isnan(misread.shift_east_m) == swapped


def test_the_shift_of_gcj02_here_is_590_m_east_south_east():
    [misread] = misread_devices(["a"] * 40, *visits(Datum.GCJ02), VILLAGES)
    assert math.hypot(misread.shift_east_m, misread.shift_north_m) == pytest.approx(590, abs=15)
    assert math.degrees(math.atan2(misread.shift_east_m, misread.shift_north_m)) == pytest.approx(127, abs=5)


def test_a_dozen_fixes_are_too_few_and_thirteen_are_enough():
    # Each of them is out as read and in as GCJ-02.
    lon, lat = convert(CENTRES[0, 0], CENTRES[0, 1], source=Datum.WGS84, target=Datum.GCJ02)
    for count, named in ((12, 0), (13, 1)):
        assert len(misread_devices(["a"] * count, [lon] * count, [lat] * count, [0] * count, VILLAGES)) == named


def test_somebody_who_is_simply_elsewhere_is_not_misread():
    lon, lat, area_of = visits(Datum.WGS84)
    assert misread_devices(["a"] * 40, lon + 0.02, lat + 0.02, area_of, VILLAGES) == []


def test_honest_noise_is_hardly_ever_called_a_misreading():
    rng = np.random.default_rng(5)
    devices, fixes = 300, 30
    area_of = rng.integers(0, len(VILLAGES), devices * fixes)
    places = CENTRES[area_of] + rng.normal(0.0, 0.004, (devices * fixes, 2))
    names = np.repeat(np.arange(devices), fixes)
    assert len(misread_devices(names, places[:, 0], places[:, 1], area_of, VILLAGES)) <= 1


def test_missing_numbers_fit_nothing_and_harm_nobody():
    lon, lat, area_of = visits(Datum.GCJ02)
    lon[:5], lat[5:8] = np.nan, np.inf
    [misread] = misread_devices(["a"] * 40, lon, lat, area_of, VILLAGES)
    assert misread.reading == Reading(Datum.GCJ02) and misread.fitting_after <= 32
    assert misread_devices([], [], [], [], VILLAGES) == []


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("datum", [Datum.WGS84, Datum.GCJ02, Datum.BD09])
def test_a_phone_at_a_known_place_is_calibrated(datum, swapped):
    lon, lat = convert(OFFICE.lon_deg, OFFICE.lat_deg, source=Datum.WGS84, target=datum)
    rng = np.random.default_rng(3)
    x, y = lon + rng.normal(0, 0.0002, 9), lat + rng.normal(0, 0.0002, 9)
    fits = calibrate(*((y, x) if swapped else (x, y)), OFFICE)
    assert fits.reading == Reading(datum, swapped) and fits.distance_m < 60


def test_where_nothing_fits_or_several_do_there_is_no_calibration():
    assert calibrate([119.5144], [27.4655], OFFICE) is None
    assert calibrate([], [], OFFICE) is None
    assert calibrate([None, math.nan], [27.4, None], OFFICE) is None
    assert calibrate([OFFICE.lon_deg], [OFFICE.lat_deg], OFFICE, within_m=5_000) is None


def test_most_fixes_must_fit_not_just_one_of_them():
    assert calibrate([OFFICE.lon_deg, 119.6, 119.7], [OFFICE.lat_deg, 27.4, 27.4], OFFICE) is None
    assert calibrate([OFFICE.lon_deg, None, None], [OFFICE.lat_deg, 27.4, 27.4], OFFICE) is None
    many = calibrate([OFFICE.lon_deg, OFFICE.lon_deg, 119.7], [OFFICE.lat_deg, OFFICE.lat_deg, 27.4], OFFICE)
    assert many == Calibration(Reading(Datum.WGS84), 0.0)
