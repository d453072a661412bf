"""Numbers that were read as the wrong datum, or with the axes swapped: found from the data, said as a hint.

A phone whose positions are GCJ-02 and are read as WGS 84 puts every visit some 590 m east-south-east here (county
level hides it, village level does not). The shift is nearly the same over a county, so many visits show what one
cannot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.datum import Datum, convert, known_datum
from geo.distance import Column, LonLat, local_distance_m, metres_per_degree

# Chance alone makes a device look misread at most this often, over all the readings that are tried.
BY_CHANCE = 0.001


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a pair of numbers: the datum, and whether latitude comes first."""

    datum: Datum
    swapped: bool = False


READINGS = tuple(
    Reading(datum, swapped) for swapped in (False, True) for datum in (Datum.WGS84, Datum.GCJ02, Datum.BD09)
)
"""What is tried. CGCS2000 is missing because nobody can tell it from WGS 84 with a phone."""


@dataclass(frozen=True, slots=True)
class Misreading:
    """A device whose fixes fit another reading better than the one they were read with.

    ``fitting_before`` and ``fitting_after`` count fixes inside the area they should be in. ``shift_east_m`` and
    ``shift_north_m`` are how far the fixes lie from their places as they were read (medians), NaN where the axes are
    swapped.
    """

    device: str
    reading: Reading
    fixes: int
    fitting_before: int
    fitting_after: int
    shift_east_m: float
    shift_north_m: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reading that fits fixes taken at a known place, and how far from it they then lie (median)."""

    reading: Reading
    distance_m: float


def misread_devices(
    device: Sequence[str],
    x_deg: Any,
    y_deg: Any,
    area_of: Sequence[int],
    areas: Sequence[Polygon | MultiPolygon],
    *,
    read_as: Reading | None = None,
) -> list[Misreading]:
    """Return the devices whose fixes fit clearly better under another reading, in the order of their names.

    Parameters
    ----------
    device, x_deg, y_deg, area_of
        Columns of the same length: who measured, the two numbers **as received**, and the index in ``areas`` of where
        the fix should be. **One fix a visit**: a hundred fixes of one afternoon are wrong together and prove nothing
        more than one. Missing numbers fit nothing.
    areas
        WGS 84, degrees.
    read_as
        How the numbers were read; WGS 84, longitude first, when not said.

    Notes
    -----
    For each other reading the fixes are counted that it brings into their area and those that it takes out of it. If
    the two readings were equally good, both would be as likely; the exact sign test says how surprising the count is.
    A device is named when that is below 0.001 divided by the number of other readings: at least 13 fixes brought in
    when none is taken out. Large areas and fixes near the middle hide a shift of 590 m; nothing found is no proof that
    all is well. What moves everybody the same way may also be the map: see whether all devices are named.
    """
    start = read_as or Reading(Datum.WGS84)
    names = np.asarray(device, dtype=str)
    belongs = np.asarray(area_of, dtype=np.int64)
    x, y = (np.asarray(column, dtype=np.float64) for column in (x_deg, y_deg))
    before = _read(x, y, start)
    fits_before = _inside(*before, belongs, areas)
    others = [reading for reading in READINGS if reading != start]
    after = {reading: _read(x, y, reading) for reading in others}
    fits_after = {reading: _inside(*after[reading], belongs, areas) for reading in others}
    found = []
    for name in np.unique(names):
        own = names == name
        best = max(others, key=lambda reading: int(np.sum(fits_after[reading][own])))
        gained = int(np.sum(fits_after[best][own] & ~fits_before[own]))
        lost = int(np.sum(fits_before[own] & ~fits_after[best][own]))
        if _sign_test(gained, lost) >= BY_CHANCE / len(others):
            continue
        east_m, north_m = _shift_m(before, after[best], own)
        found.append(
            Misreading(
                str(name),
                best,
                int(np.sum(own)),
                int(np.sum(fits_before[own])),
                int(np.sum(fits_after[best][own])),
                east_m,
                north_m,
            )
        )
    return found


def calibrate(x_deg: Any, y_deg: Any, known: LonLat, *, within_m: float = 60.0) -> Calibration | None:
    """Return how a phone's numbers are to be read, from fixes taken at a known place, or ``None``.

    The reading whose fixes lie within ``within_m`` of the place (median) is returned when it is the only one. ``None``
    where none fits, several do, or all numbers are missing: then nothing is known, and nothing is assumed. With one
    reading 170 m from the next at least, and 590 m here, several fit only if ``within_m`` is far too wide.

    >>> at_office = convert(119.5044, 27.4555, source="wgs84", target="gcj02")
    >>> fits = calibrate([at_office[0]], [at_office[1]], LonLat(119.5044, 27.4555))
    >>> fits.reading.datum.value, fits.reading.swapped, round(fits.distance_m)
    ('gcj02', False, 0)
    """
    x, y = (np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in (x_deg, y_deg))
    fitting = []
    for reading in READINGS:
        lon, lat = _read(x, y, reading)
        apart_m = local_distance_m(lon, lat, known.lon_deg, known.lat_deg)
        # Fixes the reading cannot place at all count as far away, so that it cannot win by losing most of them.
        median_m = float(np.median(np.where(np.isnan(apart_m), np.inf, apart_m))) if apart_m.size else math.inf
        if median_m <= within_m:
            fitting.append(Calibration(reading, median_m))
    return fitting[0] if len(fitting) == 1 else None


def _read(x: Column, y: Column, reading: Reading) -> tuple[Column, Column]:
    lon, lat = (y, x) if reading.swapped else (x, y)
    return convert(lon, lat, source=known_datum(reading.datum), target=Datum.WGS84)


def _inside(
    lon: Column, lat: Column, belongs: NDArray[np.int64], areas: Sequence[Polygon | MultiPolygon]
) -> NDArray[np.bool_]:
    fits = np.zeros(lon.shape, dtype=bool)
    for index in np.unique(belongs):
        own = belongs == index
        fits[own] = shapely.contains_xy(areas[index], lon[own], lat[own])
    return fits


def _sign_test(gained: int, lost: int) -> float:
    """Return how likely at least ``gained`` heads are in ``gained + lost`` throws of a fair coin."""
    throws = gained + lost
    ways = sum(math.comb(throws, heads) for heads in range(gained, throws + 1))
    return float(ways / 2**throws)


def _shift_m(
    before: tuple[Column, Column], after: tuple[Column, Column], own: NDArray[np.bool_]
) -> tuple[float, float]:
    shifts = [was[own] - should[own] for was, should in zip(before, after, strict=True)]
    usable = ~np.isnan(shifts[0])
    if not np.any(usable):
        return math.nan, math.nan
    scales = metres_per_degree(np.median(after[1][own][usable]))
    east_m, north_m = (float(np.median(s[usable]) * scale) for s, scale in zip(shifts, scales, strict=True))
    return east_m, north_m
