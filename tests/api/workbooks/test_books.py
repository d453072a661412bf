from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.workbooks import ACCOUNTS, BOOKS, SITES, read_sheet
from api.workbooks import books as words
from api.workbooks.errors import BadValue
from api.workbooks.sheet import header_key
from api.workbooks.values import tidy

DOC = Path(__file__).parents[3] / "docs" / "workbooks.md"
EVERY_COLUMN = [pytest.param(book, column, id=f"{book}-{column.field}") for book in BOOKS for column in BOOKS[book]]


def section(book: str) -> str:
    """The part of the doc that is about one book."""
    return DOC.read_text(encoding="utf-8").split(f"(`{book}`)", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize(("book", "column"), EVERY_COLUMN)
def test_the_doc_lists_every_column(book, column):
    if column.discard:
        listed = DOC.read_text(encoding="utf-8").split("## What is never collected", 1)[1].split("\n## ", 1)[0]
        assert all(header in listed for header in (column.zh, *column.aliases))
    else:
        needed = "yes" if column.required else ""
        assert f"| {column.zh} | `{column.field}` | {needed} |".replace("|  |", "| |") in section(book)


@pytest.mark.parametrize("book", BOOKS)
def test_no_header_means_two_columns(book):
    kept = [column for column in BOOKS[book] if not column.discard]
    keys = Counter(key for column in kept for key in {header_key(said) for said in (column.zh, *column.aliases)})
    assert [key for key, count in keys.items() if count > 1] == []
    assert max(Counter(column.field for column in kept).values()) == 1


@pytest.mark.parametrize("book", BOOKS)
def test_no_kept_header_is_taken_for_a_discarded_one(book):
    discarded = [header_key(said) for column in BOOKS[book] if column.discard for said in (column.zh, *column.aliases)]
    kept = [header_key(said) for column in BOOKS[book] if not column.discard for said in (column.zh, *column.aliases)]
    assert [(key, word) for key in kept for word in discarded if word in key] == []


@pytest.mark.parametrize(("book", "column"), EVERY_COLUMN)
def test_each_column_is_found_by_its_usual_header(workbook, book, column):
    headers = [other.zh for other in BOOKS[book] if other.required or other is column]
    found = read_sheet(workbook([headers, [None]]), BOOKS[book]).report
    if column.discard:
        assert found.discarded == (column.zh,)
    else:
        assert column.field in {match.field for match in found.matched}


LISTS = [
    pytest.param(value, id=name)
    for name, value in vars(words).items()
    if name.isupper() and isinstance(value, dict) and name != "BOOKS"
]


@pytest.mark.parametrize("lists", LISTS)
def test_the_doc_lists_every_word(lists):
    doc = DOC.read_text(encoding="utf-8")
    assert all(f"{'、'.join(aliases)} → `{key}`" in doc for key, aliases in lists.items())


@pytest.mark.parametrize("lists", LISTS)
def test_no_word_means_two_things(lists):
    said = Counter(word for aliases in lists.values() for word in aliases)
    assert [word for word, count in said.items() if count > 1] == []


def test_accounts_are_read_with_roles_and_never_a_password(workbook):
    path = workbook(
        [
            ["姓名", "登录名", "角色", "管辖区划代码", "单位", "有效期至", "批准文号", "初始密码"],
            ["张三", "zhangsan", "督查员", "350924", "督查办", "2026年12月", "寿督〔2026〕3号", "hunter2"],
            ["李四", "lisi", "监督查询", 350924000000, None, "长期", None, None],
        ]
    )
    sheet = read_sheet(path, ACCOUNTS)
    assert sheet.complaints == []
    assert [row.values["role"] for row in sheet.rows] == ["inspector", "oversight"]
    assert [row.values["division_prefix"] for row in sheet.rows] == ["350924", "350924"]
    assert [str(row.values["ends_on"]) for row in sheet.rows] == ["2026-12-31", "None"]
    assert "hunter2" not in repr(sheet)


def test_sites_are_read_with_their_datum_and_radius(workbook):
    path = workbook(
        [
            [
                "乡镇",
                "村名",
                "驻点名称",
                "种类（办公/住宿/自然村/季节点）",
                "经度",
                "纬度",
                "坐标系",
                "半径（米）",
                "位置来源（实测/合成）",
            ],
            ["下党乡", "下党村", "村部", "办公", 119.5, 27.4, "高德", "100米", "实测"],
            ["下党乡", "下党村", "旧宿舍", "住宿", 27.4, 119.5, None, None, None],
        ]
    )
    sheet = read_sheet(path, SITES)
    first = sheet.rows[0].values
    assert (first["kind"], first["lon_deg"], first["datum"], first["radius_m"]) == (
        "office",
        119.5,
        "gcj02",
        100.0,
    )
    assert first["quality"] == "surveyed"
    assert sheet.rows[1].bad == {"lon_deg", "lat_deg", "datum"}


CELLS = st.one_of(
    st.text(max_size=30).map(tidy).filter(lambda said: said is not None),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


@pytest.mark.parametrize("parser", list(dict.fromkeys(column.parser for book in BOOKS.values() for column in book)))
@given(value=CELLS)
def test_any_cell_is_a_value_or_a_complaint(parser, value):
    try:
        parser(value)
    except BadValue as reason:
        assert reason.reason_zh
        assert reason.reason_en
