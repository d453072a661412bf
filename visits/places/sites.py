"""Sites: named places in a village, each version kept, and where a village is as far as is known."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from sqlalchemy import select

from geo import DATUM_ERROR_M, Datum, convert, disc, whereabouts
from visits.access import Actor, Right, note, require
from visits.places.areas import BoundaryView, boundaries_of, known_at
from visits.places.imports import ImportCount, ImportReport, RowCheck, ask_for_tiles
from visits.places.names import name_key, tidy_name
from visits.places.rows import Division, Site
from visits.places.rules import (
    DATUM_WORDS,
    DEFAULT_RADIUS_M,
    LARGEST_RADIUS_M,
    QUALITY_WORDS,
    SITE_ERROR_M,
    SITE_KIND_WORDS,
    SMALLEST_RADIUS_M,
    Quality,
    Season,
    SiteKind,
    season_of,
    worst,
)
from visits.places.villages import VillageFinder, lineage, lineages, remark_ended
from visits.store import UnitOfWork

FARTHEST_FROM_COUNTY_M = 50_000.0


@dataclass(frozen=True)
class SiteRow:
    """One row of the list of sites, in the datum it says (or the whole file says).

    A site is a point with a radius, or a polygon in ``shape``, which is in the same datum.
    """

    row_number: int
    name: str
    kind: str
    lon_deg: float | None
    lat_deg: float | None
    village_code: str | None = None
    town_name: str | None = None
    village_name: str | None = None
    datum: str | None = None
    radius_m: float | None = None
    quality: str | None = None
    source: str | None = None
    shape: Polygon | MultiPolygon | None = None
    season: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class SiteView:
    """One version of a site, in WGS 84, with the pair as it was received."""

    id: UUID
    version: int
    village_code: str
    name: str
    kind: SiteKind
    lon_deg: float
    lat_deg: float
    radius_m: float
    geometry: Polygon | MultiPolygon
    quality: Quality
    datum: Datum
    raw_lon_deg: float
    raw_lat_deg: float
    source: str
    valid_from: date | None
    valid_to: date | None
    season: Season | None
    recorded_utc: datetime
    superseded_utc: datetime | None

    def is_used(self, day: date) -> bool:
        """Whether people are to be looked for there on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        ended = self.valid_to is not None and self.valid_to < day
        return begun and not ended and (self.season is None or self.season.holds(day))


@dataclass(frozen=True)
class VillageExtent:
    """Where a village is, as far as is known, and how far that can be trusted.

    ``basis`` is ``boundary``, ``sites``, or ``none`` (then ``area`` is ``None``). On sites, "outside" means only that
    no known site is near: a village is larger than its sites, and the caller must say so. ``town`` is the township's
    polygon where the village's own is not known: beyond it nobody is in the village, unless at a site of it.
    ``version`` names exactly what was used, for storing beside what was concluded from it.
    """

    village_code: str
    area: Polygon | MultiPolygon | None
    boundary_error_m: float
    basis: str
    version: str
    quality: Quality
    town: Polygon | MultiPolygon | None = None
    town_error_m: float = 0.0


def import_sites(
    uow: UnitOfWork,
    actor: Actor,
    rows: Sequence[SiteRow],
    *,
    datum: Datum | None = None,
    source: str = "",
    at_utc: datetime,
) -> ImportReport:
    """Take a list of sites; all rows or none. A row without a datum of its own is in ``datum``; it is never guessed.

    A site is the same one as before when village, kind and name are; what changed then becomes a new version.
    """
    require(actor, Right.MANAGE_PLACES)
    check = RowCheck()
    finder = VillageFinder(uow, actor, on=at_utc.date())
    read = [(row, _read(check, finder, row, datum, source)) for row in rows]
    taken = [(row, site) for row, site in read if site is not None]
    _check_twice(check, taken)
    _check_near_county(check, uow, taken)
    check.done()
    current = {_identity(s.village_code, s.kind, s.name): s for s in _current_sites(uow, taken)}
    borders = boundaries_of(uow, {site["village_code"] for _, site in taken})
    count = ImportCount()
    for row, site in taken:
        _remark_outside_village(check, borders.get(site["village_code"]), row, site)
        _take_site(uow, count, site, current.get(_identity(site["village_code"], site["kind"], site["name"])), at_utc)
    report = count.report(check)
    ask_for_tiles(uow, (site["village_code"] for _, site in taken), at_utc=at_utc)
    detail = {"rows": len(rows), "created": report.created, "changed": report.changed}
    note(uow, actor, "import.sites", about="sites", detail=detail, at_utc=at_utc)
    return report


def sites_of(
    uow: UnitOfWork, village_code: str, *, on: date | None = None, as_of_utc: datetime | None = None
) -> list[SiteView]:
    """The sites of a village, and of those it came from, as they were known then (now, when not said).

    With ``on`` only those that are used on that day. By kind and name.
    """
    query = (
        select(Site)
        .where(Site.village_code.in_(lineage(uow, village_code)), known_at(Site, as_of_utc))
        .order_by(Site.kind, Site.name, Site.id)
    )
    found = [_view(site) for site in uow.session.scalars(query)]
    return [site for site in found if on is None or site.is_used(on)]


def site_versions(uow: UnitOfWork, site_id: UUID) -> list[SiteView]:
    """Every version of a site, the first one first; empty when there is no such site."""
    return [_view(s) for s in uow.session.scalars(select(Site).where(Site.id == site_id).order_by(Site.version))]


def village_extent(
    uow: UnitOfWork, village_code: str, *, on: date | None = None, as_of_utc: datetime | None = None
) -> VillageExtent:
    """Where a village is on a day (any, when not said): its polygon where one is known, else its sites, else nothing.

    A summer pasture belongs to the village in its season, also beyond the border. A village that others were merged
    into reaches over their polygons too, unless its own was recorded after they ended; where one of them is missing,
    the polygons there are count as sites, so that nobody is outside on the word of half a border.
    """
    return village_extents(uow, [village_code], on=on, as_of_utc=as_of_utc)[village_code]


def village_extents(
    uow: UnitOfWork, village_codes: Iterable[str], *, on: date | None = None, as_of_utc: datetime | None = None
) -> dict[str, VillageExtent]:
    """The :func:`village_extent` of each of these villages, asked for together."""
    known = _what_is_known(uow, lineages(uow, village_codes), as_of_utc)
    return {code: _extent(code, known, on) for code in known.lines}


@dataclass(frozen=True)
class _Known:
    """Divisions, polygons and sites of some villages, of those they came from, and of their townships."""

    lines: Mapping[str, list[str]]
    divisions: Mapping[str, Division]
    borders: Mapping[str, BoundaryView]
    sites: Mapping[str, list[SiteView]]


def _what_is_known(uow: UnitOfWork, lines: Mapping[str, list[str]], as_of_utc: datetime | None) -> _Known:
    codes = {code for line in lines.values() for code in line}
    divisions = {d.code: d for d in uow.session.scalars(select(Division).where(Division.code.in_(codes)))}
    borders = boundaries_of(uow, codes | {code[:9] for code in codes}, as_of_utc=as_of_utc)
    query = select(Site).where(Site.village_code.in_(codes), known_at(Site, as_of_utc))
    sites: dict[str, list[SiteView]] = defaultdict(list)
    for site in uow.session.scalars(query.order_by(Site.kind, Site.name, Site.id)):
        sites[site.village_code].append(_view(site))
    return _Known(lines, divisions, borders, sites)


def _extent(village_code: str, known: _Known, on: date | None) -> VillageExtent:
    borders, is_whole = _borders(village_code, known)
    sites = [s for code in known.lines[village_code] for s in known.sites.get(code, ()) if on is None or s.is_used(on)]
    if is_whole:
        sites = [site for site in sites if site.kind == SiteKind.SEASONAL]
    towns = [] if is_whole else _towns(village_code, known)
    town = shapely.union_all([one.geometry for one in towns]) if towns else None
    town_error_m = max((one.boundary_error_m + DATUM_ERROR_M[one.datum] for one in towns), default=0.0)
    of_towns = [f"boundary:{one.division_code}:{one.version}" for one in towns]
    if not borders and not sites:
        version = f"none:{_fingerprint(of_towns)}" if of_towns else "none"
        return VillageExtent(village_code, None, 0.0, "none", version, Quality.UNKNOWN, town, town_error_m)
    errors_m = [border.boundary_error_m + DATUM_ERROR_M[border.datum] for border in borders]
    errors_m += [SITE_ERROR_M[site.quality] + DATUM_ERROR_M[site.datum] for site in sites]
    named = [f"boundary:{border.division_code}:{border.version}" for border in borders]
    named += [*(f"{site.id}:{site.version}" for site in sites), *of_towns]
    shapes = [border.geometry for border in borders] + [site.geometry for site in sites]
    basis = "boundary" if is_whole else "sites"
    return VillageExtent(
        village_code,
        shapes[0] if len(shapes) == 1 else shapely.union_all(shapes),
        max(errors_m),
        basis,
        named[0] if is_whole and len(named) == 1 else f"{basis}:{_fingerprint(named)}",
        worst([border.quality for border in borders] + [site.quality for site in sites]),
        town,
        town_error_m,
    )


def _borders(village_code: str, known: _Known) -> tuple[list[BoundaryView], bool]:
    """The polygons that make up a village, and whether they are all of it."""
    own, village = known.borders.get(village_code), known.divisions.get(village_code)
    earlier = [known.divisions[code] for code in known.lines[village_code][1:] if code in known.divisions]
    if own is not None:
        drawn_on = own.recorded_utc.date()
        earlier = [division for division in earlier if division.valid_to is None or division.valid_to >= drawn_on]
    theirs = [known.borders.get(division.code) for division in earlier]
    there = [border for border in (own, *theirs) if border is not None]
    # A code that began when others ended is made of them; one that was there before has land of its own.
    began = village.valid_from if village is not None else None
    is_new = (
        bool(earlier) and began is not None and all(d.valid_to is not None and d.valid_to <= began for d in earlier)
    )
    return there, (own is not None or is_new) and None not in theirs


def _towns(village_code: str, known: _Known) -> list[BoundaryView]:
    """The townships of a village and of those it came from; none where one of them is not known."""
    found = [known.borders.get(code) for code in sorted({code[:9] for code in known.lines[village_code]})]
    return [one for one in found if one is not None] if None not in found else []


def _fingerprint(versions: Iterable[str]) -> str:
    """A short name for exactly these versions; ``site_versions`` of the village say which they were."""
    return hashlib.sha256(",".join(sorted(versions)).encode()).hexdigest()[:16]


def _read(
    check: RowCheck, finder: VillageFinder, row: SiteRow, file_datum: Datum | None, source: str
) -> dict[str, Any] | None:
    """The columns of the site a row describes; ``None`` when there was something to complain of."""
    already = len(check.complaints)
    number = row.row_number
    match = finder.find(code=row.village_code, town_name=row.town_name, village_name=row.village_name)
    if match.village is None:
        check.refuse(number, match.field, match.reason_zh, match.reason_en)
    else:
        remark_ended(check, number, match.village, finder.today)
    name = tidy_name(row.name)
    if not 0 < len(name) <= 80:
        check.refuse(number, "name", "驻点名称为空或超过 80 字", "the name is empty or longer than 80 letters")
    kind = SITE_KIND_WORDS.get(name_key(row.kind))
    if kind is None:
        zh = f"类型“{row.kind}”应为 村部、驻点、自然村、季节性居住点、其他 之一"
        check.refuse(number, "kind", zh, f"{row.kind!r} is none of {', '.join(SiteKind)}")
    quality = QUALITY_WORDS.get(name_key(row.quality)) if row.quality else Quality.UNKNOWN
    if quality is None:
        zh, en = (
            f"质量“{row.quality}”应为 实测、地图、模拟、不详 之一",
            f"{row.quality!r} is none of {', '.join(Quality)}",
        )
        check.refuse(number, "quality", zh, en)
    season = season_of(row.season) if row.season else None
    if row.season and season is None:
        zh, en = (
            f"使用季节“{row.season}”无法识别，请写如 5月-10月",
            f"the season {row.season!r} cannot be read; say 5月-10月",
        )
        check.refuse(number, "season", zh, en)
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        check.refuse(number, "valid_to", "停用日期早于启用日期", "the site ends before it begins")
    place = _place(check, row, file_datum, kind or SiteKind.OTHER)
    if len(check.complaints) > already or match.village is None or kind is None or quality is None or place is None:
        return None
    return {
        "village_code": match.village.code,
        "name": name,
        "kind": kind.value,
        "quality": quality.value,
        "source": (row.source or source)[:200],
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "season_from": season and season.first,
        "season_to": season and season.last,
        **place,
    }


def _place(check: RowCheck, row: SiteRow, file_datum: Datum | None, kind: SiteKind) -> dict[str, Any] | None:
    """The columns that say where a site is, converted from the datum it was declared in."""
    number = row.row_number
    said = name_key(row.datum).replace("-", "").replace("_", "") if row.datum else ""
    datum = DATUM_WORDS.get(said) if said else file_datum
    if datum is None:
        zh = "坐标系未知，请注明 wgs84、gcj02、bd09 或 cgcs2000"
        check.refuse(number, "datum", zh, f"the datum is not known; it must be one of {', '.join(Datum)}")
        return None
    radius_m = DEFAULT_RADIUS_M[kind] if row.radius_m is None else row.radius_m
    if not SMALLEST_RADIUS_M <= radius_m <= LARGEST_RADIUS_M:
        zh, en = "半径应在 10 米至 20 公里之间", f"a radius is 10 m to 20 km, not {radius_m} m"
        check.refuse(number, "radius_m", zh, en)
        return None
    if row.shape is not None:
        return _polygon_place(check, number, row.shape, datum, radius_m)
    raw_lon_deg, raw_lat_deg = row.lon_deg, row.lat_deg
    if raw_lon_deg is None or raw_lat_deg is None or (raw_lon_deg == 0.0 and raw_lat_deg == 0.0):
        check.refuse(number, "lon_deg", "没有经纬度", "there is no position")
        return None
    lon_deg, lat_deg = convert(raw_lon_deg, raw_lat_deg, source=datum, target=Datum.WGS84)
    if math.isnan(lon_deg) or abs(lat_deg) > 80.0:
        zh = f"（{raw_lon_deg}，{raw_lat_deg}）不是可用的经纬度；经度在前，单位为度"
        en = f"({raw_lon_deg}, {raw_lat_deg}) cannot be used; longitude goes first, in degrees"
        check.refuse(number, "lon_deg", zh, en)
        return None
    return _columns(disc(lon_deg, lat_deg, radius_m), lon_deg, lat_deg, radius_m, datum, raw_lon_deg, raw_lat_deg)


def _polygon_place(
    check: RowCheck, row_number: int, shape: Polygon | MultiPolygon, datum: Datum, radius_m: float
) -> dict[str, Any] | None:
    def to_wgs84(places: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(convert(places[:, 0], places[:, 1], source=datum, target=Datum.WGS84))

    converted = shapely.transform(shape, to_wgs84)
    if converted.is_empty or not converted.is_valid or np.isnan(shapely.get_coordinates(converted)).any():
        zh, en = "多边形为空、自相交或不在地球上", "the polygon is empty, crosses itself or is not on the globe"
        check.refuse(row_number, "shape", zh, en)
        return None
    raw, centre = shape.representative_point(), converted.representative_point()
    return _columns(converted, centre.x, centre.y, radius_m, datum, raw.x, raw.y)


def _columns(
    geometry: Polygon | MultiPolygon,
    lon_deg: float,
    lat_deg: float,
    radius_m: float,
    datum: Datum,
    raw_lon_deg: float,
    raw_lat_deg: float,
) -> dict[str, Any]:
    west, south, east, north = geometry.bounds
    return {
        "lon_deg": lon_deg,
        "lat_deg": lat_deg,
        "radius_m": radius_m,
        "shape": shapely.to_wkb(geometry),
        "west_deg": west,
        "south_deg": south,
        "east_deg": east,
        "north_deg": north,
        "datum": datum.value,
        "raw_lon_deg": raw_lon_deg,
        "raw_lat_deg": raw_lat_deg,
    }


def _identity(village_code: str, kind: str, name: str) -> tuple[str, str, str]:
    return village_code, kind, name_key(name)


def _check_twice(check: RowCheck, taken: Sequence[tuple[SiteRow, dict[str, Any]]]) -> None:
    first_row: dict[tuple[str, str, str], int] = {}
    for row, site in taken:
        key = _identity(site["village_code"], site["kind"], site["name"])
        if key in first_row:
            zh, en = f"与第 {first_row[key]} 行是同一驻点", f"the same site is in row {first_row[key]} already"
            check.refuse(row.row_number, "name", zh, en)
        first_row.setdefault(key, row.row_number)


def _check_near_county(check: RowCheck, uow: UnitOfWork, taken: Sequence[tuple[SiteRow, dict[str, Any]]]) -> None:
    """Complain of sites far from their county: swapped or mistyped degrees, or another village's."""
    borders = boundaries_of(uow, {site["village_code"][:6] for _, site in taken})
    for row, site in taken:
        county = borders.get(site["village_code"][:6])
        if county is None:
            continue
        away_m = whereabouts(site["lon_deg"], site["lat_deg"], 0.0, county.geometry).signed_distance_m
        if away_m is not None and away_m < -FARTHEST_FROM_COUNTY_M:
            zh = f"距{county.division_name}边界 {-away_m / 1000:.0f} 公里，超过 50 公里，请核对经纬度"
            en = f"it lies {-away_m / 1000:.0f} km from {county.division_name}, over 50 km; please check the position"
            check.refuse(row.row_number, "lon_deg", zh, en)


def _remark_outside_village(check: RowCheck, border: BoundaryView | None, row: SiteRow, site: dict[str, Any]) -> None:
    if border is None:
        return
    error_m = border.boundary_error_m + DATUM_ERROR_M[border.datum]
    seen = whereabouts(
        site["lon_deg"],
        site["lat_deg"],
        SITE_ERROR_M[Quality(site["quality"])],
        border.geometry,
        boundary_error_m=error_m,
        datum_error_m=DATUM_ERROR_M[Datum(site["datum"])],
    )
    if seen.answer == "outside":
        check.remark(
            row.row_number,
            "lon_deg",
            "位于村域外，已按填报保留",
            "it lies outside the village's area; taken as it came",
        )


def _current_sites(uow: UnitOfWork, taken: Sequence[tuple[SiteRow, dict[str, Any]]]) -> list[Site]:
    codes = {site["village_code"] for _, site in taken}
    return list(uow.session.scalars(select(Site).where(Site.village_code.in_(codes), known_at(Site, None))))


def _take_site(
    uow: UnitOfWork, count: ImportCount, said: dict[str, Any], current: Site | None, at_utc: datetime
) -> None:
    if current is not None and all(getattr(current, name) == value for name, value in said.items()):
        count.unchanged += 1
        return
    site_id, version = uuid4(), 1
    if current is None:
        count.created += 1
    else:
        count.changed += 1
        site_id, version = current.id, current.version + 1
        current.superseded_utc = at_utc
        # The old version makes room before the new one comes: only one may be current.
        uow.session.flush()
    uow.session.add(Site(id=site_id, version=version, recorded_utc=at_utc, superseded_utc=None, **said))
    uow.session.flush()


def _view(site: Site) -> SiteView:
    return SiteView(
        id=site.id,
        version=site.version,
        village_code=site.village_code,
        name=site.name,
        kind=SiteKind(site.kind),
        lon_deg=site.lon_deg,
        lat_deg=site.lat_deg,
        radius_m=site.radius_m,
        geometry=shapely.from_wkb(site.shape),
        quality=Quality(site.quality),
        datum=Datum(site.datum),
        raw_lon_deg=site.raw_lon_deg,
        raw_lat_deg=site.raw_lat_deg,
        source=site.source,
        valid_from=site.valid_from,
        valid_to=site.valid_to,
        season=Season(site.season_from, site.season_to) if site.season_from and site.season_to else None,
        recorded_utc=site.recorded_utc,
        superseded_utc=site.superseded_utc,
    )
