"""The demo's workbooks are as untidy as real ones, and the readers of the offices' books read them all the same."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from api.workbooks import ACCOUNTS, LEAVE, ROSTER, SITES, VILLAGES, read_sheet
from demo.cast import ACCOUNTS as CAST
from demo.cast import ENDED, ON_LEAVE, VISITED_CODE, posted_people, posted_villages
from demo.county import sample_county
from demo.places import Placed
from demo.workbooks import (
    write_accounts,
    write_bad_roster,
    write_leave_books,
    write_roster,
    write_sites,
    write_villages,
)

TODAY = date(2026, 11, 23)


def test_the_list_of_villages_reads_back_with_synthetic_positions(tmp_path: Path, placed: dict[str, Placed]) -> None:
    path = tmp_path / "villages.xlsx"
    write_villages(path, sample_county(), placed, TODAY)
    sheet = read_sheet(path, VILLAGES)
    assert not sheet.complaints
    assert sheet.filled_at == TODAY
    assert {row.values["village_code"] for row in sheet.rows} == {v.code for v in sample_county().villages}
    assert all("合成" in str(row.values["remark"]) for row in sheet.rows)
    assert [skipped.reason_zh for skipped in sheet.report.skipped] == ["合计行"]


def test_every_village_has_an_office_and_posted_ones_have_quarters(tmp_path: Path, placed: dict[str, Placed]) -> None:
    path = tmp_path / "sites.xlsx"
    quarters = {village.code for village in posted_villages(sample_county())}
    write_sites(path, sample_county(), placed, TODAY, with_quarters=quarters)
    sheet = read_sheet(path, SITES)
    assert not sheet.complaints
    kinds = [row.values["kind"] for row in sheet.rows]
    assert kinds.count("office") == 205
    assert kinds.count("quarters") == 12
    assert {row.values["quality"] for row in sheet.rows} == {"synthetic"}


def test_the_roster_reads_back_and_identity_numbers_stay_unread(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    write_roster(path, sample_county(), posted_people(sample_county()), TODAY)
    sheet = read_sheet(path, ROSTER)
    assert not sheet.complaints
    assert "身份证号" in sheet.report.discarded
    by_name = {str(row.values["name"]): row.values for row in sheet.rows}
    assert set(by_name) == {person.name for person in posted_people(sample_county())}
    assert all(name.startswith("演示·") for name in by_name)
    assert by_name[ENDED]["to_date"] == TODAY - timedelta(days=1)
    for person in posted_people(sample_county()):
        assert by_name[person.name]["from_date"] == date(*person.begins, 1)
    assert len(posted_villages(sample_county())) == 12
    assert sum(row.values["village_code"] == VISITED_CODE for row in sheet.rows) == 6


def test_what_can_be_seen_wrong_in_the_bad_roster_is_complained_of(tmp_path: Path) -> None:
    path = tmp_path / "bad.xlsx"
    bad_rows = write_bad_roster(path, sample_county(), TODAY)
    sheet = read_sheet(path, ROSTER)
    assert bad_rows == 4
    assert len(sheet.rows) == 5
    # The other three are wrong only for somebody who knows the county's villages.
    assert [(c.field, "舍入" in c.reason_zh) for c in sheet.complaints] == [("village_code", True)]


@pytest.mark.parametrize("later", [False, True])
def test_one_person_of_the_visited_village_is_on_leave_in_the_township_book(tmp_path: Path, later: bool) -> None:
    township, department = tmp_path / "t.xlsx", tmp_path / "d.xlsx"
    write_leave_books(township, department, sample_county(), visit_day=TODAY, filled_on=TODAY, later=later)
    books = [read_sheet(township, LEAVE), read_sheet(department, LEAVE)]
    assert [book.complaints for book in books] == [[], []]
    assert [{row.values["book"] for row in book.rows} for book in books] == [{"township"}, {"department"}]
    away = [row.values for row in books[0].rows if row.values["name"] == ON_LEAVE]
    assert [(leave["from_date"], leave["to_date"]) for leave in away] == [
        ((TODAY - timedelta(days=1), "am"), (TODAY + timedelta(days=1), "pm"))
    ]
    assert "请假事由" in books[0].report.discarded
    assert len(books[1].rows) == (3 if later else 2)


def test_the_accounts_read_back_with_a_stranger_of_another_county(tmp_path: Path) -> None:
    path = tmp_path / "accounts.xlsx"
    write_accounts(path, TODAY)
    sheet = read_sheet(path, ACCOUNTS)
    assert not sheet.complaints
    assert [row.values["login"] for row in sheet.rows] == [account.login for account in CAST]
    assert [row.values["division_prefix"] for row in sheet.rows if row.values["login"] == "stranger"] == ["350981"]
