import subprocess
import sys
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from api.workbooks import grid
from api.workbooks.errors import FileTooLarge, UnreadableFile
from api.workbooks.grid import Broken, load_grids


def test_the_server_starts_without_openpyxl():
    code = "import sys, api.workbooks; sys.exit(any(name.split('.')[0] == 'openpyxl' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_every_encoding_offices_save(csv_text, encoding):
    (found,) = load_grids(csv_text('姓名,备注\r\n张三,"两行\n备注"\r\n', encoding))
    assert found.cells == {(1, 1): "姓名", (1, 2): "备注", (2, 1): "张三", (2, 2): "两行\n备注"}


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_may_be_parted_by_commas_tabs_or_semicolons(csv_text, delimiter):
    (found,) = load_grids(csv_text(f"姓名{delimiter}村\n张三{delimiter}下党村\n"))
    assert found.at(2, 2) == "下党村"


def test_a_csv_may_guard_its_codes(csv_text):
    (found,) = load_grids(csv_text('代码\n"=""350924100201"""\n'))
    assert found.at(2, 1) == "350924100201"


@pytest.mark.parametrize("name", ["book.xls", "book.et", "book.xlsx"])
def test_an_old_workbook_is_refused_with_what_to_do_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(UnreadableFile) as caught:
        load_grids(path)
    assert "另存为 .xlsx" in caught.value.reason_zh
    assert "save as .xlsx" in caught.value.reason_en


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.xls", b"<html><table><tr><td>1</td></tr></table></html>"),
        ("empty.xlsx", b""),
        ("cut.xlsx", b"PK\x03\x04" + b"\0" * 30),
        ("noise.csv", b"\xff\x00\x81\x00" * 20),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\r"),
    ],
)
def test_what_is_no_workbook_is_refused_with_what_to_do(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"save as \.xlsx"):
        load_grids(path)


def test_another_kind_of_archive_is_refused(tmp_path):
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("word/document.xml", "<document/>")
    with pytest.raises(UnreadableFile):
        load_grids(path)


def test_a_file_larger_than_any_book_is_refused_unread(tmp_path, monkeypatch, workbook):
    monkeypatch.setattr(grid, "MAX_FILE_BYTES", 1024)
    with pytest.raises(FileTooLarge):
        load_grids(workbook([["姓名"]]))


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"\0" * (grid.MAX_UNPACKED_BYTES + 1))
    with pytest.raises(FileTooLarge):
        load_grids(path)


def test_whole_columns_merged_are_refused_before_they_are_spread_out(workbook, rewrite):
    path = workbook([["姓名", "村"]], merged=["A2:B2"])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("A2:B2", "A2:XFD1048576"))
    with pytest.raises(FileTooLarge):
        load_grids(path)


def test_a_declaration_that_could_grow_is_refused(workbook, rewrite):
    path = workbook([["姓名"]])
    rewrite(
        path, "xl/worksheets/sheet1.xml", lambda xml: '<!DOCTYPE worksheet [<!ENTITY a "b">]>' + xml.partition("?>")[2]
    )
    with pytest.raises(UnreadableFile):
        load_grids(path)


def test_days_counted_from_1904_are_refused(tmp_path):
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active["A1"] = 41650
    path = tmp_path / "book.xlsx"
    book.save(path)
    with pytest.raises(UnreadableFile, match="1904"):
        load_grids(path)


def test_a_formula_counts_by_its_stored_answer(workbook, store_answer):
    path = workbook([["村", "=A1", "=A1", "=A1"]])
    store_answer(path, "B1", "下党村")
    store_answer(path, "D1", "")
    (found,) = load_grids(path)
    assert found.at(1, 2) == "下党村"
    missing = found.at(1, 3)
    assert isinstance(missing, Broken)
    assert missing.is_formula
    assert found.at(1, 4) is None


def test_an_error_in_a_cell_is_named(workbook):
    (found,) = load_grids(workbook([["#N/A"]]))
    broken = found.at(1, 1)
    assert isinstance(broken, Broken)
    assert "#N/A" in broken.reason_zh


def test_a_formatted_last_row_costs_nothing(tmp_path):
    book = Workbook()
    book.active["A1"] = "姓名"
    book.active["A1048576"].number_format = "@"
    path = tmp_path / "long.xlsx"
    book.save(path)
    (found,) = load_grids(path)
    assert found.cells == {(1, 1): "姓名"}
