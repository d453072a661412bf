"""The workbooks of the demo, shaped as the offices keep theirs: nothing in them is tidier than in real life.

Title and 填报单位 rows stand above the header, headers have two rows with merged cells, a 合计 row follows the data,
names are padded with full-width spaces, dates come in several shapes, and columns that must not be collected (身份证号
and the like) are there with invented values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from demo.cast import (
    ACCOUNTS,
    DEPARTMENT_APPROVER,
    ON_LEAVE,
    TOWN_APPROVER,
    DemoAccount,
    Posted,
    posted_people,
)
from demo.county import County
from demo.places import SYNTHETIC, Placed
from geo import LonLat

Header = str | tuple[str, str]

MOST_ROWS_WITH_LINES = 240
OFFICE_RADIUS_M = 500
QUARTERS_RADIUS_M = 200
INVENTED = "演示人员，纯属虚构"
_SERIAL_ORIGIN = date(1899, 12, 30)
# Where the quarters stand: some 250 m from the village's office.
_QUARTERS_STEP_DEG = 0.0018


@dataclass(frozen=True)
class Book:
    """A workbook in the making; a header that is a pair stands in two rows, its first part merged over neighbours."""

    title: str
    filled_by: str
    filled_on: date
    headers: Sequence[Header]
    rows: Sequence[Sequence[object]]
    total: Mapping[int, object] = field(default_factory=dict)
    as_text: frozenset[str] = frozenset()


def write_villages(path: Path, county: County, placed: Mapping[str, Placed], filled_on: date) -> None:
    """行政村名单: all villages of the county, their positions marked as synthetic."""
    rows = [
        (
            number,
            p.town.name,
            p.town.code,
            p.village.short_name,
            p.village.code,
            "行政村" if p.village.is_village else "社区",
            "是" if p.village.is_village and number % 4 == 0 else "否",
            "第五轮" if number % 9 == 0 else None,
            p.at.lon_deg,
            p.at.lat_deg,
            "WGS84",
            f"坐标为{SYNTHETIC}（演示），非实际位置",
        )
        for number, p in enumerate(placed.values(), start=1)
    ]
    headers = ("序号", "乡镇（街道）", "乡镇代码", "行政村（社区）", "行政村代码", "村类型", "原贫困村（是/否）")
    more = ("省级重点村轮次", "经度", "纬度", "坐标系", "备注")
    _write(
        path,
        Book(
            f"{county.name}行政村（社区）名单",
            "演示县民政局",
            filled_on,
            headers + more,
            rows,
            {4: f"{len(rows)} 个"},
            frozenset({"乡镇代码", "行政村代码"}),
        ),
    )


def write_sites(
    path: Path, county: County, placed: Mapping[str, Placed], filled_on: date, *, with_quarters: Collection[str]
) -> None:
    """驻点名单: an office for every village, and quarters in those with these codes."""
    rows: list[tuple[object, ...]] = []
    for p in placed.values():
        rows.append(_site(p, f"{p.village.short_name}村部", "办公点", p.at, OFFICE_RADIUS_M))
        if p.village.code in with_quarters:
            at = quarters(p)
            rows.append(_site(p, f"{p.village.short_name}驻村宿舍", "住宿点", at, QUARTERS_RADIUS_M))
    headers = ("乡镇", "村名", "行政村代码", "驻点名称", "驻点种类", "经度", "纬度", "坐标系", "半径（米）")
    book = Book(
        f"{county.name}驻点名单",
        "演示县委组织部",
        filled_on,
        (*headers, "位置来源", "备注"),
        rows,
        as_text=frozenset({"行政村代码"}),
    )
    _write(path, book)


def quarters(placed: Placed) -> LonLat:
    """Where the demo puts the sleeping quarters of a village."""
    return LonLat(round(placed.at.lon_deg + _QUARTERS_STEP_DEG, 6), round(placed.at.lat_deg + _QUARTERS_STEP_DEG, 6))


def write_roster(path: Path, county: County, people: Sequence[Posted], today: date) -> None:
    """派驻人员花名册 of these invented people."""
    towns = {town.code: town.name for town in county.towns}
    rows = []
    for number, person in enumerate(people, start=1):
        village = person.village
        shapes = _day_in_a_shape(date(*person.begins, 1), number)
        rows.append(
            (
                number,
                towns[village.town_code],
                village.short_name,
                village.code,
                _padded(person.name),
                "女" if number % 3 == 0 else "男",
                person.birth,
                f"{county.code}1980010{number:05d}",
                person.unit,
                "干部",
                person.kind_zh,
                "省级" if person.kind_zh == "省驻村干部" else "县级",
                "第七轮",
                shapes,
                today - timedelta(days=1) if person.has_ended else _term_end(number),
                "期满" if person.has_ended else "在岗",
                "否" if person.kind_zh == "挂钩帮扶" else "是",
                f"1390000{number:04d}",
                "大学",
                INVENTED,
            )
        )
    _write(path, _roster_book(rows, today))


def write_bad_roster(path: Path, county: County, today: date) -> int:
    """A roster that must be refused as a whole; how many of its rows are bad. One row is good, and is refused too."""
    towns = {town.code: town.name for town in county.towns}
    good = posted_people(county)[0]
    town, name = towns[good.village.town_code], good.village.short_name
    from_to = ("2024.07", "2027年7月")
    cases: list[tuple[object, ...]] = [
        (town, name, good.village.code, *from_to),
        (town, name, "3.50924E+11", *from_to),
        ("托溪乡", "云上村", "350924206299", *from_to),
        (town, name, good.village.code, "2026.07", "2024-06-30"),
        (None, "下党村", None, *from_to),
    ]
    rows = [
        (
            number,
            town_name,
            village_name,
            code,
            f"演示·坏表{'甲乙丙丁戊'[number - 1]}",
            "男",
            "1985.01",
            f"3509241985010{number:05d}",
            "演示县财政局",
            "干部",
            "队员",
            "县级",
            "第七轮",
            begins,
            ends,
            "在岗",
            "是",
            f"1390001{number:04d}",
            "大学",
            INVENTED,
        )
        for number, (town_name, village_name, code, begins, ends) in enumerate(cases, start=1)
    ]
    _write(path, _roster_book(rows, today))
    return len(cases) - 1


def _roster_book(rows: Sequence[Sequence[object]], filled_on: date) -> Book:
    headers: tuple[Header, ...] = (
        "序号",
        "乡镇（街道）",
        "派驻村",
        "行政村代码",
        "姓名",
        "性别",
        "出生年月",
        "身份证号",
        "派出单位",
        "单位职务",
        "派驻身份",
        "选派层级",
        "批次（轮次）",
        ("驻村时间", "起始时间"),
        ("驻村时间", "届满时间"),
        "在岗状态",
        "是否要求住村",
        "联系电话",
        "学历",
        "备注",
    )
    text = frozenset({"行政村代码", "身份证号", "联系电话"})
    return Book("派驻人员花名册（演示）", "演示县委组织部", filled_on, headers, rows, {4: f"{len(rows)} 人"}, text)


@dataclass(frozen=True)
class LeaveLine:
    """One line of a leave book; ``returned`` is empty until it is known."""

    person: Posted
    kind_zh: str
    left: date
    back: date
    approved: date
    returned: date | None = None


def write_leave_books(
    township: Path, department: Path, county: County, *, visit_day: date, filled_on: date, later: bool = False
) -> None:
    """Both leave books as exported on ``filled_on``: the one posted person on leave stands in the township's.

    The later export has the same lines with returns filled in and one more; it says nothing new of the visit day.
    """
    people = posted_people(county)
    on_leave = next(person for person in people if person.name == ON_LEAVE)
    day = timedelta(days=1)
    in_township = [
        LeaveLine(on_leave, "事假", visit_day - day, visit_day + day, visit_day - 3 * day),
        LeaveLine(
            people[9], "病假", visit_day - 20 * day, visit_day - 18 * day, visit_day - 21 * day, visit_day - 18 * day
        ),
        LeaveLine(
            people[13], "轮休", visit_day - 9 * day, visit_day - 8 * day, visit_day - 10 * day, visit_day - 7 * day
        ),
    ]
    in_department = [
        LeaveLine(people[17], "培训", visit_day - 6 * day, visit_day - 2 * day, visit_day - 12 * day),
        LeaveLine(
            people[21], "公差", visit_day - 30 * day, visit_day - 26 * day, visit_day - 33 * day, visit_day - 26 * day
        ),
    ]
    if later:
        in_department[0] = LeaveLine(
            people[17], "培训", visit_day - 6 * day, visit_day - 2 * day, visit_day - 12 * day, visit_day - 2 * day
        )
        in_department.append(LeaveLine(people[25], "年休", visit_day - day, visit_day + 6 * day, visit_day - 2 * day))
    write_leave_book(township, "乡镇", county, in_township, filled_on)
    write_leave_book(department, "组织部", county, in_department, filled_on)


def write_leave_book(path: Path, book_zh: str, county: County, lines: Sequence[LeaveLine], filled_on: date) -> None:
    """请销假登记簿 of the townships (乡镇) or of the department (组织部)."""
    filled_by = {"乡镇": "演示县凤阳镇等乡镇", "组织部": "演示县委组织部"}[book_zh]
    _write(path, _leave_book(book_zh, filled_by, county, lines, filled_on))


def _leave_book(book_zh: str, filled_by: str, county: County, leaves: Sequence[LeaveLine], filled_on: date) -> Book:
    towns = {town.code: town.name for town in county.towns}
    rows = []
    for number, leave in enumerate(leaves, start=1):
        approved = (_padded(TOWN_APPROVER), leave.approved) if book_zh == "乡镇" else (None, None)
        above = (_padded(DEPARTMENT_APPROVER), leave.approved) if book_zh == "组织部" else (None, None)
        rows.append(
            (
                number,
                _padded(leave.person.name),
                towns[leave.person.village.town_code],
                leave.person.village.short_name,
                leave.person.unit,
                leave.kind_zh,
                "家中有事（演示）",
                "书面",
                leave.approved,
                f"{leave.left:%Y-%m-%d} 上午",
                f"{leave.back.year}年{leave.back.month}月{leave.back.day}日下午",
                (leave.back - leave.left).days + 1,
                *approved,
                *above,
                leave.returned,
                leave.returned,
                book_zh,
            )
        )
    headers: tuple[Header, ...] = (
        "序号",
        "姓名",
        "乡镇",
        "派驻村",
        "派出单位",
        "类别",
        "请假事由",
        "报告方式",
        "申请时间",
        "离村时间",
        "拟返村时间",
        "天数",
        ("乡镇审批", "审批人"),
        ("乡镇审批", "审批时间"),
        ("组织部审批", "审批人"),
        ("组织部审批", "审批时间"),
        "实际返村时间",
        "销假时间",
        "登记簿来源",
    )
    return Book(f"驻村人员请销假登记簿（{book_zh}）", filled_by, filled_on, headers, rows)


def write_accounts(path: Path, filled_on: date, accounts: Sequence[DemoAccount] = ACCOUNTS) -> None:
    """账号名单: these accounts; those of the story, a stranger of another county among them, when none are given."""
    rows = [
        (number, _padded(a.name), a.login, a.role_zh, a.division_code, a.unit, "长期", INVENTED)
        for number, a in enumerate(accounts, start=1)
    ]
    headers = ("序号", "姓名", "登录名", "角色", "管辖区划代码", "单位", "有效期至", "备注")
    text = frozenset({"管辖区划代码"})
    _write(path, Book("账号名单（演示）", "演示市信息中心", filled_on, headers, rows, as_text=text))


def _site(placed: Placed, name: str, kind: str, at: LonLat, radius_m: int) -> tuple[object, ...]:
    village = placed.village
    return (
        placed.town.name,
        village.short_name,
        village.code,
        name,
        kind,
        at.lon_deg,
        at.lat_deg,
        "WGS84",
        radius_m,
        SYNTHETIC,
        f"位置为{SYNTHETIC}（演示）",
    )


def _padded(name: str) -> str:
    """``演示·张　一``: tables pad short names with a full-width space."""
    start, _, own = name.partition("·")
    return f"{start}·{own[0]}　{own[1]}" if len(own) == 2 else name


def _day_in_a_shape(on: date, number: int) -> object:
    """The first of a month in one of the shapes that offices write, in turn."""
    shapes: tuple[object, ...] = (
        f"{on.year}.{on.month:02d}",
        f"{on.year}年{on.month}月",
        (on - _SERIAL_ORIGIN).days,
        datetime(on.year, on.month, on.day),  # noqa: DTZ001  a spreadsheet's days have no zone
        f"{on.year}{on.month:02d}01",
        f"{on.year}-{on.month:02d}-01",
    )
    return shapes[number % len(shapes)]


def _term_end(number: int) -> object:
    return ("2028.12", "2028年12月", "至今", "2029-06-30")[number % 4]


def _write(path: Path, book: Book) -> None:
    workbook = Workbook()
    page = workbook.active
    page.title = "Sheet1"
    width = len(book.headers)
    page.append([book.title])
    page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)
    page["A1"].font, page["A1"].alignment = Font(size=16, bold=True), Alignment(horizontal="center")
    filled_on = f"{book.filled_on.year}年{book.filled_on.month}月{book.filled_on.day}日"
    page.append([f"填报单位：{book.filled_by}", *[None] * (width // 2), f"填报时间：{filled_on}"])
    _write_header(page, book.headers)
    for row in book.rows:
        page.append(list(row))
    if book.total:
        page.append(["合计", *(book.total.get(column) for column in range(2, width + 1))])
    _dress(page, book)
    workbook.save(path)


def _write_header(page: Worksheet, headers: Sequence[Header]) -> None:
    top = page.max_row + 1
    if all(isinstance(header, str) for header in headers):
        page.append(list(headers))
        return
    pairs = [header if isinstance(header, tuple) else (header, None) for header in headers]
    page.append([upper for upper, _ in pairs])
    page.append([lower for _, lower in pairs])
    for column, (upper, lower) in enumerate(pairs, start=1):
        if lower is None:
            page.merge_cells(start_row=top, start_column=column, end_row=top + 1, end_column=column)
        elif column < len(pairs) and pairs[column][0] == upper:
            page.merge_cells(start_row=top, start_column=column, end_row=top, end_column=column + 1)


def _dress(page: Worksheet, book: Book) -> None:
    """Borders, a grey header, widths, and codes kept as text."""
    line = Side(style="thin", color="FF999999")
    # A style for each cell takes most of the time that writing a book takes; long lists go without lines.
    has_lines = len(book.rows) <= MOST_ROWS_WITH_LINES
    for number, header in enumerate(book.headers, start=1):
        name = header[1] if isinstance(header, tuple) else header
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = max(8, 2 * len(name) + 2)
        for cell in page[letter][2:]:
            if has_lines:
                cell.border = Border(line, line, line, line)
            if name in book.as_text:
                cell.number_format = "@"
        for cell in page[letter][2:4]:
            cell.fill, cell.font = PatternFill("solid", fgColor="FFDDDDDD"), Font(bold=True)
