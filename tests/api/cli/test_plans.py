"""The plan by command and from the office's list: whole or not at all, and a list sent twice changes nothing."""

from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from tests.api.cli.folder import Folder
from tests.api.cli.test_cli import with_villages
from tests.api.world import COUNTY

HEADER: list[object] = ["检查事项", "类别", "开始日期", "结束日期", "批准人", "批准文号", "乡镇（街道）", "次数上限"]
SURPRISE: list[object] = ["暗访", "暗访", date(2026, 1, 1), date(2026, 12, 31), None, None, "下党乡", 6]
MID_YEAR: list[object] = ["年中督查", "年中督查", date(2026, 6, 1), date(2026, 6, 30), None, None, None, None]


@pytest.fixture
def office(folder: Folder) -> Folder:
    with_villages(folder)
    said = ("--login", "office", "--name", "督查办", "--role", "office", "--division", COUNTY)
    assert folder.run("user", "add", *said, login="root").exit_code == 0
    return folder


def imported(office: Folder, name: str, *rows: list[object], more: tuple[object, ...] = ("--most", 9)) -> str:
    answer = office.run("import", "plan", office.book(name, HEADER, *rows), "--year", 2026, *more, login="office")
    return f"{answer.exit_code} {answer.output}"


def test_a_list_becomes_the_plan_and_sent_again_changes_nothing(office: Folder) -> None:
    assert "0 new" not in imported(office, "plan.xlsx", SURPRISE, MID_YEAR)
    assert "imported: 0 new, 0 changed, 2 as before" in imported(office, "plan.xlsx", SURPRISE, MID_YEAR, more=())
    assert "每村上限仍为 9 次" in imported(office, "plan.xlsx", SURPRISE, more=("--most", 4))
    shown = office.run("plan", "show", "--year", 2026, login="office").output
    assert "寿宁县 2026: at most 9 checks for each village" in shown
    assert "暗访; 2026-01-01 to 2026-12-31; 下党乡 6; runs into 年中督查" in shown


def test_cells_merged_down_over_the_towns_are_one_check(office: Folder) -> None:
    villages = office.book(
        "more.xlsx",
        ["乡镇（街道）", "行政村（社区）", "行政村代码"],
        ["下党乡", "下党村", "350924100201"],
        ["凤阳镇", "凤阳村", "350924101201"],
    )
    assert office.run("import", "villages", villages, login="root").exit_code == 0
    book = Workbook()
    for row in (HEADER, SURPRISE, [None] * 6 + ["凤阳镇", 3]):
        book.active.append(row)
    for column in "ABCDEF":
        book.active.merge_cells(f"{column}2:{column}3")
    path = office.path / "merged.xlsx"
    book.save(path)
    answer = office.run("import", "plan", path, "--year", 2026, "--most", 9, login="office")
    assert "imported: 1 new" in answer.output, answer.output
    assert "下党乡 6; 凤阳镇 3" in office.run("plan", "show", "--year", 2026, login="office").output


def test_a_list_with_a_bad_row_is_refused_whole_and_comes_back_marked(office: Folder) -> None:
    bad: list[list[object]] = [
        ["专项检查", "其他", date(2026, 3, 1), date(2026, 3, 31), None, None, None, None],
        ["年度考核", "年度考核", date(2026, 12, 1), date(2027, 1, 31), None, None, None, None],
        ["暗访二", "暗访", date(2026, 2, 1), date(2026, 2, 28), None, None, "没有乡", 3],
        ["暗访三", "暗访", date(2026, 4, 1), date(2026, 4, 30), None, None, None, 3],
    ]
    said = imported(office, "bad.xlsx", SURPRISE, *bad)
    assert said.startswith("1 ") and "nothing was imported" in said
    sheet = load_workbook(office.path / "bad.marked.xlsx").active
    reasons = {row[0].value: str(row[-1].value) for row in sheet.iter_rows(min_row=2)}
    assert "批准人" in reasons["专项检查"] and "计划年度以内" in reasons["年度考核"]
    assert "没有乡镇" in reasons["暗访二"] and "没有乡镇" in reasons["暗访三"] and reasons["暗访"] == "None"
    assert office.run("plan", "show", "--year", 2026, login="office").exit_code == 1  # not even the plan was begun


def test_what_the_plan_says_otherwise_is_withdrawn_first_with_a_reason(office: Folder) -> None:
    imported(office, "plan.xlsx", SURPRISE)
    assert "先写明理由撤销" in imported(office, "other.xlsx", [*SURPRISE[:-1], 8])
    line = office.run("plan", "show", "--year", 2026, login="office").output.splitlines()[1].split()[0].rstrip(";")
    back = office.run("plan", "withdraw", line, "--year", 2026, "--reason", "指标调整", login="office")
    assert "withdrawn: 指标调整" in back.output, back.output
    assert "imported: 1 new" in imported(office, "other.xlsx", [*SURPRISE[:-1], 8])


def test_a_plan_is_begun_and_a_line_added_by_command(office: Folder) -> None:
    assert office.run("plan", "make", "--year", 2027, "--most", 5, login="office").exit_code == 0
    days = ("--from", "2027-05-01", "--to", "2027-05-31")
    line = ("plan", "add", "--year", 2027, "--kind", "other", "--title", "专项检查", *days, "--quota", "350924100=2")
    refused = office.run(*line, login="office")
    assert refused.exit_code == 1 and "approved" in refused.output
    added = office.run(*line, "--approver", "演示县长", "--paper", "演政办〔2027〕3号", login="office")
    assert "approved by 演示县长 演政办〔2027〕3号; 下党乡 2" in added.output, added.output
    assert office.run(*line, "--approver", "甲" * 65, login="office").exit_code == 1
    assert office.run(*line, "--quota", "下党乡=2", login="office").exit_code == 2
    assert office.run("plan", "make", "--year", 2028, "--most", 5, login="root").exit_code == 1


def test_a_plan_of_another_county_is_not_begun(office: Folder) -> None:
    assert office.run("plan", "make", "--year", 2026, "--county", "350981", "--most", 5, login="office").exit_code == 1
