"""An area drawn small: an outline of a few kilobytes that a phone can show without a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.distance import metres_per_degree
from geo.errors import NoOutline

LONG_SIDE = 1000
LEAST_BYTES = 200


@dataclass(frozen=True, slots=True)
class Outline:
    """An SVG path in a box ``width`` by ``height``, and where that box lies in WGS 84 degrees.

    The box is flat: a place is ``(lon - west) / (east - west) * width`` from the left and
    ``(north - lat) / (north - south) * height`` from the top. ``error_m`` is how far the drawn border lies from the
    true one at most: to be shown, and never to judge by. ``rings_deg`` is the same drawing as closed rings of
    (lon, lat), to a metre: several times as long, for those who put other places beside it.
    """

    svg_path: str
    width: int
    height: int
    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float
    error_m: float
    rings_deg: tuple[tuple[tuple[float, float], ...], ...]


def outline(area: Polygon | MultiPolygon, *, largest_bytes: int = 3000) -> Outline:
    """Return the area's outline as an SVG path of at most ``largest_bytes``, on a grid of 1000 steps.

    Corners are left out, and then parts and holes too small to see, until it fits. Fill it with
    ``fill-rule="evenodd"``. Raises :class:`NoOutline` for an area that is empty, invalid or without extent, and where
    fewer than 200 bytes are asked for.

    >>> from geo import disc
    >>> drawn = outline(disc(119.5044, 27.4555, 1500))
    >>> drawn.width, drawn.height, len(drawn.svg_path) < 800, drawn.error_m < 3
    (1000, 1000, True, True)
    """
    if largest_bytes < LEAST_BYTES:
        raise NoOutline(f"an outline needs {LEAST_BYTES} bytes at least, not {largest_bytes}")
    if area.is_empty or not area.is_valid:
        raise NoOutline("an empty or invalid area has no outline")
    west, south, east, north = area.bounds
    scale = np.array([float(metres) for metres in metres_per_degree((south + north) / 2.0)])
    size_m = (np.array([east, north]) - np.array([west, south])) * scale
    step_m = float(size_m.max()) / LONG_SIDE
    if not float(size_m.min()) > step_m:
        raise NoOutline("the area is too thin to be drawn")
    # Down is positive in a drawing.
    plane = shapely.transform(area, lambda at: (at - [west, north]) * scale * [1.0, -1.0] / step_m)
    width, height = (max(round(side / step_m), 1) for side in size_m.tolist())
    tolerance = 0.5
    while True:
        parts = _drawn(plane, tolerance)
        path = "".join(_ring_path(ring) for part in parts for ring in part)
        if len(path) <= largest_bytes:
            break
        tolerance *= 1.5
    # The furthest corner of the true border from the drawn one, parts left out included, and the other way round.
    drawn = shapely.union_all([shapely.linestrings(ring) for part in parts for ring in part])
    error_m = float(shapely.hausdorff_distance(shapely.boundary(plane), drawn, densify=0.25)) * step_m
    per_step = step_m / scale * [1.0, -1.0]
    rings = tuple(_in_degrees(ring * per_step + [west, north]) for part in parts for ring in part)
    return Outline(path, width, height, west, south, east, north, error_m, rings)


def _drawn(plane: Polygon | MultiPolygon, tolerance: float) -> list[list[NDArray[np.int64]]]:
    """Return the rings of each part on the grid, outer ring first; the largest part is always among them."""
    simple = shapely.get_parts(shapely.simplify(plane, tolerance, preserve_topology=True))
    least = tolerance * tolerance
    by_size = sorted(simple, key=lambda part: -float(part.area))
    rings = [
        [part.exterior, *(hole for hole in part.interiors if Polygon(hole).area >= least)]
        for number, part in enumerate(by_size)
        if number == 0 or part.area >= least
    ]
    return [[on_grid for ring in part if len(on_grid := _on_grid(ring)) > 3] for part in rings]


def _on_grid(ring: Any) -> NDArray[np.int64]:
    corners = np.rint(shapely.get_coordinates(ring)).astype(np.int64)
    moved = np.concatenate([[True], np.any(np.diff(corners, axis=0) != 0, axis=1)])
    return np.asarray(corners[moved], dtype=np.int64)


def _in_degrees(corners: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((lon, lat) for lon, lat in np.round(corners, 5).tolist())


def _ring_path(ring: NDArray[np.int64]) -> str:
    steps = np.diff(ring[:-1], axis=0)
    drawn = "".join(f"{x}{'' if y < 0 else ' '}{y}{' '}" for x, y in steps.tolist())
    return f"M{ring[0][0]} {ring[0][1]}l{drawn.strip()}z"
