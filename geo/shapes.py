"""Shapes to ask about: a disc around a place, and areas read from files, repaired by one rule."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.crs import Reference, reference
from geo.datum import Datum, known_datum
from geo.distance import metres_per_degree
from geo.errors import AreasRefused, BadDisc, ContradictedDatum, Refusal, UnreadableAreas
from geo.formats import Feature, is_layered, read_layer

DISC_CORNERS = 64
LARGEST_DISC_M = 100_000.0
HIGHEST_DISC_LAT_DEG = 80.0

# The names under which old GeoJSON files declare degrees, longitude first. GCJ-02 and BD-09 have no such name.
CRS_NAMES: Mapping[str, Datum] = MappingProxyType(
    {
        "urn:ogc:def:crs:OGC:1.3:CRS84": Datum.WGS84,
        "urn:ogc:def:crs:OGC::CRS84": Datum.WGS84,
        "OGC:CRS84": Datum.WGS84,
        "urn:ogc:def:crs:EPSG::4326": Datum.WGS84,
        "EPSG:4326": Datum.WGS84,
        "urn:ogc:def:crs:EPSG::4490": Datum.CGCS2000,
        "EPSG:4490": Datum.CGCS2000,
    }
)


@dataclass(frozen=True, slots=True)
class Repair:
    """What had to be changed in one feature's rings, for a person to look at.

    The sizes are flat ones at the feature's latitude, good to judge a change by and for nothing else; before the
    repair it is the rings' own sum, in which a bow-tie's halves cancel.
    """

    reason: str
    parts_before: int
    parts_after: int
    size_before_m2: float
    size_after_m2: float


@dataclass(frozen=True, slots=True)
class Area:
    """One feature of a file: its properties as they stood, its valid geometry in WGS 84, and what was repaired.

    ``feature_number`` counts from 1. ``repair`` is ``None`` where the geometry was taken as it came. ``crs`` is what
    the file was counted in (an EPSG code, or one of our datums), ``crs_error_m`` what bringing it to WGS 84 may leave
    wrong: a figure for ``datum_error_m``.
    """

    feature_number: int
    properties: Mapping[str, Any]
    geometry: Polygon | MultiPolygon
    repair: Repair | None
    crs: str = Datum.WGS84.value
    crs_error_m: float = 0.0


def disc(lon_deg: float, lat_deg: float, radius_m: float) -> Polygon:
    """Return the disc around a WGS 84 position as a polygon in degrees, 64 corners, right within 0.2 %.

    The corners lie on the circle, so the polygon is at most 0.12 % of the radius too small between them. Raises
    :class:`BadDisc` for a missing position, a radius that is not above 0 and at most 100 km, a latitude beyond 80,
    and for a disc across the 180th meridian.

    >>> site = disc(119.5044, 27.4555, 300)
    >>> site.geom_type, len(site.exterior.coords)
    ('Polygon', 65)
    """
    if not (abs(lon_deg) <= 180.0 and abs(lat_deg) <= HIGHEST_DISC_LAT_DEG):
        raise BadDisc(f"a disc needs a position with a latitude up to 80, not ({lon_deg}, {lat_deg})")
    if not 0.0 < radius_m <= LARGEST_DISC_M:
        raise BadDisc(f"a disc's radius must be above 0 and at most 100 km, not {radius_m} m")
    angles = np.arange(DISC_CORNERS) * (2.0 * math.pi / DISC_CORNERS)
    # Scales are taken half way between centre and corner: the mid-latitude rule. The latitude needs a second look,
    # because where half way is depends on it.
    half_way_deg = np.full(DISC_CORNERS, lat_deg)
    for _ in range(2):
        east_m_per_deg, north_m_per_deg = metres_per_degree(half_way_deg)
        north_deg = radius_m * np.cos(angles) / north_m_per_deg
        half_way_deg = lat_deg + north_deg / 2.0
    east_m_per_deg, north_m_per_deg = metres_per_degree(half_way_deg)
    lon = lon_deg + radius_m * np.sin(angles) / east_m_per_deg
    lat = lat_deg + radius_m * np.cos(angles) / north_m_per_deg
    if np.max(np.abs(lon)) > 180.0:
        raise BadDisc(f"a disc of {radius_m} m around ({lon_deg}, {lat_deg}) crosses the 180th meridian")
    # Clockwise angles give clockwise corners; reversed they run the way GeoJSON wants an outer ring.
    return Polygon(np.column_stack([lon, lat])[::-1])


def read_areas(
    source: str | Path,
    *,
    datum: Datum | str | None = None,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> list[Area]:
    """Return the areas of a file in WGS 84, each with its properties and a note of what was repaired.

    All or nothing: if one feature is no area, :class:`AreasRefused` lists every such feature and nothing is returned.

    Parameters
    ----------
    source : str or Path
        A path; ``.gpkg``, ``.shp``, ``.fgb`` and ``.parquet`` say what they are, all else is GeoJSON. Or GeoJSON text
        itself (a string whose first sign is ``{``): FeatureCollection, Feature, Polygon or MultiPolygon. Altitudes
        are dropped.
    datum, crs
        What the coordinates are in: one of our datums (degrees), or a CRS by a name PROJ knows (``"EPSG:4549"``). It
        is never guessed. A file that declares its CRS needs neither; one that does not raises :class:`MissingCrs`
        without. GeoJSON always needs one, unless it has a ``crs`` member. Where file and caller contradict each
        other, :class:`ContradictedDatum` is raised; GCJ-02 and BD-09 have no CRS, so with them every declaration
        contradicts.
    layer : str, optional
        Which layer of a GeoPackage; needed where there are several.
    encoding : str, optional
        Of a Shapefile that does not say its own (no ``.cpg``).

    Notes
    -----
    *Axes.* East or longitude first, in every format, as files have it, whatever order the CRS's authority prefers
    (EPSG:4490 and EPSG:4549 put north first). A place more than three degrees outside what the CRS is made for is
    refused: its axes are swapped, or another zone was meant.

    *Repair* is one rule, ``shapely.make_valid(method="structure")``, applied to invalid geometry only: outer rings are
    joined, inner rings taken away, and lines left over are dropped. A ring that is not closed is closed, and that is
    reported in the same place.

    *Refused* are: no geometry, an empty one, points, lines, curves and collections, rings of fewer than three places,
    coordinates that are no numbers or not on the globe, and rings that enclose nothing.

    Examples
    --------
    >>> text = '{"type": "Polygon", "coordinates": [[[119.4, 27.4], [119.5, 27.4], [119.5, 27.5], [119.4, 27.4]]]}'
    >>> [area] = read_areas(text, datum=Datum.CGCS2000)
    >>> area.geometry.geom_type, area.repair, area.crs, area.crs_error_m
    ('Polygon', None, 'cgcs2000', 1.0)
    """
    if datum is not None:
        datum = known_datum(datum)
    if is_layered(source):
        return _layer_areas(Path(source), datum=datum, crs=crs, layer=layer, encoding=encoding)
    if layer is not None or encoding is not None:
        raise UnreadableAreas("GeoJSON has no layers, and its text is UTF-8")
    return _geojson_areas(_document(source), datum=datum, crs=crs)


def _layer_areas(
    path: Path, *, datum: Datum | None, crs: str | None, layer: str | None, encoding: str | None
) -> list[Area]:
    read = read_layer(path, layer=layer, encoding=encoding)
    counted_in = reference(datum=datum, crs=crs, declared=read.declared_crs)
    return _all_or_nothing(
        [(feature.properties, partial(_read_shape, feature, counted_in)) for feature in read.features], counted_in
    )


def _geojson_areas(document: dict[str, Any], *, datum: Datum | None, crs: str | None) -> list[Area]:
    features = list(_features(document))
    members = [document, *features, *(feature.get("geometry") for feature in features)]
    counted_in = _geojson_reference(members, datum=datum, crs=crs)
    return _all_or_nothing(
        [
            (feature.get("properties") or {}, partial(_area_geometry, feature.get("geometry"), counted_in))
            for feature in features
        ],
        counted_in,
    )


def _all_or_nothing(
    rows: list[tuple[dict[str, Any], Callable[[], tuple[Polygon | MultiPolygon, Repair | None]]]],
    counted_in: Reference,
) -> list[Area]:
    read: list[Area] = []
    refused: list[Refusal] = []
    for number, (properties, shape) in enumerate(rows, start=1):
        try:
            geometry, repair = shape()
        except _NotAnArea as reason:
            refused.append(Refusal(number, _name_of(properties), str(reason)))
        else:
            read.append(Area(number, dict(properties), geometry, repair, counted_in.name, counted_in.error_m))
    if refused:
        raise AreasRefused(tuple(refused))
    return read


class _NotAnArea(Exception):
    """Carries the reason from where it is found to the feature's row in the list of refusals."""


def _document(geojson: str | Path) -> dict[str, Any]:
    try:
        is_text = isinstance(geojson, str) and geojson.lstrip("\ufeff \t\r\n").startswith("{")
        text = str(geojson).lstrip("\ufeff") if is_text else Path(geojson).read_text(encoding="utf-8-sig")
        document = json.loads(text, parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableAreas(f"this is neither GeoJSON text nor a GeoJSON file in UTF-8: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableAreas("GeoJSON is an object with a type; this is something else")
    return document


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _features(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        features = document.get("features")
    elif kind == "Feature":
        features = [document]
    elif kind in ("Polygon", "MultiPolygon"):
        features = [{"type": "Feature", "properties": None, "geometry": document}]
    else:
        raise UnreadableAreas(f"a FeatureCollection, Feature, Polygon or MultiPolygon is needed, not {kind!r}")
    if not isinstance(features, list):
        raise UnreadableAreas("a FeatureCollection needs a list of features")
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise UnreadableAreas(f"feature {number} is not a GeoJSON feature")
        yield feature


def _geojson_reference(members: list[Any], *, datum: Datum | None, crs: str | None) -> Reference:
    declared: dict[str, None] = {}
    for member in members:
        found = member.get("crs") if isinstance(member, dict) else None
        if found is None:
            continue
        properties = found.get("properties") if isinstance(found, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str):
            raise ContradictedDatum(
                f"the file's crs member says {found!r}, you say {crs or datum}; find out which is true"
            )
        declared[name] = None
    if len(declared) > 1:
        raise ContradictedDatum(f"the file names more than one CRS: {', '.join(declared)}")
    name = next(iter(declared), None)
    if name is not None and crs is None and datum is not None:
        # The usual names of degrees are known without PROJ, so that a server need not load it for them.
        if CRS_NAMES.get(name) is datum:
            return reference(datum=datum, crs=None, declared=None)
        if name in CRS_NAMES:
            raise ContradictedDatum(
                f"the file's crs member says {name!r}, you say {datum.value!r}; find out which is true"
            )
    return reference(datum=datum, crs=crs, declared=name)


def _name_of(properties: Mapping[str, Any]) -> str | None:
    for key in ("village_code", "code", "name"):
        value = properties.get(key)
        if isinstance(value, str | int):
            return str(value)
    return None


def _area_geometry(geometry: Any, counted_in: Reference) -> tuple[Polygon | MultiPolygon, Repair | None]:
    if geometry is None:
        raise _NotAnArea("it has no geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        kind = geometry.get("type") if isinstance(geometry, dict) else geometry
        raise _NotAnArea(f"a Polygon or MultiPolygon is needed, not {kind!r}")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise _NotAnArea("its coordinates are not a list")
    parts = coordinates if geometry["type"] == "MultiPolygon" else [coordinates]
    if not any(parts):
        raise _NotAnArea("its geometry is empty")
    rings = [_rings(part, counted_in) for part in parts]
    polygons = [Polygon(part[0], part[1:]) for part in rings]
    raw = polygons[0] if geometry["type"] == "Polygon" else MultiPolygon(polygons)
    reasons = ["a ring was not closed"] if any(not _is_closed(ring) for part in rings for ring in part) else []
    return _mended(raw, reasons)


def _read_shape(feature: Feature, counted_in: Reference) -> tuple[Polygon | MultiPolygon, Repair | None]:
    """Return a geometry read by GDAL or pyarrow the way :func:`_area_geometry` returns one of GeoJSON."""
    if feature.geometry is None:
        raise _NotAnArea("it has no geometry")
    if not isinstance(feature.geometry, Polygon | MultiPolygon):
        raise _NotAnArea(f"a Polygon or MultiPolygon is needed, not {feature.geometry.geom_type!r}")
    flat = shapely.force_2d(feature.geometry)
    if flat.is_empty:
        raise _NotAnArea("its geometry is empty")
    places = shapely.get_coordinates(flat)
    lon, lat = counted_in.to_wgs84(places[:, 0], places[:, 1])
    missing = np.flatnonzero(np.isnan(lon))
    if missing.size:
        raise _not_a_place(places[missing[0]].tolist(), counted_in)
    raw = shapely.transform(flat, lambda _: np.column_stack([lon, lat]))
    return _mended(raw, ["a ring was not closed"] if feature.unclosed else [])


def _not_a_place(at: list[float], counted_in: Reference) -> _NotAnArea:
    if counted_in.name in tuple(Datum):
        return _NotAnArea(f"{at} is not on the globe; are these degrees, and is longitude first?")
    return _NotAnArea(
        f"{at} is not where {counted_in.name} is used; are the axes swapped, or is it another zone or another CRS?"
    )


def _mended(raw: Polygon | MultiPolygon, reasons: list[str]) -> tuple[Polygon | MultiPolygon, Repair | None]:
    mended = raw
    if not raw.is_valid:
        reasons.append(shapely.is_valid_reason(raw))
        made = shapely.make_valid(raw, method="structure", keep_collapsed=False)
        mended = _areal(made)
        if mended is not made:
            reasons.append("lines that enclose nothing were dropped")
    if mended.is_empty:
        raise _NotAnArea("its rings enclose nothing")
    if not reasons:
        return mended, None
    parts = [shapely.get_num_geometries(shape).item() for shape in (raw, mended)]
    return mended, Repair("; ".join(reasons), parts[0], parts[1], _size_m2(raw), _size_m2(mended))


def _areal(made: Any) -> Polygon | MultiPolygon:
    """Return only what has an inside: a ring that collapsed may be left as a line beside the polygons."""
    if isinstance(made, Polygon | MultiPolygon):
        return made
    polygons = [part for piece in shapely.get_parts(made) for part in shapely.get_parts(piece) if part.area > 0.0]
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _rings(part: Any, counted_in: Reference) -> list[NDArray[np.float64]]:
    if not isinstance(part, list) or not part:
        raise _NotAnArea("one of its polygons is empty")
    return [_ring(ring, counted_in) for ring in part]


def _ring(ring: Any, counted_in: Reference) -> NDArray[np.float64]:
    if not isinstance(ring, list) or not all(_is_position(position) for position in ring):
        raise _NotAnArea("a ring is a list of positions, and a position is two numbers, longitude first")
    if len({(position[0], position[1]) for position in ring}) < 3:
        raise _NotAnArea("a ring has fewer than three different places")
    lon, lat = counted_in.to_wgs84([float(p[0]) for p in ring], [float(p[1]) for p in ring])
    missing = np.flatnonzero(np.isnan(lon))
    if missing.size:
        at = ring[missing[0]][:2]
        raise _not_a_place(at, counted_in)
    return np.column_stack([lon, lat])


def _is_position(position: Any) -> bool:
    return (
        isinstance(position, list)
        and len(position) >= 2
        and all(isinstance(number, int | float) and not isinstance(number, bool) for number in position[:2])
        and all(abs(number) < 1e300 for number in position[:2])
    )


def _is_closed(ring: NDArray[np.float64]) -> bool:
    return bool(np.array_equal(ring[0], ring[-1]))


def _size_m2(geometry: Polygon | MultiPolygon) -> float:
    _, south, _, north = shapely.bounds(geometry)
    east_m, north_m = metres_per_degree((south + north) / 2.0)
    return float(shapely.area(geometry) * east_m * north_m)
