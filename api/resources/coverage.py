"""What the map of visits is drawn from, in one consistent piece, and the same as a GeoPackage to take away."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import marshmallow as ma
import shapely
from flask import Response, send_file

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, DivisionCode, Id, Schema, Whole, word
from api.http.gzipped import gzipped_or_unchanged
from api.http.house import house, now_utc
from api.http.signin import current_actor
from geo import OutLayer, write_geopackage
from visits.access import Actor, Right, note
from visits.fieldwork import CountedVisits, VillageCoverage, Which, counted_visits, coverage, sees_draws, visit_columns
from visits.ledger import open_problems
from visits.people import Slot
from visits.places import (
    MapTown,
    MapVillages,
    Quality,
    VillagePoint,
    map_towns,
    map_villages,
    outline_codes,
    shapes_in_reach,
    village_points,
)
from visits.plans import LineUse, may_see_lines, quota_use
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

coverage_room = RoomBlueprint("coverage", "What the map of visits is drawn from")

MARKING = "内部使用"
# Five digits of a degree are about a metre: a map shows no more, and the file is a third smaller.
POINT_DIGITS = 5


class MapTownsOut(ma.Schema):
    """The towns in reach, as columns; `has_area` is 1 where a boundary is known."""

    code = ma.fields.List(ma.fields.String())
    name = ma.fields.List(ma.fields.String())
    county_code = ma.fields.List(ma.fields.String())
    county_name = ma.fields.List(ma.fields.String())
    number = ma.fields.List(ma.fields.Integer(allow_none=True))
    has_area = ma.fields.List(ma.fields.Integer())


class MapVillagesOut(ma.Schema):
    """The villages in reach, by code, as columns. `town` is a place in the list of towns."""

    code = ma.fields.List(ma.fields.String())
    name = ma.fields.List(ma.fields.String())
    town = ma.fields.List(ma.fields.Integer())
    programme_round = ma.fields.List(ma.fields.Integer(allow_none=True))
    begins = ma.fields.List(ma.fields.Date(allow_none=True))
    number = ma.fields.List(ma.fields.Integer(allow_none=True))
    has_area = ma.fields.List(ma.fields.Integer())
    lon_deg = ma.fields.List(ma.fields.Float(allow_none=True))
    lat_deg = ma.fields.List(ma.fields.Float(allow_none=True))


class VisitColumnsOut(ma.Schema):
    """Every counted visit: how many on each day from `first_day`, the step to its village in the list from the visit
    before (on a new day, from the list's start), and a digit: its slot from 0 (dawn) to 3 (night), plus 4 where it was
    directed. `line` is the place of its plan's line in the list of lines, from 1, and 0 for none; null where the plan
    is not told."""

    first_day = ma.fields.Date(allow_none=True)
    per_day = ma.fields.List(ma.fields.Integer())
    village = ma.fields.List(ma.fields.Integer())
    how = ma.fields.String()
    line = ma.fields.List(ma.fields.Integer(), allow_none=True)


class MapPlanLineOut(ma.Schema):
    """A line of a plan. `quotas` has for each town that has one: its place in the list of towns, the most checks under
    this line, and how many it received up to now (nothing that is still sealed)."""

    id = ma.fields.UUID()
    county_code = ma.fields.String()
    title = ma.fields.String()
    from_date = ma.fields.Date(data_key="from")
    to_date = ma.fields.Date(data_key="to")
    withdrawn = ma.fields.Boolean()
    quotas = ma.fields.List(ma.fields.List(ma.fields.Integer()))


class CoverageMapOut(ma.Schema):
    """Villages and days, never people. `open_problems` is null for whoever does not read the ledger, `plan_lines` for
    whoever reads no plan; `draws_told` says whether directed visits are told apart, `outlines` which divisions have a
    boundary to ask for."""

    on = ma.fields.Date()
    synthetic = ma.fields.Boolean()
    draws_told = ma.fields.Boolean()
    outlines = ma.fields.List(ma.fields.String())
    towns = ma.fields.Nested(MapTownsOut)
    villages = ma.fields.Nested(MapVillagesOut)
    visits = ma.fields.Nested(VisitColumnsOut)
    plan_lines = ma.fields.List(ma.fields.Nested(MapPlanLineOut), allow_none=True)
    open_problems = ma.fields.List(ma.fields.Integer(), allow_none=True)


class WhichQuery(Schema):
    """Which visits count, and in which villages: as on the map."""

    since = Day(data_key="from", load_default=None)
    until = Day(data_key="to", load_default=None)
    slot = word(*Slot, load_default=None)
    town = DivisionCode(load_default=None)
    programme_round = Whole(least=1, most=99, data_key="round", load_default=None)
    plan = Id(load_default=None)


@coverage_room.get("/coverage/map")
@coverage_room.response(200, CoverageMapOut)
def show_coverage_map() -> Response:
    """Villages, their points, and every counted visit, small enough to be loaded once and brushed by the reader."""
    actor = current_actor()
    today = now_utc().astimezone(LOCAL_ZONE).date()
    with house().store.reading() as uow:
        towns, villages = map_towns(uow, actor), map_villages(uow, actor, on=today)
        counted, outlines = counted_visits(uow, actor), outline_codes(uow, actor)
        problems = open_problems(uow, actor) if actor.may(Right.READ_LEDGER) else None
        lines = quota_use(uow, actor, at_utc=now_utc()) if may_see_lines(actor) else None
    told = {
        "on": today.isoformat(),
        "synthetic": Quality.SYNTHETIC in villages.qualities,
        "draws_told": sees_draws(actor),
        "outlines": outlines,
        "towns": _town_columns(towns),
        "villages": _village_columns(villages, towns),
        "visits": _visits(actor, counted, villages, lines),
        "plan_lines": None if lines is None else [_plan_line(line, towns) for line in lines],
        "open_problems": None if problems is None else [problems.get(code, 0) for code in villages.codes],
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return gzipped_or_unchanged(Response(text, mimetype="application/json"))


@coverage_room.get("/coverage/villages.gpkg")
@coverage_room.arguments(WhichQuery, location="query")
@coverage_room.response(200, {"type": "string", "format": "binary"}, content_type="application/geopackage+sqlite3")
def download_coverage(query: dict[str, Any]) -> Response:
    """The villages with their points, boundaries and visits as a GeoPackage, marked for internal use."""
    actor = current_actor()
    today = now_utc().astimezone(LOCAL_ZONE).date()
    slot = Slot(query["slot"]) if query["slot"] else None
    which = Which(query["since"], query["until"], slot, query["plan"])
    with house().store.writing() as uow:
        rows = [
            row
            for row in coverage(uow, actor, which, on=today)
            if _wanted(row, query["town"], query["programme_round"])
        ]
        layers = _layers(uow, actor, rows, which, today)
        note(uow, actor, "coverage.export", about="coverage", at_utc=now_utc())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.gpkg")
        write_geopackage(path, layers)
        # An open file outlives its name, and is sent piece by piece.
        sent = path.open("rb")
    return send_file(
        sent,
        mimetype="application/geopackage+sqlite3",
        as_attachment=True,
        download_name=f"核查覆盖-{MARKING}-{today}.gpkg",
    )


def _wanted(row: VillageCoverage, town: str | None, programme_round: int | None) -> bool:
    in_town = town is None or row.village.code.startswith(town)
    return in_town and programme_round in (None, row.village.programme_round)


def _layers(
    uow: UnitOfWork, actor: Actor, rows: Sequence[VillageCoverage], which: Which, today: date
) -> list[OutLayer]:
    """The villages as points and, where boundaries are known, as areas."""
    points, shapes = village_points(uow, actor), shapes_in_reach(uow, actor)
    problems = open_problems(uow, actor) if actor.may(Right.READ_LEDGER) else None
    until = which.until or today
    said = f"{MARKING}。核查覆盖，{which.since or '最早'} 至 {until}；只计未打招呼、无人陪同的暗访。"
    with_area = [row for row in rows if row.village.code in shapes]
    made = [
        OutLayer(
            "village_points",
            said,
            "Point",
            [_point(points.get(row.village.code)) for row in rows],
            _columns(rows, points, problems, until),
        )
    ]
    if with_area:
        areas = [shapely.force_2d(shapes[row.village.code]) for row in with_area]
        columns = _columns(with_area, points, problems, until)
        made.append(OutLayer("village_areas", said, "MultiPolygon", areas, columns))
    return made


def _columns(
    rows: Sequence[VillageCoverage],
    points: Mapping[str, VillagePoint],
    problems: Mapping[str, int] | None,
    until: date,
) -> dict[str, list[Any]]:
    """The columns of the GeoPackage: what stands in the table beside the map."""
    columns: dict[str, list[Any]] = {
        "marking": [MARKING for _ in rows],
        "code": [row.village.code for row in rows],
        "village": [row.village.name for row in rows],
        "town": [row.village.town_name for row in rows],
        "county": [row.village.county_name for row in rows],
        "programme_round": [row.village.programme_round for row in rows],
        "position": [points[row.village.code].quality.value if row.village.code in points else None for row in rows],
        "last_visit": [row.last_visit_on for row in rows],
        "days_since": [(until - row.last_visit_on).days if row.last_visit_on else None for row in rows],
        "visits": [row.visits for row in rows],
        **{slot.value: [row.by_slot.get(slot, 0) for row in rows] for slot in Slot},
    }
    if any(row.drawn is not None for row in rows):
        columns["drawn"] = [row.drawn for row in rows]
        columns["directed"] = [row.visits - (row.drawn or 0) for row in rows]
    if problems is not None:
        columns["open_problems"] = [problems.get(row.village.code, 0) for row in rows]
    return columns


def _point(point: VillagePoint | None) -> shapely.Point | None:
    return None if point is None else shapely.Point(point.lon_deg, point.lat_deg)


def _town_columns(towns: Sequence[MapTown]) -> dict[str, list[Any]]:
    return {
        "code": [town.code for town in towns],
        "name": [town.name for town in towns],
        "county_code": [town.county_code for town in towns],
        "county_name": [town.county_name for town in towns],
        "number": [town.number for town in towns],
        "has_area": [int(town.has_area) for town in towns],
    }


def _village_columns(villages: MapVillages, towns: Sequence[MapTown]) -> dict[str, list[Any]]:
    place = {town.code: index for index, town in enumerate(towns)}
    return {
        "code": villages.codes,
        "name": villages.names,
        "town": [place[code] for code in villages.town_codes],
        "programme_round": villages.programme_rounds,
        "begins": [day and day.isoformat() for day in villages.begins],
        "number": villages.numbers,
        "has_area": [int(has) for has in villages.has_area],
        "lon_deg": [deg and round(deg, POINT_DIGITS) for deg in villages.lon_deg],
        "lat_deg": [deg and round(deg, POINT_DIGITS) for deg in villages.lat_deg],
    }


def _visits(
    actor: Actor, counted: CountedVisits, villages: MapVillages, lines: Sequence[LineUse] | None
) -> dict[str, Any]:
    order = {code: place for place, code in enumerate(villages.codes)}
    told = None if lines is None else [line.id for line in lines]
    columns = visit_columns(counted, order, draws_too=sees_draws(actor), lines=told)
    return {**vars(columns), "first_day": columns.first_day and columns.first_day.isoformat()}


def _plan_line(line: LineUse, towns: Sequence[MapTown]) -> dict[str, Any]:
    named = ((place, line.quotas.get(town.code)) for place, town in enumerate(towns))
    return {
        "id": str(line.id),
        "county_code": line.county_code,
        "title": line.title,
        "from": line.from_date.isoformat(),
        "to": line.to_date.isoformat(),
        "withdrawn": line.withdrawn,
        "quotas": [[place, quota.most, quota.received] for place, quota in named if quota is not None],
    }
