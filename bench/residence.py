"""Patterns from position logs: fixes a second, memory, and how often the pattern is wrong in invented months.

``python -m bench.residence`` makes a month of hourly positions of 900 and of 9,000 invented postings in 300 and 3,000
invented villages, measures the kernel, the whole way from a cold Parquet file, and the memory of streaming, and then
asks how often the pattern is another than the invented one: with all fixes, and with five a month. CPU seconds are the
best of several runs. Real logs were never seen.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyarrow import parquet

from geo import residence

SEED = 20_261_128
MONTH = "2026-03"
ZONE = "Asia/Shanghai"
DAYS = 31
FIRST_S = int(datetime(2026, 2, 28, 16, tzinfo=UTC).timestamp())
KINDS = ("resident", "commuter", "name_only", "resident_on_leave")
TRUTH = {"resident": "nights_here", "commuter": "days_only", "name_only": "rarely_here"}
M_PER_DEG = 111_000.0

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Month:
    """An invented month: villages, postings with what they truly are, their leave, and their positions in order."""

    areas: list[shapely.Polygon]
    truth: list[str]
    leave: list[tuple[int, int] | None]
    fixes: pa.Table

    def tables(self) -> tuple[dict[str, shapely.Polygon], pa.Table, pa.Table]:
        """The other three inputs of ``residence``."""
        codes = [f"{350924_000_000 + number}" for number in range(len(self.areas))]
        names = [f"p{number:06d}" for number in range(len(self.truth))]
        postings = pa.table(
            {
                "posting_id": names,
                "village_code": [codes[number % len(codes)] for number in range(len(names))],
                "kind": ["team"] * len(names),
                "from": ["2025-01-01"] * len(names),
                "to": ["2027-12-31"] * len(names),
            }
        )
        taken = [(name, days) for name, days in zip(names, self.leave, strict=True) if days]
        leave = pa.table(
            {
                "posting_id": [name for name, _ in taken],
                "from": [f"2026-03-{first + 1:02d}" for _, (first, _) in taken],
                "to": [f"2026-03-{last + 1:02d}" for _, (_, last) in taken],
                "kind": ["annual"] * len(taken),
            }
        )
        return dict(zip(codes, self.areas, strict=True)), postings, leave


def main() -> None:
    """Measure, each in a process of its own, and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postings", type=int, nargs="+", default=(900, 9_000))
    parser.add_argument("--one", nargs=2, metavar=("CASE", "FOLDER"))
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(CASES[asked.one[0]](Path(asked.one[1]))))
        return
    for postings in asked.postings:
        with tempfile.TemporaryDirectory() as name:
            write(invented(postings), Path(name))
            for case in CASES:
                command = [sys.executable, "-m", "bench.residence", "--one", case, name]
                done = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parent.parent)
                print(f"{postings:>7,} postings  {case:<10} {json.loads(done.stdout)}", flush=True)
    for fixes, noise in ((None, 1.0), (None, 4.0), (30, 1.0), (5, 1.0)):
        print(f"patterns, {fixes or 'all'} fixes, noise x{noise:.0f}: {accuracy(fixes, noise)}", flush=True)


# ---- An invented month ----


def invented(
    postings: int, *, per_village: int = 3, noise: float = 1.0, keep: int | None = None, seed: int = SEED
) -> Month:
    """A month of hourly positions; with ``keep`` so many of them only, drawn at random for each posting."""
    dice = np.random.default_rng(seed)
    areas = [_village(dice, number) for number in range(max(postings // per_village, 1))]
    kinds = dice.choice(len(KINDS), postings, p=[0.45, 0.25, 0.15, 0.15])
    leave = [_leave(dice) if KINDS[kind] == "resident_on_leave" else None for kind in kinds]
    rows = [_person(dice, areas[who % len(areas)], KINDS[kinds[who]], leave[who], noise) for who in range(postings)]
    chosen = [np.sort(dice.choice(DAYS * 24, keep, replace=False)) if keep else slice(None) for _ in rows]
    lon, lat, within, at = (
        np.concatenate([columns[part][pick] for columns, pick in zip(rows, chosen, strict=True)]) for part in range(4)
    )
    size = keep or DAYS * 24
    codes = np.repeat(np.arange(postings, dtype=np.int32), size)
    names = pa.array([f"p{number:06d}" for number in range(postings)])
    fixes = pa.table(
        {
            "posting_id": pa.DictionaryArray.from_arrays(codes, names).cast(pa.string()),
            "time_utc": pa.array((at * 1_000_000).astype(np.int64)).cast(pa.timestamp("us", "UTC")),
            "lon_deg": lon,
            "lat_deg": lat,
            "accuracy_m": within,
        }
    ).replace_schema_metadata({"datum": "wgs84"})
    truth = [TRUTH[KINDS[kind].removesuffix("_on_leave")] for kind in kinds]
    return Month(areas, truth, leave, fixes)


def _village(dice: np.random.Generator, number: int) -> shapely.Polygon:
    angles = np.linspace(0.0, 2.0 * np.pi, 170, endpoint=False)
    radius = 0.012 * (1.0 + 0.25 * np.sin(3.0 * angles + dice.uniform(0, 6)) + 0.08 * np.sin(17.0 * angles))
    radius *= 1.0 + dice.normal(0.0, 0.01, 170)
    west, south = 118.0 + 0.04 * (number % 60), 26.0 + 0.04 * (number // 60)
    ring = shapely.Polygon(np.column_stack([west + radius * np.cos(angles), south + radius * np.sin(angles)]))
    whole = shapely.make_valid(ring, method="structure")
    return whole if isinstance(whole, shapely.Polygon) else max(whole.geoms, key=lambda part: float(part.area))


def _leave(dice: np.random.Generator) -> tuple[int, int]:
    days = int(dice.integers(6, 15))
    first = int(dice.integers(0, DAYS - days))
    return first, first + days - 1


def _person(
    dice: np.random.Generator, area: shapely.Polygon, kind: str, leave: tuple[int, int] | None, noise: float
) -> tuple[Column, Column, Column, Column]:
    """Longitude, latitude, accuracy and time of one posting's month."""
    hour = np.arange(DAYS * 24)
    day, clock = hour // 24, hour % 24
    night = np.where(clock < 6, day, day + 1)  # numbered by its morning
    resident = kind.startswith("resident")
    rates = {"commuter": (0.03, 0.75, 0.06), "name_only": (0.01, 0.06, 0.02)}.get(kind, (0.9, 0.8, 0.85))
    nights, days, edges = (dice.random(DAYS + 1) < rate for rate in rates)
    is_night, is_day = (clock >= 22) | (clock < 6), (clock >= 8) & (clock < 18)
    here = np.where(is_night, nights[night], np.where(is_day, days[day], edges[day]))
    here &= ~is_day | (dice.random(hour.size) < 0.93)
    if leave:
        here &= ~((hour >= leave[0] * 24) & (hour < leave[1] * 24 + 20))
    hard = dice.random() < 0.1
    bed = _inside(dice, area, hard and resident)
    home = _outside(dice, area, hard and not resident)
    work = np.array([_inside(dice, area, False) for _ in range(6)])[dice.integers(0, 6, hour.size)]
    place = np.where(here[:, None], np.where(is_day[:, None], work, bed), home)
    accuracy_m = np.clip(np.exp(dice.normal(np.log(15.0), 0.5, hour.size)), 5.0, 50.0) * noise
    outlier = dice.random(hour.size) < 0.02
    error_m = accuracy_m / 1.515
    error_m = np.where(outlier, dice.uniform(200.0, 500.0, hour.size), error_m)
    accuracy_m = np.where(outlier & (dice.random(hour.size) < 0.5), error_m, accuracy_m)
    off = dice.normal(0.0, 1.0, (hour.size, 2)) * error_m[:, None] / M_PER_DEG
    lon = place[:, 0] + off[:, 0] / np.cos(np.radians(place[:, 1]))
    at = np.asarray(FIRST_S + hour * 3600.0 + 120.0, dtype=np.float64)
    return lon, np.asarray(place[:, 1] + off[:, 1]), np.asarray(accuracy_m), at


def _inside(dice: np.random.Generator, area: shapely.Polygon, hard: bool) -> Column:
    west, south, east, north = area.bounds
    if hard:  # a lodging near the border
        shrunk = area.buffer(-float(dice.uniform(5.0, 60.0)) / M_PER_DEG)
        line = shapely.boundary(shrunk)
        return np.asarray(shapely.get_coordinates(line.interpolate(dice.random(), normalized=True))[0])
    while True:
        at = np.array([dice.uniform(west, east), dice.uniform(south, north)])
        if area.contains(shapely.Point(at)):
            return at


def _outside(dice: np.random.Generator, area: shapely.Polygon, hard: bool) -> Column:
    away_m = dice.uniform(150.0, 1500.0) if hard else dice.uniform(8_000.0, 40_000.0)
    line = shapely.boundary(area.buffer(away_m / M_PER_DEG))
    return np.asarray(shapely.get_coordinates(line.interpolate(dice.random(), normalized=True))[0])


# ---- The cases ----


def write(month: Month, folder: Path) -> None:
    """The four inputs as files: Parquet with f64 and zstd, as most programs write it."""
    areas, postings, leave = month.tables()
    parquet.write_table(month.fixes, folder / "fixes.parquet", compression="zstd", row_group_size=1_000_000)
    parquet.write_table(postings, folder / "postings.parquet")
    parquet.write_table(leave, folder / "leave.parquet")
    column = pa.array([shapely.to_wkb(area) for area in areas.values()], pa.binary())
    told = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    table = pa.table({"village_code": list(areas), "geometry": column})
    parquet.write_table(table.replace_schema_metadata({"geo": json.dumps(told)}), folder / "areas.parquet")


def _whole(folder: Path) -> pa.Table:
    names = ("fixes", "areas", "postings", "leave")
    return residence(*(folder / f"{name}.parquet" for name in names), month=MONTH, timezone=ZONE)


def _cold(folder: Path) -> dict[str, float]:
    """From files to the table, once the code is compiled; the second and later runs of the process."""
    rows = parquet.ParquetFile(folder / "fixes.parquet").metadata.num_rows
    _whole(folder)
    times_s = [_timed(lambda: _whole(folder)) for _ in range(5)]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {
        "fixes": rows,
        "cpu_s": round(min(times_s), 3),
        "fixes_per_s": round(rows / min(times_s)),
        "peak_mb": round(peak_mb),
    }


def _kernel(folder: Path) -> dict[str, float]:
    """The kernel alone, columns in memory and tables ready."""
    from geo.residence import prepared

    names = ("areas", "postings", "leave")
    plan, columns = prepared(
        folder / "fixes.parquet", *(folder / f"{name}.parquet" for name in names), month=MONTH, timezone=ZONE
    )
    plan.tally_of(columns)
    times_s = [_timed(lambda: plan.tally_of(columns)) for _ in range(7)]
    rows = len(columns.posting)
    return {"fixes": rows, "cpu_s": round(min(times_s), 4), "fixes_per_s": round(rows / min(times_s))}


def _timed(work: object) -> float:
    start_s = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - start_s


CASES = {"kernel": _kernel, "cold": _cold}


def accuracy(keep: int | None, noise: float, *, postings: int = 900, seed: int = SEED + 1) -> dict[str, float]:
    """How many patterns were given, and how many of those are another than the invented one."""
    month = invented(postings, keep=keep, noise=noise, seed=seed)
    areas, people, leave = month.tables()
    found = residence(month.fixes, areas, people, leave, month=MONTH, timezone=ZONE).column("pattern").to_pylist()
    decided = [(said, true) for said, true in zip(found, month.truth, strict=True) if said != "insufficient"]
    wrong = sum(said != true for said, true in decided)
    return {
        "decided": round(len(decided) / postings, 4),
        "wrong_of_all": round(wrong / postings, 4),
        "wrong_of_decided": round(wrong / max(len(decided), 1), 4),
    }


if __name__ == "__main__":
    main()
