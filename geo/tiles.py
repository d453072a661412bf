"""Vector tiles that hold shapes and numbers, no names and no findings: drawn once, coloured by whoever shows them."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Point, Polygon

from geo.errors import BadZooms

TILE_ZOOMS = range(5, 12)
TILE_UNITS = 4096

# A tile shows this much of what lies beyond its edge, so that borders along the edge are drawn whole.
_BEYOND_UNITS = 64
# A tile is drawn 512 pixels wide, 8 units a pixel. Triangles of a border are left out up to half a pixel's side.
_SIMPLER_UNITS = 4.0
_LARGEST_LAT_DEG = 85.05112878

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the usual web grid (row 0 in the north) as a gzipped Mapbox Vector Tile, version 2."""

    zoom: int
    column: int
    row: int
    data: bytes


def draw_tiles(
    layers: Mapping[str, Mapping[int, Polygon | MultiPolygon | Point | None]], *, zooms: range = TILE_ZOOMS
) -> Iterator[Tile]:
    """Yield the tiles of some layers, the finest zoom first; each feature is a shape and its number, nothing else.

    **Borders stay shared.** The areas of a layer are simplified together, so that neighbours keep one line between
    them, and every corner is put on one grid of units that goes across tiles. The outer border of a layer is only put
    on that grid and not simplified: two layers drawn apart (two counties) still meet.

    Parameters
    ----------
    layers : mapping of layer name to mapping of feature number to shape
        WGS 84 degrees, longitude first: polygons for areas, points for places without one. Not across the 180th
        meridian. A missing or empty shape is left out; so is, at a far zoom, an area smaller than a grid unit (an
        eighth of a pixel).
    zooms : range
        Which zooms are drawn; a viewer enlarges the finest for those beyond.

    Notes
    -----
    At zoom 11 a unit is 4.8 m at the equator and less elsewhere. Neighbours that do not fit (see :func:`geo.seams`)
    are drawn as they are. The same shapes give the same bytes.

    Examples
    --------
    >>> from shapely import box
    >>> tiles = list(draw_tiles({"village": {7: box(119.40, 27.40, 119.44, 27.44)}}, zooms=range(9, 11)))
    >>> [(tile.zoom, tile.column, tile.row) for tile in tiles]
    [(10, 851, 430), (9, 425, 215)]
    """
    if not 0 <= min(zooms, default=-1) <= max(zooms, default=-1) <= 24:
        raise BadZooms("tiles need at least one zoom, each from 0 to 24")
    drawn = {name: _Layer(features, max(zooms)) for name, features in layers.items()}
    for zoom in sorted(zooms, reverse=True):
        tiles: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
        for name, layer in drawn.items():
            for at, features in layer.cut(zoom).items():
                tiles[at].append({"name": name, "features": features})
        for (column, row), content in sorted(tiles.items()):
            yield Tile(zoom, column, row, _encoded(content))


def join_tiles(tiles: Iterable[bytes]) -> bytes:
    """Return one gzipped tile that shows what several gzipped ones of the same place show.

    The layers of one name become one, as a reader of tiles expects. Only for tiles of :func:`draw_tiles`: their
    features have no properties, so that a layer is put behind another as it stands (messages of Protocol Buffers that
    are written one after the other read as one, with the features of both).

    >>> from shapely import box
    >>> west, east = ({number: box(119.40 + number / 50, 27.40, 119.42 + number / 50, 27.44)} for number in (1, 2))
    >>> [one], [other] = (list(draw_tiles({"village": side}, zooms=range(9, 10))) for side in (west, east))
    >>> len(gzip.decompress(join_tiles([one.data, other.data]))) < len(one.data) + len(other.data) + 100
    True
    """
    layers: dict[bytes, list[bytes]] = {}
    for data in tiles:
        for body in _messages(gzip.decompress(data)):
            layers.setdefault(_name_of(body), []).append(body)
    written = b"".join(b"\x1a" + _varint(sum(map(len, bodies))) + b"".join(bodies) for bodies in layers.values())
    return gzip.compress(written, compresslevel=6, mtime=0)


def _messages(tile: bytes) -> Iterator[bytes]:
    """Yield the body of each layer (field 3) of a tile, which has nothing else in it."""
    at = 0
    while at < len(tile):
        length, begin = _read_varint(tile, at + 1)
        at = begin + length
        yield tile[begin:at]


def _name_of(layer: bytes) -> bytes:
    """Return the name (field 1) of a layer."""
    at = 0
    while at < len(layer):
        tag, at = _read_varint(layer, at)
        value, begin = _read_varint(layer, at)
        if tag == 0x0A:
            return layer[begin : begin + value]
        at = begin + (value if tag & 7 == 2 else 0)
    return b""


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class _Layer:
    """The shapes of one layer, made simpler from zoom to zoom. Coordinates are units of the zoom, y downwards."""

    def __init__(self, features: Mapping[int, Polygon | MultiPolygon | Point | None], finest_zoom: int) -> None:
        known = {
            number: shape for number, shape in sorted(features.items()) if shape is not None and not shape.is_empty
        }
        shapes = np.array(list(known.values()), dtype=object)
        numbers = np.array(list(known), dtype=np.int64)
        types = shapely.get_type_id(shapes)
        is_point, is_area = types == 0, np.isin(types, (3, 6))
        self._zoom = finest_zoom
        self._areas = shapely.transform(shapes[is_area], lambda at: _to_units(at, finest_zoom))
        self._area_numbers = numbers[is_area]
        self._points = shapely.transform(shapes[is_point], lambda at: _to_units(at, finest_zoom))
        self._point_numbers = numbers[is_point]

    def cut(self, zoom: int) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """The features of each tile of a zoom, which may not be finer than the last one asked for."""
        shrink = 2.0 ** (zoom - self._zoom)
        self._zoom = zoom
        self._areas = shapely.coverage_simplify(
            shapely.transform(self._areas, lambda at: at * shrink), _SIMPLER_UNITS, simplify_boundary=False
        )
        self._points = shapely.transform(self._points, lambda at: at * shrink)
        tiles: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
        on_grid = _on_grid(self._areas)
        for at, index in _tiles_of(on_grid, zoom):
            west, north = at[0] * TILE_UNITS, at[1] * TILE_UNITS
            here = _clipped(on_grid[index], west, north)
            tiles[at] += _features(here, self._area_numbers[index])
        corners = np.floor(shapely.get_coordinates(self._points) / TILE_UNITS).astype(np.int64)
        for number, point, (column, row) in zip(self._point_numbers, self._points, corners.tolist(), strict=True):
            here = np.array([Point(round(point.x) - column * TILE_UNITS, round(point.y) - row * TILE_UNITS)])
            tiles[column, row] += _features(here, np.array([number]))
        return {at: features for at, features in tiles.items() if features}


def _to_units(lon_lat: NDArray[np.float64], zoom: int) -> NDArray[np.float64]:
    """Return places in units of a zoom: the spherical Mercator grid of web maps, from the north-west corner."""
    lat = np.radians(np.clip(lon_lat[:, 1], -_LARGEST_LAT_DEG, _LARGEST_LAT_DEG))
    x = lon_lat[:, 0] / 360.0 + 0.5
    y = 0.5 - np.arcsinh(np.tan(lat)) / (2.0 * np.pi)
    return np.column_stack([x, y]) * (TILE_UNITS * 2.0**zoom)


def _on_grid(areas: Shapes) -> Shapes:
    """Return areas with every corner on whole units, valid; those too small for the grid become empty."""
    bad = ~shapely.is_valid(areas)
    areas = areas.copy()
    areas[bad] = shapely.make_valid(areas[bad], method="structure")
    return np.asarray(shapely.set_precision(areas, 1.0))


def _tiles_of(areas: Shapes, zoom: int) -> Iterator[tuple[tuple[int, int], NDArray[np.int64]]]:
    """Yield each tile that a box of some area touches, with the indices of those areas."""
    full = np.flatnonzero(~shapely.is_empty(areas))
    boxes = shapely.bounds(areas[full])
    last = 2**zoom - 1
    first = np.clip(np.floor((boxes[:, :2] - _BEYOND_UNITS) / TILE_UNITS), 0, last).astype(np.int64)
    end = np.clip(np.floor((boxes[:, 2:] + _BEYOND_UNITS) / TILE_UNITS), 0, last).astype(np.int64)
    touched: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, (west, north), (east, south) in zip(full.tolist(), first.tolist(), end.tolist(), strict=True):
        for column in range(west, east + 1):
            for row in range(north, south + 1):
                touched[column, row].append(index)
    for at in sorted(touched):
        yield at, np.array(touched[at])


def _clipped(areas: Shapes, west: int, north: int) -> Shapes:
    """Return what of the areas lies in a tile, counted from its corner."""
    edges = (west - _BEYOND_UNITS, north - _BEYOND_UNITS, *(c + TILE_UNITS + _BEYOND_UNITS for c in (west, north)))
    boxes = shapely.bounds(areas)
    whole = np.all((boxes[:, :2] >= edges[:2]) & (boxes[:, 2:] <= edges[2:]), axis=1)
    here = areas.copy()
    # Cutting makes corners between units again, and may leave lines along the edge.
    here[~whole] = _on_grid(shapely.clip_by_rect(areas[~whole], *edges))
    return np.asarray(shapely.transform(here, lambda at: at - (west, north)))


def _features(shapes: Shapes, numbers: NDArray[np.int64]) -> list[dict[str, Any]]:
    drawable = ~shapely.is_empty(shapes) & np.isin(shapely.get_type_id(shapes), (0, 3, 6))
    oriented = shapely.orient_polygons(shapely.normalize(shapes[drawable]), exterior_cw=False)
    return [{"geometry": shape, "id": int(number)} for shape, number in zip(oriented, numbers[drawable], strict=True)]


def _encoded(content: list[dict[str, Any]]) -> bytes:
    import mapbox_vector_tile

    # Corners are whole units already, rings run the right way, and y counts downwards.
    options = {"y_coord_down": True, "extents": TILE_UNITS, "check_winding_order": False}
    return gzip.compress(mapbox_vector_tile.encode(content, default_options=options), compresslevel=9, mtime=0)
