"""The cells of a workbook or a CSV text as plain values, before anybody asks what they mean.

Files are told apart by what they begin with, not by their names: offices rename ``.xls`` to ``.xlsx``.
openpyxl is loaded only when a workbook is read, so that the server starts without it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from api.workbooks.errors import FileTooLarge, UnreadableFile
from api.workbooks.values import tidy

if TYPE_CHECKING:
    from openpyxl import Workbook

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_MERGED_CELLS = 200_000
CSV_SHEET_NAME = "CSV"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_TEXT_SUFFIXES = frozenset({".csv", ".txt", ".tsv", ""})


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that has no value to read, and why."""

    reason_zh: str
    reason_en: str
    is_formula: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its filled cells by (row, column) from 1, and for each merged cell the corner that speaks for it."""

    name: str
    cells: dict[tuple[int, int], object]
    corner: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    hidden: bool = False

    def at(self, row: int, column: int) -> object:
        """What a reader sees at this place, merged cells included; None where it is empty."""
        place = (row, column)
        return self.cells.get(self.corner.get(place, place))

    def filled(self) -> dict[int, list[int]]:
        """The rows that have a cell of their own, in order, each with its filled columns."""
        rows: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            rows.setdefault(row, []).append(column)
        return rows


def load_grids(path: str | Path) -> list[Grid]:
    """Every sheet of the file that has any cell filled."""
    path = Path(path)
    if is_workbook(path):
        return [grid for grid in _workbook_grids(path) if grid.cells]
    return [_csv_grid(path)]


def is_workbook(path: Path) -> bool:
    """True for an .xlsx file, False for a CSV text; anything else is refused here."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise FileTooLarge(
            f"文件超过 {MAX_FILE_BYTES >> 20} MB，请只保留台账本身后再导入",
            f"the file is larger than {MAX_FILE_BYTES >> 20} MB; keep only the book itself",
        )
    with path.open("rb") as file:
        begins = file.read(8)
    if begins.startswith(_ZIP):
        return True
    suffix = path.suffix.lower()
    if begins.startswith(_OLE):
        raise UnreadableFile(
            "这是旧版 .xls、WPS 的 .et，或加了密码的工作簿，不能读取；"
            "请用 WPS 或 Excel 打开，去掉密码，另存为 .xlsx 后再导入",
            "this is an old .xls or .et workbook, or one with a password; open it, remove the password, "
            "save as .xlsx and import that",
        )
    if suffix not in _TEXT_SUFFIXES:
        raise UnreadableFile(
            f"文件名是 {suffix}，内容却不是 .xlsx 工作簿；请用 WPS 或 Excel 打开，另存为 .xlsx 后再导入",
            f"the file is named {suffix} but is no .xlsx workbook inside; open it, save as .xlsx and import that",
        )
    return False


def open_to_mark(path: Path) -> Workbook:
    """The workbook with its formulas and the formatting inside its cells, to be saved again under another name."""
    _look_before_unpacking(path)
    return _open(path, data_only=False, rich_text=True)


def _workbook_grids(path: Path) -> list[Grid]:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    has_formulas = _look_before_unpacking(path)
    read = _open(path, data_only=True)
    if read.epoch == CALENDAR_MAC_1904:
        raise UnreadableFile(
            "这个工作簿使用 1904 日期系统，日期会差四年；请在“选项”中取消“使用 1904 日期系统”，另存为 .xlsx 后再导入",
            "the workbook counts its days from 1904; switch that option off, save as .xlsx and import that",
        )
    grids = []
    for sheet in read.worksheets:
        # The sheet's own iterators make an object for every empty cell up to the last formatted row, often 1,048,576.
        found = {place: _cell_value(cell) for place, cell in sheet._cells.items()}
        cells = {place: value for place, value in found.items() if value is not None}
        corner = {
            (row, column): (merged.min_row, merged.min_col)
            for merged in sheet.merged_cells.ranges
            for row in range(merged.min_row, merged.max_row + 1)
            for column in range(merged.min_col, merged.max_col + 1)
        }
        grids.append(Grid(sheet.title, cells, corner, hidden=sheet.sheet_state != "visible"))
    del read
    if has_formulas:
        _add_formulas_without_value(path, {grid.name: grid for grid in grids})
    for grid in grids:
        for place in [place for place, value in grid.cells.items() if value == ""]:
            del grid.cells[place]
    return grids


def _open(path: Path, *, data_only: bool, rich_text: bool = False) -> Workbook:
    from openpyxl import load_workbook

    try:
        return load_workbook(path, data_only=data_only, rich_text=rich_text)
    except Exception as reason:  # A damaged workbook can fail in openpyxl with almost any error there is.
        raise _damaged() from reason


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        "工作簿已损坏或不是普通的 .xlsx；请用 WPS 或 Excel 打开，另存为 .xlsx 后再导入",
        "the workbook is damaged or not a plain .xlsx; open it, save as .xlsx and import that",
    )


def _cell_value(cell: object) -> object:
    value, kind = getattr(cell, "value", None), getattr(cell, "data_type", "n")
    if kind == "e":
        return Broken(f"单元格是错误值 {value}", f"the cell shows the error {value}")
    # A formula whose stored answer is an empty text is an empty cell; the kind "str" is all that tells it from one
    # that was never calculated, and only here can it be seen.
    return "" if kind == "str" and value is None else tidy(value)


def _add_formulas_without_value(path: Path, grids: dict[str, Grid]) -> None:
    formulas = _open(path, data_only=False)
    missing = Broken(
        "单元格是公式，但没有保存计算结果；请在 WPS 或 Excel 中打开、保存后再导入，或改填数值",
        "the cell is a formula without a stored value; open and save the workbook, or enter the value itself",
        is_formula=True,
    )
    for sheet in formulas.worksheets:
        grid = grids[sheet.title]
        for place, cell in sheet._cells.items():
            if getattr(cell, "data_type", "n") == "f" and place not in grid.cells:
                grid.cells[place] = missing


def _look_before_unpacking(path: Path) -> bool:
    """Whether any cell is a formula; raises if the parts or the merged ranges are larger than any office's book.

    openpyxl makes an object for every cell of a merged range: two merged columns would take it gigabytes.
    """
    merged_cells = 0
    has_formulas = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal merged_cells, has_formulas
        local = tag.rpartition(":")[2]
        if local == "mergeCell":
            merged_cells += _area(attributes.get("ref", ""))
        has_formulas = has_formulas or local == "f"

    def refuse_doctype(*_: object) -> None:
        raise _damaged()

    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED_BYTES:
                raise FileTooLarge(
                    f"工作簿解开后超过 {MAX_UNPACKED_BYTES >> 20} MB，请只保留台账本身、删去图片后再导入",
                    f"the workbook unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB; remove pictures, other sheets",
                )
            for part in parts.infolist():
                if part.filename.lower().endswith((".xml", ".rels")):
                    parser = expat.ParserCreate()
                    parser.StartElementHandler = start
                    parser.StartDoctypeDeclHandler = refuse_doctype
                    parser.Parse(parts.read(part), True)
    except (FileTooLarge, UnreadableFile):
        raise
    except Exception as reason:  # zipfile, zlib and expat each have several errors for a damaged file.
        raise _damaged() from reason
    if merged_cells > MAX_MERGED_CELLS:
        raise FileTooLarge(
            "合并单元格的范围过大（可能合并了整列），请取消后再导入",
            "the merged ranges are too large (whole columns, perhaps); unmerge them and import again",
        )
    return has_formulas


def _area(reference: str) -> int:
    found = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})", reference)
    if found is None:
        return 1
    columns = abs(_column_number(found[3]) - _column_number(found[1])) + 1
    return columns * (abs(int(found[4]) - int(found[2])) + 1)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _csv_grid(path: Path) -> Grid:
    text = _decode(path.read_bytes())
    head = "".join(text.splitlines(keepends=True)[:40])
    delimiter = max(",\t;", key=head.count)
    cells: dict[tuple[int, int], object] = {}
    try:
        for row, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            for column, value in enumerate(values, start=1):
                # ="350924100201" is how a CSV keeps a code from being read as a number.
                quoted = re.fullmatch(r'="([^"]*)"', value)
                said = tidy(quoted[1] if quoted else value)
                if said is not None:
                    cells[row, column] = said
    except csv.Error as reason:
        raise UnreadableFile(
            "CSV 文件格式有误，请另存为 .xlsx 后再导入",
            f"the CSV is malformed ({reason}); save as .xlsx and import that",
        ) from reason
    return Grid(CSV_SHEET_NAME, cells)


def _decode(data: bytes) -> str:
    """The text of a CSV, in the encodings that spreadsheets in these offices save."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile(
        "文件不是 UTF-8 或 GB18030 编码的文字；请用 WPS 或 Excel 打开，另存为 .xlsx 后再导入",
        "the file is not text in UTF-8 or GB18030; open it, save as .xlsx and import that",
    )
