"""Areas cut into small squares, so that most positions are told inside from outside by one look into a table.

Each area has a plane of its own, in metres around its middle: right to 0.006 % three kilometres from it and 0.02 % ten
kilometres from it. Edges are straight in degrees. What walks through the tables is in ``geo.residence_kernel``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.datum import Datum, convert
from geo.distance import metres_per_degree

if TYPE_CHECKING:
    from geo.residence_kernel import Cells

# Smaller ones cost more to cut than a month of hourly positions gains by them, and four times the memory.
SQUARE_M = 128.0
# Three standard deviations of a fix accurate to 50 m: nearer borders than that are listed in a square.
REACH_M = 100.0
MOST_SQUARES_A_SIDE = 700


def cut_into_cells(areas: Sequence[Polygon | MultiPolygon | None], *, datum: Datum = Datum.WGS84) -> Cells:
    """Return the tables of valid WGS 84 areas, in the order given, for positions in ``datum``.

    The corners are brought to the positions' datum rather than the positions to WGS 84: there are a thousand times
    fewer, and over a village the shift bends a border by millimetres.

    >>> from shapely import box
    >>> cells = cut_into_cells([box(119.40, 27.40, 119.42, 27.42), None])
    >>> cells.known.tolist(), int(cells.columns[0]), int(cells.columns[1])
    ([True, False], 18, 0)
    """
    from geo.residence_kernel import Cells, fill_cells

    shapes = np.array([area if area is not None and not area.is_empty else None for area in areas], dtype=object)
    known = np.array([shape is not None for shape in shapes], dtype=bool)
    x, y, owner, starts = _corners(shapes, datum)
    middle, scale, low, high = _planes(x, y, owner, len(shapes))
    x, y = (x - middle[owner, 0]) * scale[owner, 0], (y - middle[owner, 1]) * scale[owner, 1]
    # A ring's last corner is its first, and begins no edge.
    begins = np.flatnonzero(~np.isin(np.arange(1, len(x) + 1), starts, assume_unique=True)) if len(x) else np.arange(0)
    begins = begins[begins + 1 < len(x)]
    extent = np.max(high - low, axis=1, initial=0.0)
    square_m = np.maximum(SQUARE_M, (extent + 2.0 * REACH_M) / MOST_SQUARES_A_SIDE)
    # The grid begins at an odd place, so that no middle of a square lies on a border drawn along round numbers.
    corner = low - REACH_M - 0.3719 * square_m[:, None]
    sides = np.where(known[:, None], np.ceil((high + REACH_M - corner) / square_m[:, None]), 0).astype(np.int32)
    squares = sides[:, 0].astype(np.int64) * sides[:, 1]
    edges = np.concatenate([[0], np.cumsum(np.bincount(owner[begins], minlength=len(shapes)))]).astype(np.int64)
    cells = Cells(
        known=known,
        lon_deg=np.ascontiguousarray(middle[:, 0]),
        lat_deg=np.ascontiguousarray(middle[:, 1]),
        east_m=np.ascontiguousarray(scale[:, 0]),
        north_m=np.ascontiguousarray(scale[:, 1]),
        west=corner[:, 0].astype(np.float32),
        south=corner[:, 1].astype(np.float32),
        square_m=square_m.astype(np.float32),
        columns=np.ascontiguousarray(sides[:, 0]),
        rows=np.ascontiguousarray(sides[:, 1]),
        square_0=np.concatenate([[0], np.cumsum(squares)]).astype(np.int64),
        edge_0=edges,
        edges=_edges(x[begins], y[begins], x[begins + 1], y[begins + 1]),
        state=np.zeros(int(squares.sum()), np.int32),
        centre_m=np.zeros(0, np.float32),
        first=np.zeros(0, np.int64),
        listed=np.zeros(0, np.int32),
    )
    state, centre_m, first, listed = fill_cells(cells, REACH_M)
    return cells._replace(state=state, centre_m=centre_m, first=first, listed=listed)


def _edges(*ends: NDArray[np.float64]) -> NDArray[np.float32]:
    x1, y1, x2, y2 = (end.astype(np.float32) for end in ends)
    length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
    inverse = np.divide(np.float32(1.0), length2, out=np.zeros_like(length2), where=length2 > 0)
    return np.stack([x1, y1, x2, y2, inverse])


def _corners(
    shapes: NDArray[Any], datum: Datum
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the corners of all rings, whose they are, and where each ring begins."""
    parts, owner_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    owner_of_ring = owner_of_part[part_of_ring]
    places, ring = shapely.get_coordinates(rings, return_index=True)
    lon, lat = convert(places[:, 0], places[:, 1], source=Datum.WGS84, target=datum)
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    return lon, lat, np.asarray(owner_of_ring, dtype=np.int64)[ring], starts.astype(np.int64)


def _planes(
    lon: NDArray[np.float64], lat: NDArray[np.float64], owner: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return middle (degrees), metres in a degree, and both corners of the box (metres) of each area."""
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    for axis, values in enumerate((lon, lat)):
        np.minimum.at(low[:, axis], owner, values)
        np.maximum.at(high[:, axis], owner, values)
    empty = ~np.isfinite(low[:, 0])
    low[empty] = high[empty] = 0.0
    middle = (low + high) / 2.0
    scale = np.column_stack(metres_per_degree(middle[:, 1]))
    return middle, scale, (low - middle) * scale, (high - middle) * scale
