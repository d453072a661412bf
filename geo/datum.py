"""Which datum a pair of degrees is in, and the same place in another one.

Chinese maps and many Chinese phones do not give WGS 84. GCJ-02 is shifted by 50 to 700 m, BD-09 by up to 1.5 km, which
is farther than a village is wide. The formulas here are the ones the community publishes (Krasovsky ellipsoid,
a = 6378245 m, ee = 0.006693421622965943); they are not the state's own plug-in and are good to a few metres at best,
see :data:`DATUM_ERROR_M`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from geo.errors import UnknownDatum

Column = NDArray[np.float64]
Pair = tuple[Column, Column]

KRASOVSKY_A_M = 6378245.0
KRASOVSKY_EE = 0.006693421622965943
BD09_ANGLE = np.pi * 3000.0 / 180.0

MAX_STEPS = 12
# The inverse stops when every row is within a micrometre, and what is not within 0.1 mm at the end is no answer.
DONE_DEG = 1e-11
NO_ANSWER_DEG = 1e-9


class Datum(StrEnum):
    """The reference a pair of degrees is counted in."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    CGCS2000 = "cgcs2000"


DATUM_ERROR_M: Mapping[Datum, float] = MappingProxyType(
    {
        Datum.WGS84: 0.0,
        # Treated as WGS 84. Fixed to the plates as they lay in 2000, it has drifted decimetres since; under a metre.
        Datum.CGCS2000: 1.0,
        # The community formula against the state's plug-in: a few metres. A judgement, not a measurement.
        Datum.GCJ02: 5.0,
        # One more unpublished step on top of GCJ-02. Also a judgement.
        Datum.BD09: 8.0,
    }
)
"""What :func:`convert` may leave wrong, in metres, by the datum a fix was received in: for ``datum_error_m``."""


@overload
def convert(lon_deg: float, lat_deg: float, *, source: Datum | str, target: Datum | str) -> tuple[float, float]: ...


@overload
def convert(
    lon_deg: Sequence[float] | NDArray[Any],
    lat_deg: Sequence[float] | NDArray[Any],
    *,
    source: Datum | str,
    target: Datum | str,
) -> Pair: ...


def convert(lon_deg: Any, lat_deg: Any, *, source: Datum | str, target: Datum | str) -> tuple[Any, Any]:
    """Return the same places in another datum, as (longitude, latitude) in degrees.

    **Whether the shift applies at all is the caller's region.** There is no built-in "China box": the usual one also
    shifts Seoul, Hanoi and Singapore, and testing it inside the inverse is what makes known libraries hang. Ask
    :func:`geo.whereabouts` with your own region (a county and some 50 km around it) before converting.

    CGCS2000 is treated as WGS 84; the two differ by less than a metre.

    Parameters
    ----------
    lon_deg, lat_deg : float or array of float
        Degrees; two scalars give two floats, anything else is broadcast and gives two new arrays of float64.
    source, target : Datum or str
        What the pair is in and what is wanted. Neither is guessed; an unknown one raises :class:`UnknownDatum`.

    Returns
    -------
    (lon_deg, lat_deg)
        NaN for both where either is missing (NaN, ``None``), infinite or off the globe (a latitude beyond 90, a
        longitude beyond 180), and where the formula has no inverse (only beyond latitude 85).
        Otherwise there and back again is less than 1 mm off.

    Examples
    --------
    >>> lon_deg, lat_deg = convert(119.5044, 27.4555, source=Datum.WGS84, target=Datum.GCJ02)
    >>> round(lon_deg, 5), round(lat_deg, 5)
    (119.50919, 27.45228)
    """
    start, end = (_WORKED_AS.get(datum, datum) for datum in (known_datum(source), known_datum(target)))
    lon, lat = np.broadcast_arrays(np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64))
    shape = lon.shape
    lon, lat = _places_or_nan(np.atleast_1d(lon), np.atleast_1d(lat), widest_lon_deg=180.0)
    if start != end:
        # Near the poles the published formula divides by almost nothing; such rows end as NaN below.
        with np.errstate(over="ignore", invalid="ignore"):
            lon, lat = _FROM_GCJ02[end](*_TO_GCJ02[start](lon, lat))
            lon, lat = _places_or_nan(lon, lat, widest_lon_deg=181.0)
    if shape == ():
        return float(lon[0]), float(lat[0])
    return lon.reshape(shape), lat.reshape(shape)


def known_datum(datum: Datum | str) -> Datum:
    """Return the datum of that name, or raise :class:`UnknownDatum`; a missing one is unknown too."""
    try:
        return Datum(datum)
    except ValueError:
        names = ", ".join(Datum)
        raise UnknownDatum(f"{datum!r} is not a datum we know; it must be one of {names}") from None


def _places_or_nan(lon: Column, lat: Column, *, widest_lon_deg: float) -> Pair:
    """Return copies in which what is not a place on the globe is NaN in both."""
    # Comparisons with NaN are false, so missing values and infinities fall out here as well.
    place = (np.abs(lon) <= widest_lon_deg) & (np.abs(lat) <= 90.0)
    return np.where(place, lon, np.nan), np.where(place, lat, np.nan)


def _wgs84_to_gcj02(lon: Column, lat: Column) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    pi = np.pi
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north = north + (waves + 20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east = east + (waves + 20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    w2 = 1.0 - KRASOVSKY_EE * np.sin(phi) ** 2
    w = np.sqrt(w2)
    north_deg = np.degrees(north / (KRASOVSKY_A_M * (1.0 - KRASOVSKY_EE) / (w2 * w)))
    east_deg = np.degrees(east / (KRASOVSKY_A_M / w * np.cos(phi)))
    return lon + east_deg, lat + north_deg


def _gcj02_to_bd09(lon: Column, lat: Column) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD09_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD09_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _undo(forward: Callable[[Column, Column], Pair], lon: Column, lat: Column) -> Pair:
    """Return the places that ``forward`` carries to (lon, lat), by at most ``MAX_STEPS`` corrections.

    The shift changes slowly, so correcting by the miss gains two or three digits a step and five steps do. The steps
    are counted, and no test of a region stands inside: a step that left the region would find no shift there, jump
    back, and never end.
    """
    back_lon, back_lat = lon, lat
    for _ in range(MAX_STEPS):
        there_lon, there_lat = forward(back_lon, back_lat)
        miss_lon, miss_lat = there_lon - lon, there_lat - lat
        back_lon, back_lat = back_lon - miss_lon, back_lat - miss_lat
        miss_deg = np.maximum(np.abs(miss_lon), np.abs(miss_lat))
        if not np.any(miss_deg > DONE_DEG):
            break
    found = miss_deg <= NO_ANSWER_DEG
    return np.where(found, back_lon, np.nan), np.where(found, back_lat, np.nan)


def _same(lon: Column, lat: Column) -> Pair:
    return lon, lat


def _gcj02_to_wgs84(lon: Column, lat: Column) -> Pair:
    return _undo(_wgs84_to_gcj02, lon, lat)


def _bd09_to_gcj02(lon: Column, lat: Column) -> Pair:
    return _undo(_gcj02_to_bd09, lon, lat)


_WORKED_AS: Mapping[Datum, Datum] = {Datum.CGCS2000: Datum.WGS84}
_TO_GCJ02: Mapping[Datum, Callable[[Column, Column], Pair]] = {
    Datum.WGS84: _wgs84_to_gcj02,
    Datum.GCJ02: _same,
    Datum.BD09: _bd09_to_gcj02,
}
_FROM_GCJ02: Mapping[Datum, Callable[[Column, Column], Pair]] = {
    Datum.WGS84: _gcj02_to_wgs84,
    Datum.GCJ02: _same,
    Datum.BD09: _gcj02_to_bd09,
}
