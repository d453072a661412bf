"""``geo.datum`` against published numbers, an independent plain-Python reading of the formula, and hostile input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

from geo import DATUM_ERROR_M, Datum, UnknownDatum, convert

GEOD = Geod(ellps="WGS84")
SHIFTED = (Datum.GCJ02, Datum.BD09)

# Everywhere the usual box reaches, and well beyond it: there is no box here.
longitudes = st.floats(60.0, 150.0)
latitudes = st.floats(-10.0, 65.0)


def reference_gcj02(lng: float, lat: float) -> tuple[float, float]:
    """The published formula, term by term, with nothing shared with the module under test."""
    x, y = lng - 105.0, lat - 35.0
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    d_lat += (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lng = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    d_lng += (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lng += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lng += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    magic = 1 - 0.006693421622965943 * math.sin(lat / 180 * math.pi) ** 2
    d_lat = d_lat * 180 / ((6378245 * (1 - 0.006693421622965943)) / (magic * math.sqrt(magic)) * math.pi)
    d_lng = d_lng * 180 / (6378245 / math.sqrt(magic) * math.cos(lat / 180 * math.pi) * math.pi)
    return lng + d_lng, lat + d_lat


def reference_bd09(lng: float, lat: float) -> tuple[float, float]:
    x_pi = math.pi * 3000 / 180
    z = math.sqrt(lng * lng + lat * lat) + 0.00002 * math.sin(lat * x_pi)
    theta = math.atan2(lat, lng) + 0.000003 * math.cos(lng * x_pi)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def metres_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(GEOD.inv(*a, *b)[2])


@pytest.mark.parametrize(
    ("source", "target", "given_pair", "published"),
    [
        # coordtransform's README, forward directions.
        ("wgs84", "gcj02", (116.404, 39.915), (116.41024449916938, 39.91640428150164)),
        ("gcj02", "bd09", (116.404, 39.915), (116.41036949371029, 39.92133699351021)),
        # gcoord's README.
        ("wgs84", "bd09", (116.403988, 39.914266), (116.41661560068297, 39.92196580126834)),
        # eviltransform's tests: Shanghai, Shenzhen, Beijing.
        ("wgs84", "gcj02", (121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ("wgs84", "gcj02", (113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ("wgs84", "gcj02", (116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_published_examples_come_out(source, target, given_pair, published):
    assert convert(*given_pair, source=source, target=target) == pytest.approx(published, abs=1e-7)


@given(longitudes, latitudes)
@example(105.0, 35.0)
@example(0.0, 0.0)
def test_forward_follows_the_published_formula(lon_deg, lat_deg):
    gcj02 = convert(lon_deg, lat_deg, source=Datum.WGS84, target=Datum.GCJ02)
    assert gcj02 == pytest.approx(reference_gcj02(lon_deg, lat_deg), abs=1e-10)
    bd09 = convert(lon_deg, lat_deg, source=Datum.WGS84, target=Datum.BD09)
    assert bd09 == pytest.approx(reference_bd09(*reference_gcj02(lon_deg, lat_deg)), abs=1e-10)


@pytest.mark.parametrize("shifted", SHIFTED)
@given(longitudes, latitudes)
@example(105.0, 35.0)
@example(105.0 + 1e-14, 27.0)
def test_there_and_back_is_less_than_a_millimetre(shifted, lon_deg, lat_deg):
    there = convert(lon_deg, lat_deg, source=Datum.WGS84, target=shifted)
    back = convert(*there, source=shifted, target=Datum.WGS84)
    assert metres_apart((lon_deg, lat_deg), back) < 1e-3
    other_way = convert(lon_deg, lat_deg, source=shifted, target=Datum.WGS84)
    again = convert(*other_way, source=Datum.WGS84, target=shifted)
    assert metres_apart((lon_deg, lat_deg), again) < 1e-3


def test_a_hundred_thousand_round_trips_stay_under_a_micrometre():
    rng = np.random.default_rng(20260301)
    lon_deg, lat_deg = rng.uniform(72.004, 137.8347, 100_000), rng.uniform(0.8293, 55.8271, 100_000)
    for shifted in SHIFTED:
        back = convert(
            *convert(lon_deg, lat_deg, source=Datum.WGS84, target=shifted), source=shifted, target=Datum.WGS84
        )
        assert np.max(GEOD.inv(lon_deg, lat_deg, *back)[2]) < 1e-6


@pytest.mark.parametrize("shifted", SHIFTED)
@pytest.mark.parametrize("pair", [(72.0041, 30.0), (72.0045, 45.0), (100.0, 0.83)])
def test_inputs_that_hang_other_libraries_return_and_are_right(shifted, pair):
    back = convert(*pair, source=shifted, target=Datum.WGS84)
    assert metres_apart(pair, convert(*back, source=Datum.WGS84, target=shifted)) < 1e-3


def test_gcj02_to_bd09_does_not_pass_through_wgs84():
    assert convert(119.5, 27.45, source=Datum.GCJ02, target=Datum.BD09) == pytest.approx(
        reference_bd09(119.5, 27.45), abs=1e-12
    )


@pytest.mark.parametrize(
    ("target", "expected_m", "expected_azimuth_deg"), [(Datum.GCJ02, 593, 127), (Datum.BD09, 1160, 73)]
)
def test_the_shift_at_shouning_is_the_known_one(target, expected_m, expected_azimuth_deg):
    there = convert(119.5044, 27.4555, source=Datum.WGS84, target=target)
    azimuth_deg, _, apart_m = GEOD.inv(119.5044, 27.4555, *there)
    assert apart_m == pytest.approx(expected_m, abs=5)
    assert azimuth_deg == pytest.approx(expected_azimuth_deg, abs=1)


@pytest.mark.parametrize("datum", list(Datum))
def test_a_datum_to_itself_changes_nothing(datum):
    assert convert(119.5, 27.4, source=datum, target=datum) == (119.5, 27.4)


def test_cgcs2000_is_treated_as_wgs84():
    assert convert(119.5, 27.4, source=Datum.CGCS2000, target=Datum.WGS84) == (119.5, 27.4)
    assert convert(119.5, 27.4, source=Datum.CGCS2000, target=Datum.GCJ02) == convert(
        119.5, 27.4, source=Datum.WGS84, target=Datum.GCJ02
    )


def test_there_is_no_box():
    # Seoul, which a box test shifts and a caller's own region would not; and New York, which no box shifts.
    for pair in ((126.978, 37.5665), (-74.0, 40.7)):
        assert metres_apart(pair, convert(*pair, source=Datum.WGS84, target=Datum.GCJ02)) > 100


NOWHERE = [
    (math.nan, 27.0),
    (119.0, math.nan),
    (math.inf, 27.0),
    (119.0, -math.inf),
    (27.4, 119.5),
    (500.0, 27.0),
    (1e308, 1e308),
    (None, 27.0),
]


@pytest.mark.parametrize("pair", NOWHERE)
@pytest.mark.parametrize("source", list(Datum))
@pytest.mark.parametrize("target", list(Datum))
def test_what_is_no_place_is_nan_in_both(source, target, pair):
    lon_deg, lat_deg = convert(*pair, source=source, target=target)
    assert math.isnan(lon_deg) and math.isnan(lat_deg)


@given(st.floats(), st.floats(), st.sampled_from(Datum), st.sampled_from(Datum))
@example(0.0, 90.0, Datum.GCJ02, Datum.WGS84)
@example(119.0, -89.99, Datum.BD09, Datum.WGS84)
def test_any_two_floats_return_a_place_or_nan(lon_deg, lat_deg, source, target):
    lon, lat = convert(lon_deg, lat_deg, source=source, target=target)
    assert math.isnan(lon) == math.isnan(lat)
    assert math.isnan(lat) or (abs(lat) <= 90 and abs(lon) <= 181)


@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0), st.sampled_from(SHIFTED))
def test_an_inverse_is_right_everywhere_or_says_nan(lon_deg, lat_deg, shifted):
    back = convert(lon_deg, lat_deg, source=shifted, target=Datum.WGS84)
    again = convert(*back, source=Datum.WGS84, target=shifted)
    assert math.isnan(again[0]) or metres_apart((lon_deg, lat_deg), again) < 1e-3
    if abs(lat_deg) < 85.0 and 1.0 < abs(lon_deg) < 179.0:
        assert not math.isnan(back[0])


@pytest.mark.parametrize("shifted", SHIFTED)
def test_where_the_formula_has_no_inverse_the_answer_is_nan_and_not_wrong(shifted):
    lat_deg = np.linspace(89.0, 90.0, 500)
    lon, lat = convert(np.full(500, 119.5), lat_deg, source=shifted, target=Datum.WGS84)
    found = ~np.isnan(lon)
    assert not found[-1]
    again = convert(lon[found], lat[found], source=Datum.WGS84, target=shifted)
    assert np.all(GEOD.inv(np.full(found.sum(), 119.5), lat_deg[found], *again)[2] < 1e-3)


def test_a_column_keeps_its_rows_apart():
    lon_deg = np.array([119.5, np.nan, 72.0041, np.inf, 119.5])
    lat_deg = np.array([27.4, 27.4, 30.0, 27.4, 89.9999])
    lon, lat = convert(lon_deg, lat_deg, source=Datum.GCJ02, target=Datum.WGS84)
    assert (lon[0], lat[0]) == pytest.approx(convert(119.5, 27.4, source=Datum.GCJ02, target=Datum.WGS84), abs=1e-12)
    assert (lon[2], lat[2]) == pytest.approx(convert(72.0041, 30.0, source=Datum.GCJ02, target=Datum.WGS84), abs=1e-12)
    assert np.isnan(lon[[1, 3]]).all() and np.isnan(lat[[1, 3]]).all()


def test_a_column_is_new_and_the_input_untouched():
    lon_deg, lat_deg = np.array([119.5, 500.0]), np.array([27.4, 27.4])
    for target in (Datum.WGS84, Datum.GCJ02):
        lon, lat = convert(lon_deg, lat_deg, source=Datum.WGS84, target=target)
        lon[:], lat[:] = 0.0, 0.0
    assert lon_deg.tolist() == [119.5, 500.0] and lat_deg.tolist() == [27.4, 27.4]


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 3)])
def test_shapes_are_kept(shape):
    lon, lat = convert(np.full(shape, 119.5), np.full(shape, 27.4), source="bd09", target="wgs84")
    assert lon.shape == lat.shape == shape and lon.dtype == np.float64


def test_scalars_give_plain_floats_and_lists_give_columns():
    lon, lat = convert(np.float32(119.5), 27, source="wgs84", target="gcj02")
    assert type(lon) is float and type(lat) is float
    lons, lats = convert([119.5, None], 27.4, source="wgs84", target="gcj02")
    assert lons.shape == lats.shape == (2,) and np.isnan(lats[1])


@pytest.mark.parametrize("wrong", ["WGS-84", "", None, "epsg:4326"])
def test_a_datum_is_never_guessed(wrong):
    with pytest.raises(UnknownDatum, match="wgs84"):
        convert(119.5, 27.4, source=wrong, target=Datum.WGS84)
    with pytest.raises(UnknownDatum):
        convert(119.5, 27.4, source=Datum.WGS84, target=wrong)
    with pytest.raises(TypeError):
        convert(119.5, 27.4)


def test_every_datum_has_an_error_and_wgs84_has_none():
    assert set(DATUM_ERROR_M) == set(Datum)
    assert DATUM_ERROR_M[Datum.WGS84] == 0.0
    assert all(0.0 < DATUM_ERROR_M[datum] <= 10.0 for datum in Datum if datum is not Datum.WGS84)
