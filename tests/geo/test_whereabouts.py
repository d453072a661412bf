"""``geo.whereabouts`` against geodesics, over kinds of geometry, and with bad fixes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geo import Answer, Datum, convert, disc, whereabouts, whereabouts_column

GEOD = Geod(ellps="WGS84")
LON, LAT = 119.5044, 27.4555

VILLAGE = Polygon([(119.49, 27.44), (119.515, 27.447), (119.52, 27.465), (119.50, 27.47), (119.503, 27.455)])
WITH_HOLE = Polygon(
    box(119.48, 27.44, 119.52, 27.48).exterior.coords, [box(119.495, 27.455, 119.505, 27.465).exterior.coords]
)
WITH_EXCLAVE = MultiPolygon([box(119.48, 27.44, 119.50, 27.46), box(119.53, 27.45, 119.54, 27.46)])
with np.errstate(invalid="ignore"):  # GEOS leaves the flag up when it reads a NaN
    WITH_NAN = shapely.from_wkt("POLYGON ((119 27, 120 27, 120 NaN, 119 27))")
BOW_TIE = Polygon([(119.48, 27.44), (119.52, 27.48), (119.52, 27.44), (119.48, 27.48)])


def geodesic_distance_m(lon_deg: float, lat_deg: float, area: shapely.Geometry) -> float:
    """The oracle: the least geodesic to any of many places on the border, which is straight in degrees."""
    border = shapely.get_coordinates(shapely.segmentize(area.boundary, 2e-5))
    to = np.full(len(border), lon_deg), np.full(len(border), lat_deg)
    return float(np.min(GEOD.inv(*to, border[:, 0], border[:, 1])[2]))


@pytest.mark.parametrize("area", [VILLAGE, WITH_HOLE, WITH_EXCLAVE], ids=["village", "hole", "exclave"])
@given(lon_deg=st.floats(119.3, 119.7), lat_deg=st.floats(27.3, 27.6))
def test_signed_distance_agrees_with_geodesics_up_to_20_km(area, lon_deg, lat_deg):
    here = whereabouts(lon_deg, lat_deg, 10, area)
    # The oracle's places are some 2 m apart, so it may be a metre too long right beside the border.
    assert abs(here.signed_distance_m) == pytest.approx(geodesic_distance_m(lon_deg, lat_deg, area), rel=5e-4, abs=1.2)
    assert (here.signed_distance_m > 0) == area.contains(Point(lon_deg, lat_deg))


@pytest.mark.parametrize("lat_deg", [-60.0, 0.0, 4.0, 27.4, 53.5, 70.0])
@pytest.mark.parametrize("length_m", [100.0, 3_000.0, 20_000.0, 100_000.0, 500_000.0])
def test_signed_distance_agrees_with_geodesics_at_every_latitude(lat_deg, length_m):
    area = box(119.45, lat_deg - 0.05, 119.55, lat_deg + 0.05)
    for azimuth_deg in range(0, 360, 30):
        lon, lat, _ = GEOD.fwd(119.5, lat_deg, azimuth_deg, length_m)
        said_m = abs(whereabouts(lon, lat, 10, area).signed_distance_m)
        assert said_m == pytest.approx(
            geodesic_distance_m(lon, lat, area), rel=5e-4 if length_m <= 2e4 else 5e-3, abs=1.2
        )


def test_a_tall_county_is_measured_with_each_latitudes_own_scale():
    county = box(118.0, 20.0, 119.0, 50.0)
    for lat_deg in (21.0, 35.0, 49.0):
        east_m = GEOD.inv(118.0, lat_deg, 118.1, lat_deg)[2]
        assert whereabouts(118.1, lat_deg, 5, county).signed_distance_m == pytest.approx(east_m, rel=5e-4)


@pytest.mark.parametrize(
    ("area", "lon_deg", "lat_deg", "answer"),
    [
        (WITH_HOLE, 119.49, 27.45, "inside"),
        (WITH_HOLE, 119.50, 27.46, "outside"),
        (WITH_EXCLAVE, 119.49, 27.45, "inside"),
        (WITH_EXCLAVE, 119.535, 27.455, "inside"),
        (WITH_EXCLAVE, 119.515, 27.455, "outside"),
        (MultiPolygon([VILLAGE]), 119.51, 27.455, "inside"),
        (BOW_TIE, 119.515, 27.46, "cannot_tell"),
        (Polygon(), LON, LAT, "cannot_tell"),
        (MultiPolygon(), LON, LAT, "cannot_tell"),
        (GeometryCollection([VILLAGE]), LON, LAT, "cannot_tell"),
        (LineString([(119, 27), (120, 28)]), LON, LAT, "cannot_tell"),
        (Point(LON, LAT), LON, LAT, "cannot_tell"),
        (None, LON, LAT, "cannot_tell"),
        (WITH_NAN, LON, LAT, "cannot_tell"),
        (MultiPolygon([VILLAGE, VILLAGE]), LON, LAT, "cannot_tell"),
        # Metres of some projection where degrees were meant.
        (box(500_000, 3_000_000, 501_000, 3_001_000), LON, LAT, "cannot_tell"),
    ],
)
def test_each_kind_of_geometry_gets_its_answer(area, lon_deg, lat_deg, answer):
    here = whereabouts(lon_deg, lat_deg, 10, area)
    assert here.answer == answer
    if answer == "cannot_tell":
        assert here.signed_distance_m is None and here.probability_inside is None


def test_nearest_border_may_be_the_hole():
    assert whereabouts(119.494, 27.46, 5, WITH_HOLE).signed_distance_m == pytest.approx(
        GEOD.inv(119.494, 27.46, 119.495, 27.46)[2], rel=1e-3
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None, 10**400])
@pytest.mark.parametrize("place", range(3))
def test_a_bad_fix_is_an_answer_and_never_an_error(place, bad):
    fix = [LON, LAT, 10.0]
    fix[place] = bad
    here = whereabouts(*fix, disc(LON, LAT, 500))
    assert here.answer is Answer.CANNOT_TELL and here.probability_inside is None


@pytest.mark.parametrize("pair", [(LAT, LON), (181.0, 27.0), (119.0, -90.5)])
def test_a_place_off_the_globe_cannot_be_told(pair):
    here = whereabouts(*pair, 10, disc(LON, LAT, 500))
    assert here.answer == "cannot_tell" and here.signed_distance_m is None


@given(st.floats(), st.floats(), st.floats(), st.floats(), st.floats())
def test_any_five_floats_get_an_answer(lon_deg, lat_deg, accuracy_m, boundary_error_m, datum_error_m):
    here = whereabouts(
        lon_deg, lat_deg, accuracy_m, VILLAGE, boundary_error_m=boundary_error_m, datum_error_m=datum_error_m
    )
    assert here.answer in set(Answer)
    assert here.probability_inside is None or 0.0 <= here.probability_inside <= 1.0


@pytest.mark.parametrize("accuracy_m", [None, -1.0, math.nan])
def test_without_an_accuracy_the_distance_is_still_said(accuracy_m):
    here = whereabouts(LON, LAT, accuracy_m, disc(LON, LAT, 500))
    assert here.answer == "cannot_tell" and here.probability_inside is None
    assert here.signed_distance_m == pytest.approx(500, rel=2e-3)


@pytest.mark.parametrize("name", ["boundary_error_m", "datum_error_m"])
@pytest.mark.parametrize("unknown", [None, math.nan, -5.0])
def test_an_unknown_quality_cannot_be_told(name, unknown):
    assert whereabouts(LON, LAT, 10, disc(LON, LAT, 500), **{name: unknown}).answer == "cannot_tell"


@pytest.mark.parametrize(
    ("accuracy_m", "boundary_error_m", "datum_error_m", "answer"),
    [
        (249, 0, 0, "inside"),
        (251, 0, 0, "cannot_tell"),
        (100, 100, 49, "inside"),
        (100, 100, 51, "cannot_tell"),
        (0, 251, 0, "cannot_tell"),
        (0, 0, 249, "inside"),
        (1e308, 1e308, 1e308, "cannot_tell"),
    ],
)
def test_sure_means_farther_than_twice_the_errors_added(accuracy_m, boundary_error_m, datum_error_m, answer):
    # The middle of a disc whose corners are 500.6 m away is 500 m from its border.
    site = disc(LON, LAT, 500.0 / math.cos(math.pi / 64))
    errors = {"boundary_error_m": boundary_error_m, "datum_error_m": datum_error_m}
    assert whereabouts(LON, LAT, accuracy_m, site, **errors).answer == answer
    away = convert(LON, LAT, source=Datum.WGS84, target=Datum.BD09)
    outside_m = -whereabouts(*away, 10, site).signed_distance_m
    assert whereabouts(*away, outside_m / 2 - 1, site).answer == "outside"
    assert whereabouts(*away, outside_m / 2 + 1, site).answer == "cannot_tell"


def test_the_probability_is_a_normal_one_across_the_border():
    west_of_border = box(119.0, 27.0, 119.5, 28.0)
    lon_deg, lat_deg, _ = GEOD.fwd(119.5, 27.5, 270, 30.0)
    here = whereabouts(lon_deg, lat_deg, 45.45, west_of_border, boundary_error_m=40.0)
    assert here.probability_inside == pytest.approx(0.5 * math.erfc(-(30 / 50) / math.sqrt(2)), abs=1e-4)


@given(st.floats(119.48, 119.53), st.floats(27.43, 27.48), st.floats(0, 1000), st.floats(0, 200), st.floats(0, 20))
def test_sure_answers_are_at_least_two_standard_deviations(lon_deg, lat_deg, accuracy_m, boundary_m, datum_m):
    here = whereabouts(lon_deg, lat_deg, accuracy_m, VILLAGE, boundary_error_m=boundary_m, datum_error_m=datum_m)
    if here.answer == "inside":
        assert here.probability_inside > 0.977
    if here.answer == "outside":
        assert here.probability_inside < 0.023


@given(st.floats(119.48, 119.53), st.floats(27.43, 27.48), st.floats(0, 500), st.floats(1, 500))
def test_a_worse_accuracy_never_makes_an_answer_surer(lon_deg, lat_deg, accuracy_m, more_m):
    better = whereabouts(lon_deg, lat_deg, accuracy_m, VILLAGE)
    worse = whereabouts(lon_deg, lat_deg, accuracy_m + more_m, VILLAGE)
    assert worse.answer in (better.answer, "cannot_tell")


@pytest.mark.parametrize(("lon_deg", "lat_deg"), [(119.49, 27.44), (119.5025, 27.4435), (119.515, 27.447)])
def test_on_the_border_cannot_be_told_even_by_a_perfect_fix(lon_deg, lat_deg):
    here = whereabouts(lon_deg, lat_deg, 0, VILLAGE)
    assert here.answer == "cannot_tell" and here.signed_distance_m == 0.0 and here.probability_inside == 0.5
    assert math.copysign(1.0, here.signed_distance_m) == 1.0


@pytest.mark.parametrize("area", [VILLAGE, WITH_HOLE, WITH_EXCLAVE], ids=["village", "hole", "exclave"])
def test_no_place_along_the_border_is_sure_either_way(area):
    lon_deg, lat_deg = shapely.get_coordinates(shapely.segmentize(area.boundary, 5e-5)).T
    column = whereabouts_column(lon_deg, lat_deg, 0.0, area)
    assert len(lon_deg) > 1000 and set(column.answer) == {"cannot_tell"}
    assert set(column.signed_distance_m) == {0.0} and set(column.probability_inside) == {0.5}


def test_a_perfect_fix_off_the_border_is_sure():
    assert whereabouts(119.51, 27.455, 0, VILLAGE).probability_inside == 1.0
    assert whereabouts(119.6, 27.455, 0, VILLAGE).probability_inside == 0.0


def test_zero_zero_is_a_place_here():
    assert whereabouts(0.0, 0.0, 10, box(-1, -1, 1, 1)).answer == "inside"


def test_the_other_side_of_the_180th_meridian_is_near():
    near_the_line = box(179.0, -1.0, 179.99, 1.0)
    assert whereabouts(-179.99, 0.0, 10, near_the_line).signed_distance_m == pytest.approx(-2226.4, rel=1e-3)


def test_reading_gcj02_as_wgs84_changes_the_answer():
    village = disc(LON, LAT, 300)
    shifted = convert(LON, LAT, source=Datum.WGS84, target=Datum.GCJ02)
    assert whereabouts(LON, LAT, 20, village).answer == "inside"
    assert whereabouts(*shifted, 20, village).answer == "outside"


def test_a_column_says_what_the_scalars_say_and_bad_rows_leave_others_alone():
    rng = np.random.default_rng(7)
    lon_deg, lat_deg = rng.uniform(119.4, 119.6, 300), rng.uniform(27.4, 27.5, 300)
    accuracy_m = rng.uniform(0, 400, 300)
    lon_deg[5], lat_deg[6], accuracy_m[7], accuracy_m[8] = np.nan, np.inf, np.nan, -3
    column = whereabouts_column(lon_deg, lat_deg, accuracy_m, VILLAGE, boundary_error_m=30, datum_error_m=5)
    for row in range(300):
        one = whereabouts(lon_deg[row], lat_deg[row], accuracy_m[row], VILLAGE, boundary_error_m=30, datum_error_m=5)
        assert column.answer[row] == one.answer
        for of_column, of_one in (
            (column.signed_distance_m[row], one.signed_distance_m),
            (column.probability_inside[row], one.probability_inside),
        ):
            assert np.isnan(of_column) if of_one is None else of_column == pytest.approx(of_one, abs=1e-9)
    assert set(column.answer[5:9]) == {"cannot_tell"}
    assert set(column.answer) == {"inside", "outside", "cannot_tell"}


def test_a_column_of_nothing_and_of_nan():
    nothing = whereabouts_column([], [], [], VILLAGE)
    assert nothing.answer.shape == nothing.signed_distance_m.shape == (0,)
    missing = whereabouts_column([None, np.nan], [27.4, np.nan], 10, VILLAGE)
    assert missing.answer.tolist() == ["cannot_tell"] * 2 and np.isnan(missing.probability_inside).all()


def test_a_column_may_have_a_datum_error_per_row():
    column = whereabouts_column(LON, LAT, 10, disc(LON, LAT, 500), datum_error_m=[0.0, 400.0])
    assert column.answer.tolist() == ["inside", "cannot_tell"]


def test_a_column_given_to_the_scalar_function_is_refused():
    with pytest.raises(TypeError, match="whereabouts_column"):
        whereabouts(np.array([LON]), LAT, 10, VILLAGE)


def test_the_callers_area_is_left_as_it_was():
    area = shapely.from_wkb(shapely.to_wkb(VILLAGE))
    whereabouts(LON, LAT, 10, area)
    assert not shapely.is_prepared(area) and area.equals_exact(VILLAGE, 0)


def test_results_do_not_change():
    here = whereabouts(LON, LAT, 10, VILLAGE)
    with pytest.raises(AttributeError):
        here.answer = Answer.OUTSIDE
