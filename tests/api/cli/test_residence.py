"""``shidi residence`` reads four files, writes one, and opens no database."""

import csv
from pathlib import Path

from click.testing import CliRunner, Result
from pyarrow import parquet

from api.cli import shidi
from bench.residence import MONTH, invented, write


def run(folder: Path, *more: str, out: str = "out.csv", month: str = MONTH) -> Result:
    said = ["residence", "--month", month, "--out", str(folder / out)]
    for name in ("fixes", "areas", "postings", "leave"):
        said += [f"--{name}", str(folder / f"{name}.parquet")]
    return CliRunner().invoke(shidi, [*said, *more], obj={})


def test_patterns_of_a_month_are_written(tmp_path: Path) -> None:
    month = invented(12)
    write(month, tmp_path)
    answer = run(tmp_path)
    assert answer.exit_code == 0, answer.output
    assert answer.output.endswith(f"12 postings, written to {tmp_path / 'out.csv'}\n")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("posting_id", "month", "pattern", "nights_seen", "nights_present", "days_seen", "days_present"),
        *("dwell_hours", "posterior", "reason"),
    ]
    assert [row["pattern"] for row in rows] == month.truth
    assert run(tmp_path, out="out.parquet").exit_code == 0
    assert parquet.read_table(tmp_path / "out.parquet").column("pattern").to_pylist() == month.truth
    assert not (tmp_path / "data").exists()


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    write(invented(3), tmp_path)
    bare = parquet.read_table(tmp_path / "fixes.parquet").replace_schema_metadata(None)
    parquet.write_table(bare, tmp_path / "fixes.parquet")
    answer = run(tmp_path)
    assert (answer.exit_code, "nobody says what the fixes are in" in answer.output) == (1, True)
    assert run(tmp_path, "--datum", "wgs84").exit_code == 0
    assert run(tmp_path, "--datum", "wgs84", month="2026-13").exit_code == 1
