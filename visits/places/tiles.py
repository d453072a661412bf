"""The map's tiles: one file for each county and each state of its boundaries, and the numbers that stand for places.

A number is given to a division once and never to another, so that a tile may be kept for years. What is said of a
village today comes apart (``visits.fieldwork.coverage_status``), in the order of the numbers.
"""

import hashlib
import json
import logging
import re
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Point, Polygon
from sqlalchemy import String, select, type_coerce

from geo import TILE_ZOOMS, Tile, draw_tiles, join_tiles
from visits.access import Actor, Right, in_scope, require, within
from visits.places.areas import known_at
from visits.places.columns import read_digits, read_wide_numbers, told_as_text, wide_number
from visits.places.errors import NoSuchTiles
from visits.places.imports import ask_for_tiles
from visits.places.rows import AreaBoundary, Division, MapNumber, Site, TileSet
from visits.places.rules import POINT_KINDS
from visits.places.villages import exists_on
from visits.store import UnitOfWork, fetched_columns, lock_for_transaction

logger = logging.getLogger(__name__)

# Raised whenever the same boundaries would be drawn differently.
DRAWING = "1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COUNTY_CODE = re.compile(r"[0-9]{6}")
# A province or a prefecture, whose counties are drawn apart and shown together.
_ABOVE_COUNTIES = re.compile(r"[0-9]{2}|[0-9]{4}")
_SCHEMA = """
CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE tiles (
    zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB,
    PRIMARY KEY (zoom_level, tile_column, tile_row)
);
"""


@dataclass(frozen=True)
class CountyShapes:
    """What of a county can be drawn now: shapes by layer and number, and the name that exactly these go by."""

    county_code: str
    layers: Mapping[str, Mapping[int, Polygon | MultiPolygon | Point]]
    numbers: Mapping[str, int]
    sha256: str

    @property
    def is_empty(self) -> bool:
        return not any(self.layers.values())


@dataclass(frozen=True)
class TileSetView:
    """The tiles of a county as they are now."""

    county_code: str
    sha256: str


@dataclass(frozen=True)
class TileSetFacts:
    """What a viewer must know of a tile set: zooms, box, and which number is which division."""

    county_code: str
    sha256: str
    first_zoom: int
    last_zoom: int
    bounds: list[float]
    layers: list[str]
    numbers: dict[str, int]


class TileFolder:
    """The files, ``<county>/<sha256>.mbtiles``: written once, never changed, thrown away when two newer ones came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, county_code: str, sha256: str) -> bool:
        return self._path(county_code, sha256).is_file()

    def fault(self, county_code: str, sha256: str) -> str:
        """What is wrong with a file: ``missing``, ``damaged``, or nothing (an empty text). Reads the whole file."""
        if not self.has(county_code, sha256):
            return "missing"
        try:
            [(said,)] = self._asked(county_code, sha256, "PRAGMA integrity_check", ())
            # A tile may have been taken out without a trace in SQLite's own books.
            whole = said == "ok" and bool(self._asked(county_code, sha256, "SELECT count(*) FROM tiles", ())[0][0])
            self.facts(county_code, sha256)
        except (NoSuchTiles, KeyError, ValueError):
            return "damaged"
        return "" if whole else "damaged"

    def write(self, shapes: CountyShapes) -> None:
        """Draw the tiles into their file. It appears whole or not at all."""
        path = self._path(shapes.county_code, shapes.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{uuid4().hex}")
        try:
            with closing(sqlite3.connect(unfinished)) as file, file:
                file.executescript(_SCHEMA)
                file.executemany("INSERT INTO metadata VALUES (?, ?)", _metadata(shapes).items())
                file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", map(_tile_row, draw_tiles(shapes.layers)))
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def keep_only(self, county_code: str, sha256s: Iterable[str]) -> None:
        """Throw away the tile sets of a county but for these."""
        kept = {self._path(county_code, sha256) for sha256 in sha256s}
        for path in self._path(county_code, "").parent.glob("*.mbtiles"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def copy_to(self, other: "TileFolder") -> None:
        """Make the other folder hold the same files: what it lacks is copied, what is not here is thrown away."""
        here = {path.relative_to(self._folder) for path in self._folder.glob("*/*.mbtiles")}
        for name in sorted(here):
            target = other._folder / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                unfinished = target.with_name(f"{target.name}.{uuid4().hex}")
                shutil.copyfile(self._folder / name, unfinished)
                unfinished.replace(target)
        for path in other._folder.glob("*/*.mbtiles"):
            if path.relative_to(other._folder) not in here:
                path.unlink(missing_ok=True)

    def tile(self, county_code: str, sha256: str, zoom: int, column: int, row: int) -> bytes | None:
        """The gzipped tile; ``None`` where there is nothing to draw. Raises ``NoSuchTiles`` for an unknown set."""
        query = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        found = self._asked(county_code, sha256, query, (zoom, column, _from_south(zoom, row)))
        return found[0][0] if found else None

    def joined_tile(self, sets: Iterable["TileSetView"], zoom: int, column: int, row: int) -> bytes | None:
        """One gzipped tile with what the tiles of several counties show there; ``None`` where that is nothing."""
        found = [self.tile(one.county_code, one.sha256, zoom, column, row) for one in sets]
        drawn = [data for data in found if data is not None]
        return join_tiles(drawn) if len(drawn) > 1 else next(iter(drawn), None)

    def facts(self, county_code: str, sha256: str) -> TileSetFacts:
        """What a viewer must know of a tile set. Raises ``NoSuchTiles`` for an unknown one."""
        said = dict(self._asked(county_code, sha256, "SELECT name, value FROM metadata", ()))
        return TileSetFacts(
            county_code=county_code,
            sha256=sha256,
            first_zoom=int(said["minzoom"]),
            last_zoom=int(said["maxzoom"]),
            bounds=[float(deg) for deg in said["bounds"].split(",")],
            layers=[layer["id"] for layer in json.loads(said["json"])["vector_layers"]],
            numbers=json.loads(said["numbers"]),
        )

    def _asked(self, county_code: str, sha256: str, query: str, values: tuple[int, ...]) -> list[Any]:
        path = self._path(county_code, sha256)
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as file:
                return file.execute(query, values).fetchall()
        except sqlite3.DatabaseError as reason:
            if path.is_file():
                logger.warning("%s cannot be read: %s", path, reason)
            raise NoSuchTiles(f"there are no tiles {sha256} of {county_code}") from reason

    def _path(self, county_code: str, sha256: str) -> Path:
        return self._folder / county_code / f"{sha256}.mbtiles"


def number_divisions(uow: UnitOfWork, county_code: str) -> None:
    """Give a number to every division of a county that has none, in the order of their codes."""
    lock_for_transaction(uow, "map_number")
    numbered = select(MapNumber.division_code)
    new = select(Division.code).where(
        Division.code.startswith(county_code, autoescape=True), Division.code.not_in(numbered)
    )
    for code in sorted(uow.session.scalars(new)):
        uow.session.add(MapNumber(division_code=code))
        uow.session.flush()


def county_shapes(uow: UnitOfWork, county_code: str, *, on: date) -> CountyShapes:
    """What of a county can be drawn that day: boundaries of each level, and a point for a village without one."""
    numbers = map_numbers(uow, county_code)
    found = select(Division.code, Division.level).where(Division.code.in_(numbers), exists_on(on))
    levels = {row.code: row.level for row in uow.session.execute(found)}
    layers: dict[str, dict[int, Polygon | MultiPolygon | Point]] = {"county": {}, "town": {}, "village": {}}
    borders = select(AreaBoundary.division_code, AreaBoundary.shape).where(
        AreaBoundary.division_code.in_(levels), known_at(AreaBoundary, None)
    )
    for code, shape in uow.session.execute(borders):
        layers[levels[code]][numbers[code]] = shapely.from_wkb(shape)
    layers["point"] = {
        numbers[code]: point
        for code, point in _points(uow, county_code).items()
        if code in levels and numbers[code] not in layers["village"]
    }
    return CountyShapes(county_code, layers, numbers, _sha256(county_code, layers, numbers))


def note_tiles(uow: UnitOfWork, drawn: CountyShapes, *, on: date, at_utc: datetime) -> list[str]:
    """Say that a county's tiles are these now; which sets are to be kept: these and the ones before.

    Where the boundaries changed while they were drawn, they are to be drawn again.
    """
    lock_for_transaction(uow, f"tiles:{drawn.county_code}")
    if county_shapes(uow, drawn.county_code, on=on).sha256 != drawn.sha256:
        ask_for_tiles(uow, [drawn.county_code], at_utc=at_utc)
    row = uow.session.get(TileSet, drawn.county_code)
    if row is None:
        row = TileSet(county_code=drawn.county_code, sha256=drawn.sha256, sha256_before=None, drawn_utc=at_utc)
        uow.session.add(row)
    elif row.sha256 != drawn.sha256:
        row.sha256, row.sha256_before, row.drawn_utc = drawn.sha256, row.sha256, at_utc
    uow.session.flush()
    return [sha256 for sha256 in (row.sha256, row.sha256_before) if sha256]


def tile_sets(uow: UnitOfWork, actor: Actor) -> list[TileSetView]:
    """The tiles of the counties that lie whole in the actor's reach; whoever reaches one town gets none."""
    require(actor, Right.READ_PLACES)
    rows = uow.session.scalars(select(TileSet).where(within(actor, TileSet.county_code)).order_by(TileSet.county_code))
    return [TileSetView(row.county_code, row.sha256) for row in rows]


def counties_drawn(uow: UnitOfWork) -> list[str]:
    """The codes of all counties that have tiles."""
    return list(uow.session.scalars(select(TileSet.county_code).order_by(TileSet.county_code)))


def lost_tiles(uow: UnitOfWork, folder: TileFolder) -> list[tuple[str, str]]:
    """The counties whose tiles of today are not there or cannot be read, by code, each with what is wrong.

    Nothing is lost for good by that: tiles are drawn from the boundaries, and the job ``draw_tiles`` draws them anew.
    """
    rows = uow.session.scalars(select(TileSet).order_by(TileSet.county_code))
    return [(row.county_code, fault) for row in rows if (fault := folder.fault(row.county_code, row.sha256))]


def redraw_lost_tiles(uow: UnitOfWork, folder: TileFolder, *, at_utc: datetime) -> list[tuple[str, str]]:
    """The same, each put to be drawn again."""
    lost = lost_tiles(uow, folder)
    ask_for_tiles(uow, [county_code for county_code, _ in lost], at_utc=at_utc)
    return lost


def joined_name(sets: Sequence[TileSetView]) -> str:
    """The name that the tiles of several counties together go by; a single county's go by their own."""
    if len(sets) == 1:
        return sets[0].sha256
    return hashlib.sha256(" ".join(one.sha256 for one in sets).encode()).hexdigest()


def sets_joined_as(uow: UnitOfWork, actor: Actor, prefix: str, sha256: str) -> list[TileSetView]:
    """The counties below a province or prefecture whose tiles together go by that name now.

    Raises ``NoSuchTiles`` when they go by another one since, or lie outside the actor's reach.
    """
    require(actor, Right.READ_PLACES)
    sets = [one for one in tile_sets(uow, actor) if one.county_code.startswith(prefix)]
    above = _ABOVE_COUNTIES.fullmatch(prefix) and in_scope(actor, prefix)
    if not above or not sets or joined_name(sets) != sha256:
        raise NoSuchTiles(f"there are no tiles {sha256} of {prefix}")
    return sets


def map_numbers(uow: UnitOfWork, prefix: str) -> dict[str, int]:
    """The number of each division below a prefix, by its code."""
    numbered = select(MapNumber.division_code, MapNumber.number).where(
        MapNumber.division_code.startswith(prefix, autoescape=True)
    )
    codes, numbers = fetched_columns(uow, numbered)
    return dict(zip(codes, numbers, strict=True))


@dataclass(frozen=True)
class NumberedVillages:
    """Villages in the order of their map numbers: codes (as numbers of twelve digits) and map numbers."""

    codes: NDArray[np.int64]
    numbers: NDArray[np.int64]


def village_numbers(uow: UnitOfWork, prefix: str, *, on: date) -> NumberedVillages:
    """The map numbers of the villages below a prefix that exist on a day."""
    query = (
        select(MapNumber.number)
        .join(Division, Division.code == MapNumber.division_code)
        .where(MapNumber.division_code.startswith(prefix, autoescape=True), Division.level == "village", exists_on(on))
    )
    parts = (type_coerce(MapNumber.division_code, String), wide_number(MapNumber.number))
    told = told_as_text(uow, parts, query, [("code", "S12"), ("number", "S10")])
    numbers = read_wide_numbers(told["number"])
    in_order = np.argsort(numbers)
    return NumberedVillages(read_digits(told["code"])[in_order], numbers[in_order])


def check_tiles_reach(actor: Actor, county_code: str, sha256: str) -> None:
    """Raise ``NoSuchTiles`` for a county outside the actor's reach, like for one that never was."""
    require(actor, Right.READ_PLACES)
    named_right = _COUNTY_CODE.fullmatch(county_code) and _SHA256.fullmatch(sha256)
    if not named_right or not in_scope(actor, county_code):
        raise NoSuchTiles(f"there are no tiles {sha256} of {county_code}")


def _points(uow: UnitOfWork, county_code: str) -> dict[str, Point]:
    """One point for each village that has a site which a map may show."""
    rank = {kind.value: place for place, kind in enumerate(POINT_KINDS)}
    sites = uow.session.scalars(
        select(Site).where(
            Site.village_code.startswith(county_code, autoescape=True), Site.kind.in_(rank), known_at(Site, None)
        )
    )
    best: dict[str, Site] = {}
    for site in sorted(sites, key=lambda s: (rank[s.kind], s.name, str(s.id))):
        best.setdefault(site.village_code, site)
    return {code: Point(site.lon_deg, site.lat_deg) for code, site in best.items()}


def _sha256(county_code: str, layers: Mapping[str, Mapping[int, Any]], numbers: Mapping[str, int]) -> str:
    """The name of what is drawn: how, which zooms, every shape under its number, and every code's number."""
    said = hashlib.sha256(f"{DRAWING} {TILE_ZOOMS} {county_code} {json.dumps(numbers, sort_keys=True)}".encode())
    for name, features in sorted(layers.items()):
        for number, shape in sorted(features.items()):
            wkb = shapely.to_wkb(shape)
            said.update(f"{name} {number} {len(wkb)} ".encode())
            said.update(wkb)
    return said.hexdigest()


def _metadata(shapes: CountyShapes) -> dict[str, str]:
    every = [shape for features in shapes.layers.values() for shape in features.values()]
    west, south, east, north = shapely.total_bounds(every)
    layers = [{"id": name, "fields": {}} for name, features in shapes.layers.items() if features]
    return {
        "name": shapes.county_code,
        "format": "pbf",
        "type": "overlay",
        "minzoom": str(min(TILE_ZOOMS)),
        "maxzoom": str(max(TILE_ZOOMS)),
        "bounds": f"{west:.7f},{south:.7f},{east:.7f},{north:.7f}",
        "json": json.dumps({"vector_layers": layers}),
        "numbers": json.dumps(shapes.numbers, sort_keys=True),
    }


def _tile_row(tile: Tile) -> tuple[int, int, int, bytes]:
    return tile.zoom, tile.column, _from_south(tile.zoom, tile.row), tile.data


def _from_south(zoom: int, row: int) -> int:
    """MBTiles counts rows from the south, the web from the north."""
    return (1 << zoom) - 1 - row
