"""How high the sun stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from geo.distance import Column

# 2000-01-01 12:00 UTC, from which the formula counts its days.
J2000_UNIX_S = 946_728_000.0
DAY_S = 86_400.0


def sun_height_deg(at_utc: Sequence[datetime | None], lon_deg: Any, lat_deg: Any) -> Column:
    """Return the height of the sun's middle above the flat horizon in degrees, negative below it.

    The low-precision formula of the Astronomical Almanac (section C): the sun's place is right within 0.01 degrees
    from 1950 to 2050. The air lifts what is seen near the horizon by up to 0.6 degrees, and mountains hide it; neither
    is counted. NaN where an instant or a position is missing. An instant without its time zone raises ``TypeError``.

    >>> from datetime import UTC
    >>> noon_and_midnight = [datetime(2026, 6, 21, 4, 0, tzinfo=UTC), datetime(2026, 6, 21, 16, 0, tzinfo=UTC)]
    >>> [round(float(deg)) for deg in sun_height_deg(noon_and_midnight, 119.5, 27.4)]
    [86, -39]
    """
    days = (unix_s(at_utc) - J2000_UNIX_S) / DAY_S
    lon, lat = (np.asarray(column, dtype=np.float64) for column in (lon_deg, lat_deg))
    place = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    along = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    tilt = np.radians(23.439 - 0.0000004 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(along), np.cos(along))
    declination = np.arcsin(np.sin(tilt) * np.sin(along))
    sidereal = np.radians(280.46062 + 360.98564737 * days + np.where(place, lon, np.nan))
    phi = np.radians(np.where(place, lat, np.nan))
    sine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(sidereal - ascension)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))), dtype=np.float64)


def unix_s(at_utc: Sequence[datetime | None]) -> Column:
    """Return instants as seconds since 1970, NaN where one is missing."""
    if any(at is not None and at.utcoffset() is None for at in at_utc):
        raise TypeError("an instant needs its time zone")
    return np.array([np.nan if at is None else at.timestamp() for at in at_utc], dtype=np.float64)
