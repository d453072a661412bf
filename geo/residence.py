"""Where the people of a list spent a month's nights and days, by a log of positions: patterns with their counts.

A log is what an organization already holds lawfully; nothing is collected for this. What comes out is a pattern of the
log, with what was seen and how sure it is; it says nothing of reasons, and is no finding about a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cells import REACH_M, cut_into_cells
from geo.datum import Datum
from geo.errors import BadLog, SwappedAxes
from geo.patterns import Slots, patterns, presence, slots
from geo.position_logs import (
    Log,
    Names,
    Part,
    Rows,
    as_table,
    column_of,
    moment,
    rows_of_part,
    told,
)
from geo.readings import Reading, misread_devices
from geo.shapes import read_areas

if TYPE_CHECKING:
    import pyarrow as pa

    from geo.residence_kernel import Cells, Tally

QUARTER = timedelta(minutes=15)
NIGHT = (time(22), time(6))
DAY = (time(8), time(18))
EDGES = ((time(6), time(8)), (time(18), time(22)))
MOST_TANGLED_ROWS = 4_000_000
ROWS_OF_A_TASK = 4_000_000
LOOKED_AT = 400
FIRST_ROWS = 4_096
NEAR_DEG = 3.0


@dataclass(frozen=True, eq=False)
class Plan:
    """All that is the same for every part of a log: who, where, and which moments of the month count for what."""

    names: Names
    cells: Cells
    area_of: NDArray[np.int32]
    begin: int
    seconds: float
    slot_of_quarter: NDArray[np.int8]

    def empty(self) -> Tally:
        """A tally in which nothing was seen."""
        from geo.residence_kernel import empty_tally

        return empty_tally(len(self.area_of))

    def take(self, tally: Tally, rows: Rows) -> int:
        """Add rows to a tally; how many of them are of nobody in the list."""
        from geo.residence_kernel import take_rows

        strangers: int = take_rows(
            tally,
            self.cells,
            self.area_of,
            rows.posting,
            rows.time,
            rows.lon,
            rows.lat,
            rows.accuracy,
            self.begin,
            self.seconds,
            self.slot_of_quarter,
            REACH_M,
        )
        return strangers

    def tally_of(self, rows: Rows) -> Tally:
        """The tally of these rows alone."""
        tally = self.empty()
        self.take(tally, rows)
        return tally


@dataclass(frozen=True, eq=False)
class Postings:
    """The list of postings, and which slots of the month count for each: in the posting, and not on leave."""

    ids: list[str]
    villages: list[str]
    nights: NDArray[np.bool_]
    days: NDArray[np.bool_]


def residence(
    fixes: Any,
    areas: Any,
    postings: Any,
    leave: Any = None,
    *,
    month: str,
    timezone: str,
    need: float = 0.9,
    datum: Datum | str | None = None,
    dask: Any = None,
) -> pa.Table:
    """Return one row for each posting: the pattern of its month's positions, with counts, probability and reason.

    Parameters
    ----------
    fixes : path, paths, folder or table
        Parquet with ``posting_id``, ``time_utc`` (timestamp), ``lon_deg``, ``lat_deg``, ``accuracy_m`` (radius that
        holds 68 %), or a table of these columns (pyarrow, pandas, polars, a mapping). Read piece by piece. Rows of one
        posting should stand in the order of their times; those that do not are read a second time and sorted. Same
        rows twice count once. What the positions are in stands in the files' metadata (``datum``) or comes as
        ``datum``: never guessed.
    areas : path, or mapping of village code to geometry
        A file that :func:`geo.read_areas` reads, with the property ``village_code``; or valid WGS 84 geometries.
    postings : path or table
        ``posting_id, village_code, kind, from, to``: CSV, Parquet, or a table. An empty ``to`` has not ended.
    leave : path or table, optional
        ``posting_id, from, to, kind``. A date takes out that day, its dawn and evening, and the night that begins on
        it; a time takes out what it overlaps. Leave of every kind counts the same.
    month, timezone : str
        ``"2026-03"`` and ``"Asia/Shanghai"``. A night is 22-06 local and belongs to the evening's date; a day is 08-18.
    need : float
        The least probability at which a pattern is given; otherwise it is ``insufficient``.
    dask : address or ``distributed.Client``, optional
        Where parts of the log are read instead of here; the workers must see the same paths.

    Returns
    -------
    pyarrow.Table
        ``posting_id, month, pattern, nights_seen, nights_present, days_seen, days_present, dwell_hours, posterior,
        reason``, in the order of the list. ``pattern`` is ``nights_here`` (half of the nights or more), ``days_only``
        (not that, but a fifth of the days or more), ``rarely_here`` or ``insufficient``. Slots without a fix are
        unknown: neither presence nor absence, and dwell is not counted across gaps of more than two hours. The table's
        metadata (``residence``) tells warnings and what was left out.

    Raises
    ------
    BadLog
        Where a column is missing or a value is no date.
    MissingCrs, ContradictedDatum
        Where nobody, or two, say what the positions are in.
    SwappedAxes
        Where the positions lie near the areas only with latitude and longitude exchanged.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> from geo import disc
    >>> hours = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=count) for count in range(24 * 28)]
    >>> log = {"posting_id": ["A"] * len(hours), "time_utc": hours, "lon_deg": [119.5] * len(hours),
    ...        "lat_deg": [27.4] * len(hours), "accuracy_m": [20.0] * len(hours)}
    >>> people = {"posting_id": ["A"], "village_code": ["350924106208"], "kind": ["team"], "from": ["2026-01-01"],
    ...           "to": [None]}
    >>> found = residence(log, {"350924106208": disc(119.5, 27.4, 800)}, people, month="2026-03",
    ...                   timezone="Asia/Shanghai", datum="wgs84").to_pylist()
    >>> found[0]["pattern"], found[0]["nights_seen"], found[0]["nights_present"], found[0]["reason"]
    ('nights_here', 28, 28, 'enough')
    """
    log, plan, listed, shapes = _prepare(fixes, areas, postings, leave, month, timezone, datum)
    _refuse_swapped_axes(log, plan, shapes)
    tally, strangers = _read_away(log, plan, dask) if dask is not None else _read_here(log, plan)
    warnings = _warn_of_datum(log, plan, tally, shapes)
    _untangle(log, plan, tally)
    return _told(plan, listed, tally, month, need, {"warnings": warnings, "fixes_of_nobody": strangers})


def prepared(
    fixes: Any, areas: Any, postings: Any, leave: Any, *, month: str, timezone: str, datum: Datum | str | None = None
) -> tuple[Plan, Rows]:
    """Return the plan and all rows of a log in memory: for measuring the kernel by itself."""
    log, plan, _, _ = _prepare(fixes, areas, postings, leave, month, timezone, datum)
    every = list(log.rows(plan.names))
    return plan, Rows(*(np.concatenate([getattr(rows, field.name) for rows in every]) for field in fields(Rows)))


def _prepare(
    fixes: Any, areas: Any, postings: Any, leave: Any, month: str, timezone: str, datum: Datum | str | None
) -> tuple[Log, Plan, Postings, list[Any]]:
    zone = ZoneInfo(timezone)
    first = _first_day(month)
    log = Log(fixes, datum=datum)
    listed = _postings(postings, leave, first, zone)
    shapes = _areas(areas)
    codes = sorted(set(listed.villages) & shapes.keys())
    place = {code: at for at, code in enumerate(codes)}
    usable = [shapes[code] for code in codes]
    plan = Plan(
        names=Names(listed.ids),
        # One area at least, so that the tables are never without a row.
        cells=cut_into_cells(usable or [None], datum=log.datum),
        area_of=np.array([place.get(code, -1) for code in listed.villages], dtype=np.int32),
        begin=round(datetime.combine(first, time(), zone).timestamp() / log.seconds),
        seconds=log.seconds,
        slot_of_quarter=_slots_of_quarters(first, zone),
    )
    plan.area_of[[at for at, area in enumerate(plan.area_of) if area >= 0 and not plan.cells.known[area]]] = -1
    return log, plan, listed, usable


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as reason:
        raise BadLog(f"a month is said like 2026-03, not {month!r}") from reason


def _days_of(first: date) -> int:
    return ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - first).days


@lru_cache(maxsize=16)
def _slots_of_quarters(first: date, zone: ZoneInfo) -> NDArray[np.int8]:
    """Return the slot of each quarter of an hour from the first's beginning until the last night has ended.

    Clocks that change in spring or autumn do so between quarters, so the table is right there too.
    """
    from geo import residence_kernel as kernel

    days = _days_of(first)
    begin = datetime.combine(first, time(), zone).timestamp()
    end = datetime.combine(first + timedelta(days=days), NIGHT[1], zone).timestamp()
    found = np.full(round((end - begin) / QUARTER.total_seconds()), -1, np.int8)
    for at in range(len(found)):
        local = datetime.fromtimestamp(begin + at * QUARTER.total_seconds(), zone)
        clock, day = local.time(), (local.date() - first).days
        if clock >= NIGHT[0]:
            slot = kernel.NIGHTS + day
        elif clock < NIGHT[1]:
            slot = kernel.NIGHTS + day - 1 if day else -1  # the night that began before the month did
        elif DAY[0] <= clock < DAY[1]:
            slot = kernel.DAYS + day
        else:
            slot = kernel.EDGES + day
        found[at] = slot if day < days or clock < NIGHT[1] else -1
    return found


def _areas(areas: Any) -> dict[str, Any]:
    if isinstance(areas, Mapping):
        return {str(code): shape for code, shape in areas.items() if shape is not None and not shape.is_empty}
    found = {}
    for area in read_areas(areas):
        code = area.properties.get("village_code")
        if code is None:
            raise BadLog(f"feature {area.feature_number} of the areas has no village_code")
        found[str(code)] = area.geometry
    return found


def _postings(postings: Any, leave: Any, first: date, zone: ZoneInfo) -> Postings:
    table = as_table(postings)
    ids = [str(name) for name in column_of(table, "posting_id", "postings")]
    villages = [str(code) for code in column_of(table, "village_code", "postings")]
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise BadLog(f"posting {twice[0]} is in the list more than once")
    days = _days_of(first)
    moments = _Moments(zone)
    began = moments.column(column_of(table, "from", "postings"), missing=-np.inf, last=False)
    ended = moments.column(column_of(table, "to", "postings"), missing=np.inf, last=True)
    begins = moments.of_days(first, days + 1, time())
    counts = np.zeros((len(ids), 32), bool)
    counts[:, :days] = (began[:, None] <= begins[:-1]) & (ended[:, None] >= begins[1:])
    listed = Postings(ids, villages, counts, counts.copy())
    if leave is not None:
        _take_leave_out(as_table(leave), listed, first, days, moments)
    return listed


class _Moments:
    """Dates and times of a list as seconds; each text is read once, for a list of thousands names few days."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._read: dict[tuple[Any, bool], float | None] = {}

    def column(self, values: Sequence[Any], *, missing: float, last: bool) -> NDArray[np.float64]:
        return np.array([missing if (at := self._one(value, last)) is None else at for value in values], np.float64)

    def of_days(self, first: date, days: int, clock: time) -> NDArray[np.float64]:
        at = [datetime.combine(first + timedelta(days=day), clock, self._zone).timestamp() for day in range(days)]
        return np.array(at)

    def _one(self, value: Any, last: bool) -> float | None:
        key = (value, last)
        if key not in self._read:
            found = moment(value, self._zone, last=last)
            self._read[key] = None if found is None else found.timestamp()
        return self._read[key]


def _take_leave_out(table: pa.Table, listed: Postings, first: date, days: int, moments: _Moments) -> None:
    place = {name: at for at, name in enumerate(listed.ids)}
    whose = [place.get(str(name), -1) for name in column_of(table, "posting_id", "leave")]
    start = moments.column(column_of(table, "from", "leave"), missing=np.inf, last=False)
    end = moments.column(column_of(table, "to", "leave"), missing=np.inf, last=True)
    day_from, day_to = (moments.of_days(first, days, clock) for clock in DAY)
    night_from, midnight = moments.of_days(first, days, NIGHT[0]), moments.of_days(first, days + 1, time())[1:]
    for at, who in enumerate(whose):
        if who >= 0:
            listed.days[who, :days] &= ~((start[at] < day_to) & (end[at] > day_from))
            # A leave that begins with the next day's first minute takes nothing of the night before it.
            listed.nights[who, :days] &= ~((start[at] < midnight) & (end[at] > night_from))


def _refuse_swapped_axes(log: Log, plan: Plan, areas: Sequence[Any]) -> None:
    """Refuse a log that lies near its areas with its axes exchanged only, by the first rows of people in the list."""
    rows = next(log.rows(plan.names, at_once=FIRST_ROWS), None)
    if rows is None or not areas:
        return
    rows = rows.only(rows.posting >= 0)
    west, south, east, north = shapely.total_bounds(np.array(areas, dtype=object))

    def near(x: Any, y: Any) -> int:
        across = (x > west - NEAR_DEG) & (x < east + NEAR_DEG)
        return int(np.sum(across & (y > south - NEAR_DEG) & (y < north + NEAR_DEG)))

    as_said, swapped = near(rows.lon, rows.lat), near(rows.lat, rows.lon)
    if swapped > 2 * as_said and swapped * 2 > len(rows):
        raise SwappedAxes("the fixes lie near the areas only when lon_deg and lat_deg change places; mend the columns")


def _warn_of_datum(log: Log, plan: Plan, tally: Tally, areas: Sequence[Any]) -> list[str]:
    """Warn of a log that fits its areas clearly better in another datum, by the last fix of each posting: one each,
    and in a month that has ended it is a night's."""
    chosen = _evenly(np.flatnonzero(tally.started), LOOKED_AT)
    if not chosen.size:
        return []
    read_as = Datum.WGS84 if log.datum is Datum.CGCS2000 else log.datum
    found = misread_devices(
        ["log"] * len(chosen),
        tally.last_fix[chosen, 0],
        tally.last_fix[chosen, 1],
        plan.area_of[chosen].tolist(),
        areas,
        read_as=Reading(read_as),
    )
    return [
        f"of {one.fixes} postings looked at {one.fitting_before} lie in their village as {read_as.value}, and "
        f"{one.fitting_after} as {one.reading.datum.value}: find out what the fixes are really in"
        for one in found
    ]


def _evenly(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64))] if len(rows) else rows


# ---- Reading: map and merge ----


def _read_here(log: Log, plan: Plan) -> tuple[Tally, int]:
    tally = plan.empty()
    return tally, sum(plan.take(tally, rows) for rows in log.rows(plan.names))


@dataclass(frozen=True, eq=False)
class Partial:
    """What one part of a log says of the postings that occur in it."""

    postings: NDArray[np.int64]
    tally: tuple[NDArray[Any], ...]
    strangers: int


def partial(plan: Plan, part: Part) -> Partial:
    """The map: a part of a log, read wherever it lies."""
    tally = plan.empty()
    strangers = sum(plan.take(tally, rows) for rows in rows_of_part(part, plan.names))
    postings = np.flatnonzero(tally.rows > 0)
    return Partial(postings, tuple(column[postings] for column in tally), strangers)


def merge(tally: Tally, found: Partial, seconds: float) -> None:
    """The merge, in the order of the log's parts: a posting that goes on across the cut is put together again."""
    from geo.residence_kernel import LONGEST_GAP_S, Tally

    who, new = found.postings, Tally(*found.tally)
    for name in ("fixes", "leaning", "dwell_s", "rows", "doubles", "unusable"):
        getattr(tally, name)[who] += getattr(new, name)
    both = tally.started[who] & new.started
    gap_s = (new.first_t - tally.last_t[who]) * seconds
    joined = both & (gap_s > 0.0) & (gap_s <= LONGEST_GAP_S)
    tally.dwell_s[who[joined]] += (0.5 * (new.first_p + tally.last_p[who]) * gap_s)[joined]
    tally.tangled[who] |= new.tangled | (both & (gap_s <= 0.0))
    fresh = new.started & ~tally.started[who]
    for name in ("first_t", "first_p"):
        getattr(tally, name)[who[fresh]] = getattr(new, name)[fresh]
    for name in ("last_t", "last_p", "last_fix"):
        getattr(tally, name)[who[new.started]] = getattr(new, name)[new.started]
    tally.started[who] |= new.started


def _read_away(log: Log, plan: Plan, dask: Any) -> tuple[Tally, int]:
    """Read the parts of a log on a cluster, and merge them here in their order."""
    if log.table is not None:
        raise BadLog("a table in memory is read here; a cluster reads files")
    try:
        import distributed
    except ImportError as reason:
        raise BadLog("reading on a cluster needs the extra 'cluster' (distributed)") from reason
    client: Any = dask if isinstance(dask, distributed.Client) else _connected(distributed, dask)
    try:
        shared = client.scatter(plan, broadcast=True)
        parts = log.parts(largest_rows=ROWS_OF_A_TASK)
        futures = [client.submit(partial, shared, part, pure=False) for part in parts]
        tally, strangers = plan.empty(), 0
        for future in futures:
            found = future.result()
            merge(tally, found, plan.seconds)
            strangers += found.strangers
            future.release()
        return tally, strangers
    finally:
        if client is not dask:
            client.close()


def _connected(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout="20s")
    except (OSError, ValueError) as reason:
        raise BadLog(f"no Dask scheduler answers at {address}: {reason}") from reason


def _untangle(log: Log, plan: Plan, tally: Tally) -> None:
    """Read the postings again whose rows were not in order, so many at a time as fit into memory, and sort them."""
    tangled = np.flatnonzero(tally.tangled)
    if not tangled.size:
        return
    for column in tally:
        column[tangled] = 0
    before = np.cumsum(_rows_of(log, plan, tangled))
    for bucket in range(int(before[-1] // MOST_TANGLED_ROWS) + 1):
        chosen = np.zeros(len(tally.rows) + 1, bool)  # the last one is nobody's, which is -1
        chosen[tangled[(before - 1) // MOST_TANGLED_ROWS == bucket]] = True
        rows = _gathered(log, plan, chosen)
        order = np.lexsort((rows.accuracy, rows.lat, rows.lon, rows.time, rows.posting))
        plan.take(tally, _one_a_moment(rows.only(order)))


def _rows_of(log: Log, plan: Plan, tangled: NDArray[np.int64]) -> NDArray[np.int64]:
    counts = np.zeros(len(plan.area_of) + 1, np.int64)
    for rows in log.rows(plan.names):
        counts += np.bincount(rows.posting + 1, minlength=len(counts))
    return np.maximum(counts[tangled + 1], 1)


def _gathered(log: Log, plan: Plan, chosen: NDArray[np.bool_]) -> Rows:
    kept = [rows.only(chosen[rows.posting]) for rows in log.rows(plan.names)]
    return Rows(*(np.concatenate([getattr(rows, field.name) for rows in kept]) for field in fields(Rows)))


def _one_a_moment(rows: Rows) -> Rows:
    """Sorted rows without those of a moment of which the posting has one already; usable ones go first."""
    usable = np.isfinite(rows.lon) & np.isfinite(rows.lat) & (rows.accuracy >= 0.0)
    order = np.lexsort((rows.accuracy, rows.lat, rows.lon, ~usable, rows.time, rows.posting))
    rows = rows.only(order)
    same = (np.diff(rows.posting) == 0) & (np.diff(rows.time) == 0)
    return rows.only(np.concatenate([[True], ~same]) if len(rows) else np.zeros(0, bool))


# ---- What is told ----


def _told(plan: Plan, listed: Postings, tally: Tally, month: str, need: float, metadata: dict[str, Any]) -> pa.Table:
    import pyarrow as pa

    nights, days, edges = _slots_seen(listed, tally)
    found, probability, reasons = patterns(nights, days, edges, need=need)
    reasons = ["no_area" if area < 0 else reason for area, reason in zip(plan.area_of, reasons, strict=True)]
    metadata |= {
        "datum_rule": "corners of the areas were brought to the fixes' datum",
        "need": need,
        "doubles": int(tally.doubles.sum()),
        "unusable_fixes": int(tally.unusable.sum()),
    }
    table = pa.table(
        {
            "posting_id": pa.array(listed.ids, pa.string()),
            "month": pa.array([month] * len(listed.ids), pa.string()),
            "pattern": pa.array([one.value for one in found], pa.string()),
            "nights_seen": pa.array(nights.seen.astype(np.int32)),
            "nights_present": pa.array(np.rint(nights.present).astype(np.int32)),
            "days_seen": pa.array(days.seen.astype(np.int32)),
            "days_present": pa.array(np.rint(days.present).astype(np.int32)),
            "dwell_hours": pa.array(np.round(tally.dwell_s / 3600.0, 2)),
            "posterior": pa.array(np.round(probability, 4)),
            "reason": pa.array(reasons, pa.string()),
        }
    )
    return table.replace_schema_metadata(told(metadata))


def _slots_seen(listed: Postings, tally: Tally) -> tuple[Slots, Slots, Slots]:
    from geo import residence_kernel as kernel

    def block(start: int, counts: NDArray[np.bool_]) -> Slots:
        here = slice(start, start + 32)
        return slots(presence(tally.fixes[:, here], tally.leaning[:, here]), counts)

    return (
        block(kernel.NIGHTS, listed.nights),
        block(kernel.DAYS, listed.days),
        block(kernel.EDGES, listed.days),
    )


def warnings_of(table: pa.Table) -> list[str]:
    """Return what a result warns of.

    >>> import pyarrow
    >>> warnings_of(pyarrow.table({}))
    []
    """
    import json

    found = (table.schema.metadata or {}).get(b"residence")
    return list(json.loads(found)["warnings"]) if found else []


def write_table(table: pa.Table, path: Path) -> None:
    """Write a result as Parquet or, by its name, as CSV."""
    from pyarrow import csv, parquet

    if path.suffix.lower() == ".csv":
        csv.write_csv(table, path)
    else:
        parquet.write_table(table, path, compression="zstd")
