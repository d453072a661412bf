"""Projects of the county's project store: their codes, where they are planned, and how they stand there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from geo import Datum, convert
from visits.access import Actor, Right, note, require
from visits.places.imports import ImportCount, ImportReport, RowCheck
from visits.places.names import tidy_name
from visits.places.rows import Project
from visits.places.villages import VillageFinder
from visits.store import UnitOfWork

_STATES = {
    **dict.fromkeys(("planned", "未开工", "计划"), "planned"),
    **dict.fromkeys(("under_way", "在建", "实施中"), "under_way"),
    **dict.fromkeys(("finished", "完工", "竣工", "已完工", "已竣工"), "finished"),
    **dict.fromkeys(("paid", "已报账", "已拨付", "已付款"), "paid"),
}
DONE_STATES = frozenset({"finished", "paid"})


@dataclass(frozen=True)
class ProjectRow:
    """One row of the project list; where no place is planned there is none to compare with."""

    row_number: int
    code: str
    name: str
    state: str
    lon_deg: float | None = None
    lat_deg: float | None = None
    datum: str | None = None
    village_code: str | None = None
    town_name: str | None = None
    village_name: str | None = None


@dataclass(frozen=True)
class ProjectView:
    """A project as a visit needs it; the place is WGS 84."""

    code: str
    name: str
    state: str
    lon_deg: float | None
    lat_deg: float | None


def import_projects(uow: UnitOfWork, actor: Actor, rows: Sequence[ProjectRow], *, at_utc: datetime) -> ImportReport:
    """Take the county's list of projects; the code is the key, all rows or none, and no money is read."""
    require(actor, Right.MANAGE_PLACES)
    check, count = RowCheck(), ImportCount()
    finder = VillageFinder(uow, actor, on=at_utc.date())
    taken: dict[tuple[str, str], tuple[ProjectRow, str]] = {}
    for row in rows:
        match = finder.find(code=row.village_code, town_name=row.town_name, village_name=row.village_name)
        if match.village is None:
            check.refuse(row.row_number, match.field, match.reason_zh, match.reason_en)
            continue
        key = (row.code.strip(), match.village.county_code)
        if complaint := _complaint(row):
            check.refuse(row.row_number, *complaint)
        elif key in taken:
            check.refuse(row.row_number, "code", "项目编号重复", "this code stands in the file already")
        else:
            taken[key] = (row, match.village.code)
    check.done()
    for key, (row, village_code) in taken.items():
        _take(uow, count, key, row, village_code, at_utc)
    uow.session.flush()
    report = count.report(check)
    detail = {"created": report.created, "changed": report.changed}
    note(uow, actor, "import.projects", about="projects", detail=detail, at_utc=at_utc)
    return report


def projects_of(uow: UnitOfWork, village_code: str) -> list[ProjectView]:
    """The projects of a village, by code."""
    rows = uow.session.scalars(select(Project).where(Project.village_code == village_code).order_by(Project.code))
    return [ProjectView(row.code, row.name, row.state, row.lon_deg, row.lat_deg) for row in rows]


def _complaint(row: ProjectRow) -> tuple[str, str, str] | None:
    if not row.code.strip() or not tidy_name(row.name):
        return "code", "缺项目编号或名称", "a project has a code and a name"
    if row.state.strip() not in _STATES:
        return "state", f"项目状态“{row.state}”不认识", f"{row.state!r} is no state of a project"
    if (row.lon_deg is None) != (row.lat_deg is None):
        return "lon_deg", "经纬度只有一个", "a place has both longitude and latitude"
    if row.lon_deg is not None and row.datum not in set(Datum):
        return "datum", "坐标没有写明坐标系", "a place needs its datum; it is never guessed"
    return None


def _take(
    uow: UnitOfWork,
    count: ImportCount,
    key: tuple[str, str],
    row: ProjectRow,
    village_code: str,
    at_utc: datetime,
) -> None:
    lon = lat = None
    if row.lon_deg is not None and row.lat_deg is not None:
        lon, lat = convert(row.lon_deg, row.lat_deg, source=Datum(str(row.datum)), target=Datum.WGS84)
    said = {
        "village_code": village_code,
        "name": tidy_name(row.name)[:120],
        "state": _STATES[row.state.strip()],
        "lon_deg": None if lon is None else float(lon),
        "lat_deg": None if lat is None else float(lat),
        "datum": row.datum,
        "raw_lon_deg": row.lon_deg,
        "raw_lat_deg": row.lat_deg,
    }
    current = uow.session.get(Project, key)
    if current is None:
        uow.session.add(Project(code=key[0], county_code=key[1], recorded_utc=at_utc, **said))
        count.created += 1
    elif all(getattr(current, name) == value for name, value in said.items()):
        count.unchanged += 1
    else:
        for name, value in said.items():
            setattr(current, name, value)
        count.changed += 1
