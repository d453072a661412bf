"""What the map is drawn from over HTTP: villages and days, problems for those who read the ledger, a file to take."""

import gzip
import shutil
from datetime import date
from pathlib import Path
from uuid import uuid4

import mapbox_vector_tile
import pytest
from shapely import Point, box
from sqlalchemy import update

from geo import Area, Datum
from geo.formats import read_layer
from tests.api.conftest import open_world
from tests.api.resources.test_flow import a_closed_visit
from tests.api.world import COUNTY, FOREIGN_VILLAGE, OTHER_VILLAGE, PASSPHRASE, VILLAGE, World, numbers_of
from tests.routes import shared_routes
from visits.access import NewAccount, Role, actor_named, create_account
from visits.places import Quality, SiteRow, import_areas, import_sites
from visits.plans import Assignment, CheckKind, NewLine, add_line, make_plan


@pytest.fixture(scope="module")
def settled_data(settled_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that the tests of this file copy: the county after its visit."""
    folder = tmp_path_factory.mktemp("visited") / "data"
    shutil.copytree(settled_data, folder)
    world = open_world(folder, shared_routes())
    visit(world)
    world.store.checkpoint()
    world.store.close()
    return folder


@pytest.fixture
def visited(world: World) -> World:
    return world


def visit(world: World) -> None:
    """One visited village with a boundary, one with a point only, a visit with one open problem, tiles drawn."""
    areas = [
        Area(1, {"code": VILLAGE}, box(119.4, 27.4, 119.6, 27.6), None),
        Area(2, {"code": FOREIGN_VILLAGE}, box(119.6, 27.4, 119.7, 27.5), None),
    ]
    with world.store.writing() as uow:
        root = actor_named(uow, "root")
        said = {"quality": Quality.MAP, "source": "", "licence": "", "at_utc": world.clock()}
        import_areas(uow, root, areas, datum=Datum.WGS84, **said)
        site = SiteRow(2, "村部", "村部", 119.45, 27.35, village_code=OTHER_VILLAGE)
        import_sites(uow, root, [site], datum=Datum.WGS84, at_utc=world.clock())
        for login, prefix in (("town_leader", VILLAGE[:9]), ("prefecture", "3509")):
            new = NewAccount(login, login, Role.LEADER, prefix)
            create_account(uow, root, new, passphrase=PASSPHRASE, at_utc=world.clock())
    a_closed_visit(world)
    world.work()


def test_the_map_holds_villages_days_and_no_people(visited: World) -> None:
    told = visited.phone("leader").get("coverage/map")
    body = told.get_json()
    assert body["villages"]["code"] == [VILLAGE, OTHER_VILLAGE]
    assert body["villages"]["has_area"] == [1, 0]
    assert body["villages"]["lon_deg"] == [None, 119.45]
    assert body["towns"]["name"] == ["下党乡"]
    assert body["visits"] == {"first_day": "2026-05-12", "per_day": [1], "village": [0], "how": "5", "line": [0]}
    assert "张三" not in told.get_data(as_text=True)


def test_a_county_is_told_the_lines_of_its_plan_and_a_town_is_not(visited: World, tmp_path: Path) -> None:
    town = VILLAGE[:9]
    with visited.store.writing() as uow:
        office = actor_named(uow, "office")
        said = {"county_code": COUNTY, "year": 2026, "most_checks_per_village": 4, "at_utc": visited.clock()}
        made = make_plan(uow, office, **said)
        line = NewLine(CheckKind.UNANNOUNCED, "暗访", date(2026, 1, 1), date(2026, 12, 31), {town: 3})
        made = add_line(uow, office, made.id, line, version=made.version, at_utc=visited.clock())
        uow.session.execute(update(Assignment).values(plan_line_id=made.lines[0].id))
    body = visited.phone("leader").get("coverage/map").get_json()
    [told] = body["plan_lines"]
    assert (told["title"], told["from"], told["withdrawn"]) == ("暗访", "2026-01-01", False)
    assert told["quotas"] == [[0, 3, 1]]
    assert body["visits"]["line"] == [1]
    of_town = visited.phone("town_leader").get("coverage/map").get_json()
    assert (of_town["plan_lines"], of_town["visits"]["line"]) == (None, None)
    assert [row["visits"] for row in read(visited, "leader", f"?plan={told['id']}", tmp_path)] == [1, 0]
    query = f"coverage/villages.gpkg?plan={told['id']}"
    assert visited.phone("town_leader").get(query).status_code == 403
    assert visited.phone("leader").get(f"coverage/villages.gpkg?plan={uuid4()}").status_code == 404


def test_only_those_who_read_the_ledger_are_told_of_problems(visited: World) -> None:
    assert visited.phone("office").get("coverage/map").get_json()["open_problems"] == [1, 0]
    assert visited.phone("leader").get("coverage/map").get_json()["open_problems"] is None
    [problem] = visited.phone("office").get("problems").get_json()["items"]
    visited.phone("office").post(f"problems/{problem['id']}/withdrawal", {"reason": "误报"})
    assert visited.phone("office").get("coverage/map").get_json()["open_problems"] == [0, 0]


def test_a_town_is_not_told_that_a_visit_was_directed(visited: World) -> None:
    body = visited.phone("town_leader").get("coverage/map").get_json()
    assert (body["draws_told"], body["visits"]["how"]) == (False, "1")


def test_the_map_is_asked_for_again_by_its_tag(visited: World) -> None:
    leader = visited.phone("leader")
    first = leader.get("coverage/map", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    again = leader.get("coverage/map", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_prefecture_gets_the_tiles_of_its_counties_as_one(visited: World) -> None:
    leader = visited.phone("prefecture")
    status = leader.get("coverage/status").get_json()
    drawn = status["drawn"]
    assert drawn["prefix"] == "3509"
    assert len(status["tiles"]) == 2
    assert drawn["bounds"] == [119.4, 27.35, 119.7, 27.6]
    address = f"tiles/3509/{drawn['sha256']}/6/53/26.mvt"
    tile = leader.get(address, headers={"Accept-Encoding": "gzip"})
    numbers = numbers_of(status)
    features = mapbox_vector_tile.decode(gzip.decompress(tile.data))["village"]["features"]
    assert {feature["id"] for feature in features} <= set(numbers)
    assert len(features) == 2
    assert leader.get(f"tiles/3509/{'0' * 64}/6/53/26.mvt").status_code == 404
    assert visited.phone("office").get(address).status_code == 404
    assert visited.phone("office").get("coverage/status").get_json()["drawn"]["prefix"] == COUNTY


def read(
    visited: World, login: str, query: str, folder: Path, layer: str = "village_points"
) -> list[dict[str, object]]:
    answer = visited.phone(login).get(f"coverage/villages.gpkg{query}")
    assert answer.status_code == 200, answer.get_json()
    path = folder / "coverage.gpkg"
    path.write_bytes(answer.data)
    return [{**f.properties, "geometry": f.geometry} for f in read_layer(path, layer=layer, encoding=None).features]


def test_the_geopackage_holds_the_table_and_is_marked(visited: World, tmp_path: Path) -> None:
    answer = visited.phone("office").get("coverage/villages.gpkg")
    assert "%E5%86%85%E9%83%A8%E4%BD%BF%E7%94%A8" in answer.headers["Content-Disposition"]
    first, second = read(visited, "office", "", tmp_path)
    assert (first["code"], first["visits"], first["directed"], first["open_problems"]) == (VILLAGE, 1, 1, 1)
    assert str(first["last_visit"])[:10].replace("/", "-") == "2026-05-12"
    assert {first["marking"], second["marking"]} == {"内部使用"}
    assert (second["visits"], second["last_visit"], second["geometry"]) == (0, None, Point(119.45, 27.35))
    [area] = read(visited, "office", "", tmp_path, "village_areas")
    assert area["code"] == VILLAGE
    assert "coverage.export" in visited.phone("discipline").get("audit").get_data(as_text=True)


def test_the_geopackage_holds_what_the_reader_chose_and_may_see(visited: World, tmp_path: Path) -> None:
    leader = read(visited, "leader", "?to=2026-05-11", tmp_path)
    assert [row["visits"] for row in leader] == [0, 0]
    assert "open_problems" not in leader[0]
    assert "directed" not in read(visited, "town_leader", "", tmp_path)[0]
    assert [row["visits"] for row in read(visited, "leader", "?slot=night", tmp_path)] == [0, 0]
    assert read(visited, "leader", "?round=5", tmp_path) == []
    assert len(read(visited, "leader", f"?town={VILLAGE[:9]}", tmp_path)) == 2


@pytest.mark.parametrize(
    "query", ["?from=yesterday", "?slot=noon", "?round=none", "?town=x", "?nonsense=1", "?to=", "?plan=1"]
)
def test_a_choice_that_is_none_is_refused(visited: World, query: str) -> None:
    assert visited.phone("leader").get(f"coverage/villages.gpkg{query}").status_code == 422
