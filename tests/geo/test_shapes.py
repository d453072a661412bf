"""``geo.shapes``: discs against geodesics, and GeoJSON of every kind, whole and broken."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo import (
    AreasRefused,
    BadDisc,
    ContradictedDatum,
    Datum,
    GeoError,
    MissingCrs,
    UnknownDatum,
    UnreadableAreas,
    convert,
    disc,
    read_areas,
    whereabouts,
)

GEOD = Geod(ellps="WGS84")
SQUARE = [[119.4, 27.4], [119.5, 27.4], [119.5, 27.5], [119.4, 27.5], [119.4, 27.4]]
HOLE = [[119.43, 27.43], [119.43, 27.47], [119.47, 27.47], [119.47, 27.43], [119.43, 27.43]]
FAR_SQUARE = [[119.6, 27.4], [119.7, 27.4], [119.7, 27.5], [119.6, 27.5], [119.6, 27.4]]
BOW_TIE = [[119.4, 27.4], [119.5, 27.5], [119.5, 27.4], [119.4, 27.5], [119.4, 27.4]]
FLAT = [[119.4, 27.4], [119.5, 27.4], [119.45, 27.4], [119.4, 27.4]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def multi(*parts):
    return {"type": "MultiPolygon", "coordinates": list(parts)}


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features, **members):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **members})


def crs(name):
    return {"type": "name", "properties": {"name": name}}


# --- discs


@given(st.floats(-179.0, 178.0), st.floats(-80.0, 80.0), st.floats(1.0, 10_000.0))
def test_a_disc_is_round_within_half_a_percent(lon_deg, lat_deg, radius_m):
    corners = shapely.get_coordinates(shapely.segmentize(disc(lon_deg, lat_deg, radius_m), radius_m / 2e6))
    middle = np.full(len(corners), lon_deg), np.full(len(corners), lat_deg)
    lengths_m = GEOD.inv(*middle, corners[:, 0], corners[:, 1])[2]
    assert lengths_m == pytest.approx(np.full(len(corners), radius_m), rel=5e-3)


@pytest.mark.parametrize("lat_deg", [0.0, 27.4, 53.5, -60.0])
def test_the_largest_disc_is_round_and_has_the_right_size(lat_deg):
    shape = disc(119.5, lat_deg, 100_000)
    lon, lat = shapely.get_coordinates(shape).T
    lengths_m = GEOD.inv(np.full(len(lon), 119.5), np.full(len(lat), lat_deg), lon, lat)[2]
    assert lengths_m == pytest.approx(np.full(len(lon), 1e5), rel=1e-3)
    assert GEOD.geometry_area_perimeter(shape)[0] == pytest.approx(math.pi * 1e10, rel=5e-3)


def test_a_disc_is_valid_counter_clockwise_and_holds_its_centre():
    shape = disc(119.5, 27.4, 300)
    assert shape.is_valid and shape.exterior.is_ccw
    assert whereabouts(119.5, 27.4, 50, shape).answer == "inside"


@pytest.mark.parametrize(
    ("lon_deg", "lat_deg", "radius_m"),
    [
        (math.nan, 27.4, 300),
        (119.5, math.inf, 300),
        (27.4, 119.5, 300),
        (119.5, 80.1, 300),
        (119.5, 27.4, 0),
        (119.5, 27.4, -1),
        (119.5, 27.4, math.nan),
        (119.5, 27.4, math.inf),
        (119.5, 27.4, 100_001),
        (179.999, 27.4, 300),
    ],
)
def test_a_disc_that_cannot_be_drawn_truly_is_refused(lon_deg, lat_deg, radius_m):
    with pytest.raises(BadDisc):
        disc(lon_deg, lat_deg, radius_m)


# --- reading areas


@pytest.mark.parametrize(
    ("geometry", "holes", "parts"),
    [
        (polygon(SQUARE), 0, 1),
        (polygon(SQUARE, HOLE), 1, 1),
        (multi([SQUARE]), 0, 1),
        (multi([SQUARE, HOLE], [FAR_SQUARE]), 1, 2),
        (polygon([[*place, 812.5] for place in SQUARE]), 0, 1),
        (polygon([place for place in SQUARE for _ in range(2)]), 0, 1),
    ],
    ids=["polygon", "hole", "multi of one", "exclave and hole", "altitudes", "repeated places"],
)
def test_a_valid_geometry_is_taken_as_it_came(geometry, holes, parts):
    [area] = read_areas(collection(feature(geometry, village_code="350924106208", name="下党村")), datum="wgs84")
    assert area.repair is None and area.feature_number == 1
    assert area.properties == {"village_code": "350924106208", "name": "下党村"}
    assert area.geometry.geom_type == geometry["type"] and area.geometry.is_valid and not area.geometry.has_z
    polygons = shapely.get_parts(area.geometry)
    assert len(polygons) == parts and sum(len(part.interiors) for part in polygons) == holes
    assert area.geometry.bounds[0] == 119.4


def test_a_feature_and_a_bare_geometry_are_areas_too():
    for document in (feature(polygon(SQUARE)), polygon(SQUARE), multi([SQUARE])):
        [area] = read_areas(json.dumps(document), datum=Datum.WGS84)
        assert area.geometry.bounds == (119.4, 27.4, 119.5, 27.5) and area.properties == {}


def test_text_path_and_path_as_text_read_the_same(tmp_path):
    text = collection(feature(polygon(SQUARE), name="下党村"))
    path = tmp_path / "areas.geojson"
    path.write_text("\ufeff" + text, encoding="utf-8")
    for given_as in (text, "\ufeff\n " + text, path, str(path)):
        [area] = read_areas(given_as, datum=Datum.WGS84)
        assert area.properties == {"name": "下党村"}


def test_an_empty_collection_holds_no_areas():
    assert read_areas(collection(), datum=Datum.WGS84) == []


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_areas_are_brought_to_wgs84(datum):
    shifted = [list(convert(*place, source=Datum.WGS84, target=datum)) for place in SQUARE]
    [area] = read_areas(json.dumps(polygon(shifted)), datum=datum)
    assert shapely.get_coordinates(area.geometry) == pytest.approx(np.array(SQUARE), abs=1e-8)


@pytest.mark.parametrize("wrong", ["", "WGS84 / UTM"])
def test_the_datum_is_never_guessed(wrong):
    with pytest.raises(UnknownDatum):
        read_areas(collection(), datum=wrong)
    with pytest.raises(MissingCrs):
        read_areas(collection())


def test_geojson_may_be_in_any_crs_that_somebody_names():
    east_north = [
        [[500_000.0, 3_038_000.0], [501_000.0, 3_038_000.0], [501_000.0, 3_039_000.0], [500_000.0, 3_038_000.0]]
    ]
    plain, named = polygon(*east_north), polygon(*east_north) | {"crs": crs("urn:ogc:def:crs:EPSG::4549")}
    [by_caller] = read_areas(json.dumps(plain), crs="EPSG:4549")
    [by_file] = read_areas(json.dumps(named))
    assert by_caller.geometry.equals(by_file.geometry) and by_caller.geometry.bounds[0] == pytest.approx(120.0)
    assert (by_file.crs, by_file.crs_error_m) == ("EPSG:4549", 1.0)
    assert by_file.repair is None
    with pytest.raises(AreasRefused, match="axes swapped"):
        read_areas(collection(feature(polygon(SQUARE))), crs="EPSG:4549")
    with pytest.raises(ContradictedDatum, match="more than one"):
        read_areas(collection(feature(named), crs=crs("EPSG:4326")))
    with pytest.raises(UnreadableAreas, match="no layers"):
        read_areas(json.dumps(plain), crs="EPSG:4549", layer="villages")


@pytest.mark.parametrize(
    ("name", "datum"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("urn:ogc:def:crs:EPSG::4326", Datum.WGS84),
        ("EPSG:4490", Datum.CGCS2000),
    ],
)
def test_a_crs_that_agrees_is_fine(name, datum):
    assert len(read_areas(collection(feature(polygon(SQUARE)), crs=crs(name)), datum=datum)) == 1
    assert len(read_areas(collection(feature(polygon(SQUARE)), crs=None), datum=datum)) == 1


@pytest.mark.parametrize(
    ("member", "datum"),
    [
        (crs("urn:ogc:def:crs:OGC:1.3:CRS84"), Datum.GCJ02),
        (crs("urn:ogc:def:crs:OGC:1.3:CRS84"), Datum.CGCS2000),
        (crs("EPSG:4490"), Datum.WGS84),
        (crs("urn:ogc:def:crs:EPSG::4549"), Datum.WGS84),
        (crs("urn:ogc:def:crs:EPSG::4549"), Datum.GCJ02),
        (crs(None), Datum.WGS84),
        (crs([]), Datum.WGS84),
        ({"type": "link", "properties": {"href": "x.prj"}}, Datum.WGS84),
        ({"type": "name", "properties": None}, Datum.WGS84),
        ("EPSG:4326", Datum.WGS84),
        ({}, Datum.WGS84),
    ],
)
def test_a_crs_that_contradicts_is_refused_wherever_it_stands(member, datum):
    documents = [
        collection(feature(polygon(SQUARE)), crs=member),
        collection(feature(polygon(SQUARE)), feature(polygon(SQUARE)) | {"crs": member}),
        json.dumps(polygon(SQUARE) | {"crs": member}),
    ]
    for document in documents:
        with pytest.raises(ContradictedDatum, match=datum.value):
            read_areas(document, datum=datum)


def test_a_bow_tie_keeps_both_halves_and_is_reported():
    [whole, mended] = read_areas(collection(feature(polygon(SQUARE)), feature(polygon(BOW_TIE))), datum="wgs84")
    assert whole.repair is None
    assert mended.geometry.is_valid and mended.geometry.geom_type == "MultiPolygon"
    assert mended.geometry.area == pytest.approx(whole.geometry.area / 2)
    repair = mended.repair
    assert "Self-intersection" in repair.reason and (repair.parts_before, repair.parts_after) == (1, 2)
    assert repair.size_before_m2 == pytest.approx(0, abs=1)
    assert repair.size_after_m2 == pytest.approx(abs(GEOD.geometry_area_perimeter(mended.geometry)[0]), rel=5e-3)


def test_overlapping_parts_are_joined_and_not_cut_out():
    half_over = [[lon + 0.05, lat] for lon, lat in SQUARE]
    [area] = read_areas(json.dumps(multi([SQUARE], [half_over])), datum=Datum.WGS84)
    assert area.geometry.bounds == pytest.approx((119.4, 27.4, 119.55, 27.5))
    assert area.geometry.area == pytest.approx(0.015)
    assert area.repair.parts_before == 2 and area.repair.parts_after == 1
    assert whereabouts(119.475, 27.45, 50, area.geometry).answer == "inside"


def test_a_line_left_by_the_repair_is_dropped_and_reported():
    outer = [[119.0, 27.1], [119.0, 27.0], [119.4, 27.2], [119.2, 27.1], [119.0, 27.1]]
    inner = [[119.0, 27.0], [119.2, 27.0], [119.2, 27.1], [119.0, 27.0]]
    [area] = read_areas(json.dumps(polygon(outer, inner)), datum=Datum.WGS84)
    assert area.geometry.equals(shapely.Polygon([(119.0, 27.1), (119.0, 27.0), (119.2, 27.1)]))
    assert "lines that enclose nothing were dropped" in area.repair.reason and area.repair.parts_after == 1


def test_an_open_ring_is_closed_and_reported():
    [area] = read_areas(json.dumps(polygon(SQUARE[:-1])), datum=Datum.WGS84)
    assert area.geometry.equals(shapely.Polygon(SQUARE))
    assert area.repair.reason == "a ring was not closed"
    assert area.repair.size_before_m2 == area.repair.size_after_m2


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "no geometry"),
        (polygon(), "empty"),
        (multi(), "empty"),
        (multi([], []), "empty"),
        (multi([SQUARE], []), "empty"),
        (polygon([]), "fewer than three"),
        ({"type": "Point", "coordinates": [119.4, 27.4]}, "'Point'"),
        ({"type": "LineString", "coordinates": SQUARE}, "'LineString'"),
        ({"type": "GeometryCollection", "geometries": [polygon(SQUARE)]}, "'GeometryCollection'"),
        ({"type": ["Polygon"]}, "needed"),
        ("Polygon", "needed"),
        ({"type": "Polygon"}, "not a list"),
        ({"type": "Polygon", "coordinates": {"0": SQUARE}}, "not a list"),
        (polygon(None), "list of positions"),
        (polygon([119.4, 27.4, 119.5]), "list of positions"),
        (polygon([["119.4", "27.4"], *SQUARE[1:]]), "two numbers"),
        (polygon([[True, False], *SQUARE[1:]]), "two numbers"),
        (polygon([[None, 27.4], *SQUARE[1:]]), "two numbers"),
        (polygon([[119.4], *SQUARE[1:]]), "two numbers"),
        (polygon([[10**400, 27.4], *SQUARE[1:]]), "two numbers"),
        (polygon([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]), "fewer than three"),
        (polygon(FLAT), "enclose nothing"),
        (polygon([place[::-1] for place in SQUARE]), "longitude first"),
        (polygon([[450_000, 3_030_000], [451_000, 3_030_000], [451_000, 3_031_000]]), "degrees"),
    ],
)
def test_what_is_no_area_is_refused_by_name(geometry, reason):
    text = collection(feature(polygon(SQUARE)), feature(geometry, village_code="350924106208"))
    with pytest.raises(AreasRefused, match="350924106208") as caught:
        read_areas(text, datum=Datum.WGS84)
    [refusal] = caught.value.refusals
    assert (refusal.feature_number, refusal.name) == (2, "350924106208")
    assert reason in refusal.reason


def test_every_refusal_is_listed_and_nothing_is_taken():
    text = collection(feature(None, name="上党"), feature(polygon(SQUARE)), feature(polygon(FLAT)))
    with pytest.raises(AreasRefused, match=r"feature 1 \(上党\): .*; feature 3: ") as caught:
        read_areas(text, datum=Datum.WGS84)
    assert [refusal.feature_number for refusal in caught.value.refusals] == [1, 3]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no such file",
        "x" * 5000,
        "a\0b",
        "{",
        '{"type": "FeatureCollection"}',
        '{"type": "FeatureCollection", "features": {}}',
        '{"type": "FeatureCollection", "features": [null]}',
        '{"type": "FeatureCollection", "features": [{"properties": [1]}]}',
        '{"type": "Topology"}',
        "{}",
        '{"type": "Polygon", "coordinates": [[[NaN, 27.4], [119.5, 27.4], [119.5, 27.5]]]}',
        '{"a":' * 100_000,
    ],
    ids=lambda text: text[:30].replace("\0", "NUL"),
)
def test_what_is_no_geojson_is_unreadable(text):
    with pytest.raises(UnreadableAreas):
        read_areas(text, datum=Datum.WGS84)


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"[1, 2]", b"PK\x03\x04"])
def test_a_file_that_is_no_geojson_is_unreadable(tmp_path, content):
    path = tmp_path / "areas.geojson"
    path.write_bytes(content)
    with pytest.raises(UnreadableAreas):
        read_areas(path, datum=Datum.WGS84)
    with pytest.raises(UnreadableAreas):
        read_areas(tmp_path, datum=Datum.WGS84)


places_in_a_grid = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda at: [119 + at[0] / 10, 27 + at[1] / 10])
any_ring = st.lists(places_in_a_grid, min_size=3, max_size=9)


@settings(max_examples=600)
@given(st.lists(st.lists(any_ring, min_size=1, max_size=3), min_size=1, max_size=3))
def test_whatever_the_rings_the_result_is_a_valid_area_or_a_refusal(parts):
    try:
        [area] = read_areas(json.dumps(multi(*parts)), datum=Datum.WGS84)
    except AreasRefused:
        return
    assert area.geometry.is_valid and area.geometry.area > 0
    assert area.geometry.geom_type in ("Polygon", "MultiPolygon")
    assert whereabouts(119.2, 27.2, 10, area.geometry).signed_distance_m is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "properties", "crs", "features"]), inner)
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from(["Polygon", "MultiPolygon"]))
def test_odd_json_is_answered_with_our_own_errors(value, kind):
    bare = {"type": kind, "coordinates": value}
    for document in (bare, feature(value), feature(bare), feature(polygon(value)), {"type": kind, "crs": value}):
        try:
            areas = read_areas(json.dumps(document), datum=Datum.WGS84)
        except GeoError:
            continue
        assert all(area.geometry.is_valid for area in areas)
