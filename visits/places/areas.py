"""Boundaries of counties, towns and villages, each version kept."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon
from sqlalchemy import ColumnElement, and_, or_, select

from geo import Area, Datum, SeamKind, seams
from visits.access import Actor, Right, in_scope, note, require
from visits.places.errors import NoSuchBoundary
from visits.places.imports import ImportCount, ImportReport, RowCheck, ask_for_tiles
from visits.places.rows import AreaBoundary, Division
from visits.places.rules import BOUNDARY_ERROR_M, Quality
from visits.places.villages import remark_ended
from visits.store import UnitOfWork


@dataclass(frozen=True)
class BoundaryView:
    """One version of a division's polygon, in WGS 84."""

    division_code: str
    division_name: str
    level: str
    version: int
    geometry: Polygon | MultiPolygon
    quality: Quality
    boundary_error_m: float
    datum: Datum
    source: str
    licence: str
    recorded_utc: datetime


def import_areas(
    uow: UnitOfWork,
    actor: Actor,
    areas: Sequence[Area],
    *,
    code_property: str = "code",
    datum: Datum,
    quality: Quality,
    boundary_error_m: float | None = None,
    source: str,
    licence: str,
    at_utc: datetime,
) -> ImportReport:
    """Take what ``geo.read_areas`` read, one area for each division code; a changed polygon is a new version.

    ``datum`` is the one the file was read with; the areas themselves are WGS 84 by now. Without
    ``boundary_error_m`` the error follows from the quality; what the file's CRS may leave wrong is added. What was
    repaired on reading, and where neighbours overlap or leave a gap, is a remark.
    """
    require(actor, Right.MANAGE_PLACES)
    check = RowCheck()
    codes = {area.feature_number: _code_of(area, code_property) for area in areas}
    found = uow.session.scalars(select(Division).where(Division.code.in_(set(codes.values()))))
    known = {division.code: division for division in found}
    error_m = BOUNDARY_ERROR_M[quality] if boundary_error_m is None else boundary_error_m
    if not 0.0 <= error_m < float("inf"):
        check.refuse(
            0, "boundary_error_m", "边界误差不能为负", "the error of a boundary is a number of metres, 0 or more"
        )
    _check_areas(check, actor, areas, codes, known.keys(), code_property)
    check.done()
    count = ImportCount()
    for area in areas:
        remark_ended(check, area.feature_number, known[codes[area.feature_number]], at_utc.date())
        if area.repair is not None:
            zh, en = f"几何已修复：{area.repair.reason}", f"repaired: {area.repair.reason}"
            check.remark(area.feature_number, "geometry", zh, en)
        said = {
            "shape": shapely.to_wkb(area.geometry),
            "quality": quality.value,
            "boundary_error_m": error_m + area.crs_error_m,
            "datum": datum.value,
            "source": source,
            "licence": licence,
        }
        _take_area(uow, count, codes[area.feature_number], area.geometry.bounds, said, at_utc)
    _remark_seams(check, areas, codes)
    report = count.report(check)
    ask_for_tiles(uow, codes.values(), at_utc=at_utc)
    detail = {"areas": len(areas), "created": report.created, "changed": report.changed, "source": source}
    note(uow, actor, "import.areas", about="areas", detail=detail, at_utc=at_utc)
    return report


def _remark_seams(check: RowCheck, areas: Sequence[Area], codes: Mapping[int, str]) -> None:
    """Remark where neighbours of one level (villages among villages) overlap or leave a gap."""
    levels: dict[int, list[Area]] = defaultdict(list)
    for area in areas:
        levels[len(codes[area.feature_number])].append(area)
    for level in levels.values():
        for seam in seams([area.geometry for area in level]):
            here, *others = (level[index].feature_number for index in seam.members)
            with_whom = ", ".join(str(other) for other in others)
            size, at = round(seam.size_m2), f"{seam.place.lon_deg:.5f}, {seam.place.lat_deg:.5f}"
            zh, en = ("重叠", "overlap") if seam.kind is SeamKind.OVERLAP else ("空隙", "gap")
            said_zh = f"与要素 {with_whom} 之间有{zh} {size} 平方米（{at}）"
            check.remark(here, "geometry", said_zh, f"{en} of {size} m² with feature {with_whom} at {at}")


def boundary(uow: UnitOfWork, actor: Actor, code: str) -> BoundaryView:
    """The current boundary of a division in the actor's reach."""
    require(actor, Right.READ_PLACES)
    found = boundary_of(uow, code) if in_scope(actor, code) else None
    if found is None:
        raise NoSuchBoundary(f"no boundary of {code} is known in your division")
    return found


def boundary_of(uow: UnitOfWork, code: str, *, as_of_utc: datetime | None = None) -> BoundaryView | None:
    """The boundary of a division as it was known then (now, when not said); ``None`` where none was."""
    return boundaries_of(uow, [code], as_of_utc=as_of_utc).get(code)


def boundaries_of(
    uow: UnitOfWork, codes: Iterable[str], *, as_of_utc: datetime | None = None
) -> dict[str, BoundaryView]:
    """The boundaries of these divisions as they were known then, by code; a division without one is left out."""
    rows = uow.session.execute(
        select(AreaBoundary, Division)
        .join(Division, Division.code == AreaBoundary.division_code)
        .where(AreaBoundary.division_code.in_(list(codes)), known_at(AreaBoundary, as_of_utc))
    )
    return {division.code: _boundary(area, division) for area, division in rows}


def _boundary(area: AreaBoundary, division: Division) -> BoundaryView:
    return BoundaryView(
        division_code=division.code,
        division_name=division.name,
        level=division.level,
        version=area.version,
        geometry=shapely.from_wkb(area.shape),
        quality=Quality(area.quality),
        boundary_error_m=area.boundary_error_m,
        datum=Datum(area.datum),
        source=area.source,
        licence=area.licence,
        recorded_utc=area.recorded_utc,
    )


def known_at(versions: Any, as_of_utc: datetime | None) -> ColumnElement[bool]:
    """The SQL condition that a version was the current one at that instant (now, when not said)."""
    current: ColumnElement[bool] = versions.superseded_utc.is_(None)
    if as_of_utc is None:
        return current
    return and_(versions.recorded_utc <= as_of_utc, or_(current, versions.superseded_utc > as_of_utc))


def _code_of(area: Area, code_property: str) -> str:
    value = area.properties.get(code_property)
    # GeoJSON written by a GIS often has codes as numbers.
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _check_areas(
    check: RowCheck,
    actor: Actor,
    areas: Sequence[Area],
    codes: dict[int, str],
    known: AbstractSet[str],
    code_property: str,
) -> None:
    first_row: dict[str, int] = {}
    for area in areas:
        number, code = area.feature_number, codes[area.feature_number]
        if not code:
            check.refuse(number, code_property, "没有区划代码", f"it has no division code ({code_property})")
        elif not in_scope(actor, code):
            prefix = actor.division_prefix
            zh, en = f"{code} 不在本账号的范围 {prefix} 内", f"{code} is outside your division {prefix}"
            check.refuse(number, code_property, zh, en)
        elif code not in known:
            zh, en = f"没有代码为 {code} 的县、乡镇或村", f"there is no county, town or village {code}"
            check.refuse(number, code_property, zh, en)
        elif code in first_row:
            zh, en = f"{code} 与第 {first_row[code]} 个要素重复", f"{code} is feature {first_row[code]} already"
            check.refuse(number, code_property, zh, en)
        first_row.setdefault(code, number)


def _take_area(
    uow: UnitOfWork,
    count: ImportCount,
    code: str,
    box: tuple[float, float, float, float],
    said: dict[str, Any],
    at_utc: datetime,
) -> None:
    current = uow.session.scalar(
        select(AreaBoundary).where(AreaBoundary.division_code == code, known_at(AreaBoundary, None))
    )
    if current is not None and all(getattr(current, name) == value for name, value in said.items()):
        count.unchanged += 1
        return
    version = 1
    if current is None:
        count.created += 1
    else:
        count.changed += 1
        version = current.version + 1
        current.superseded_utc = at_utc
        # The old version makes room before the new one comes: only one may be current.
        uow.session.flush()
    west, south, east, north = box
    uow.session.add(
        AreaBoundary(
            division_code=code,
            version=version,
            west_deg=west,
            south_deg=south,
            east_deg=east,
            north_deg=north,
            recorded_utc=at_utc,
            superseded_utc=None,
            **said,
        )
    )
    uow.session.flush()
