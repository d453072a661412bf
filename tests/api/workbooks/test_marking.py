import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from api.workbooks import ROSTER, Complaint, mark, read_sheet
from api.workbooks.marking import RED
from api.workbooks.sheet import REASONS_HEADER

TITLES = ["姓名", "派出单位", "派驻身份", "驻村起始时间", "行政村代码", "备注"]


def some_rows(**changed):
    row = {"姓名": "张三", "派出单位": "财政局", "派驻身份": "队员", "驻村起始时间": "2023.07"} | changed
    return [["花名册"], TITLES, [row.get(title) for title in TITLES]]


def marked(path: Path, *more: Complaint):
    sheet = read_sheet(path, ROSTER)
    out = path.with_name("marked.xlsx")
    mark(path, out, [*sheet.complaints, *more], sheet)
    return load_workbook(out, rich_text=True).worksheets[0], out


def is_red(cell) -> bool:
    return cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == RED


def test_bad_cells_are_red_with_the_reason_beside_each(workbook):
    page, _ = marked(workbook(some_rows(派驻身份="包村", 行政村代码="3.50924E+11"), merged=["A1:F1"]))
    assert is_red(page["C3"])
    assert is_red(page["E3"])
    assert "包村" in page["C3"].comment.text
    assert "文本格式" in page["E3"].comment.text
    assert page["G2"].value == REASONS_HEADER
    assert "包村" in page["G3"].value
    assert "文本格式" in page["G3"].value
    assert not any(is_red(page[address]) for address in ("A3", "B3", "D3", "F3"))


def test_everything_else_comes_back_as_it_was_sent(workbook):
    path = workbook(some_rows(派驻身份="包村", 备注="=1+1"), merged=["A1:F1"])
    book = load_workbook(path)
    book.active["A3"].font = Font(italic=True)
    book.active["B3"].fill = PatternFill("solid", fgColor="FFFFFF00")
    book.active["B3"].comment = Comment("请核对", "王五")
    book.active["D2"].value = CellRichText("驻村起始", TextBlock(InlineFont(b=True), "时间"))
    book.create_sheet("说明")["A1"] = "不要动"
    book.save(path)

    page, out = marked(path)
    sent, back = load_workbook(path), load_workbook(out)
    assert back.sheetnames == sent.sheetnames
    for before in sent.worksheets:
        for row in before.iter_rows():
            for cell in row:
                assert back[before.title][cell.coordinate].value == cell.value
    assert page.merged_cells.ranges == sent.active.merged_cells.ranges
    assert page["A3"].font.italic
    assert page["B3"].fill.fgColor.rgb == "FFFFFF00"
    assert page["B3"].comment.text == "请核对"
    assert isinstance(page["D2"].value, CellRichText)
    assert page["F3"].data_type == "f"


@pytest.mark.parametrize(
    "reason", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "#N/A", "坏\x07字"]
)
def test_a_reason_is_never_a_formula(workbook, reason):
    page, out = marked(workbook(some_rows()), Complaint(3, None, reason, "…"))
    assert page["G3"].data_type == "s"
    assert page["G3"].value == reason.replace("\x07", "")
    assert page["G3"].quotePrefix is (reason[0] in "=+-@")
    with zipfile.ZipFile(out) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_a_complaint_about_the_row_or_an_absent_column_stands_in_the_last_column(workbook):
    page, _ = marked(
        workbook(some_rows()), Complaint(3, "town_name", "没有乡镇", "…"), Complaint(3, None, "两行重复", "…")
    )
    assert page["G3"].value == "没有乡镇；两行重复"
    assert is_red(page["G3"])
    assert not any(is_red(cell) for cell in page[3][:6])


def test_a_complaint_of_meaning_marks_its_cell(workbook):
    page, _ = marked(
        workbook(some_rows(行政村代码="350924100201")), Complaint(3, "village_code", "没有这个村", "no such village")
    )
    assert is_red(page["E3"])
    assert "没有这个村" in page["E3"].comment.text


def test_a_bad_merged_cell_is_marked_where_it_shows(workbook):
    rows = some_rows(派驻身份="包村")
    path = workbook([*rows, ["李四", "财政局", None, "2023.07"]], merged=["C3:C4"])
    page, _ = marked(path)
    assert is_red(page["C3"])
    assert page["C3"].comment.text.count("包村") == 1
    assert "包村" in page["G4"].value


def test_their_own_comment_is_kept_above_ours(workbook):
    path = workbook(some_rows(派驻身份="包村"))
    book = load_workbook(path)
    book.active["C3"].comment = Comment("请核对", "王五")
    book.save(path)
    page, _ = marked(path)
    assert page["C3"].comment.text.startswith("请核对\n")
    assert "包村" in page["C3"].comment.text


def test_a_marked_book_corrected_and_sent_again_shows_only_what_is_still_wrong(workbook):
    path = workbook(some_rows(派驻身份="包村", 驻村起始时间="去年"))
    book = load_workbook(path)
    book.active["C3"].comment = Comment("请核对", "王五")
    book.save(path)
    _, once = marked(path)

    book = load_workbook(once)
    book.active["C3"].value = "队员"
    again = once.with_name("again.xlsx")
    book.save(again)
    sheet = read_sheet(again, ROSTER)
    assert [complaint.field for complaint in sheet.complaints] == ["from_date"]
    assert sheet.report.unknown == ()
    page, _ = marked(again)
    assert not is_red(page["C3"])
    assert page["C3"].comment.text == "请核对"
    assert is_red(page["D3"])
    assert page["G2"].value == REASONS_HEADER
    assert "包村" not in page["G3"].value
    assert page["H2"].value is None


def test_a_csv_comes_back_as_a_workbook_with_codes_as_text(csv_text):
    text = "姓名,派出单位,派驻身份,驻村起始时间,行政村代码,备注\n张三,财政局,包村,2023.07,350924100201,=1+1\n"
    page, _ = marked(csv_text(text, "gb18030"))
    assert [cell.value for cell in page[2]][:6] == ["张三", "财政局", "包村", "2023.07", "350924100201", "=1+1"]
    assert {cell.data_type for cell in page[2]} == {"s"}
    assert page["E2"].number_format == "@"
    assert is_red(page["C2"])
    assert "包村" in page["G2"].value


def test_the_book_that_was_sent_is_never_overwritten(workbook):
    path = workbook(some_rows())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="must not replace"):
        mark(path, path, [], read_sheet(path, ROSTER))
    assert path.read_bytes() == before


def test_a_stray_format_far_right_does_not_push_the_reasons_away(workbook):
    path = workbook(some_rows(派驻身份="包村"))
    book = load_workbook(path)
    book.active["XFD1"].number_format = "@"
    book.save(path)
    page, _ = marked(path)
    assert page["G2"].value == REASONS_HEADER
