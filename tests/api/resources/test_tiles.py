"""Tiles and the status of the map over HTTP: kept for ever, small, and of the caller's own county only."""

import gzip
import json

import mapbox_vector_tile
import pytest
from shapely import box

from geo import Area, Datum
from tests.api.world import COUNTY, FOREIGN_VILLAGE, OTHER_VILLAGE, VILLAGE, World, numbers_of
from visits.access import actor_named
from visits.places import Quality, SiteRow, import_areas, import_sites


@pytest.fixture
def drawn(world: World) -> World:
    """The world with one boundary in each county, one point, and the tiles drawn."""
    areas = [
        Area(1, {"code": VILLAGE}, box(119.4, 27.4, 119.6, 27.6), None),
        Area(2, {"code": FOREIGN_VILLAGE}, box(119.6, 27.0, 119.7, 27.1), None),
    ]
    with world.store.writing() as uow:
        root = actor_named(uow, "root")
        import_areas(
            uow, root, areas, datum=Datum.WGS84, quality=Quality.MAP, source="", licence="", at_utc=world.clock()
        )
        site = SiteRow(2, "村部", "村部", 119.45, 27.35, village_code=OTHER_VILLAGE)
        import_sites(uow, root, [site], datum=Datum.WGS84, at_utc=world.clock())
    world.work()
    return world


def test_the_status_names_the_tiles_and_their_numbers_are_the_rows(drawn: World) -> None:
    office = drawn.phone("office")
    status = office.get("coverage/status").get_json()
    [tiles] = status["tiles"]
    assert tiles["county_code"] == COUNTY
    facts = office.get(f"tiles/{COUNTY}/{tiles['sha256']}").get_json()
    numbers = numbers_of(status)
    assert numbers == sorted(facts["numbers"][code] for code in (VILLAGE, OTHER_VILLAGE))
    assert (status["first_day"], status["last_day"], status["slots"]) == (None, ["--"], "00")


def test_a_tile_holds_the_village_and_never_changes(drawn: World) -> None:
    office = drawn.phone("office")
    sha256 = office.get("coverage/status").get_json()["tiles"][0]["sha256"]
    numbers = office.get(f"tiles/{COUNTY}/{sha256}").get_json()["numbers"]
    answer = office.get(f"tiles/{COUNTY}/{sha256}/9/426/215.mvt", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    read = mapbox_vector_tile.decode(gzip.decompress(answer.data))
    assert [feature["id"] for feature in read["village"]["features"]] == [numbers[VILLAGE]]
    plain = office.get(f"tiles/{COUNTY}/{sha256}/9/426/215.mvt")
    assert "Content-Encoding" not in plain.headers
    assert plain.data == gzip.decompress(answer.data)


@pytest.mark.parametrize(
    ("at", "status"), [("9/0/0", 204), ("9/512/0", 404), ("25/0/0", 404), ("9/-1/0", 404), ("9/0/0.5", 404)]
)
def test_where_nothing_is_drawn_and_where_nothing_can_be(drawn: World, at: str, status: int) -> None:
    office = drawn.phone("office")
    sha256 = office.get("coverage/status").get_json()["tiles"][0]["sha256"]
    assert office.get(f"tiles/{COUNTY}/{sha256}/{at}.mvt").status_code == status


def test_another_county_sees_its_own_only(drawn: World) -> None:
    office, far = drawn.phone("office"), drawn.phone("elsewhere")
    own = office.get("coverage/status").get_json()
    other = far.get("coverage/status").get_json()
    assert {one["county_code"] for one in own["tiles"]} == {COUNTY}
    assert {one["county_code"] for one in other["tiles"]} == {FOREIGN_VILLAGE[:6]}
    assert len(other["slots"]) == 1
    address = f"tiles/{COUNTY}/{own['tiles'][0]['sha256']}"
    assert far.get(address).get_json()["type"] == "/problems/no-such-tiles"
    assert far.get(f"{address}/9/426/215.mvt").status_code == 404


def test_the_status_is_asked_for_again_by_its_tag(drawn: World) -> None:
    office = drawn.phone("office")
    first = office.get("coverage/status", headers={"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(first.data))["slots"] == "00"
    tag = {"If-None-Match": first.headers["ETag"]}
    again = office.get("coverage/status", headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    drawn.clock.move(days=2)
    office = drawn.phone("office")
    assert office.get("coverage/status", headers=tag).status_code == 304
    with drawn.store.writing() as uow:
        area = Area(1, {"code": OTHER_VILLAGE}, box(119.4, 27.3, 119.5, 27.4), None)
        import_areas(
            uow,
            actor_named(uow, "root"),
            [area],
            datum=Datum.WGS84,
            quality=Quality.MAP,
            source="",
            licence="",
            at_utc=drawn.clock(),
        )
    drawn.work()
    assert office.get("coverage/status", headers=tag).status_code == 200


def test_tiles_whose_file_is_lost_are_not_there_and_the_next_import_draws_them(drawn: World) -> None:
    office = drawn.phone("office")
    sha256 = office.get("coverage/status").get_json()["tiles"][0]["sha256"]
    (drawn.settings.data_dir / "tiles" / COUNTY / f"{sha256}.mbtiles").unlink()
    assert office.get(f"tiles/{COUNTY}/{sha256}/9/426/215.mvt").status_code == 404
    with drawn.store.writing() as uow:
        site = SiteRow(2, "村部", "村部", 119.45, 27.35, village_code=OTHER_VILLAGE)
        import_sites(uow, actor_named(uow, "root"), [site], datum=Datum.WGS84, at_utc=drawn.clock())
    drawn.work()
    assert office.get(f"tiles/{COUNTY}/{sha256}/9/426/215.mvt").status_code == 200
