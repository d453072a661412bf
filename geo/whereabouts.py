"""Is a position inside an area: yes, no, or it cannot be told.

A phone's position is a disc of doubt, a village's boundary is often worse, and what hangs on the answer may be
somebody's career. So there are three answers, and the first two are given only when they are sure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.distance import Column, local_distance_m, metres_per_degree

SIGMAS_IN_68_RADIUS = 1.515
"""A radius that holds 68 % of a round normal cloud is this many of its standard deviations."""

# The scale of a plane is taken once for all fixes in such a strip; the distance itself is computed for each fix.
STRIP_DEG = 0.02
ROUNDING_M = 1e-6


class Answer(StrEnum):
    """What may be said of a position and an area."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What may be said of one position and one area.

    ``signed_distance_m`` is the way to the nearest border, positive inside; ``None`` where position or area is not
    usable. ``probability_inside`` is ``None`` where the accuracy is not known either.
    """

    answer: Answer
    probability_inside: float | None
    signed_distance_m: float | None


@dataclass(frozen=True, slots=True, eq=False)
class WhereaboutsColumn:
    """What may be said of many positions and one area, row by row; NaN where :class:`Whereabouts` has ``None``."""

    answer: NDArray[np.str_]
    probability_inside: Column
    signed_distance_m: Column


def whereabouts(
    lon_deg: float | None,
    lat_deg: float | None,
    accuracy_m: float | None,
    area: Polygon | MultiPolygon | None,
    *,
    boundary_error_m: float | None = 0.0,
    datum_error_m: float | None = 0.0,
) -> Whereabouts:
    """Return whether a position is inside, outside, or cannot be told, with probability and distance to the border.

    **The rule.** Sure means farther from the border than twice (accuracy + boundary error + datum error). The three
    are added, not combined as chances, because a boundary drawn wrong or a datum slightly off is wrong the same way
    for every fix. Anybody can check it by hand. It is at least as strict as two standard deviations.

    **The probability** is that of a normal error across the border, with the standard deviation
    ``hypot(accuracy_m / 1.515, boundary_error_m, datum_error_m)``. Near a corner it is a rough figure; the answer
    does not depend on it.

    Parameters
    ----------
    lon_deg, lat_deg : float or None
        WGS 84 degrees. Whether (0, 0) means "stripped" is for the caller to know; here it is a place.
    accuracy_m : float or None
        The radius that holds 68 % of the error, as browsers and phones report it. Zero is taken at its word.
    area : shapely Polygon or MultiPolygon, or None
        WGS 84 degrees, longitude first, edges straight in degrees. Not across the 180th meridian.
    boundary_error_m, datum_error_m : float or None
        How wrong border and datum may be, one standard deviation; see :data:`geo.DATUM_ERROR_M`.

    Returns
    -------
    Whereabouts
        ``cannot_tell`` wherever something is missing, NaN, infinite, negative or off the globe, and for an area that
        is missing, empty, invalid, not a polygon or not in degrees. A bad fix never raises.

    Notes
    -----
    The distance is right within 0.05 % up to 20 km of the border and 0.5 % up to 500 km (tested against geodesics).

    Examples
    --------
    >>> from geo import disc
    >>> village = disc(119.5044, 27.4555, 600)
    >>> here = whereabouts(119.5044, 27.4555, 25, village)
    >>> here.answer.value, round(here.signed_distance_m, -1)
    ('inside', 600.0)
    >>> whereabouts(119.5044, 27.4555, 800, village).answer.value
    'cannot_tell'
    """
    numbers = [_number(value) for value in (lon_deg, lat_deg, accuracy_m, boundary_error_m, datum_error_m)]
    lon, lat, accuracy, boundary_error, datum_error = numbers
    column = whereabouts_column(
        [lon], [lat], [accuracy], area, boundary_error_m=boundary_error, datum_error_m=datum_error
    )
    return Whereabouts(
        Answer(column.answer[0]),
        _none_for_nan(column.probability_inside[0]),
        _none_for_nan(column.signed_distance_m[0]),
    )


def whereabouts_column(
    lon_deg: Any,
    lat_deg: Any,
    accuracy_m: Any,
    area: Polygon | MultiPolygon | None,
    *,
    boundary_error_m: Any = 0.0,
    datum_error_m: Any = 0.0,
) -> WhereaboutsColumn:
    """Return what :func:`whereabouts` says, for whole columns of positions and one area.

    Everything but the area may be a column or one number for all rows; a row in which anything is missing says
    ``cannot_tell`` and leaves the others alone.
    """
    given = (lon_deg, lat_deg, accuracy_m, boundary_error_m, datum_error_m)
    lon, lat, accuracy, boundary_error, datum_error = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in given)
    )
    distance_m = _signed_distances_m(lon, lat, area)
    doubts = [_error_or_nan(error_m) for error_m in (accuracy, boundary_error, datum_error)]
    # Errors near the largest float add up to infinity, which rightly makes nothing sure.
    with np.errstate(over="ignore"):
        margin_m = 2.0 * (doubts[0] + doubts[1] + doubts[2])
        sigma_m = np.hypot(np.hypot(doubts[0] / SIGMAS_IN_68_RADIUS, doubts[1]), doubts[2])
    answer = np.full(distance_m.shape, Answer.CANNOT_TELL.value)
    answer[distance_m > margin_m] = Answer.INSIDE.value
    answer[distance_m < -margin_m] = Answer.OUTSIDE.value
    return WhereaboutsColumn(answer, _probability_positive(distance_m, sigma_m), distance_m)


def _number(value: Any) -> float:
    if np.ndim(value) != 0:
        raise TypeError("whereabouts() takes one position; use whereabouts_column() for many")
    try:
        return math.nan if value is None else float(value)
    except OverflowError:  # an integer too large for a float is no position either
        return math.nan


def _none_for_nan(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _error_or_nan(error_m: Column) -> Column:
    return np.where(np.isfinite(error_m) & (error_m >= 0.0), error_m, np.nan)


def _probability_positive(mean: Column, sigma: Column) -> Column:
    """Return the chance that a normal value is above zero; a half on the border even when nothing is in doubt."""
    # Without doubt the quotient is infinite on either side and undefined on the border, which erfc and the line
    # below know how to read.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = np.where((mean == 0.0) & (sigma >= 0.0), 0.0, mean / sigma)
    chance = np.where(np.isnan(z), np.nan, (z > 0.0).astype(np.float64))
    # Beyond these the chance is 0 or 1 to the last digit, and most rows of a column lie beyond them.
    near = np.flatnonzero((z > -40.0) & (z < 9.0))
    chance[near] = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in z[near].tolist()]
    return chance


def _signed_distances_m(lon: Column, lat: Column, area: Polygon | MultiPolygon | None) -> Column:
    distance_m = np.full(lon.shape, np.nan)
    rows = np.flatnonzero((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0))
    if rows.size == 0 or not _is_usable(area):
        return distance_m
    west, south, east, north = shapely.bounds(area)
    # The nearest point is looked for in a plane whose scale is that of the latitude half way to it.
    half_way_deg = np.clip((lat[rows] + np.clip(lat[rows], south, north)) / 2.0, -89.0, 89.0)
    strips = np.round(half_way_deg / STRIP_DEG).astype(np.int64)
    origin = np.array([(west + east) / 2.0, (south + north) / 2.0])
    for strip in np.unique(strips):
        in_strip = rows[strips == strip]
        scale = np.array(metres_per_degree(strip * STRIP_DEG))
        places = np.column_stack([lon[in_strip], lat[in_strip]])
        distance_m[in_strip] = _signed_distances_in_plane(places, area, origin=origin, scale=scale)
    return distance_m


def _signed_distances_in_plane(
    places: NDArray[np.float64], area: Polygon | MultiPolygon, *, origin: Column, scale: Column
) -> Column:
    """Return signed distances in metres; the plane finds the nearest point, the ellipsoid says how far it is."""

    def to_plane(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        offset = lon_lat - origin
        # A fix beyond the 180th meridian is nearer the other way round.
        offset[:, 0] = np.where(
            np.abs(offset[:, 0]) > 180.0, offset[:, 0] - np.sign(offset[:, 0]) * 360.0, offset[:, 0]
        )
        return offset * scale

    # A copy is prepared, never the caller's own geometry: preparing changes it, and threads may share it.
    plane = shapely.transform(area, to_plane)
    shapely.prepare(plane)
    border = shapely.boundary(plane)
    shapely.prepare(border)
    x, y = to_plane(places).T
    inside = shapely.contains_xy(plane, x, y)
    ways = shapely.shortest_line(border, shapely.points(x, y))
    # A shortest way has two ends, the first on the border.
    nearest = shapely.get_coordinates(ways)[::2] / scale + origin
    distance_m = local_distance_m(places[:, 0], places[:, 1], nearest[:, 0], nearest[:, 1])
    # There and back through the plane rounds by some nanometres, and on the border means on the border.
    distance_m[distance_m < ROUNDING_M] = 0.0
    return np.where(inside, distance_m, 0.0 - distance_m)


def _is_usable(area: Polygon | MultiPolygon | None) -> bool:
    if not isinstance(area, Polygon | MultiPolygon) or area.is_empty or not area.is_valid:
        return False
    west, south, east, north = area.bounds
    return bool(west >= -180.0 and east <= 180.0 and south >= -90.0 and north <= 90.0)
