"""Innocent explanations first, then how fast somebody would have had to travel.

What is said here is a hint for a person to weigh, never a verdict.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from geo.datum import Datum, convert
from geo.distance import LonLat, local_distance_m

MIX_UPS = (
    (Datum.WGS84, Datum.GCJ02),
    (Datum.WGS84, Datum.BD09),
    (Datum.GCJ02, Datum.WGS84),
    (Datum.BD09, Datum.WGS84),
)
"""What a position was read as, and what it may really have been."""


@dataclass(frozen=True, slots=True)
class DatumMixUp:
    """A mislabelled datum that would explain a distance: ``really`` is the label that fits, and how well it does."""

    read_as: Datum
    really: Datum
    distance_m: float


@dataclass(frozen=True, slots=True)
class TimedFix:
    """A WGS 84 position with its accuracy (68 % radius) and the moment it was taken."""

    place: LonLat
    accuracy_m: float | None
    at_utc: datetime


def explained_by_datum(claimed: LonLat, other: LonLat, *, tolerance_m: float) -> DatumMixUp | None:
    """Return the datum mix-up that would bring two distant positions together, or ``None``.

    ``claimed`` and ``other`` are WGS 84 as we have them. If they are more than twice ``tolerance_m`` apart, four
    mistakes are tried on ``claimed``: GCJ-02 or BD-09 numbers read as WGS 84, and WGS 84 numbers converted as if they
    had been GCJ-02 or BD-09. The one that ends nearest, and within ``tolerance_m``, is returned.

    With a tolerance of 5-15 m noise this finds most mix-ups, and calls some one in a hundred honest displacements of
    100-1000 m a mix-up by chance; the same device doing it again is a wrong setting, not fraud.

    >>> lon_deg, lat_deg = convert(119.5044, 27.4555, source="wgs84", target="gcj02")
    >>> mix_up = explained_by_datum(LonLat(lon_deg, lat_deg), LonLat(119.5044, 27.4555), tolerance_m=40)
    >>> mix_up.read_as.value, mix_up.really.value
    ('wgs84', 'gcj02')
    """
    if not _apart_m(claimed, other) > 2.0 * tolerance_m:
        return None
    tried = []
    for read_as, really in MIX_UPS:
        # Undo the reading to get the numbers the device gave, which here are numbers of the other datum.
        if really is Datum.WGS84:
            lon_deg, lat_deg = convert(claimed.lon_deg, claimed.lat_deg, source=Datum.WGS84, target=read_as)
        else:
            lon_deg, lat_deg = convert(claimed.lon_deg, claimed.lat_deg, source=really, target=Datum.WGS84)
        tried.append(DatumMixUp(read_as, really, _apart_m(LonLat(lon_deg, lat_deg), other)))
    fitting = [mix_up for mix_up in tried if mix_up.distance_m <= tolerance_m]
    return min(fitting, key=lambda mix_up: mix_up.distance_m, default=None)


def implied_speed_mps(earlier: TimedFix, later: TimedFix) -> float | None:
    """Return the least speed that explains two fixes, in metres per second, with both accuracies given away.

    Zero where the accuracies cover the distance; infinite where they do not and the moment is the same. ``None`` where
    a position or an accuracy is missing or negative, or where ``later`` is the earlier one: a clock that ran
    backwards is another hint than speed.

    >>> from datetime import UTC
    >>> noon = TimedFix(LonLat(119.5, 27.4), 20, datetime(2026, 3, 1, 4, 0, tzinfo=UTC))
    >>> soon = TimedFix(LonLat(119.6, 27.4), 20, datetime(2026, 3, 1, 4, 10, tzinfo=UTC))
    >>> round(implied_speed_mps(noon, soon), 1)
    16.4
    """
    seconds = (later.at_utc - earlier.at_utc).total_seconds()
    apart_m = _apart_m(earlier.place, later.place)
    if earlier.accuracy_m is None or later.accuracy_m is None or seconds < 0.0:
        return None
    travelled_m = apart_m - earlier.accuracy_m - later.accuracy_m
    if not (earlier.accuracy_m >= 0.0 and later.accuracy_m >= 0.0) or math.isnan(travelled_m):
        return None
    if travelled_m <= 0.0:
        return 0.0
    return travelled_m / seconds if seconds > 0.0 else math.inf


def _apart_m(here: LonLat, there: LonLat) -> float:
    return float(local_distance_m(here.lon_deg, here.lat_deg, there.lon_deg, there.lat_deg))
