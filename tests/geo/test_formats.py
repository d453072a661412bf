"""``geo.formats``: the same villages in every format and CRS, and files that leave something to be guessed."""

from __future__ import annotations

import json
import sqlite3
import sys

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from pyarrow import parquet
from pyproj import CRS, Transformer

from geo import (
    AreasRefused,
    ContradictedDatum,
    Datum,
    MissingCrs,
    UnreadableAreas,
    convert,
    read_areas,
)

HOLED = shapely.Polygon(
    [(119.4, 27.4), (119.5, 27.4), (119.5, 27.5), (119.4, 27.5)],
    [[(119.43, 27.43), (119.43, 27.47), (119.47, 27.47), (119.47, 27.43)]],
)
EXCLAVE = shapely.MultiPolygon([shapely.box(119.6, 27.4, 119.7, 27.5), shapely.box(119.8, 27.4, 119.82, 27.42)])
BOW_TIE = shapely.Polygon([(119.4, 27.4), (119.5, 27.5), (119.5, 27.4), (119.4, 27.5)])
NAMES = ["下党村", "溪源村"]
CODES = [350924106208, 350924106201]


def in_crs(shapes, code):
    system = CRS(code)
    way = Transformer.from_crs(system.geodetic_crs, system, always_xy=True)
    return [None if s is None else shapely.transform(s, lambda c: np.column_stack(way.transform(*c.T))) for s in shapes]


def written(path, shapes, *, crs, fields=None, layer=None, **options):
    """Write a layer; with ``crs`` the shapes, given in degrees, are first brought to it."""
    fields = {"code": np.array(CODES), "name": np.array(NAMES, dtype=object)} if fields is None else fields
    shapes = shapes if crs is None else in_crs(shapes, crs)
    if path.suffix == ".parquet":
        geo = {"version": "1.1.0", "primary_column": "geometry"}
        column = {"encoding": "WKB", "geometry_types": [], "crs": CRS(crs).to_json_dict() if crs else None}
        geo["columns"] = {"geometry": column | options}
        table = pa.table(
            {name: values.tolist() for name, values in fields.items()} | {"geometry": shapely.to_wkb(shapes).tolist()}
        )
        parquet.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
        return path
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(shapes),
        field_data=list(fields.values()),
        fields=list(fields),
        geometry_type="Unknown" if path.suffix != ".shp" else "Polygon",
        crs=crs,
        layer=layer,
        **options,
    )
    return path


@pytest.fixture
def silent():
    """GDAL warns where a file gets no CRS, which here is the point of it."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".fgb", ".parquet"])
@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:4490", "EPSG:4549", "EPSG:32650", "EPSG:3857"])
def test_the_same_villages_come_out_of_every_format_and_crs(tmp_path, ending, code):
    path = written(tmp_path / f"村{ending}", [HOLED, EXCLAVE], crs=code)
    areas = {area.properties["name"]: area for area in read_areas(path)}
    assert {name: area.properties["code"] for name, area in areas.items()} == dict(zip(NAMES, CODES, strict=True))
    for name, shape in zip(NAMES, [HOLED, EXCLAVE], strict=True):
        assert areas[name].repair is None
        assert shapely.symmetric_difference(areas[name].geometry, shape).area < 1e-8
    assert {area.crs for area in areas.values()} == {code}
    assert areas["下党村"].crs_error_m == (1.0 if code in ("EPSG:4490", "EPSG:4549") else 0.0)


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".fgb", ".parquet"])
def test_a_file_without_a_crs_is_refused_unless_the_caller_names_one(tmp_path, ending, silent):
    path = written(tmp_path / f"v{ending}", in_crs([HOLED, EXCLAVE], "EPSG:4549"), crs=None)
    with pytest.raises(MissingCrs):
        read_areas(path)
    areas = read_areas(path, crs="EPSG:4549")
    assert sorted(area.geometry.area for area in areas) == pytest.approx(sorted([HOLED.area, EXCLAVE.area]))
    with pytest.raises(AreasRefused, match="axes swapped"):
        read_areas(path, crs="EPSG:4528")  # the same meridian, with the number of the zone before the easting


def test_gcj02_can_be_named_for_a_file_that_declares_nothing(tmp_path, silent):
    moved = shapely.transform(
        HOLED, lambda c: np.column_stack(convert(c[:, 0], c[:, 1], source="wgs84", target="gcj02"))
    )
    fields = {"name": np.array(["下党村"], dtype=object)}
    path = written(tmp_path / "v.gpkg", [moved], crs=None, fields=fields)
    [area] = read_areas(path, datum=Datum.GCJ02)
    assert shapely.hausdorff_distance(area.geometry, HOLED) < 1e-8
    assert (area.crs, area.crs_error_m) == ("gcj02", 5.0)
    with pytest.raises(ContradictedDatum):
        read_areas(written(tmp_path / "w.gpkg", [moved], crs="EPSG:4326", fields=fields), datum=Datum.GCJ02)


def test_parquet_that_leaves_the_crs_out_is_in_degrees_as_its_standard_says(tmp_path):
    path = written(tmp_path / "v.parquet", [HOLED, EXCLAVE], crs="OGC:CRS84")
    schema = parquet.read_schema(path)
    told = json.loads(schema.metadata[b"geo"])
    del told["columns"]["geometry"]["crs"]
    parquet.write_table(parquet.read_table(path).replace_schema_metadata({"geo": json.dumps(told)}), path)
    assert [area.geometry.area for area in read_areas(path)] == pytest.approx([HOLED.area, EXCLAVE.area])


@pytest.mark.parametrize(
    "metadata", [None, {"geo": "{"}, {"geo": "{}"}, {"geo": '{"primary_column": "x", "columns": {"x": {}}}'}]
)
def test_parquet_without_its_geographic_part_is_unreadable(tmp_path, metadata):
    table = pa.table({"name": NAMES}).replace_schema_metadata(metadata)
    parquet.write_table(table, tmp_path / "v.parquet")
    with pytest.raises(UnreadableAreas, match="no GeoParquet"):
        read_areas(tmp_path / "v.parquet")


def test_parquet_in_another_encoding_is_unreadable(tmp_path):
    with pytest.raises(UnreadableAreas, match="only WKB"):
        read_areas(written(tmp_path / "v.parquet", [HOLED, EXCLAVE], crs="EPSG:4326", encoding="polygon"))


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".parquet"])
def test_one_rule_of_repair_and_a_report_for_each(tmp_path, ending):
    path = written(tmp_path / f"v{ending}", [BOW_TIE, EXCLAVE], crs="EPSG:4549")
    areas = {area.properties["name"]: area for area in read_areas(path)}
    repair = areas["下党村"].repair
    assert areas["溪源村"].repair is None
    assert repair.reason.startswith("Self-intersection") and (repair.parts_before, repair.parts_after) == (1, 2)
    assert areas["下党村"].geometry.area == pytest.approx(0.005, rel=1e-6)


def test_an_open_ring_is_closed_and_told(tmp_path):
    path = written(tmp_path / "v.parquet", [HOLED, EXCLAVE], crs="EPSG:4326")
    table = parquet.read_table(path)
    corners = np.array([(119.4, 27.4), (119.5, 27.4), (119.5, 27.5), (119.4, 27.5)])
    raw = b"\x01\x03\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00" + corners.astype("<f8").tobytes()
    columns = {"name": NAMES, "geometry": [raw, shapely.to_wkb(EXCLAVE)]}
    parquet.write_table(pa.table(columns).replace_schema_metadata(table.schema.metadata), path)
    first, second = read_areas(path)
    assert first.repair.reason == "a ring was not closed" and first.geometry.area == pytest.approx(0.01)
    assert second.repair is None


def test_every_feature_that_is_no_area_is_listed(tmp_path):
    shapes = [
        None,
        shapely.Point(119.4, 27.4),
        shapely.Polygon(),
        HOLED,
        shapely.LineString([(119.4, 27.4), (119.5, 27.4)]),
    ]
    path = written(tmp_path / "v.gpkg", shapes, crs="EPSG:4326", fields={"code": np.arange(5)})
    with pytest.raises(AreasRefused) as caught:
        read_areas(path)
    assert [(refusal.feature_number, refusal.name) for refusal in caught.value.refusals] == [
        (1, "0"),
        (2, "1"),
        (3, "2"),
        (5, "4"),
    ]


def test_swapped_degrees_are_refused(tmp_path, silent):
    swapped = [shapely.transform(shape, lambda c: c[:, ::-1]) for shape in (HOLED, EXCLAVE)]
    with pytest.raises(AreasRefused, match="axes swapped"):
        read_areas(written(tmp_path / "v.gpkg", swapped, crs=None), crs="EPSG:4490")


def test_heights_are_dropped(tmp_path):
    high = [shapely.force_3d(shape, 800.0) for shape in (HOLED, EXCLAVE)]
    areas = read_areas(written(tmp_path / "v.fgb", high, crs="EPSG:4326"))
    assert not any(area.geometry.has_z for area in areas)


def test_a_code_stays_whole_beside_a_missing_one(tmp_path):
    fields = {"code": np.ma.masked_array(CODES, [False, True]).filled(0), "name": np.array(NAMES, dtype=object)}
    path = written(tmp_path / "v.gpkg", [HOLED, EXCLAVE], crs="EPSG:4326", fields=fields)
    with sqlite3.connect(path) as base:
        # The triggers of the spatial index need functions that plain SQLite lacks.
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE v SET code = NULL WHERE code = 0")
    base.close()
    codes = [area.properties["code"] for area in read_areas(path)]
    assert codes == [CODES[0], None] and isinstance(codes[0], int)


def test_one_layer_of_several_must_be_named(tmp_path):
    path = tmp_path / "v.gpkg"
    for name in ("villages", "towns"):
        written(path, [HOLED, EXCLAVE], crs="EPSG:4490", layer=name, append=path.exists())
    with pytest.raises(UnreadableAreas, match="villages, towns"):
        read_areas(path)
    with pytest.raises(UnreadableAreas, match="no layer 'roads'"):
        read_areas(path, layer="roads")
    assert len(read_areas(path, layer="towns")) == 2


def test_a_shapefile_that_hides_its_encoding_is_not_guessed_at(tmp_path):
    path = written(tmp_path / "v.shp", [HOLED, EXCLAVE], crs="EPSG:4490", encoding="gbk")
    path.with_suffix(".cpg").unlink()
    table = path.with_suffix(".dbf")
    raw = bytearray(table.read_bytes())
    raw[29] = 0
    table.write_bytes(raw)
    with pytest.raises(UnreadableAreas, match="gbk"):
        read_areas(path)
    assert [area.properties["name"] for area in read_areas(path, encoding="gbk")] == NAMES


def test_a_shapefile_without_foreign_letters_needs_no_encoding(tmp_path):
    path = written(tmp_path / "v.shp", [HOLED, EXCLAVE], crs="EPSG:4490", fields={"code": np.array(CODES)})
    path.with_suffix(".cpg").unlink()
    assert [area.properties["code"] for area in read_areas(path)] == CODES


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".fgb", ".parquet"])
def test_a_file_that_is_not_what_it_is_called_is_unreadable(tmp_path, ending):
    path = tmp_path / f"v{ending}"
    path.write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    with pytest.raises(UnreadableAreas, match="something else inside"):
        read_areas(path)
    with pytest.raises(UnreadableAreas, match="cannot be opened"):
        read_areas(tmp_path / f"w{ending}")


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".fgb", ".parquet"])
def test_a_file_cut_short_is_unreadable(tmp_path, ending):
    path = written(tmp_path / f"v{ending}", [HOLED, EXCLAVE], crs="EPSG:4490")
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(UnreadableAreas):
        read_areas(path)


@pytest.mark.parametrize("column", [[1, 2], [b"", b"\x01\x03"], [b"POLYGON", shapely.to_wkb(HOLED)], [[1.0], [2.0]]])
def test_a_geometry_column_of_something_else_is_told_not_crashed_on(tmp_path, column):
    path = written(tmp_path / "v.parquet", [HOLED, EXCLAVE], crs="EPSG:4326")
    told = parquet.read_schema(path).metadata
    parquet.write_table(pa.table({"geometry": column}).replace_schema_metadata(told), path)
    with pytest.raises((UnreadableAreas, AreasRefused)):
        read_areas(path)


@pytest.mark.parametrize(("ending", "library"), [(".parquet", "pyarrow"), (".gpkg", "pyogrio")])
def test_a_library_that_is_not_installed_is_named(tmp_path, monkeypatch, ending, library):
    path = written(tmp_path / f"v{ending}", [HOLED, EXCLAVE], crs="EPSG:4326")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UnreadableAreas, match=library):
        read_areas(path)
