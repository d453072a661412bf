"""The features of a GeoPackage, Shapefile, FlatGeobuf or GeoParquet file, as they stand in it.

GDAL reads the first three (through pyogrio), pyarrow the last; both are loaded when first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import UnreadableAreas

# What a file of that name begins with. GDAL itself goes by the content: a file of another kind could make it open
# further files and addresses, so nothing reaches it that is not what its name says.
BEGINNINGS: Mapping[str, bytes] = MappingProxyType(
    {".gpkg": b"SQLite format 3\0", ".shp": b"\x00\x00\x27\x0a", ".fgb": b"fgb\x03fgb", ".parquet": b"PAR1"}
)
# dBASE language bytes that say nothing: none at all, and "whatever the writer's Windows used".
SILENT_LANGUAGE_BYTES = (0x00, 0x57)


@dataclass(frozen=True)
class Feature:
    """One feature as it stands in the file: plain values, geometry as read, ``None`` where it has none.

    ``unclosed`` is true where a ring had to be closed for the geometry to be read at all.
    """

    properties: dict[str, Any]
    geometry: shapely.Geometry | None
    unclosed: bool


@dataclass(frozen=True)
class Layer:
    """The features of one layer, and the CRS the file declares, or ``None``."""

    declared_crs: str | None
    features: tuple[Feature, ...]


def is_layered(source: str | Path) -> bool:
    """Return whether the name is that of a file this module reads.

    >>> is_layered("villages.gpkg"), is_layered("villages.geojson"), is_layered('{"type": "Feature"}')
    (True, False, False)
    """
    return Path(str(source)[-20:]).suffix.lower() in BEGINNINGS


def read_layer(path: Path, *, layer: str | None, encoding: str | None) -> Layer:
    """Return one layer of the file; :class:`UnreadableAreas` where that cannot be done without guessing.

    ``layer`` may be left out where the file has one only. ``encoding`` is for Shapefiles that do not say theirs.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(16)
    except OSError as error:
        raise UnreadableAreas(f"{path.name} cannot be opened: {error.strerror}") from error
    kind = path.suffix.lower()
    if not beginning.startswith(BEGINNINGS[kind]):
        raise UnreadableAreas(f"{path.name} is called {kind} and is something else inside")
    if kind == ".parquet":
        return _read_parquet(path)
    return _read_gdal(path, layer=layer, encoding=encoding)


def _read_gdal(path: Path, *, layer: str | None, encoding: str | None) -> Layer:
    try:
        import pyogrio  # type: ignore[import-untyped, unused-ignore]
        from pyogrio.errors import (  # type: ignore[import-untyped, unused-ignore]
            DataLayerError,
            DataSourceError,
        )
    except ImportError as error:
        raise UnreadableAreas(f"reading {path.suffix} files needs pyogrio, which is not installed") from error
    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        if layer is None and len(names) != 1:
            raise UnreadableAreas(f"{path.name} has {len(names)} layers, say which: {', '.join(names)}")
        if layer is not None and layer not in names:
            raise UnreadableAreas(f"{path.name} has no layer {layer!r}, only: {', '.join(names)}")
        meta, _, wkb, columns = pyogrio.raw.read(
            path, layer=layer or names[0], encoding=encoding, datetime_as_string=True
        )
    except (DataSourceError, DataLayerError, UnicodeDecodeError, LookupError) as error:
        raise UnreadableAreas(f"{path.name} cannot be read: {error}") from error
    if wkb is None:
        raise UnreadableAreas(f"{path.name} has a table here, and no geometries")
    types = [str(kind) for kind in meta["ogr_types"]]
    plain = [_plain_column(column, kind) for column, kind in zip(columns, types, strict=True)]
    if path.suffix.lower() == ".shp" and encoding is None and not _says_its_encoding(path):
        _refuse_foreign_letters(path, plain)
    fields = [str(name) for name in meta["fields"]]
    return Layer(_declared(meta["crs"]), _features(fields, plain, wkb))


def _read_parquet(path: Path) -> Layer:
    try:
        import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
        from pyarrow import parquet  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise UnreadableAreas("reading .parquet files needs pyarrow, which is not installed") from error
    try:
        table = parquet.ParquetFile(path).read()
        told = json.loads((table.schema.metadata or {})[b"geo"])
        primary = told["primary_column"]
        column = told["columns"][primary]
        encoding = column["encoding"]
        wkb = np.empty(table.num_rows, dtype=object)
        wkb[:] = table.column(primary).cast(pa.binary()).to_pylist()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableAreas(f"{path.name} is no GeoParquet: {error}") from error
    if encoding != "WKB":
        raise UnreadableAreas(f"{path.name} keeps its geometries as {encoding!r}; only WKB is read")
    fields = [name for name in table.column_names if name != primary]
    # Where the CRS is left out, the standard itself says that it is CRS84; null means that nobody knows.
    crs = column.get("crs", "OGC:CRS84")
    declared = crs if crs is None or isinstance(crs, str) else json.dumps(crs)
    return Layer(declared, _features(fields, [table.column(name).to_pylist() for name in fields], wkb))


def _features(fields: list[str], columns: list[list[Any]], wkb: NDArray[Any]) -> tuple[Feature, ...]:
    geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    unread = np.array([raw is not None and shape is None for raw, shape in zip(wkb, geometries, strict=True)], bool)
    geometries[unread] = shapely.from_wkb(wkb[unread], on_invalid="fix")
    return tuple(
        Feature(dict(zip(fields, (column[row] for column in columns), strict=True)), geometries[row], bool(unread[row]))
        for row in range(len(wkb))
    )


def _plain_column(column: NDArray[Any], kind: str) -> list[Any]:
    """Return plain values, ``None`` where one is missing; whole numbers stay whole.

    pyogrio gives a column of integers as floats as soon as one is missing, and a village's code of twelve digits
    with ".0" behind it is no code.
    """
    values: list[Any] = column.tolist()
    missing = [value is None or (isinstance(value, float) and np.isnan(value)) for value in values]
    whole = kind.startswith("OFTInteger") and column.dtype.kind == "f"
    if whole and any(abs(value) > 2**53 for value, gone in zip(values, missing, strict=True) if not gone):
        raise UnreadableAreas(
            "a column of whole numbers has gaps and numbers too long to be kept exactly; keep it as text"
        )
    return [None if gone else int(value) if whole else value for value, gone in zip(values, missing, strict=True)]


def _declared(crs: str | None) -> str | None:
    # A GeoPackage without a CRS has a row that says so, and GDAL hands its name on as if it were one.
    return None if crs is None or "undefined" in crs[:40].lower() else crs


def _says_its_encoding(path: Path) -> bool:
    if any(path.with_suffix(ending).is_file() for ending in (".cpg", ".CPG")):
        return True
    table = next((path.with_suffix(ending) for ending in (".dbf", ".DBF") if path.with_suffix(ending).is_file()), None)
    if table is None:
        return False
    with table.open("rb") as file:
        header = file.read(32)
    return len(header) == 32 and header[29] not in SILENT_LANGUAGE_BYTES


def _refuse_foreign_letters(path: Path, columns: list[list[Any]]) -> None:
    if any(isinstance(value, str) and not value.isascii() for column in columns for value in column):
        raise UnreadableAreas(
            f"{path.name} does not say in which encoding its text is (no .cpg file); name it, often it is 'gbk'"
        )
