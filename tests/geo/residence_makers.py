"""Small logs for the tests of ``residence``: one person, some hours, one village."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from geo import disc, residence

VILLAGE = "350924106208"
PLACE = (119.5044, 27.4555)
AWAY = (119.60, 27.50)
AREA = disc(*PLACE, 800)
MONTH = "2026-03"
ZONE = "Asia/Shanghai"
# Local midnight of 1 March 2026 in China.
BEGIN = datetime(2026, 2, 28, 16, tzinfo=UTC)


def some_fixes(
    posting: str = "A",
    *,
    nights: tuple[float, float] = PLACE,
    days: tuple[float, float] = PLACE,
    first: int = 0,
    last: int = 31,
    accuracy_m: float = 20.0,
) -> list[dict[str, Any]]:
    """Hourly fixes on the days from ``first`` to before ``last``; nights until six belong to the place of the night."""
    rows = []
    for hour in range(first * 24, last * 24):
        lon, lat = days if 6 <= hour % 24 < 22 else nights
        rows.append(
            {
                "posting_id": posting,
                "time_utc": BEGIN + timedelta(hours=hour),
                "lon_deg": lon,
                "lat_deg": lat,
                "accuracy_m": accuracy_m,
            }
        )
    return rows


def table(rows: list[dict[str, Any]], **metadata: str) -> pa.Table:
    """Rows as a log whose metadata say that it is in WGS 84, or what else is said."""
    schema = pa.schema(
        [
            ("posting_id", pa.string()),
            ("time_utc", pa.timestamp("us", "UTC")),
            ("lon_deg", pa.float64()),
            ("lat_deg", pa.float64()),
            ("accuracy_m", pa.float64()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema).replace_schema_metadata(metadata or {"datum": "wgs84"})


def people(*names: str, village: str = VILLAGE, start: str = "2025-01-01", end: str | None = None) -> dict[str, Any]:
    """A list of postings."""
    count = len(names)
    return {
        "posting_id": list(names),
        "village_code": [village] * count,
        "kind": ["team"] * count,
        "from": [start] * count,
        "to": pa.array([end] * count, pa.string()),
    }


def away(posting: str, start: Any, end: Any) -> dict[str, Any]:
    """One leave."""
    return {"posting_id": [posting], "from": [start], "to": [end], "kind": ["annual"]}


def found(rows: Any, postings: Any = None, leave: Any = None, **options: Any) -> list[dict[str, Any]]:
    """What ``residence`` says of a log about the village of these tests."""
    log = table(rows) if isinstance(rows, list) else rows
    options = {"month": MONTH, "timezone": ZONE, **options}
    return residence(log, {VILLAGE: AREA}, postings or people("A"), leave, **options).to_pylist()
