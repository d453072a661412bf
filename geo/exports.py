"""A GeoPackage to hand to a GIS: layers of shapes with plain columns beside them, in WGS 84."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from geo.errors import UnwritableLayer

Value = str | int | float | date | None


@dataclass(frozen=True)
class OutLayer:
    """One layer to write: a geometry (or ``None``) and a value of each column for every feature.

    ``kind`` is the geometry type of all of them, such as ``Point`` or ``MultiPolygon``.
    """

    name: str
    description: str
    kind: str
    geometries: Sequence[Geometry | None]
    columns: Mapping[str, Sequence[Value]]


def write_geopackage(path: Path, layers: Sequence[OutLayer]) -> None:
    """Write the layers into a new GeoPackage; coordinates are WGS 84, longitude first.

    A column holds one kind of value, texts, whole numbers, numbers or days, and ``None`` where one is missing; what
    mixes them raises :class:`UnwritableLayer`. pyogrio (GDAL) is loaded when first asked for.

    >>> import tempfile
    >>> from shapely import Point
    >>> here = OutLayer("villages", "", "Point", [Point(119.5, 27.4), None], {"code": ["1", "2"], "visits": [3, None]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_geopackage(Path(folder, "map.gpkg"), [here])
    ...     Path(folder, "map.gpkg").read_bytes()[:15]
    b'SQLite format 3'
    """
    import pyogrio.raw

    for number, layer in enumerate(layers):
        names = list(layer.columns)
        written = [_column(name, values) for name, values in layer.columns.items()]
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(np.array([*layer.geometries, None], dtype=object)[:-1]),
            field_data=[values for values, _ in written],
            fields=names,
            field_mask=[missing for _, missing in written],
            layer=layer.name,
            driver="GPKG",
            geometry_type=layer.kind,
            crs="EPSG:4326",
            promote_to_multi=layer.kind.startswith("Multi"),
            append=number > 0,
            layer_options={"DESCRIPTION": layer.description, "SPATIAL_INDEX": "YES"},
        )


def _column(name: str, values: Sequence[Value]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values as one array of one type, and which of them are missing."""
    missing = np.array([value is None for value in values], dtype=bool)
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return np.array([*values, None], dtype=object)[:-1], missing
    if kinds == {int}:
        return np.array([0 if value is None else value for value in values], dtype=np.int64), missing
    if kinds == {date}:
        return np.array([date(1970, 1, 1) if value is None else value for value in values], "datetime64[D]"), missing
    if kinds <= {int, float}:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64), missing
    raise UnwritableLayer(f"the column {name} holds values of several kinds")
