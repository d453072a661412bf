"""A book read from an office's file: its rows as typed values, and everything bad in it in one pass.

The header row is found by what it says, not by where it stands: offices put titles and 填报单位 above it, split it in
two and merge its cells. What a header is not known by stays unread, and the report names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from api.workbooks import values
from api.workbooks.errors import AmbiguousColumns, AmbiguousSheet, BadValue, MissingColumns, UnknownField
from api.workbooks.grid import Broken, Grid, load_grids

REASONS_HEADER = "问题说明（系统）"

_SEARCHED_ROWS = 40
_DEEPEST_HEADER = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a book: the field it fills, its usual header, other headers it goes by, and how a cell is read."""

    field: str
    zh: str
    parser: values.Parser = values.text
    aliases: tuple[str, ...] = ()
    required: bool = False
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with one row; ``field`` is None where it is about the row as a whole."""

    row_number: int
    field: str | None
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the book by the numbers of the file: a value for every field, None where empty or bad."""

    number: int
    values: dict[str, object]
    cells: dict[str, str]
    bad: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """Which header was taken for which field."""

    field: str
    zh: str
    header: str
    letter: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was not read as data, and why."""

    row_number: int
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Report:
    """How the file was understood, for the person who sent it to check."""

    sheet_name: str
    header_rows: tuple[int, int]
    matched: tuple[Match, ...]
    discarded: tuple[str, ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    other_sheets: tuple[str, ...]

    def sentences_zh(self) -> list[str]:
        """The report in sentences, the match first."""
        first, last = self.header_rows
        rows = f"第 {first} 行" if first == last else f"第 {first} 至 {last} 行"
        found = "、".join(f"{match.letter} 列“{match.header}”→{match.zh}" for match in self.matched)
        said = [f"表头在工作表“{self.sheet_name}”{rows}：{found}。"]
        if self.discarded:
            said.append(f"以下列涉及不应收集的信息，已弃去，未读取内容：{'、'.join(self.discarded)}。")
        if self.unknown:
            said.append(f"以下列不认识，未读取：{'、'.join(self.unknown)}。")
        if self.absent:
            said.append(f"表中没有以下列，按空白处理：{'、'.join(self.absent)}。")
        said += [f"第 {row.row_number} 行未作为数据读取：{row.reason_zh}。" for row in self.skipped]
        if self.other_sheets:
            said.append(f"以下工作表未读取：{'、'.join(self.other_sheets)}。")
        return said


@dataclass(frozen=True, slots=True)
class Sheet:
    """A book as read. Whether a single complaint refuses the whole of it is the caller's to decide."""

    rows: list[Row]
    filled_by: str | None
    filled_at: date | None
    report: Report
    complaints: list[Complaint] = field(default_factory=list)


def read_sheet(
    path: str | Path,
    columns: Sequence[Column],
    *,
    headings: Mapping[str, str | None] | None = None,
    sheet_name: str | None = None,
) -> Sheet:
    """The rows of the book that ``columns`` describe, with a complaint for each bad cell.

    ``headings`` are a person's corrections of the match: a header as it stands in the file, and the field it means, or
    None to leave it unread. A discarded column cannot be brought back that way.
    """
    grids = load_grids(path)
    matcher = _Matcher(columns, headings or {})
    grid, header = _choose(grids, matcher, sheet_name)
    by_field = _one_column_each(header)
    missing = [column for column in columns if column.required and column.field not in by_field]
    if missing:
        raise MissingColumns([_looked_for(column) for column in missing], list(header.seen.values()))

    filled = grid.filled()
    labels = _Labels()
    for number in filled:
        if number < header.first_row:
            labels.look(grid, number, filled[number])
    rows: list[Row] = []
    complaints: list[Complaint] = []
    skipped: list[Skipped] = []
    for number, filled_columns in filled.items():
        if number <= header.last_row:
            continue
        reason = _why_skipped(grid, number, filled_columns, header, by_field)
        if reason is None:
            rows.append(_read_row(grid, number, columns, by_field, complaints))
        elif reason != _BLANK:
            skipped.append(Skipped(number, *reason))
            if reason == _SIGNATURES:
                labels.look(grid, number, filled_columns)
    return Sheet(
        rows, labels.filled_by, labels.filled_at, _report(grid, grids, header, by_field, columns, skipped), complaints
    )


class _Matcher:
    """Says which column a header means."""

    def __init__(self, columns: Sequence[Column], headings: Mapping[str, str | None]) -> None:
        self.columns = columns
        self._exact: dict[str, Column] = {}
        self._discarded: list[tuple[str, Column]] = []
        for column in columns:
            for known_as in (column.zh, *column.aliases):
                if column.discard:
                    self._discarded.append((header_key(known_as), column))
                else:
                    self._exact[header_key(known_as)] = column
                    self._exact.setdefault(header_key(_without_brackets(known_as)), column)
        by_field = {column.field: column for column in columns if not column.discard}
        self._corrected: dict[str, Column | None] = {}
        for header, wanted in headings.items():
            if wanted is not None and wanted not in by_field:
                raise UnknownField(header, wanted)
            self._corrected[header_key(header)] = by_field[wanted] if wanted is not None else None

    def column_for(self, parts: Sequence[str], seen: str) -> Column | None:
        """The column meant by a header that reads ``seen``, its texts from top to bottom being ``parts``."""
        whole = ["".join(parts[start:]) for start in range(len(parts))]
        keys = [header_key(said) for said in whole]
        known = next((self._exact[key] for key in keys if key in self._exact), None)
        if known is None:
            for key in keys:
                for discarded, column in self._discarded:
                    if discarded in key:
                        return column
        if header_key(seen) in self._corrected:
            return self._corrected[header_key(seen)]
        if known is not None:
            return known
        bare = (header_key(_without_brackets(said)) for said in whole)
        return next((self._exact[key] for key in bare if key in self._exact), None)


@dataclass(frozen=True, slots=True)
class _Header:
    first_row: int
    last_row: int
    seen: dict[int, str]
    meant: dict[int, Column]

    @property
    def fields(self) -> set[str]:
        return {column.field for column in self.meant.values() if not column.discard}


def header_key(header: str) -> str:
    """A header without what varies: width, spaces, marks such as ※ and *, and letter case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", header)).lower()


def _without_brackets(header: str) -> str:
    return re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】", "", unicodedata.normalize("NFKC", header))


def _choose(grids: Sequence[Grid], matcher: _Matcher, sheet_name: str | None) -> tuple[Grid, _Header]:
    """The sheet to read, and its header; the nearest miss where no sheet has all that is required."""
    required = {column.field for column in matcher.columns if column.required}
    found: list[tuple[Grid, _Header]] = []
    for grid in grids:
        wanted = grid.name == sheet_name if sheet_name is not None else not grid.hidden
        header = _find_header(grid, matcher) if wanted else None
        if header is not None:
            found.append((grid, header))
    whole = [(grid, header) for grid, header in found if required <= header.fields]
    if len(whole) > 1:
        raise AmbiguousSheet([grid.name for grid, _ in whole])
    if whole:
        return whole[0]
    if not found:
        raise MissingColumns([_looked_for(column) for column in matcher.columns if column.required], [])
    return max(found, key=lambda pair: len(pair[1].fields))


def _find_header(grid: Grid, matcher: _Matcher) -> _Header | None:
    """The rows that say the most columns; of equals the shorter, then the upper."""
    filled = grid.filled()
    width = max((columns[-1] for columns in filled.values()), default=0)
    found: list[_Header] = []
    for first_row in list(filled)[:_SEARCHED_ROWS]:
        for last_row in range(first_row, first_row + _DEEPEST_HEADER):
            if _cuts_a_merged_cell(grid, first_row, last_row, width):
                continue
            header = _read_header(grid, first_row, last_row, width, matcher)
            if header.fields:
                found.append(header)
    return max(found, key=lambda it: (len(it.fields), it.first_row - it.last_row, -it.first_row), default=None)


def _cuts_a_merged_cell(grid: Grid, first_row: int, last_row: int, width: int) -> bool:
    """True if a filled cell reaches over the border of these rows, which then are no whole header."""
    return any(
        (inside, index) in grid.corner
        and grid.corner[inside, index] == grid.corner.get((outside, index))
        and grid.corner[inside, index] in grid.cells
        for inside, outside in ((first_row, first_row - 1), (last_row, last_row + 1))
        for index in range(1, width + 1)
    )


def _read_header(grid: Grid, first_row: int, last_row: int, width: int, matcher: _Matcher) -> _Header:
    seen: dict[int, str] = {}
    meant: dict[int, Column] = {}
    to_the_left = ""
    for index in range(1, width + 1):
        parts: dict[tuple[int, int], str] = {}
        for row in range(first_row, last_row + 1):
            corner = grid.corner.get((row, index), (row, index))
            said = _said(grid.cells.get(corner))
            if said:
                parts[corner] = said
        top = grid.corner.get((first_row, index), (first_row, index))
        to_the_left = parts.get(top, to_the_left)
        if not parts or list(parts)[-1][1] != index:
            continue  # Nothing here, or the right part of a header merged sideways.
        seen[index] = "".join(parts.values())
        # A CSV has no merged cells: an empty place above a lower header may continue the header to its left.
        above = [] if top in parts else [to_the_left]
        column = matcher.column_for([*above, *parts.values()], seen[index])
        if column is not None:
            meant[index] = column
    return _Header(first_row, last_row, seen, meant)


def _one_column_each(header: _Header) -> dict[str, int]:
    """Which column of the file fills which field."""
    found: dict[str, list[int]] = {}
    for index, column in header.meant.items():
        if not column.discard:
            found.setdefault(column.field, []).append(index)
    for indexes in found.values():
        if len(indexes) > 1:
            raise AmbiguousColumns(
                header.meant[indexes[0]].zh, [f"{column_letter(index)} 列“{header.seen[index]}”" for index in indexes]
            )
    return {name: indexes[0] for name, indexes in found.items()}


_BLANK = ("空行", "blank")
_TOTAL = ("合计行", "a row of totals")
_SIGNATURES = ("填表、审核等说明", "a line of signatures or notes")
_HEADER_AGAIN = ("重复的表头", "the header again")
_UNCALCULATED = ("只有没有计算结果的公式", "only formulas without a stored value")
_TOTAL_WORDS = re.compile(r".{0,10}(合计|小计|总计|共计)[:：]?")
_SIGNATURE_WORDS = re.compile(
    r"(填报|填表|制表|报送|审核|审批|复核|分管|主管|联系|经办)(人|单位|时间|日期|领导|电话|部门)?\s*(（[^）]*）|\([^)]*\))?\s*[:：]"
    r"|(单位|部门)?负责人[^:：]{0,8}[:：]|(注|备注|说明|注意|填表说明)\s*[:：]"
)


def _why_skipped(
    grid: Grid, number: int, filled_columns: Sequence[int], header: _Header, by_field: Mapping[str, int]
) -> tuple[str, str] | None:
    """Why the row is no data, or None if it is."""
    first_texts = [re.sub(r"\s+", "", _said(grid.cells[number, column])) for column in filled_columns[:2]]
    if any(_TOTAL_WORDS.fullmatch(said) for said in first_texts):
        return _TOTAL
    if _SIGNATURE_WORDS.match(first_texts[0]):
        return _SIGNATURES
    own = {column: grid.cells[number, column] for column in filled_columns if column in set(by_field.values())}
    if not own:
        return _BLANK
    if all(isinstance(value, Broken) and value.is_formula for value in own.values()):
        return _UNCALCULATED
    if len(own) > 1 and all(header_key(_said(value)) == header_key(header.seen[at]) for at, value in own.items()):
        return _HEADER_AGAIN
    return None


def _read_row(
    grid: Grid, number: int, columns: Sequence[Column], by_field: Mapping[str, int], complaints: list[Complaint]
) -> Row:
    found: dict[str, object] = {}
    cells: dict[str, str] = {}
    bad: set[str] = set()
    for column in columns:
        if column.discard:
            continue
        found[column.field] = None
        if column.field not in by_field:
            continue
        index = by_field[column.field]
        cells[column.field] = f"{column_letter(index)}{number}"
        try:
            found[column.field] = _read_cell(_down_from_the_merged(grid, number, index), column)
        except BadValue as reason:
            bad.add(column.field)
            complaints.append(Complaint(number, column.field, reason.reason_zh, reason.reason_en))
    return Row(number, found, cells, frozenset(bad))


def _read_cell(value: object, column: Column) -> object:
    if isinstance(value, Broken):
        raise BadValue(value.reason_zh, value.reason_en)
    if values.is_placeholder(value) and column.parser not in (values.text, values.yes_no):
        value = None
    if value is not None:
        return column.parser(value)
    if column.required:
        raise BadValue(f"“{column.zh}”不能空着", f"{column.zh} must not be empty")
    return None


def _down_from_the_merged(grid: Grid, row: int, column: int) -> object:
    """The cell's value; a town merged down over its villages speaks for each, one merged sideways only for its own."""
    corner = grid.corner.get((row, column))
    if corner is not None and corner[1] != column:
        return None
    return grid.at(row, column)


class _Labels:
    """填报单位 and 填报时间, from wherever they stand around the table."""

    _LABEL = re.compile(
        r"(?P<who>(?:填报|填表|制表|报送)(?:单位|部门)|单位(?=[（(]盖章))|(?P<when>(?:填报|填表|制表|报送)(?:时间|日期))"
    )
    _NEXT = re.compile(
        r"\s{2,}|\s*(?:填报|填表|制表|报送|审核|审批|联系|分管|主管|经办)(?:人|单位|部门|时间|日期|电话|领导)|\s*(?:单位)?负责人"
    )

    def __init__(self) -> None:
        self.filled_by: str | None = None
        self.filled_at: date | None = None

    def look(self, grid: Grid, row: int, columns: Sequence[int]) -> None:
        """Take what the labels of this row say, where nothing was said before."""
        line = "  ".join(_said(grid.cells[row, column]) for column in columns)
        for label in self._LABEL.finditer(line):
            behind = re.sub(r"^\s*(?:（[^）]*）|\([^)]*\))?\s*[:：]?\s*", "", line[label.end() :])
            said = self._NEXT.split(behind, maxsplit=1)[0].strip(" _＿")
            if label["who"] and said:
                self.filled_by = self.filled_by or said
            elif label["when"] and self.filled_at is None:
                # A month says only that the book was filled in some time in it. The first day is the cautious
                # reading: a book must not seem to know of leave that was asked for after it was handed in.
                self.filled_at = _day_or_none(said)


def _day_or_none(said: str) -> date | None:
    try:
        found = values.day(edge="first")(re.sub(r"(?<=[年月])\s+", "", said))
    except BadValue:
        return None
    return found if isinstance(found, date) else None


def _report(
    grid: Grid,
    grids: Sequence[Grid],
    header: _Header,
    by_field: Mapping[str, int],
    columns: Sequence[Column],
    skipped: Sequence[Skipped],
) -> Report:
    matched = tuple(
        Match(column.field, column.zh, header.seen[by_field[column.field]], column_letter(by_field[column.field]))
        for column in columns
        if column.field in by_field
    )
    discarded = tuple(header.seen[at] for at, column in header.meant.items() if column.discard)
    unknown = tuple(
        said for at, said in header.seen.items() if at not in header.meant and header_key(said) not in _UNREAD_KEYS
    )
    absent = tuple(column.zh for column in columns if not column.discard and column.field not in by_field)
    others = tuple(other.name for other in grids if other is not grid)
    return Report(
        grid.name,
        (header.first_row, header.last_row),
        matched,
        discarded,
        unknown,
        absent,
        tuple(skipped),
        others,
    )


_UNREAD_KEYS = frozenset(map(header_key, ("序号", "编号", "行号", "No.", REASONS_HEADER)))


def _looked_for(column: Column) -> str:
    return "／".join((column.zh, *column.aliases))


def _said(value: object) -> str:
    if value is None or isinstance(value, Broken):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return values.as_text(value)


def column_letter(index: int) -> str:
    """The letters of a column counted from 1: 1 is A, 27 is AA."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
