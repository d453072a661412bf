"""``geo.crs``: who may say what a file is counted in, the order of axes, and what is refused rather than guessed."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import CRS, Geod, Transformer

from geo import ContradictedDatum, Datum, MissingCrs, UnknownCrs, UnknownDatum
from geo.crs import reference

LON, LAT = np.array([119.5044, 119.0]), np.array([27.4555, 27.0])


def test_where_nobody_says_it_nothing_is_guessed():
    with pytest.raises(MissingCrs):
        reference(datum=None, crs=None, declared=None)


@pytest.mark.parametrize("who", ["crs", "declared"])
@pytest.mark.parametrize(
    "code", ["EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:4326", "EPSG:32650", "EPSG:3857", "OGC:CRS84"]
)
def test_east_comes_first_whatever_the_authority_prefers(code, who):
    # The way there is made by PROJ, from degrees of the CRS's own datum: independent of how reference() goes back.
    system = CRS(code)
    x, y = Transformer.from_crs(system.geodetic_crs, system, always_xy=True).transform(LON, LAT)
    said = {"datum": None, "crs": None, "declared": None} | {who: code}
    lon, lat = reference(**said).to_wgs84(x, y)
    assert lon == pytest.approx(LON, abs=1e-9) and lat == pytest.approx(LAT, abs=1e-9)


def test_cgcs2000_zone_by_hand():
    # On the central meridian the easting is 500 km and the northing is the length of the meridian from the equator.
    northing_m = Geod(a=6378137.0, rf=298.257222101).inv(120.0, 0.0, 120.0, 27.4555)[2]
    lon, lat = reference(datum=None, crs="EPSG:4549", declared=None).to_wgs84([500_000.0], [northing_m])
    assert lon[0] == pytest.approx(120.0, abs=1e-9) and lat[0] == pytest.approx(27.4555, abs=1e-9)


@pytest.mark.parametrize(("code", "error_m"), [("EPSG:4326", 0.0), ("EPSG:4490", 1.0), ("EPSG:4549", 1.0)])
def test_it_says_what_may_be_left_wrong(code, error_m):
    assert reference(datum=None, crs=code, declared=None).error_m == error_m


def test_an_old_datum_is_brought_over_with_the_worst_accuracy_of_its_ways():
    old = reference(datum=None, crs="EPSG:4214", declared=None)
    lon, lat = old.to_wgs84([119.5], [27.4])
    assert 10.0 <= old.error_m <= 30.0
    assert 10.0 < Geod(ellps="WGS84").inv(119.5, 27.4, lon[0], lat[0])[2] < 150.0


@pytest.mark.parametrize(
    "code",
    [
        "EPSG:4610",  # Xian 1980: PROJ has no way but one of unknown accuracy
        "EPSG:999999",
        "beijing",
        'LOCAL_CS["paper",UNIT["metre",1]]',
    ],
)
def test_what_cannot_be_brought_over_is_refused(code):
    with pytest.raises(UnknownCrs):
        reference(datum=None, crs=code, declared=None)


@pytest.mark.parametrize("code", ["EPSG:4490", "EPSG:4549", "EPSG:4326", "EPSG:32650"])
def test_the_wkt_of_a_prj_file_is_the_same_system(code):
    wkt = CRS(code).to_wkt("WKT1_ESRI")
    assert reference(datum=None, crs=code, declared=wkt).name == code
    assert (
        reference(datum=None, crs=None, declared=wkt).error_m == reference(datum=None, crs=code, declared=None).error_m
    )


@pytest.mark.parametrize(
    ("datum", "crs", "declared"),
    [
        (None, "EPSG:4549", "EPSG:4548"),
        (None, "EPSG:4326", "EPSG:4490"),
        (Datum.WGS84, None, "EPSG:4490"),
        (Datum.WGS84, "EPSG:4549", None),
        (Datum.GCJ02, None, "EPSG:4326"),
        (Datum.BD09, "EPSG:4490", None),
        (Datum.CGCS2000, "EPSG:4549", "EPSG:4326"),
    ],
)
def test_a_contradiction_is_refused(datum, crs, declared):
    with pytest.raises(ContradictedDatum):
        reference(datum=datum, crs=crs, declared=declared)


def test_agreement_is_no_contradiction():
    assert reference(datum=Datum.CGCS2000, crs="EPSG:4549", declared=CRS(4549).to_wkt()).name == "EPSG:4549"
    assert reference(datum=Datum.WGS84, crs="OGC:CRS84", declared="EPSG:4326").error_m == 0.0
    assert reference(datum="gcj02", crs=None, declared=None).error_m == 5.0


def test_an_unknown_datum_is_unknown():
    with pytest.raises(UnknownDatum):
        reference(datum="tokyo", crs="EPSG:4326", declared=None)


@pytest.mark.parametrize(
    ("east", "north"),
    [
        (3_038_000.0, 500_000.0),  # the axes swapped
        (40_500_000.0, 3_038_000.0),  # the number of the zone before the easting: EPSG:4528
        (119.5, 27.4),  # degrees
        (np.nan, 3_038_000.0),
        (np.inf, 3_038_000.0),
    ],
)
def test_what_is_far_outside_a_zone_is_no_place(east, north):
    lon, lat = reference(datum=None, crs="EPSG:4549", declared=None).to_wgs84([500_000.0, east], [3_038_000.0, north])
    assert np.isnan(lon).tolist() == np.isnan(lat).tolist() == [False, True]


@pytest.mark.parametrize("code", ["EPSG:4979", "EPSG:4480", "EPSG:4490+5737"])
def test_a_height_beside_the_plane_changes_nothing(code):
    lon, lat = reference(datum=None, crs=code, declared=None).to_wgs84([119.5], [27.4])
    assert (lon[0], lat[0]) == pytest.approx((119.5, 27.4))
