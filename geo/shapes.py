"""Shapes to ask about: a disc around a place, and areas read from GeoJSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.datum import Datum, convert, known_datum
from geo.distance import metres_per_degree
from geo.errors import AreasRefused, BadDisc, ContradictedDatum, Refusal, UnreadableAreas

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

    ``feature_number`` counts from 1. ``repair`` is ``None`` where the geometry was taken as it came.
    """

    feature_number: int
    properties: Mapping[str, Any]
    geometry: Polygon | MultiPolygon
    repair: Repair | None


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


def read_areas(geojson: str | Path, *, datum: Datum | str) -> list[Area]:
    """Return the areas of a GeoJSON file in WGS 84, each with its properties and a note of what was repaired.

    All or nothing: if one feature is no area, :class:`AreasRefused` lists every such feature and nothing is returned.

    Parameters
    ----------
    geojson : str or Path
        A path, or the text itself (a string whose first sign is ``{``): FeatureCollection, Feature, Polygon or
        MultiPolygon. Altitudes are dropped.
    datum : Datum or str
        What the coordinates are in. It is never guessed. A ``crs`` member that says something else raises
        :class:`ContradictedDatum`; GCJ-02 and BD-09 have no name there, so with them every ``crs`` contradicts.

    Notes
    -----
    *Repair* is one rule, ``shapely.make_valid(method="structure")``, applied to invalid geometry only: outer rings are
    joined, inner rings taken away, and lines left over are dropped. A ring that is not closed is closed, and that is
    reported in the same place.

    *Refused* are: no geometry, an empty one, points, lines and collections, rings of fewer than three places,
    coordinates that are no numbers or not on the globe, and rings that enclose nothing.

    Examples
    --------
    >>> text = '{"type": "Polygon", "coordinates": [[[119.4, 27.4], [119.5, 27.4], [119.5, 27.5], [119.4, 27.4]]]}'
    >>> [area] = read_areas(text, datum=Datum.CGCS2000)
    >>> area.geometry.geom_type, area.repair
    ('Polygon', None)
    """
    declared = known_datum(datum)
    document = _document(geojson)
    read: list[Area] = []
    refused: list[Refusal] = []
    for number, feature in enumerate(_features(document), start=1):
        properties = feature.get("properties") or {}
        _refuse_other_crs((document, feature, feature.get("geometry")), declared)
        try:
            geometry, repair = _area_geometry(feature.get("geometry"), declared)
        except _NotAnArea as reason:
            refused.append(Refusal(number, _name_of(properties), str(reason)))
        else:
            read.append(Area(number, dict(properties), geometry, repair))
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


def _refuse_other_crs(members: tuple[Any, ...], datum: Datum) -> None:
    for member in members:
        crs = member.get("crs") if isinstance(member, dict) else None
        if crs is None:
            continue
        properties = crs.get("properties") if isinstance(crs, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str) or CRS_NAMES.get(name) != datum:
            said = name if isinstance(name, str) else crs
            raise ContradictedDatum(
                f"the file's crs member says {said!r}, you say {datum.value!r}; find out which is true"
            )


def _name_of(properties: Mapping[str, Any]) -> str | None:
    for key in ("village_code", "code", "name"):
        value = properties.get(key)
        if isinstance(value, str | int):
            return str(value)
    return None


def _area_geometry(geometry: Any, datum: Datum) -> tuple[Polygon | MultiPolygon, Repair | None]:
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
    rings = [_rings(part, datum) for part in parts]
    polygons = [Polygon(part[0], part[1:]) for part in rings]
    raw = polygons[0] if geometry["type"] == "Polygon" else MultiPolygon(polygons)
    reasons = ["a ring was not closed"] if any(not _is_closed(ring) for part in rings for ring in part) else []
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
    return mended, Repair(
        "; ".join(reasons), len(polygons), shapely.get_num_geometries(mended).item(), _size_m2(raw), _size_m2(mended)
    )


def _areal(made: Any) -> Polygon | MultiPolygon:
    """Return only what has an inside: a ring that collapsed may be left as a line beside the polygons."""
    if isinstance(made, Polygon | MultiPolygon):
        return made
    polygons = [part for piece in shapely.get_parts(made) for part in shapely.get_parts(piece) if part.area > 0.0]
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _rings(part: Any, datum: Datum) -> list[NDArray[np.float64]]:
    if not isinstance(part, list) or not part:
        raise _NotAnArea("one of its polygons is empty")
    return [_ring(ring, datum) for ring in part]


def _ring(ring: Any, datum: Datum) -> NDArray[np.float64]:
    if not isinstance(ring, list) or not all(_is_position(position) for position in ring):
        raise _NotAnArea("a ring is a list of positions, and a position is two numbers, longitude first")
    if len({(position[0], position[1]) for position in ring}) < 3:
        raise _NotAnArea("a ring has fewer than three different places")
    lon, lat = convert([p[0] for p in ring], [p[1] for p in ring], source=datum, target=Datum.WGS84)
    missing = np.flatnonzero(np.isnan(lon))
    if missing.size:
        at = ring[missing[0]][:2]
        raise _NotAnArea(f"{at} is not on the globe; are these degrees, and is longitude first?")
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
