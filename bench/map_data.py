"""A made-up province for the map to be measured on.

Rows are put into the tables directly: a year of 80,000 visits is no matter of the verbs here. Everything is drawn from
a seed; nobody and no place is real.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi
from shapely import MultiPolygon, Polygon
from sqlalchemy import insert

from api.app import open_store
from api.settings import read_settings
from visits.access import NewAccount, Role, actor_named, bootstrap_admin, create_account
from visits.fieldwork import Visit
from visits.ledger import Problem
from visits.places import (
    AreaBoundary,
    Division,
    Site,
    TileFolder,
    VillageFacts,
    county_shapes,
    note_tiles,
    number_divisions,
)
from visits.plans import Assignment
from visits.store import Store, UnitOfWork, migrate

PASSPHRASE = "copper lantern beside seven rivers"
LEADER, OFFICE = "leader", "office"
SLOTS = ("dawn", "day", "evening", "night")
SLOT_SHARES = (0.08, 0.62, 0.22, 0.08)
SLOT_HOURS = (7, 11, 19, 23)


@dataclass(frozen=True)
class Made:
    """One made-up division: its code, level, name, and what of it can be drawn."""

    code: str
    level: str
    name: str
    parent: str | None
    at: tuple[float, float] | None = None
    shape: Polygon | MultiPolygon | None = None
    programme_round: int | None = None


def made_up_province(folder: Path, *, today: date, counties: int = 100, visits: int = 80_000, seed: int = 8) -> None:
    """A province of ``counties`` times 200 villages with boundaries of some 97 corners, and a year of visits."""
    dice = np.random.default_rng(seed)
    _settle(folder, "35", list(_province(counties, dice)), visits=visits, today=today, dice=dice)


def _settle(
    folder: Path, prefix: str, places: Sequence[Made], *, visits: int, today: date, dice: np.random.Generator
) -> None:
    store = open_store(read_settings({}, data_dir=folder))
    migrate(store)
    now = datetime.combine(today, datetime.min.time(), UTC)
    with store.writing() as uow:
        bootstrap_admin(uow, login="admin", name="管理员", division_prefix=prefix, at_utc=now)
        for login, role in ((LEADER, Role.LEADER), (OFFICE, Role.OFFICE)):
            account = NewAccount(login, "演示账号", role, prefix)
            create_account(uow, actor_named(uow, "admin"), account, passphrase=PASSPHRASE, at_utc=now)
        by = actor_named(uow, OFFICE).account_id
        _put_places(uow, places, now)
        _put_visits(uow, [one.code for one in places if one.level == "village"], visits, today, by, dice)
    _draw(store, folder, sorted({one.code[:6] for one in places}), today)
    store.checkpoint()
    store.close()


def _draw(store: Store, folder: Path, counties: Sequence[str], today: date) -> None:
    """Draw the tiles of each county, as the job does after an import."""
    tiles = TileFolder(folder / "tiles")
    for code in counties:
        with store.writing() as uow:
            number_divisions(uow, code)
            shapes = county_shapes(uow, code, on=today)
            tiles.write(shapes)
            note_tiles(uow, shapes, on=today, at_utc=datetime.now(UTC))


def _put_places(uow: UnitOfWork, places: Sequence[Made], now: datetime) -> None:
    session = uow.session
    # Parents first: a town names its county, a village its town.
    for level in ("county", "town", "village"):
        rows = [
            {"code": one.code, "level": level, "name": one.name, "parent_code": one.parent}
            for one in places
            if one.level == level
        ]
        session.execute(insert(Division), rows)
    villages = [one for one in places if one.level == "village"]
    facts = [{"village_code": v.code, "kind": "village", "programme_round": v.programme_round} for v in villages]
    session.execute(insert(VillageFacts), facts)
    session.execute(insert(Site), [_site_row(v.code, v.at, now) for v in villages if v.at is not None])
    session.execute(insert(AreaBoundary), [_area_row(one, one.shape, now) for one in places if one.shape is not None])


def _site_row(code: str, at: tuple[float, float], now: datetime) -> dict[str, object]:
    lon, lat = at
    disc = shapely.Point(lon, lat).buffer(0.003)
    west, south, east, north = disc.bounds
    return {
        "id": UUID(int=int(code)),
        "version": 1,
        "village_code": code,
        "name": "村部",
        "kind": "office",
        "lon_deg": lon,
        "lat_deg": lat,
        "radius_m": 300.0,
        "shape": shapely.to_wkb(disc),
        "west_deg": west,
        "south_deg": south,
        "east_deg": east,
        "north_deg": north,
        "quality": "synthetic",
        "datum": "wgs84",
        "raw_lon_deg": lon,
        "raw_lat_deg": lat,
        "source": "made up",
        "recorded_utc": now,
    }


def _area_row(one: Made, shape: Polygon | MultiPolygon, now: datetime) -> dict[str, object]:
    west, south, east, north = shape.bounds
    return {
        "division_code": one.code,
        "version": 1,
        "shape": shapely.to_wkb(shape),
        "west_deg": west,
        "south_deg": south,
        "east_deg": east,
        "north_deg": north,
        "quality": "synthetic",
        "boundary_error_m": 0.0,
        "datum": "wgs84",
        "source": "made up",
        "licence": "none",
        "recorded_utc": now,
    }


def _put_visits(
    uow: UnitOfWork, codes: Sequence[str], visits: int, today: date, by: UUID, dice: np.random.Generator
) -> None:
    """A year of visits: some villages seen often and some never, most by day; and a problem on every sixth visit."""
    liked = dice.gamma(0.9, size=len(codes)) + 0.02
    # Whole towns are seldom looked at, as in life.
    towns = sorted({code[:9] for code in codes})
    favour = dict(zip(towns, dice.choice([0.15, 0.6, 1.0, 1.6], size=len(towns)), strict=True))
    liked *= np.array([favour[code[:9]] for code in codes])
    where = dice.choice(len(codes), size=visits, p=liked / liked.sum())
    days = np.sort(dice.integers(0, 365, size=visits))
    slots = dice.choice(4, size=visits, p=SLOT_SHARES)
    drawn = dice.random(visits) < 0.7
    rows = zip(where.tolist(), days.tolist(), slots.tolist(), drawn.tolist(), strict=True)
    made = [
        _visit_rows(n, codes[village], today - timedelta(days=364 - day), slot, is_drawn, by)
        for n, (village, day, slot, is_drawn) in enumerate(rows)
    ]
    for begin in range(0, len(made), 5000):
        part = made[begin : begin + 5000]
        uow.session.execute(insert(Assignment), [assignment for assignment, _ in part])
        uow.session.execute(insert(Visit), [visit for _, visit in part])
    found = [visit for _, visit in made if dice.random() < 1 / 6][:9000]
    if found:
        uow.session.execute(insert(Problem), [_problem_row(n, visit, by) for n, visit in enumerate(found, 1)])


def _visit_rows(
    number: int, code: str, day: date, slot: int, drawn: bool, by: UUID
) -> tuple[dict[str, object], dict[str, object]]:
    began = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=SLOT_HOURS[slot] - 8)
    ids = UUID(int=2**100 + number), UUID(int=2**101 + number)
    assignment: dict[str, object] = {
        "id": ids[0],
        "visit_id": ids[1],
        "village_code": code,
        "announced": False,
        "reason": "made up",
        "draw_reference": "made up" if drawn else None,
        "case_study": False,
        "release_utc": began - timedelta(hours=2),
        "expires_utc": began + timedelta(hours=20),
        "assigned_by": by,
        "assigned_utc": began - timedelta(days=1),
        "log_index": 0,
        "withdrawn_reason": "",
    }
    visit: dict[str, object] = {
        "id": ids[1],
        "assignment_id": ids[0],
        "village_code": code,
        "announced": False,
        "state": "closed",
        "began_utc": began,
        "closed_utc": began + timedelta(hours=1),
        "slot": SLOTS[slot],
        "local_date": day,
        "escorted": number % 23 == 0,
        "warned_beforehand": False,
        "inspectors": 2,
        "complete": True,
        "missing": [],
        "whereabouts": "inside",
        "judged_utc": began + timedelta(hours=3),
    }
    return assignment, visit


def _problem_row(number: int, visit: Mapping[str, object], by: UUID) -> dict[str, object]:
    code, found = str(visit["village_code"]), visit["began_utc"]
    return {
        "id": UUID(int=2**102 + number),
        "county_code": code[:6],
        "year": 2026,
        "number": number,
        "visit_id": visit["id"],
        "village_code": code,
        "item": 20,
        "items_version": "bench",
        "other_reason": "",
        "kind": 2,
        "clue": False,
        "text": "made up",
        "place_note": "",
        "state": "fixed_on_spot" if number % 3 == 0 else "found",
        "found_utc": found,
        "found_by": by,
        "entered_utc": found,
        "withdrawn_reason": "",
        "version": 1,
        "earlier": [],
    }


# ---- A made-up province ----

CELL_DEG = 0.05
COUNTY_COLUMNS, COUNTY_ROWS = 20, 10  # villages, side by side
CORNERS_A_SIDE = 16


def _province(counties: int, dice: np.random.Generator) -> Iterator[Made]:
    """Villages as the cells of jittered points, each side of a cell a crooked line that both neighbours share."""
    across = max(int(counties**0.5), 1)
    columns, rows = COUNTY_COLUMNS * across, COUNTY_ROWS * -(-counties // across)
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    seats = np.column_stack([x.ravel(), y.ravel()]) + dice.uniform(-0.32, 0.32, size=(columns * rows, 2))
    shapes = _cells(seats, columns, rows)
    lists: dict[str, list[Polygon]] = defaultdict(list)
    villages = []
    for column, row, seat, shape in zip(x.ravel().tolist(), y.ravel().tolist(), seats, shapes, strict=True):
        county_number = (row // COUNTY_ROWS) * across + column // COUNTY_COLUMNS
        if county_number >= counties:
            continue
        county = str(350_000 + county_number)
        inside_row, inside_column = row % COUNTY_ROWS, column % COUNTY_COLUMNS
        # Fifteen towns a county: three bands of five.
        town = f"{county}{100 + (inside_row * 3 // COUNTY_ROWS) * 5 + inside_column * 5 // COUNTY_COLUMNS}"
        code = f"{town}{201 + inside_row * COUNTY_COLUMNS + inside_column}"
        lon, lat = _degrees(seat[None, :])[0]
        villages.append(Made(code, "village", f"演示{code[6:]}村", town, (float(lon), float(lat)), shape))
        lists[county].append(shape)
        lists[town].append(shape)
    for code in sorted(lists):
        level, parent = ("county", None) if len(code) == 6 else ("town", code[:6])
        yield Made(code, level, f"演示{code}", parent, shape=shapely.coverage_union_all(lists[code]))
    yield from sorted(villages, key=lambda one: one.code)


def _degrees(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(plane * CELL_DEG + (116.0, 23.6))


def _cells(seats: NDArray[np.float64], columns: int, rows: int) -> list[Polygon]:
    # A frame of further points makes every cell of the inner ones finite.
    edge_x, edge_y = np.arange(-2, columns + 2), np.arange(-2, rows + 2)
    frame = [(i, j) for i in edge_x for j in edge_y if not (0 <= i < columns and 0 <= j < rows)]
    cells = Voronoi(np.vstack([seats, np.array(frame, dtype=float)]))
    shapes = []
    for number in range(len(seats)):
        ring = cells.regions[cells.point_region[number]]
        corners = [_crooked(cells.vertices, a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
        shapes.append(Polygon(_degrees(np.vstack(corners))))
    return shapes


def _crooked(vertices: NDArray[np.float64], a: int, b: int) -> NDArray[np.float64]:
    """The way from corner ``a`` to just before ``b``: the same line for both neighbours, walked either way."""
    first, last = min(a, b), max(a, b)
    dice = np.random.default_rng(first * 1_000_003 + last)
    share = np.linspace(0.0, 1.0, CORNERS_A_SIDE + 1)[:, None]
    start, end = vertices[first], vertices[last]
    along = end - start
    bend = dice.uniform(-0.03, 0.03, size=(CORNERS_A_SIDE + 1, 1)) * np.sin(np.pi * share)
    way = start + share * along + bend * np.array([-along[1], along[0]])
    way[0], way[-1] = start, end
    return np.asarray((way if a == first else way[::-1])[:-1])
