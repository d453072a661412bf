"""What is odd in a series of fixes or photos, each oddity with its innocent explanations.

A signal is a reason to look, never a finding about a person: each comes with the causes it has had in honest hands, to
be shown beside it. The functions take columns in the order in which things were recorded, and return ``None`` where
nothing is odd or too little is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.distance import Column, LonLat, local_distance_m
from geo.plausibility import explained_by_datum
from geo.sun import sun_height_deg, unix_s

CLOCK_STEP_S = 2.0
LONG_BACK_S = 600.0
LONG_STILL_S = 1800.0
FINE_DECIMALS = 5


class Strength(StrEnum):
    """How hard a signal is to explain by everyday causes; it says nothing of guilt."""

    WEAK = "weak"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Signal:
    """One oddity: its code, its strength, the rows it is about, the figures of it, and its known honest causes."""

    code: str
    strength: Strength
    rows: tuple[int, ...]
    values: Mapping[str, float | str]
    honest_causes: tuple[str, ...]


def identical_coordinates(
    lon_deg: Any, lat_deg: Any, at_utc: Sequence[datetime | None], *, least: int = 3
) -> Signal | None:
    """Return the longest run of fixes taken at different moments with exactly the same coordinates.

    A receiver's noise moves the last digits even on a table. Strong: at least five fixes over half an hour, given with
    five decimals or more. Fixes without position or time are passed over.

    >>> from datetime import UTC, timedelta
    >>> hours = [datetime(2026, 3, 1, 1, tzinfo=UTC) + timedelta(hours=count) for count in range(5)]
    >>> odd = identical_coordinates([119.5044217] * 5, [27.4555103] * 5, hours)
    >>> odd.code, odd.strength.value, odd.values["fixes"]
    ('identical_coordinates', 'strong', 5)
    """
    lon, lat = _column(lon_deg), _column(lat_deg)
    at_s = unix_s(at_utc)
    rows = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat) & np.isfinite(at_s))
    if rows.size == 0:
        return None
    # The same moment twice is one fix told twice.
    rows = rows[np.unique(at_s[rows], return_index=True)[1]]
    changes = np.flatnonzero((np.diff(lon[rows]) != 0.0) | (np.diff(lat[rows]) != 0.0)) + 1
    run = max(np.split(rows, changes), key=len)
    if len(run) < least:
        return None
    seconds = float(at_s[run[-1]] - at_s[run[0]])
    decimals = max(_decimals(float(lon[run[0]])), _decimals(float(lat[run[0]])))
    strong = len(run) >= 5 and seconds >= LONG_STILL_S and decimals >= FINE_DECIMALS
    values = {"fixes": len(run), "seconds": seconds, "decimals": decimals}
    causes = ("last_fix_repeated_by_the_system", "rounded_by_the_browser", "position_by_wifi_or_cell")
    return _signal("identical_coordinates", strong, run, values, causes)


def constant_accuracy(accuracy_m: Any, *, least: int = 5) -> Signal | None:
    """Return a signal where every fix that has an accuracy has the same one. Never more than weak.

    >>> constant_accuracy([20, 20, None, 20, 20, 20]).values["accuracy_m"]
    20.0
    """
    accuracy = _column(accuracy_m)
    rows = np.flatnonzero(np.isfinite(accuracy))
    if len(rows) < least or np.any(accuracy[rows] != accuracy[rows[0]]):
        return None
    values = {"fixes": len(rows), "accuracy_m": float(accuracy[rows[0]])}
    causes = ("accuracy_in_steps", "position_by_wifi_or_cell", "last_fix_repeated_by_the_system")
    return _signal("constant_accuracy", False, rows, values, causes)


def time_disorder(at_utc: Sequence[datetime | None]) -> Signal | None:
    """Return the rows whose time lies before that of an earlier row, by more than two seconds; strong from ten minutes.

    >>> from datetime import UTC
    >>> time_disorder([datetime(2026, 3, 1, 4, 0, tzinfo=UTC), datetime(2026, 3, 1, 3, 0, tzinfo=UTC)]).values
    mappingproxy({'rows': 1, 'back_s': 3600.0})
    """
    at_s = unix_s(at_utc)
    known = np.where(np.isnan(at_s), -np.inf, at_s)
    if known.size == 0:
        return None
    latest_s = np.maximum.accumulate(known)
    back_s = np.where(np.isnan(at_s), 0.0, latest_s - known) if np.isfinite(latest_s[-1]) else np.zeros(known.shape)
    rows = np.flatnonzero(back_s > CLOCK_STEP_S)
    if rows.size == 0:
        return None
    worst_s = float(back_s.max())
    causes = ("clock_set_by_the_network", "records_of_two_phones_merged", "sent_out_of_order", "time_zone_changed")
    return _signal("time_disorder", worst_s >= LONG_BACK_S, rows, {"rows": len(rows), "back_s": worst_s}, causes)


def impossible_speed(
    lon_deg: Any, lat_deg: Any, accuracy_m: Any, at_utc: Sequence[datetime | None], *, limit_mps: float = 60.0
) -> Signal | None:
    """Return the fixes between which somebody would have gone faster than ``limit_mps``, both accuracies given away.

    Fixes are compared in the order of their times; those that lack something are passed over. Weak where leaving out
    one single fix leaves nothing odd: one bad fix is a bad fix. The figures are of the fastest pair.

    >>> from datetime import UTC, timedelta
    >>> minutes = [datetime(2026, 3, 1, 4, tzinfo=UTC) + timedelta(minutes=count) for count in range(4)]
    >>> odd = impossible_speed([119.5, 119.5, 119.6, 119.6], [27.4] * 4, [20] * 4, minutes)
    >>> odd.rows, odd.strength.value, round(odd.values["speed_mps"]), round(odd.values["apart_m"])
    ((1, 2), 'strong', 164, 9890)
    """
    lon, lat, accuracy = _column(lon_deg), _column(lat_deg), _column(accuracy_m)
    at_s = unix_s(at_utc)
    usable = np.isfinite(lon) & (np.abs(lat) <= 90.0) & np.isfinite(at_s) & (accuracy >= 0.0)
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(at_s[rows], kind="stable")]
    if len(rows) < 2:
        return None
    columns = (lon, lat, accuracy, at_s)
    apart_m, speed_mps = _speeds(rows, *columns)
    fast = np.flatnonzero(speed_mps > limit_mps)
    if fast.size == 0:
        return None
    # Whoever cures the series by going must stand in the first pair that is too fast.
    suspects = (int(fast[0]), int(fast[0]) + 1)
    cured = any(not np.any(_speeds(np.delete(rows, who), *columns)[1] > limit_mps) for who in suspects)
    worst = int(np.argmax(speed_mps))
    values = {"pairs": len(fast), "speed_mps": float(speed_mps[worst]), "apart_m": float(apart_m[worst])}
    causes = ("one_bad_fix", "two_datums_mixed", "clock_changed", "records_of_two_phones_merged")
    concerned = np.unique(np.concatenate([rows[fast], rows[fast + 1]]))
    return _signal("impossible_speed", not cured, concerned, values, causes)


def photo_against_fix(
    photo_lon_deg: Any, photo_lat_deg: Any, lon_deg: Any, lat_deg: Any, accuracy_m: Any, *, apart_m: float = 500.0
) -> Signal | None:
    """Return the photos whose own position lies more than ``apart_m`` from the fix beside it, accuracy given away.

    Weak where one and the same mix-up of datums explains each of them (``explained_by`` says which) or where there is
    only one. Rows that lack something are passed over; a (0, 0) that means "stripped" is for the caller to leave out.

    >>> photo_against_fix([119.55], [27.45], [119.50], [27.45], [20]).rows
    (0,)
    """
    photo_lon, photo_lat = _column(photo_lon_deg), _column(photo_lat_deg)
    lon, lat, accuracy = _column(lon_deg), _column(lat_deg), _column(accuracy_m)
    far_m = local_distance_m(photo_lon, photo_lat, lon, lat) - np.where(accuracy >= 0.0, accuracy, np.nan)
    rows = np.flatnonzero(far_m > apart_m)
    if rows.size == 0:
        return None
    explained = set()
    for row in rows.tolist():
        photo, fix = LonLat(float(photo_lon[row]), float(photo_lat[row])), LonLat(float(lon[row]), float(lat[row]))
        mix_up = explained_by_datum(photo, fix, tolerance_m=40.0 + float(accuracy[row]))
        explained.add("" if mix_up is None else f"{mix_up.read_as.value}>{mix_up.really.value}")
    by = explained.pop() if len(explained) == 1 else ""
    values: dict[str, float | str] = {"photos": len(rows), "apart_m": float(np.max(far_m[rows])), "explained_by": by}
    causes = ("two_datums_mixed", "old_position_kept_by_the_camera", "photo_of_another_moment")
    return _signal("photo_against_fix", len(rows) > 1 and not by, rows, values, causes)


def light_at_night(
    light_value: Any,
    at_utc: Sequence[datetime | None],
    lon_deg: Any,
    lat_deg: Any,
    *,
    bright_lv: float = 9.0,
    dark_deg: float = -6.0,
) -> Signal | None:
    """Return the photos taken in bright light while the sun was below ``dark_deg``.

    The light value is that of the exposure at ISO 100: ``log2(f_number ** 2 / exposure_s * 100 / iso)``.

    One-sided: a dark photo by day is a room, and says nothing. Strong only for daylight (LV 12) in full night (-12
    degrees), which lamps hardly reach.

    >>> from datetime import UTC
    >>> light_at_night([13.0], [datetime(2026, 3, 1, 16, 0, tzinfo=UTC)], [119.5], [27.4]).strength.value
    'strong'
    """
    value = _column(light_value)
    height_deg = sun_height_deg(at_utc, _column(lon_deg), _column(lat_deg))
    rows = np.flatnonzero((value >= bright_lv) & (height_deg < dark_deg))
    if rows.size == 0:
        return None
    strong = bool(np.any((value[rows] >= 12.0) & (height_deg[rows] < -12.0)))
    values = {"photos": len(rows), "light_lv": float(np.max(value[rows])), "sun_deg": float(np.min(height_deg[rows]))}
    causes = ("lamps", "flash", "clock_or_time_zone_wrong", "photo_of_another_moment")
    return _signal("light_at_night", strong, rows, values, causes)


def _signal(
    code: str, strong: bool, rows: NDArray[Any], values: Mapping[str, float | str], causes: tuple[str, ...]
) -> Signal:
    strength = Strength.STRONG if strong else Strength.WEAK
    return Signal(code, strength, tuple(int(row) for row in rows), MappingProxyType(dict(values)), causes)


def _column(values: Any) -> Column:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


def _decimals(deg: float) -> int:
    return len(f"{deg:.9f}".rstrip("0").partition(".")[2])


def _speeds(rows: NDArray[Any], lon: Column, lat: Column, accuracy: Column, at_s: Column) -> tuple[Column, Column]:
    """Return how far apart one fix and the next are, and the least speed between them."""
    here, there = rows[:-1], rows[1:]
    apart_m = local_distance_m(lon[here], lat[here], lon[there], lat[there])
    travelled_m = np.maximum(apart_m - accuracy[here] - accuracy[there], 0.0)
    seconds = at_s[there] - at_s[here]
    # Far apart at the same moment is infinitely fast; near at the same moment is standing still.
    with np.errstate(divide="ignore", invalid="ignore"):
        return apart_m, np.where(travelled_m > 0.0, travelled_m / seconds, 0.0)
