"""Reading logs and lists: names, dates, tables of every make."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from geo import BadLog
from geo.position_logs import Names, as_table, column_of, moment

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("value", "last", "wanted"),
    [
        ("2026-03-05", False, datetime(2026, 3, 5, tzinfo=CHINA)),
        ("2026-03-05", True, datetime(2026, 3, 6, tzinfo=CHINA)),
        (date(2026, 3, 5), True, datetime(2026, 3, 6, tzinfo=CHINA)),
        ("2026-03-05T19:00", True, datetime(2026, 3, 5, 19, tzinfo=CHINA)),
        (datetime(2026, 3, 5, 4, tzinfo=UTC), False, datetime(2026, 3, 5, 12, tzinfo=CHINA)),
        (None, True, None),
        ("", False, None),
    ],
)
def test_a_date_is_its_beginning_or_as_a_last_day_its_end(value: object, last: bool, wanted: datetime | None) -> None:
    assert moment(value, CHINA, last=last) == wanted


@pytest.mark.parametrize("value", ["soon", "2026-02-30", 5, "2026-03-05T99:00"])
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(BadLog):
        moment(value, CHINA, last=False)


def test_names_are_found_whatever_their_type() -> None:
    names = Names(["7", "b"])
    assert names.places(pa.array([7, 8, None])).tolist() == [0, -1, -1]
    assert names.places(pa.array(["b", "7"]).dictionary_encode()).tolist() == [1, 0]


def test_codes_of_a_csv_stay_text(tmp_path: Path) -> None:
    file = tmp_path / "postings.csv"
    file.write_text("posting_id,village_code,kind,from,to\n007,350924106208,team,2026-01-01,\n", encoding="utf-8")
    read = as_table(file)
    assert column_of(read, "posting_id", "postings") == ["007"]
    assert column_of(read, "to", "postings") in ([None], [""])
    with pytest.raises(BadLog, match="no column x"):
        column_of(read, "x", "postings")
