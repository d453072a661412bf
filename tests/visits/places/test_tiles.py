"""The map's tiles: numbers that stay, files that appear whole, one county apart from another."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from tests.visits.places.makers import (
    COUNTY,
    NAMESAKE,
    NOW,
    OTHER_VILLAGE,
    VILLAGE,
    load_areas,
    load_sites,
    load_villages,
    site_row,
    some_actor,
    some_area,
    village_row,
)
from visits.access import Role
from visits.places import (
    CountyShapes,
    NoSuchTiles,
    TileFolder,
    check_tiles_reach,
    counties_drawn,
    county_shapes,
    lost_tiles,
    map_numbers,
    note_tiles,
    number_divisions,
    redraw_lost_tiles,
    tile_sets,
)
from visits.places.rows import MapNumber
from visits.store import Job, Store

TODAY = date(2026, 3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> TileFolder:
    return TileFolder(tmp_path / "tiles")


@pytest.fixture(autouse=True)
def loaded(store: Store) -> None:
    load_villages(store)


def shapes_of(store: Store, county_code: str = COUNTY, on: date = TODAY) -> CountyShapes:
    with store.writing() as uow:
        number_divisions(uow, county_code)
        return county_shapes(uow, county_code, on=on)


def noted(store: Store, shapes: CountyShapes) -> list[str]:
    with store.writing() as uow:
        return note_tiles(uow, shapes, on=TODAY, at_utc=NOW)


def waiting(store: Store) -> list[str]:
    with store.reading() as uow:
        query = select(Job.subject).where(Job.kind == "draw_tiles", Job.state == "waiting")
        return list(uow.session.scalars(query))


def test_each_import_asks_for_the_tiles_of_its_county_once(store: Store) -> None:
    load_areas(store, some_area())
    load_sites(store, site_row())
    assert waiting(store) == [COUNTY]


def test_numbers_go_by_code_and_stay_when_others_come(store: Store) -> None:
    before = shapes_of(store).numbers
    assert sorted(before, key=before.__getitem__) == sorted(before)
    load_villages(store, [village_row(1, "350924106100", village_name="新村")])
    after = shapes_of(store).numbers
    assert {code: after[code] for code in before} == before
    assert after["350924106100"] == max(after.values())


def test_a_number_is_never_given_to_another_division(store: Store) -> None:
    shapes_of(store)
    for change in (update(MapNumber).values(division_code=NAMESAKE), delete(MapNumber)):
        with pytest.raises(DatabaseError), store.writing() as uow:
            uow.session.execute(change)


def test_a_village_is_drawn_by_its_boundary_or_as_a_point(store: Store) -> None:
    load_areas(store, some_area(VILLAGE), some_area(COUNTY, feature_number=2))
    quarters = site_row(3, village_code=NAMESAKE, name="宿舍", kind="驻点")
    hamlet = site_row(2, village_code=OTHER_VILLAGE, name="上洋", kind="自然村", lon_deg=119.4)
    load_sites(store, site_row(), hamlet, quarters)
    shapes = shapes_of(store)
    number = shapes.numbers
    assert set(shapes.layers["village"]) == {number[VILLAGE]}
    assert set(shapes.layers["county"]) == {number[COUNTY]}
    assert {n: p.x for n, p in shapes.layers["point"].items()} == {number[OTHER_VILLAGE]: 119.4}


def test_an_ended_village_is_not_drawn(store: Store) -> None:
    load_villages(store, [village_row(1, VILLAGE, valid_to=date(2026, 2, 1), successor_code=OTHER_VILLAGE)])
    load_areas(store, some_area(VILLAGE), some_area(OTHER_VILLAGE, feature_number=2))
    shapes = shapes_of(store)
    assert set(shapes.layers["village"]) == {shapes.numbers[OTHER_VILLAGE]}
    assert set(shapes_of(store, on=date(2026, 2, 1)).layers["village"]) == {
        shapes.numbers[VILLAGE],
        shapes.numbers[OTHER_VILLAGE],
    }


def test_the_name_of_a_tile_set_is_what_it_shows(store: Store) -> None:
    load_areas(store, some_area())
    first = shapes_of(store).sha256
    assert shapes_of(store).sha256 == first
    load_areas(store, some_area(radius_m=2100.0))
    second = shapes_of(store).sha256
    assert second != first
    load_areas(store, some_area())
    assert shapes_of(store).sha256 == first


def test_a_file_says_what_its_numbers_are_and_holds_tiles(store: Store, folder: TileFolder) -> None:
    load_areas(store, some_area())
    shapes = shapes_of(store)
    folder.write(shapes)
    facts = folder.facts(COUNTY, shapes.sha256)
    assert (facts.first_zoom, facts.last_zoom, facts.layers) == (5, 11, ["village"])
    assert facts.numbers == shapes.numbers
    assert facts.bounds[0] < 119.31 < facts.bounds[2]
    data = folder.tile(COUNTY, shapes.sha256, 9, 425, 215)
    assert data is not None
    assert data.startswith(b"\x1f\x8b")
    assert folder.tile(COUNTY, shapes.sha256, 9, 0, 0) is None


def test_the_file_is_an_ordinary_mbtiles_file(store: Store, folder: TileFolder, tmp_path: Path) -> None:
    load_areas(store, some_area())
    folder.write(shapes_of(store))
    [path] = (tmp_path / "tiles" / COUNTY).iterdir()
    assert path.suffix == ".mbtiles"
    with sqlite3.connect(path) as file:
        said = dict(file.execute("SELECT name, value FROM metadata"))
        rows = file.execute("SELECT zoom_level, tile_row FROM tiles WHERE zoom_level = 9").fetchall()
    file.close()
    assert said["format"] == "pbf"
    assert rows == [(9, 2**9 - 1 - 215)]


def test_the_set_before_is_kept_and_older_ones_go(store: Store, folder: TileFolder) -> None:
    drawn = []
    for radius_m in (2000.0, 2100.0, 2200.0):
        load_areas(store, some_area(radius_m=radius_m))
        shapes = shapes_of(store)
        folder.write(shapes)
        folder.keep_only(COUNTY, noted(store, shapes))
        drawn.append(shapes.sha256)
    assert [folder.has(COUNTY, sha256) for sha256 in drawn] == [False, True, True]
    with pytest.raises(NoSuchTiles):
        folder.tile(COUNTY, drawn[0], 9, 425, 215)


def test_what_changed_while_it_was_drawn_is_drawn_again(store: Store) -> None:
    load_areas(store, some_area())
    shapes = shapes_of(store)
    load_areas(store, some_area(radius_m=2100.0))
    with store.writing() as uow:
        uow.session.execute(update(Job).values(state="done"))
    noted(store, shapes)
    assert waiting(store) == [COUNTY]
    with store.writing() as uow:
        uow.session.execute(update(Job).values(state="done"))
    noted(store, shapes_of(store))
    assert waiting(store) == []


@pytest.mark.parametrize(
    ("prefix", "seen"), [(COUNTY, True), ("3509", True), ("350981", False), (f"{COUNTY}106", False)]
)
def test_tiles_are_for_whoever_reaches_the_whole_county(store: Store, prefix: str, seen: bool) -> None:
    load_areas(store, some_area())
    shapes = shapes_of(store)
    noted(store, shapes)
    actor = some_actor(Role.LEADER, prefix)
    with store.reading() as uow:
        assert [one.sha256 for one in tile_sets(uow, actor)] == ([shapes.sha256] if seen else [])
    if seen:
        check_tiles_reach(actor, COUNTY, shapes.sha256)
    else:
        with pytest.raises(NoSuchTiles):
            check_tiles_reach(actor, COUNTY, shapes.sha256)


@pytest.mark.parametrize(
    ("county", "name"), [("..", "a" * 64), (COUNTY, "../x"), ("35092", "a" * 64), (COUNTY, "A" * 64)]
)
def test_no_address_leads_out_of_the_folder(county: str, name: str) -> None:
    with pytest.raises(NoSuchTiles):
        check_tiles_reach(some_actor(division_prefix=""), county, name)


def test_numbers_are_asked_for_by_prefix(store: Store) -> None:
    shapes_of(store)
    with store.reading() as uow:
        assert set(map_numbers(uow, f"{COUNTY}106")) == {f"{COUNTY}106", VILLAGE, OTHER_VILLAGE}


def lose(path: Path, how: str) -> None:
    """Damage a file of tiles in one of the ways disks and people do."""
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut off":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "no tiles":
        with sqlite3.connect(path) as file:
            file.execute("DELETE FROM tiles")
    elif how == "overwritten":
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * (path.stat().st_size - 100))


@pytest.mark.parametrize("how", ["whole", "missing", "empty", "cut off", "no tiles", "overwritten"])
def test_a_lost_file_is_noticed_and_put_to_be_drawn_again(
    store: Store, folder: TileFolder, tmp_path: Path, how: str
) -> None:
    load_areas(store, some_area())
    shapes = shapes_of(store)
    folder.write(shapes)
    noted(store, shapes)
    with store.writing() as uow:
        uow.session.execute(delete(Job))
    lose(tmp_path / "tiles" / COUNTY / f"{shapes.sha256}.mbtiles", how)
    wanted = {"whole": [], "missing": [(COUNTY, "missing")]}.get(how, [(COUNTY, "damaged")])
    with store.writing() as uow:
        assert counties_drawn(uow) == [COUNTY]
        assert redraw_lost_tiles(uow, folder, at_utc=NOW) == wanted
    assert waiting(store) == [COUNTY][: len(wanted)]
    if how not in ("whole", "no tiles"):
        with pytest.raises(NoSuchTiles):
            folder.facts(COUNTY, shapes.sha256)
    folder.write(shapes)
    with store.reading() as uow:
        assert lost_tiles(uow, folder) == []
