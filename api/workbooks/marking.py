"""A refused book given back as the office's own workbook: bad cells red, and the reason beside each.

Everything else in the workbook stays as it was sent. Marks of an earlier refusal are taken off first, so that a book
corrected and sent again shows only what is still wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from api.workbooks.grid import is_workbook, load_grids, open_to_mark
from api.workbooks.sheet import REASONS_HEADER, Complaint, Row, Sheet

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

RED = "FFFF7C80"  # Red enough to be found, light enough to read black text on.
_OURS = "【系统问题说明】"
_AUTHOR = "实地系统"


def mark(path_in: str | Path, path_out: str | Path, complaints: Iterable[Complaint], sheet: Sheet) -> None:
    """Write to ``path_out`` the workbook of ``path_in`` with every complaint marked in it.

    A CSV text comes back as an .xlsx workbook with every cell as text, so that no code is rounded when it is opened.
    """
    path_in, path_out = Path(path_in), Path(path_out)
    if path_out.exists() and path_out.samefile(path_in):
        raise ValueError("the marked workbook must not replace the one that was sent")
    book = open_to_mark(path_in) if is_workbook(path_in) else _workbook_of_text(path_in)
    page = book[sheet.report.sheet_name]
    header_row = sheet.report.header_rows[0]
    reasons_column = _reasons_column(page, header_row)
    _take_off_old_marks(page, reasons_column, header_row)
    _mark_all(page, list(complaints), {row.number: row for row in sheet.rows}, reasons_column, header_row)
    book.save(path_out)


def _mark_all(
    page: Worksheet, complaints: list[Complaint], rows: dict[int, Row], reasons_column: int, header_row: int
) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    header = page.cell(header_row, reasons_column)
    _put_text(header, REASONS_HEADER)
    header.font = Font(bold=True)
    page.column_dimensions[get_column_letter(reasons_column)].width = 60

    by_row: dict[int, list[str]] = {}
    by_cell: dict[str, list[str]] = {}
    for complaint in complaints:
        by_row.setdefault(complaint.row_number, []).append(complaint.reason_zh)
        row = rows.get(complaint.row_number)
        address = row.cells.get(complaint.field) if row and complaint.field else None
        if address is not None:
            by_cell.setdefault(_corner_of(page, address), []).append(complaint.reason_zh)
    for address, reasons in by_cell.items():
        _colour(page[address])
        _comment(page[address], reasons)
    for number, reasons in by_row.items():
        cell = page.cell(number, reasons_column)
        _put_text(cell, "；".join(dict.fromkeys(reasons)))
        _colour(cell)
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _reasons_column(page: Worksheet, header_row: int) -> int:
    """The column of an earlier refusal, or the first one right of everything that is filled."""
    filled = [(row, column) for (row, column), cell in page._cells.items() if cell.value is not None]
    for row, column in filled:
        if row == header_row and page.cell(row, column).value == REASONS_HEADER:
            return int(column)
    return min(max((column for _, column in filled), default=0) + 1, 16_384)


def _take_off_old_marks(page: Worksheet, reasons_column: int, header_row: int) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    for (row, column), cell in list(page._cells.items()):
        note = getattr(cell, "comment", None)
        in_reasons = column == reasons_column and row >= header_row
        if note is not None and _OURS in note.text:
            own = note.text.split(_OURS)[0].rstrip("\n")
            cell.comment = Comment(own, note.author) if own else None
        elif not in_reasons:
            continue
        if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == RED:
            cell.fill = PatternFill()
        if in_reasons:
            cell.value = None


def _corner_of(page: Worksheet, address: str) -> str:
    """The address itself, or that of the corner which shows for it in a merged range."""
    for merged in page.merged_cells.ranges:
        if address in merged:
            return str(merged.start_cell.coordinate)
    return address


def _colour(cell: Cell) -> None:
    from openpyxl.styles import PatternFill

    cell.fill = PatternFill("solid", fgColor=RED)


def _comment(cell: Cell, reasons: list[str]) -> None:
    from openpyxl.comments import Comment

    own = cell.comment
    said = _OURS + "\n" + "\n".join(dict.fromkeys(reasons))
    before, author = (f"{own.text}\n", own.author) if own is not None else ("", _AUTHOR)
    note = Comment(_printable(before + said), author)
    note.width, note.height = 320, 60 + 20 * (len(said) // 20 + len(reasons))
    cell.comment = note


def _put_text(cell: Cell, said: str) -> None:
    """Write text that stays text: not a formula when opened, nor when somebody later edits the cell and leaves it."""
    cell.value = _printable(said)
    cell.data_type = "s"
    cell.number_format = "@"
    if said[:1] in "=+-@\t\r":
        cell.quotePrefix = True


def _printable(said: str) -> str:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return str(ILLEGAL_CHARACTERS_RE.sub("", said))[:32_000]


def _workbook_of_text(path: Path) -> Workbook:
    from openpyxl import Workbook

    (grid,) = load_grids(path)
    book = Workbook()
    page = book.active
    page.title = grid.name
    for (row, column), value in grid.cells.items():
        _put_text(page.cell(row, column), str(value))
    return book
