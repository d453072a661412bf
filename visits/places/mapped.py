"""Places as a map and its table need them: all of the reader's division at once, in few queries and plain columns."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import shapely
from shapely import MultiPolygon, Polygon
from sqlalchemy import ColumnElement, and_, func, or_, select

from visits.access import Actor, Right, require, within
from visits.places.areas import known_at
from visits.places.rows import AreaBoundary, Division, MapNumber, Site, VillageFacts
from visits.places.rules import POINT_KINDS, Quality
from visits.places.villages import exists_on
from visits.store import UnitOfWork, fetched_columns

COUNTY_CODE_LENGTH = 6


class VillagePoint(NamedTuple):
    """The point that stands for a village: its office where that is known, never where somebody sleeps. WGS 84."""

    lon_deg: float
    lat_deg: float
    quality: Quality


@dataclass(frozen=True)
class MapVillages:
    """The villages on a map, by code, as columns: a province has 20,000.

    ``begins`` is the day a village began, where that is known; ``numbers`` what it goes by in the tiles, ``None``
    until they are drawn. Points are those of :class:`VillagePoint`.
    """

    codes: list[str]
    names: list[str]
    town_codes: list[str]
    begins: list[date | None]
    programme_rounds: list[int | None]
    numbers: list[int | None]
    has_area: list[bool]
    lon_deg: list[float | None]
    lat_deg: list[float | None]
    qualities: list[Quality | None]


@dataclass(frozen=True)
class MapTown:
    """A town on the map, with the county it belongs to."""

    code: str
    name: str
    county_code: str
    county_name: str
    number: int | None
    has_area: bool


@dataclass(frozen=True)
class Box:
    """West, south, east, north; WGS 84 degrees."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


def map_villages(uow: UnitOfWork, actor: Actor, *, on: date) -> MapVillages:
    """The villages of the actor's division that exist on a day."""
    require(actor, Right.READ_PLACES)
    query = (
        select(
            Division.code,
            Division.name,
            func.coalesce(Division.parent_code, ""),
            Division.valid_from,
            VillageFacts.programme_round,
            MapNumber.number,
            AreaBoundary.version.is_not(None),
        )
        .join(VillageFacts, VillageFacts.village_code == Division.code)
        .outerjoin(MapNumber, MapNumber.division_code == Division.code)
        .outerjoin(AreaBoundary, (AreaBoundary.division_code == Division.code) & known_at(AreaBoundary, None))
        .where(within(actor, Division.code), exists_on(on))
        .order_by(Division.code)
    )
    codes, names, town_codes, begins, programme_rounds, numbers, has_area = fetched_columns(uow, query)
    points = village_points(uow, actor)
    found = [points.get(code) for code in codes]
    return MapVillages(
        codes,
        names,
        town_codes,
        begins,
        programme_rounds,
        numbers,
        has_area,
        lon_deg=[point and point.lon_deg for point in found],
        lat_deg=[point and point.lat_deg for point in found],
        qualities=[point and point.quality for point in found],
    )


def map_towns(uow: UnitOfWork, actor: Actor) -> list[MapTown]:
    """The towns that the actor's villages belong to, by code."""
    require(actor, Right.READ_PLACES)
    counties = select(Division.code, Division.name).where(Division.level == "county")
    county_names = {code: name for code, name in uow.session.execute(counties)}  # noqa: C416 - rows are no pairs
    query = (
        select(Division.code, Division.name, Division.parent_code, MapNumber.number, AreaBoundary.version)
        .outerjoin(MapNumber, MapNumber.division_code == Division.code)
        .outerjoin(AreaBoundary, (AreaBoundary.division_code == Division.code) & known_at(AreaBoundary, None))
        .where(Division.level == "town", _touches(actor, Division.code))
        .order_by(Division.code)
    )
    return [
        MapTown(code, name, county or "", county_names.get(county or "", county or ""), number, version is not None)
        for code, name, county, number, version in uow.session.execute(query)
    ]


def outline_codes(uow: UnitOfWork, actor: Actor) -> list[str]:
    """Which counties and towns in the actor's division have a boundary, by code; a town's own villages with it."""
    require(actor, Right.READ_PLACES)
    levels = ("county", "town") if len(actor.division_prefix) <= COUNTY_CODE_LENGTH else ("town", "village")
    query = (
        select(AreaBoundary.division_code)
        .join(Division, Division.code == AreaBoundary.division_code)
        .where(within(actor, AreaBoundary.division_code), known_at(AreaBoundary, None), Division.level.in_(levels))
        .order_by(AreaBoundary.division_code)
    )
    return list(uow.session.scalars(query))


def shapes_in_reach(uow: UnitOfWork, actor: Actor) -> dict[str, Polygon | MultiPolygon]:
    """Every boundary of today in the actor's division, by the division's code. WGS 84."""
    require(actor, Right.READ_PLACES)
    query = select(AreaBoundary.division_code, AreaBoundary.shape).where(
        within(actor, AreaBoundary.division_code), known_at(AreaBoundary, None)
    )
    return {code: shapely.from_wkb(shape) for code, shape in uow.session.execute(query)}


def village_points(uow: UnitOfWork, actor: Actor) -> dict[str, VillagePoint]:
    """The point of each village that has a site which a map may show, by the code the village has now."""
    rank = {kind.value: place for place, kind in enumerate(POINT_KINDS)}
    now = successors(uow)
    query = select(Site.village_code, Site.kind, Site.name, Site.lon_deg, Site.lat_deg, Site.quality).where(
        within(actor, Site.village_code), Site.kind.in_(rank), known_at(Site, None)
    )

    def order(site: tuple[Any, ...]) -> tuple[Any, ...]:
        # A site of the village itself goes before one of a village that became part of it.
        return site[0] in now, rank[site[1]], *site[2:]

    best: dict[str, tuple[Any, ...]] = {}
    for site in zip(*fetched_columns(uow, query), strict=True):
        code = now.get(site[0], site[0])
        # Few villages have several sites: only those are put in order.
        if code not in best or order(site) < order(best[code]):
            best[code] = site
    qualities = {quality.value: quality for quality in Quality}
    return {code: VillagePoint(site[3], site[4], qualities[site[5]]) for code, site in best.items()}


def successors(uow: UnitOfWork) -> dict[str, str]:
    """What each code that ended has become, through every change since. One query: successions are few."""
    query = select(Division.code, Division.successor_code).where(Division.successor_code.is_not(None))
    step = {code: after for code, after in uow.session.execute(query) if after}
    return {code: _followed(code, step) for code in step}


def reach_box(uow: UnitOfWork, actor: Actor) -> Box | None:
    """The box around what a map of the actor's division shows; ``None`` where there is nothing.

    Where the boundary of every county in reach is known, around those, which hold everything else: a province's
    20,000 boundaries and as many points take a tenth of a second to be looked through. Otherwise around each boundary
    and point.
    """
    require(actor, Right.READ_PLACES)
    return _box_of_counties(uow, actor) or _box_of_everything(uow, actor)


def _box_of_counties(uow: UnitOfWork, actor: Actor) -> Box | None:
    """The box around all counties in reach; ``None`` where there are none, or one has no boundary."""
    is_its = and_(AreaBoundary.division_code == Division.code, known_at(AreaBoundary, None))
    query = (
        select(func.count(Division.code), func.count(AreaBoundary.division_code), *_edges_of_areas())
        .outerjoin(AreaBoundary, is_its)
        .where(within(actor, Division.code), Division.level == "county")
    )
    counties, known, *edges = uow.session.execute(query).one()
    return Box(*edges) if known and known == counties else None


def _box_of_everything(uow: UnitOfWork, actor: Actor) -> Box | None:
    kinds = [kind.value for kind in POINT_KINDS]
    areas = select(*_edges_of_areas()).where(within(actor, AreaBoundary.division_code), known_at(AreaBoundary, None))
    points = select(
        func.min(Site.lon_deg), func.min(Site.lat_deg), func.max(Site.lon_deg), func.max(Site.lat_deg)
    ).where(within(actor, Site.village_code), Site.kind.in_(kinds), known_at(Site, None))
    boxes = [box for box in (uow.session.execute(query).one() for query in (areas, points)) if box[0] is not None]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return Box(min(west), min(south), max(east), max(north))


def _edges_of_areas() -> tuple[ColumnElement[float], ...]:
    return (
        func.min(AreaBoundary.west_deg),
        func.min(AreaBoundary.south_deg),
        func.max(AreaBoundary.east_deg),
        func.max(AreaBoundary.north_deg),
    )


def _touches(actor: Actor, town_code: Any) -> ColumnElement[bool]:
    """Towns within reach, and the one town that a reach of a single village lies in."""
    return or_(within(actor, town_code), town_code == actor.division_prefix[:9])


def _followed(code: str, step: dict[str, str]) -> str:
    seen = [code]
    # Two lists that contradict each other make a ring, in which the last new code stands.
    while (after := step.get(seen[-1])) is not None and after not in seen:
        seen.append(after)
    return seen[-1]
