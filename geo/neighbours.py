"""Where areas that should share a border do not: overlaps and gaps between neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.distance import LonLat, metres_per_degree

# Shapes that touch are found this near, since a gap is cut out of a union whose corners are rounded once.
TOUCHING_M = 0.1


class SeamKind(StrEnum):
    """What is wrong between neighbours."""

    OVERLAP = "overlap"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Seam:
    """One overlap or gap: the areas concerned by their index, how large, and a place in it to look at."""

    kind: SeamKind
    members: tuple[int, ...]
    size_m2: float
    place: LonLat
    geometry: Polygon | MultiPolygon


def seams(
    areas: Sequence[Polygon | MultiPolygon], *, gap_width_m: float = 20.0, smallest_m2: float = 200.0
) -> list[Seam]:
    """Return the overlaps and gaps between the areas, largest first; it changes nothing.

    An **overlap** is ground that two areas both claim. A **gap** is ground in nobody's area that is enclosed by them,
    however wide (a village nobody sent, a hole of one village), or that lies between two of them and is narrower than
    ``gap_width_m``. What is smaller than ``smallest_m2`` is the roughness of drawing and is left out. Which of the
    neighbours is right is for a person: both may be.

    Meant for one county: sizes are taken on a plane with the scale of its middle latitude (0.5 % at half a degree
    from it). Areas are valid, in degrees; an empty one has no neighbours.

    >>> from shapely import box
    >>> found = seams([box(119.40, 27.4, 119.50, 27.5), box(119.499, 27.4, 119.60, 27.5)])
    >>> [(seam.kind.value, seam.members, round(seam.size_m2 / 1e4)) for seam in found]
    [('overlap', (0, 1), 110)]
    """
    if not len(areas) or all(area.is_empty for area in areas):
        return []
    west, south, east, north = shapely.total_bounds(np.asarray(areas, dtype=object))
    origin = np.array([(west + east) / 2.0, (south + north) / 2.0])
    scale = np.array(metres_per_degree(origin[1]))
    plane = np.array([shapely.transform(area, lambda at: (at - origin) * scale) for area in areas], dtype=object)
    pieces = [*_overlaps(plane), *_gaps(plane, gap_width_m)]
    found = []
    for kind, members, piece in pieces:
        if piece.area < smallest_m2:
            continue
        shape = shapely.transform(piece, lambda at: at / scale + origin)
        at = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
        found.append(Seam(kind, members, float(piece.area), LonLat(float(at[0]), float(at[1])), shape))
    return sorted(found, key=lambda seam: (-seam.size_m2, seam.members))


def _overlaps(plane: NDArray[Any]) -> list[tuple[SeamKind, tuple[int, ...], Any]]:
    first, second = shapely.STRtree(plane).query(plane, predicate="intersects")
    pairs = [(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True) if a < b]
    shared = [(pair, shapely.intersection(plane[pair[0]], plane[pair[1]])) for pair in pairs]
    return [(SeamKind.OVERLAP, pair, _areal(piece)) for pair, piece in shared]


def _gaps(plane: NDArray[Any], gap_width_m: float) -> list[tuple[SeamKind, tuple[int, ...], Any]]:
    whole = shapely.union_all(plane)
    enclosed = shapely.union_all([Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors])
    # Closing: what a disc of that width cannot reach from outside. Round corners, or every bend would be a gap.
    reach_m = gap_width_m / 2.0
    closed = shapely.buffer(shapely.buffer(whole, reach_m), -reach_m)
    # The enclosed ground stays whole rather than being cut where the closing reached into it, and is not named twice.
    narrow = shapely.difference(shapely.difference(closed, whole), enclosed)
    tree = shapely.STRtree(plane)
    within = [(SeamKind.GAP, _touching(tree, piece), piece) for piece in shapely.get_parts(enclosed)]
    between = [(SeamKind.GAP, _touching(tree, piece), piece) for piece in shapely.get_parts(_areal(narrow))]
    # A notch in one area's own outline lies between nobody.
    return within + [gap for gap in between if len(gap[1]) > 1]


def _touching(tree: shapely.STRtree, piece: Any) -> tuple[int, ...]:
    return tuple(sorted(tree.query(piece, predicate="dwithin", distance=TOUCHING_M).tolist()))


def _areal(shape: Any) -> MultiPolygon:
    """Return what of a shape has an inside: neighbours that only touch share a line or a point."""
    flat = [part for piece in shapely.get_parts(shape) for part in shapely.get_parts(piece)]
    return MultiPolygon([part for part in flat if isinstance(part, Polygon) and not part.is_empty])
