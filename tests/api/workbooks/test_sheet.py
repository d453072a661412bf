from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from api.workbooks import LEAVE, ROSTER, VILLAGES, Column, read_sheet
from api.workbooks.errors import AmbiguousColumns, AmbiguousSheet, MissingColumns, UnknownField
from api.workbooks.sheet import column_letter
from api.workbooks.values import day, name, person_name, village_code

BOOK = (
    Column("town", "乡镇（街道）", name),
    Column("village", "行政村", name, ("村名",), required=True),
    Column("code", "行政村代码", village_code, ("村代码",)),
    Column("person", "姓名", person_name, required=True),
    Column("start", "驻村时间起", day(edge="first"), ("起始时间",)),
    Column("end", "驻村时间止", day(edge="last", open_end=True), ("届满时间",)),
    Column("remark", "备注"),
    Column("identity_number", "身份证", discard=True),
)


def column_of(sheet, field):
    return [row.values[field] for row in sheet.rows]


def test_the_header_is_found_under_titles_and_labels(workbook):
    path = workbook(
        [
            ["寿宁县派驻人员花名册"],
            ["填报单位：寿宁县委组织部", None, None, "填报时间：2026年3月2日"],
            [],
            ["序号", "乡镇", "村名", "姓名"],
            [1, "下党乡", "下党村", "张　三"],
            [2, "下党乡", "下　屏　峰村", "李四"],
        ],
        merged=["A1:D1", "A2:C2"],
    )
    sheet = read_sheet(path, BOOK)
    assert [row.number for row in sheet.rows] == [5, 6]
    assert column_of(sheet, "person") == ["张三", "李四"]
    assert column_of(sheet, "village") == ["下党村", "下屏峰村"]
    assert column_of(sheet, "end") == [None, None]
    assert sheet.rows[0].cells == {"town": "B5", "village": "C5", "person": "D5"}
    assert (sheet.filled_by, sheet.filled_at) == ("寿宁县委组织部", date(2026, 3, 2))
    assert sheet.report.header_rows == (4, 4)
    assert sheet.complaints == []


@pytest.mark.parametrize(
    ("line", "by", "at"),
    [
        (["填报单位（盖章）：下党乡  填报时间：2026.3.2"], "下党乡", date(2026, 3, 2)),
        (["填报单位：", "下党乡", "填报时间：", datetime.fromisoformat("2026-03-02")], "下党乡", date(2026, 3, 2)),
        (["填报单位：下党乡　填表人：王五　填报日期：2026 年 3 月 2 日"], "下党乡", date(2026, 3, 2)),
        (["单位（盖章）：下党乡", "填表时间：2026年3月"], "下党乡", date(2026, 3, 1)),
        (["填报单位：______", "填报时间：  年  月  日"], None, None),
    ],
)
def test_who_filled_the_book_in_and_when(workbook, line, by, at):
    sheet = read_sheet(workbook([line, ["村名", "姓名"], ["下党村", "张三"]]), BOOK)
    assert (sheet.filled_by, sheet.filled_at) == (by, at)


def test_a_header_in_two_rows_with_merged_cells(workbook):
    path = workbook(
        [
            ["花名册"],
            ["序号", "村名", "姓名", "驻村时间", None, "备注"],
            [None, None, None, "起", "止", None],
            [1, "下党村", "张三", "2023.07", "2025.07", None],
            [2, "下党村", "李四", "2023年7月", "至今", "好"],
        ],
        merged=["A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3"],
    )
    sheet = read_sheet(path, BOOK)
    assert sheet.complaints == []
    assert sheet.report.header_rows == (2, 3)
    assert column_of(sheet, "start") == [date(2023, 7, 1)] * 2
    assert column_of(sheet, "end") == [date(2025, 7, 31), None]
    assert column_of(sheet, "remark") == [None, "好"]


def test_a_header_in_two_rows_stays_whole_where_the_lower_row_says_nothing_known(workbook):
    path = workbook(
        [["村名", "姓名", "家庭情况", None], [None, None, "人数", "劳力"], ["下党村", "张三", 3, 2]],
        merged=["A1:A2", "B1:B2", "C1:D1"],
    )
    sheet = read_sheet(path, BOOK)
    assert [row.number for row in sheet.rows] == [3]
    assert sheet.report.unknown == ("家庭情况人数", "家庭情况劳力")


def test_a_header_in_two_rows_of_a_csv(csv_text):
    sheet = read_sheet(csv_text("村名,姓名,驻村时间,,备注\n,,起,止,\n下党村,张三,2023.07,至今,\n", "gb18030"), BOOK)
    assert sheet.complaints == []
    assert column_of(sheet, "start") == [date(2023, 7, 1)]
    assert column_of(sheet, "end") == [None]


def test_one_header_merged_over_two_columns_is_one_column(workbook):
    sheet = read_sheet(workbook([["村名", "姓名", "备注", None], ["下党村", "张三", "好"]], merged=["C1:D1"]), BOOK)
    assert column_of(sheet, "remark") == ["好"]


def test_a_town_merged_down_speaks_for_each_of_its_rows(workbook):
    path = workbook(
        [
            ["乡镇", "村名", "姓名"],
            ["下党乡", "下党村", "张三"],
            [None, "杨溪头村", "李四"],
            ["清源镇", "小东村", "王五"],
        ],
        merged=["A2:A3"],
    )
    assert column_of(read_sheet(path, BOOK), "town") == ["下党乡", "下党乡", "清源镇"]


def test_totals_blanks_signatures_and_repeated_headers_are_no_rows(workbook):
    sheet = read_sheet(
        workbook(
            [
                ["序号", "乡镇", "村名", "姓名"],
                [1, "下党乡", "下党村", "张三"],
                [None, "下党乡小计", None, 1],
                [2, None, None, None],
                ["　", None, None, None],
                ["序号", "乡镇", "村名", "姓名"],
                [3, "清源镇", "小东村", "李四"],
                ["合　计", None, None, 2],
                ["填表人：王五", None, None, "填报时间：2026-03-02"],
            ]
        ),
        BOOK,
    )
    assert column_of(sheet, "person") == ["张三", "李四"]
    assert [row.row_number for row in sheet.report.skipped] == [3, 6, 8, 9]
    assert sheet.filled_at == date(2026, 3, 2)
    assert sheet.complaints == []


def test_everything_bad_is_found_in_one_pass(workbook):
    path = workbook(
        [
            ["村名", "行政村代码", "姓名", "起始时间"],
            ["下党村", 350924000000, "张三", "2023.13"],
            ["小东村", "3.50924E+11", None, "2023.07"],
            [None, "350924100201", "=A2", "#REF!"],
        ]
    )
    sheet = read_sheet(path, BOOK)
    assert [(complaint.row_number, complaint.field) for complaint in sheet.complaints] == [
        (2, "code"),
        (2, "start"),
        (3, "code"),
        (3, "person"),
        (4, "village"),
        (4, "person"),
        (4, "start"),
    ]
    by_place = {(complaint.row_number, complaint.field): complaint for complaint in sheet.complaints}
    assert "文本格式" in by_place[2, "code"].reason_zh
    assert "姓名" in by_place[3, "person"].reason_zh
    assert "公式" in by_place[4, "person"].reason_zh
    assert sheet.rows[0].bad == {"code", "start"}
    assert sheet.rows[0].values["code"] is None
    assert sheet.rows[0].values["person"] == "张三"


def test_formulas_are_read_by_their_stored_answer_and_empty_ones_are_left(workbook, store_answer):
    path = workbook([["村名", "姓名"], ["=B9", "张三"], ["=B9", None]])
    store_answer(path, "A2", "下党村")
    sheet = read_sheet(path, BOOK)
    assert column_of(sheet, "village") == ["下党村"]
    assert [row.row_number for row in sheet.report.skipped] == [3]


def test_a_missing_column_is_refused_with_what_was_looked_for_and_seen(workbook):
    with pytest.raises(MissingColumns) as caught:
        read_sheet(workbook([["村名", "名字", "驻村时间起"], ["下党村", "张三", "2023.07"]]), BOOK)
    for said in (caught.value.reason_zh, caught.value.reason_en):
        assert "姓名" in said
        assert "村名" in said
        assert "名字" in said
    assert caught.value.seen == ("村名", "名字", "驻村时间起")


def test_a_file_without_any_header_is_refused_with_what_was_looked_for(workbook, csv_text):
    for path in (workbook([[1, 2], [3, 4]]), csv_text("")):
        with pytest.raises(MissingColumns, match="姓名"):
            read_sheet(path, BOOK)


def test_two_headers_for_one_column_are_refused_until_a_person_says_which(workbook):
    path = workbook([["村名", "行政村", "姓名"], ["下党村", "下党", "张三"]])
    with pytest.raises(AmbiguousColumns) as caught:
        read_sheet(path, BOOK)
    assert caught.value.headers == ("A 列“村名”", "B 列“行政村”")
    sheet = read_sheet(path, BOOK, headings={"行政村": None})
    assert column_of(sheet, "village") == ["下党村"]


def test_a_person_can_say_what_a_header_means(workbook):
    path = workbook([["地点", "姓名"], ["下党村", "张三"]])
    assert column_of(read_sheet(path, BOOK, headings={"地点": "village"}), "village") == ["下党村"]


@pytest.mark.parametrize("field", ["hobby", "identity_number"])
def test_a_correction_to_a_field_the_book_does_not_have_is_refused(workbook, field):
    with pytest.raises(UnknownField, match=field):
        read_sheet(workbook([["地点", "姓名"], ["下党村", "张三"]]), BOOK, headings={"地点": field})


def test_what_must_not_be_collected_is_dropped_and_named(workbook):
    path = workbook([["村名", "姓名", "身份证号（18位）", "爱好"], ["下党村", "张三", "350924199001011234", "钓鱼"]])
    sheet = read_sheet(path, BOOK, headings={"身份证号（18位）": "remark"})
    assert sheet.report.discarded == ("身份证号（18位）",)
    assert sheet.report.unknown == ("爱好",)
    assert "350924199001011234" not in repr(sheet)
    assert "钓鱼" not in repr(sheet)
    said = "".join(sheet.report.sentences_zh())
    assert "已弃去" in said
    assert "身份证号（18位）" in said


def test_an_identity_number_in_a_kept_column_is_a_complaint_without_the_number(workbook):
    sheet = read_sheet(workbook([["村名", "姓名", "备注"], ["下党村", "张三", "证号350924199001011234"]]), BOOK)
    assert [complaint.field for complaint in sheet.complaints] == ["remark"]
    assert "350924199001011234" not in repr(sheet)


def test_the_report_says_how_the_file_was_understood(workbook):
    sheet = read_sheet(workbook([["村名", "姓名※"], ["下党村", "张三"], ["合计", "1"]]), BOOK)
    first, *others = sheet.report.sentences_zh()
    assert "A 列“村名”→行政村" in first
    assert any("驻村时间止" in said for said in others)
    assert any("第 3 行" in said and "合计" in said for said in others)


def test_the_sheet_with_the_book_is_found_and_others_are_named(workbook):
    path = workbook([["村名", "姓名"], ["下党村", "张三"]], title="花名册")
    book = load_workbook(path)
    book.create_sheet("填表说明", 0)["A1"] = "请用文本格式填写"
    hidden = book.create_sheet("旧表")
    hidden["A1"], hidden["B1"], hidden.sheet_state = "村名", "姓名", "hidden"
    book.save(path)
    sheet = read_sheet(path, BOOK)
    assert sheet.report.sheet_name == "花名册"
    assert sheet.report.other_sheets == ("填表说明", "旧表")


def test_two_sheets_that_look_alike_are_refused_until_one_is_named(workbook):
    path = workbook([["村名", "姓名"], ["下党村", "张三"]], title="下党乡")
    book = load_workbook(path)
    other = book.create_sheet("清源镇")
    other.append(["村名", "姓名"])
    other.append(["小东村", "李四"])
    book.save(path)
    with pytest.raises(AmbiguousSheet, match="清源镇"):
        read_sheet(path, BOOK)
    assert column_of(read_sheet(path, BOOK, sheet_name="清源镇"), "person") == ["李四"]


def test_a_dash_stands_for_an_empty_cell(workbook):
    sheet = read_sheet(workbook([["村名", "姓名", "届满时间", "备注"], ["下党村", "张三", "—", "无"]]), BOOK)
    assert sheet.complaints == []
    assert sheet.rows[0].values["end"] is None
    assert sheet.rows[0].values["remark"] == "无"


def test_a_whole_roster_in_one_ugly_csv(csv_text):
    text = (
        "寿宁县派驻人员花名册,,,,,,,,,\n"
        "填报单位：组织部,,,,,填报时间：2026.03.02,,,,\n"
        "序号,乡镇（街道）,派驻村,行政村代码※,姓名,派出单位,派驻身份,驻村起始时间,任期届满时间,身份证号\n"
        "1,下党乡,下党村,350924100201,张　三,县委 组织部,驻村第一书记,2023.07,至今,350924199001011234\n"
        "2,下党乡,下党村,3.50924E+11,李四,县财政局,包村,2023.07,2026年7月,350924199001011235\n"
        "合计,,,,2,,,,,\n"
    )
    sheet = read_sheet(csv_text(text, "gb18030"), ROSTER)
    first, second = sheet.rows
    assert first.values["sending_unit"] == "县委组织部"
    assert first.values["kind"] == "first_secretary"
    assert first.values["from_date"] == date(2023, 7, 1)
    assert first.values["to_date"] is None
    assert second.bad == {"village_code", "kind"}
    assert second.values["to_date"] == date(2026, 7, 31)
    assert sheet.report.discarded == ("身份证号",)
    assert sheet.filled_by == "组织部"


def test_sick_leave_and_private_leave_are_stored_alike_and_their_reasons_not_at_all(workbook):
    path = workbook(
        [
            ["姓名", "类别", "请假事由", "病情", "离村时间（上/下午）", "拟返村时间", "登记簿来源（乡镇/组织部）※"],
            ["张三", "事假", "孩子开学", None, "2026-03-02 下午", "2026年3月4日上午", "乡镇"],
            ["李四", "病假", "住院", "阑尾炎", datetime.fromisoformat("2026-03-02"), "2026-03-04", "组织部"],
        ]
    )
    sheet = read_sheet(path, LEAVE)
    assert sheet.complaints == []
    assert column_of(sheet, "kind") == ["leave", "leave"]
    assert column_of(sheet, "from_date") == [(date(2026, 3, 2), "pm"), (date(2026, 3, 2), None)]
    assert column_of(sheet, "book") == ["township", "department"]
    assert sheet.report.discarded == ("请假事由", "病情")
    for secret in ("病假", "住院", "阑尾炎", "孩子开学"):
        assert secret not in repr(sheet)


def test_a_village_list_with_numbers_for_codes(workbook):
    path = workbook(
        [
            [
                "序号",
                "乡镇（街道）",
                "行政村（社区）",
                "行政村代码",
                "原贫困村（是/否）",
                "省级重点村轮次",
                "经度",
                "户籍人口",
            ],
            [1, "下党乡", "下党村", 350924100201, "√", "第五轮", "119.5°", 1390],
        ]
    )
    (row,) = read_sheet(path, VILLAGES).rows
    assert row.bad == frozenset()
    assert row.values["village_code"] == "350924100201"
    assert row.values["poor_village"] is True
    assert row.values["programme_round"] == 5
    assert row.values["lon_deg"] == 119.5
    assert row.values["population"] == 1390


def test_column_letters():
    assert [column_letter(index) for index in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
