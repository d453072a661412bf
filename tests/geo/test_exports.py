"""A GeoPackage that is written reads back as it was meant: nothing rounded, nothing invented for what is missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from shapely import MultiPolygon, Point, box

from geo import OutLayer, UnwritableLayer, write_geopackage
from geo.formats import read_layer

POINTS = OutLayer(
    "village_points",
    "内部使用",
    "Point",
    [Point(119.5044, 27.4555), None],
    {
        "code": ["350924106208", "350924106201"],
        "village": ["下党村", None],
        "visits": [3, 0],
        "days_since": [12, None],
        "last_visit": [date(2026, 11, 18), None],
        "share": [0.5, None],
    },
)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "核查覆盖.gpkg"
    areas = OutLayer("village_areas", "", "MultiPolygon", [MultiPolygon([box(119, 27, 120, 28)])], {"code": ["1"]})
    write_geopackage(path, [POINTS, areas])
    read = read_layer(path, layer="village_points", encoding=None)
    assert read.declared_crs == "EPSG:4326"
    first, second = read.features
    assert first.geometry == Point(119.5044, 27.4555)
    assert second.geometry is None
    assert (first.properties["village"], first.properties["visits"], first.properties["days_since"]) == (
        "下党村",
        3,
        12,
    )
    assert str(first.properties["last_visit"])[:10].replace("/", "-") == "2026-11-18"
    missing = ("village", "days_since", "last_visit", "share")
    assert [second.properties[name] for name in missing] == [None] * 4
    assert second.properties["visits"] == 0
    [area] = read_layer(path, layer="village_areas", encoding=None).features
    assert area.geometry is not None
    assert area.geometry.equals(box(119, 27, 120, 28))


def test_a_layer_without_features_is_still_a_layer(tmp_path: Path) -> None:
    path = tmp_path / "empty.gpkg"
    write_geopackage(path, [OutLayer("village_points", "", "Point", [], {"code": []})])
    assert read_layer(path, layer=None, encoding=None).features == ()


def test_a_column_of_several_kinds_is_refused(tmp_path: Path) -> None:
    mixed = OutLayer("a", "", "Point", [None, None], {"code": ["1", 1]})
    with pytest.raises(UnwritableLayer, match="the column code"):
        write_geopackage(tmp_path / "a.gpkg", [mixed])
