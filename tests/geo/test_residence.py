"""Patterns of a month: what is seen, what is not, what must not change them, and what is refused."""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from bench.residence import MONTH as BENCH_MONTH
from bench.residence import accuracy, invented, write
from geo import BadLog, ContradictedDatum, Datum, MissingCrs, SwappedAxes, convert, residence
from geo.residence import warnings_of
from tests.geo.residence_makers import (
    AREA,
    AWAY,
    BEGIN,
    MONTH,
    PLACE,
    VILLAGE,
    ZONE,
    away,
    found,
    people,
    some_fixes,
    table,
)


@pytest.mark.parametrize(
    ("nights", "days", "pattern", "dwell_hours"),
    [
        (PLACE, PLACE, "nights_here", 743.0),
        (PLACE, AWAY, "nights_here", 247.0),
        (AWAY, PLACE, "days_only", 496.0),
        (AWAY, AWAY, "rarely_here", 0.0),
    ],
)
def test_the_four_ways_to_spend_a_month(
    nights: tuple[float, float], days: tuple[float, float], pattern: str, dwell_hours: float
) -> None:
    [one] = found(some_fixes(nights=nights, days=days))
    assert (one["posting_id"], one["month"], one["pattern"], one["reason"]) == ("A", MONTH, pattern, "enough")
    assert (one["nights_seen"], one["days_seen"]) == (31, 31)
    assert (one["nights_present"], one["days_present"]) == (31 * (nights == PLACE), 31 * (days == PLACE))
    assert one["dwell_hours"] == pytest.approx(dwell_hours, abs=1.0)
    assert 0.9 <= one["posterior"] <= 1.0


def test_nights_are_local_and_belong_to_their_evening() -> None:
    # One fix at two in the morning of 5 March in China: the night of the 4th, and still the 4th in UTC's evening.
    at = BEGIN + timedelta(days=4, hours=2)
    row = {"posting_id": "A", "time_utc": at, "lon_deg": PLACE[0], "lat_deg": PLACE[1], "accuracy_m": 10.0}
    [here] = found([row])
    assert (here["nights_seen"], here["nights_present"], here["days_seen"]) == (1, 1, 0)
    [gone] = found([row], leave=away("A", "2026-03-04", "2026-03-04"))
    assert gone["nights_seen"] == 0
    [still] = found([row], leave=away("A", "2026-03-05", "2026-03-05"))
    assert still["nights_seen"] == 1
    # The first hours of the month belong to the month before; those of the next month's first day to this one.
    [before] = found([{**row, "time_utc": BEGIN + timedelta(hours=2)}])
    assert before["nights_seen"] == 0
    [after] = found([{**row, "time_utc": BEGIN + timedelta(days=31, hours=2)}])
    assert after["nights_seen"] == 1


def test_a_month_in_which_the_clocks_change_has_all_its_nights() -> None:
    begin = datetime(2026, 3, 1, 5, tzinfo=UTC)  # local midnight in New York; clocks go forward on the 8th
    rows = [
        {
            "posting_id": "A",
            "time_utc": begin + timedelta(minutes=30 * half),
            "lon_deg": PLACE[0],
            "lat_deg": PLACE[1],
            "accuracy_m": 10.0,
        }
        for half in range(31 * 48 + 10)
    ]
    [one] = found(rows, timezone="America/New_York")
    assert (one["nights_seen"], one["days_seen"]) == (31, 31)


def test_leave_takes_its_days_and_nights_out_and_saves_the_pattern() -> None:
    rows = some_fixes(last=12) + some_fixes(nights=AWAY, days=AWAY, first=12, last=31)
    [without] = found(rows)
    [with_it] = found(rows, leave=away("A", "2026-03-13", "2026-03-31"))
    assert without["pattern"] != "nights_here"
    assert (with_it["pattern"], with_it["nights_seen"], with_it["days_seen"]) == ("nights_here", 12, 12)
    half = away("A", datetime(2026, 3, 13, 19, tzinfo=UTC) - timedelta(hours=8), None)
    [evening] = found(rows, leave={**half, "to": pa.array([None], pa.string())})
    assert (evening["days_seen"], evening["nights_seen"]) == (13, 12)


def test_outside_of_its_posting_nobody_is_expected() -> None:
    [one] = found(some_fixes(), people("A", start="2026-03-11", end="2026-03-20"))
    assert (one["nights_seen"], one["days_seen"]) == (10, 10)


def test_a_silent_phone_is_unknown_and_says_so() -> None:
    by_day = [row for row in some_fixes(nights=AWAY) if 8 <= (row["time_utc"] + timedelta(hours=8)).hour < 18]
    [one] = found(by_day)
    assert (one["pattern"], one["reason"], one["nights_seen"], one["days_seen"]) == ("insufficient", "no_nights", 0, 31)
    by_night = [row for row in some_fixes(nights=AWAY) if not 6 <= (row["time_utc"] + timedelta(hours=8)).hour < 22]
    [other] = found(by_night)
    assert (other["pattern"], other["reason"]) == ("insufficient", "no_days")
    [nothing] = found(some_fixes(last=1), people("B"))
    assert (nothing["pattern"], nothing["reason"], nothing["dwell_hours"]) == ("insufficient", "no_fixes", 0.0)
    [nowhere] = found(some_fixes(), people("A", village="350924999999"))
    assert (nowhere["pattern"], nowhere["reason"]) == ("insufficient", "no_area")
    [few] = found(some_fixes(last=1))
    assert (few["pattern"], few["reason"]) == ("insufficient", "few_slots")


def test_no_dwell_is_counted_across_a_gap() -> None:
    rows = some_fixes(last=2)
    assert found(rows)[0]["dwell_hours"] == pytest.approx(47.0)
    assert found(rows[:10] + rows[20:])[0]["dwell_hours"] == pytest.approx(9.0 + 27.0)
    assert found(rows[:10] + rows[11:])[0]["dwell_hours"] == pytest.approx(47.0)  # two hours are bridged


def test_order_and_doubles_change_nothing() -> None:
    rows = some_fixes("A", nights=AWAY, last=20) + some_fixes("B", last=20)
    for at, row in enumerate(rows):
        row["lon_deg"] += 1e-5 * (at % 7)
    listed = people("A", "B")
    plain = found(rows, listed)
    mixed = rows + random.Random(5).sample(rows, 200)
    random.Random(6).shuffle(mixed)
    assert found(mixed, listed) == plain
    interleaved = sorted(rows, key=lambda row: row["time_utc"])
    assert found(interleaved, listed) == plain


def test_two_fixes_of_one_moment_do_not_depend_on_their_order() -> None:
    rows = some_fixes(last=10)
    other = [{**row, "lon_deg": AWAY[0], "lat_deg": AWAY[1]} for row in rows[::5]]
    assert found(rows + other) == found(other + rows)


def test_one_fix_that_lies_neither_makes_nor_unmakes_a_night() -> None:
    rows = some_fixes(nights=AWAY, days=AWAY)
    for row in rows:
        if (row["time_utc"] + timedelta(hours=8)).hour == 2:
            row.update(lon_deg=PLACE[0], lat_deg=PLACE[1], accuracy_m=2.0)
    assert found(rows)[0]["nights_present"] == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"lon_deg": float("nan")},
        {"lat_deg": float("inf")},
        {"lon_deg": None},
        {"accuracy_m": None},
        {"accuracy_m": -1.0},
        {"lat_deg": 91.0},
        {"time_utc": None},
        {"posting_id": None},
    ],
    ids=str,
)
def test_a_row_in_which_something_is_missing_is_left_out(bad: dict[str, object]) -> None:
    rows = some_fixes(last=12)
    spoiled = [{**row, **bad} if at % 3 == 0 else row for at, row in enumerate(rows)]
    kept = [row for at, row in enumerate(rows) if at % 3]
    assert found(spoiled) == found(kept)


def test_the_datum_is_asked_for_and_agreed_on() -> None:
    rows = some_fixes(last=12)
    bare = table(rows).replace_schema_metadata(None)
    with pytest.raises(MissingCrs):
        found(bare)
    assert found(bare, datum="wgs84") == found(rows)
    with pytest.raises(ContradictedDatum):
        found(rows, datum="gcj02")


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09, Datum.CGCS2000])
def test_fixes_in_another_datum_lead_to_the_same(datum: Datum) -> None:
    rows = some_fixes(last=12, days=AWAY)
    lon, lat = convert([r["lon_deg"] for r in rows], [r["lat_deg"] for r in rows], source=Datum.WGS84, target=datum)
    moved = [{**row, "lon_deg": x, "lat_deg": y} for row, x, y in zip(rows, lon.tolist(), lat.tolist(), strict=True)]
    said, wanted = found(table(moved, datum=datum.value))[0], found(rows)[0]
    assert {**said, "posterior": 0} == {**wanted, "posterior": 0}


def test_swapped_axes_are_refused() -> None:
    rows = [{**row, "lon_deg": row["lat_deg"], "lat_deg": row["lon_deg"]} for row in some_fixes(last=3)]
    with pytest.raises(SwappedAxes):
        found(rows)


def test_a_log_that_fits_better_in_another_datum_is_warned_of() -> None:
    names = [f"p{at:02d}" for at in range(20)]
    gcj = convert(*PLACE, source=Datum.WGS84, target=Datum.GCJ02)
    rows = [row for name in names for row in some_fixes(name, nights=gcj, days=gcj, last=2)]
    small = {VILLAGE: AREA.buffer(-0.004)}
    said = residence(table(rows), small, people(*names), month=MONTH, timezone=ZONE)
    [warning] = warnings_of(said)
    assert "gcj02" in warning
    honest = [row for name in names for row in some_fixes(name, last=2)]
    assert warnings_of(residence(table(honest), small, people(*names), month=MONTH, timezone=ZONE)) == []


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    rows = table(some_fixes(last=1))
    junk = tmp_path / "x.parquet"
    junk.write_bytes(b"PAR1 nonsense")
    for bad in (rows.drop_columns(["accuracy_m"]), junk, tmp_path, str(tmp_path / "missing.parquet")):
        with pytest.raises(BadLog):
            found(bad)
    with pytest.raises(BadLog, match="2026-03"):
        found(rows, month="March")
    with pytest.raises(BadLog, match="more than once"):
        found(rows, people("A", "A"))
    with pytest.raises(BadLog, match="is no date"):
        found(rows, people("A", start="soon"))
    with pytest.raises(BadLog, match="no column from"):
        found(rows, leave={"posting_id": ["A"]})


def test_a_large_log_is_read_piece_by_piece_and_says_the_same(tmp_path: Path) -> None:
    month = invented(12, per_village=3)
    areas, listed, leave = month.tables()
    whole = residence(month.fixes, areas, listed, leave, month=BENCH_MONTH, timezone=ZONE)
    write(month, tmp_path)
    names = ("fixes", "areas", "postings", "leave")
    files = [tmp_path / f"{name}.parquet" for name in names]
    assert residence(*files, month=BENCH_MONTH, timezone=ZONE).to_pylist() == whole.to_pylist()
    # Cut in the middle of postings, over two files in a folder.
    folder = tmp_path / "log"
    folder.mkdir()
    for number, (start, size) in enumerate([(0, 5000), (5000, None)]):
        part = month.fixes.slice(start, size)
        parquet.write_table(part, folder / f"{number}.parquet", row_group_size=777)
    assert residence(folder, *files[1:], month=BENCH_MONTH, timezone=ZONE).to_pylist() == whole.to_pylist()
    seconds = month.fixes.set_column(1, "time_utc", month.fixes.column("time_utc").cast(pa.timestamp("s", "UTC")))
    parquet.write_table(seconds, folder / "1.parquet")
    with pytest.raises(BadLog, match="counted in"):
        residence(folder, *files[1:], month=BENCH_MONTH, timezone=ZONE)


def test_parts_read_elsewhere_are_put_together_here(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    month = invented(12, per_village=3)
    areas, listed, leave = month.tables()
    whole = residence(month.fixes, areas, listed, leave, month=BENCH_MONTH, timezone=ZONE).to_pylist()
    file = tmp_path / "fixes.parquet"
    parquet.write_table(month.fixes, file, row_group_size=500)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["geo.residence"], "ROWS_OF_A_TASK", 1)
        cluster = LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
        with cluster, Client(cluster) as client:
            said = residence(file, areas, listed, leave, month=BENCH_MONTH, timezone=ZONE, dask=client).to_pylist()
    for one, other in zip(said, whole, strict=True):
        assert one.pop("dwell_hours") == pytest.approx(other.pop("dwell_hours"), abs=0.02)
        assert one == other


def test_a_cluster_that_is_not_there_is_told() -> None:
    with pytest.raises(BadLog, match="a cluster reads files"):
        found(some_fixes(last=1), dask="tcp://127.0.0.1:1")


def test_dense_logs_are_right_and_sparse_ones_seldom_wrong() -> None:
    dense = accuracy(None, 1.0, postings=300)
    assert dense["wrong_of_all"] <= 0.002
    assert dense["decided"] >= 0.99
    sparse = accuracy(5, 1.0, postings=900)
    assert sparse["decided"] >= 0.55
    assert sparse["wrong_of_decided"] <= 0.02


def test_what_is_needed_is_what_is_asked_for() -> None:
    month = invented(120, keep=6)
    areas, listed, leave = month.tables()

    def decided(need: float) -> set[str]:
        said = residence(month.fixes, areas, listed, leave, month=BENCH_MONTH, timezone=ZONE, need=need).to_pylist()
        assert all(one["posterior"] >= need for one in said if one["pattern"] != "insufficient")
        return {one["posting_id"] for one in said if one["pattern"] != "insufficient"}

    assert decided(0.99) < decided(0.9) < decided(0.6)
    assert not np.isnan(residence(month.fixes, areas, listed, month=BENCH_MONTH, timezone=ZONE)["posterior"]).any()
