"""Pages around the plan: names for every reader, the signs of leaks, the order of households."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.api.pages.test_paper import desk, listed, opened
from tests.api.world import COUNTY, OTHER_VILLAGE, VILLAGE, World
from visits import places, plans
from visits.plans import CheckKind, NewLine


def planned(world: World) -> None:
    with world.store.writing() as uow:
        office = world.actor("office")
        made = plans.make_plan(
            uow, office, county_code=COUNTY, year=2026, most_checks_per_village=9, at_utc=world.clock()
        )
        first, last = world.clock().date().replace(month=1, day=1), world.clock().date().replace(month=12, day=31)
        line = NewLine(CheckKind.UNANNOUNCED, "暗访", first, last, quotas={VILLAGE[:9]: 3})
        plans.add_line(uow, office, made.id, line, version=made.version, at_utc=world.clock())


def test_a_plan_names_its_towns_for_whoever_reads_it_and_says_where_a_county_has_no_name(world: World) -> None:
    planned(world)
    for login in ("leader", "office"):
        shown = desk(world, login).get("/desk/plans").text
        assert "下党乡 3" in shown and f"{COUNTY}（未录入名称）" in shown, login
    with world.store.writing() as uow:
        rows = [places.VillageRow(2, VILLAGE, "下党村", "下党乡")]
        places.import_villages(uow, world.actor("admin"), rows, county_name="演示县", at_utc=world.clock())
    assert "演示县 2026" in desk(world, "leader").get("/desk/plans").text


def closed(world: World, client: Any, assignment_id: str) -> None:
    """End a visit on paper, as its inspector enters it."""
    shown = client.get(f"/desk/assignments/{assignment_id}/paper").text
    csrf = shown.split('name="csrf_token" value="')[1].split('"')[0]
    at = world.clock()
    said = {"csrf_token": csrf, "arrived": f"{at:%Y-%m-%dT09:10}", "left": f"{at:%Y-%m-%dT10:00}"}
    assert client.post(f"/desk/assignments/{assignment_id}/paper", data=said).status_code == 303
    world.work()


def test_leak_signs_have_a_page_with_shares_only_where_there_are_enough_visits(world: World) -> None:
    lin = desk(world, "lin")
    for _ in range(2):
        assignment_id, _ = opened(world)
        closed(world, lin, assignment_id)
        world.clock.move(days=2)
    shown = desk(world, "discipline").get("/desk/leak-signs").text
    assert "督查办知道（人工指定）" in shown and "次数不足" in shown and "95% 区间" not in shown
    near = shown.split('id="near"')[1]
    assert near.count("下党村") == 2 and "Lin" in near and "同一村" in near
    told = world.phone("discipline").get("leak-signs").get_json()
    assert {one["sort"]: one["visits"] for one in told["by_origin"]} == {"drawn": 0, "chosen": 2}
    assert [one["interval95"] for one in told["by_origin"]] == [None, None]


def test_the_order_of_households_is_a_page_without_names_from_the_release_on(world: World) -> None:
    listed(world)
    assignment_id, _ = opened(world)
    office = desk(world, "office")
    shown = office.get(f"/desk/assignments/{assignment_id}/households").text
    with world.store.reading() as uow:
        order = plans.household_order(uow, world.actor("office"), UUID(assignment_id), at_utc=world.clock())
    places_of = [shown.index(f'class="code">{serial}<') for serial in order.serials]
    assert places_of == sorted(places_of) and len(places_of) == 4 and order.seed in shown
    assert "演示" not in shown
    sealed = world.assign(hours=3)["id"]
    assert office.get(f"/desk/assignments/{sealed}/households").status_code == 404


def test_b2_a_surprise_visit_that_may_be_made_long_after_its_release_is_marked(world: World) -> None:
    office = desk(world, "office")
    world.assign(hours=2)  # twelve hours for it
    assert "下达到失效超过 24 小时" not in office.get("/desk/assignments").text
    with world.store.writing() as uow:
        team, at = (world.actor("lin").account_id,), world.clock()
        new = plans.NewAssignment(VILLAGE, False, team, at + timedelta(hours=1), at + timedelta(hours=26))
        plans.assign(uow, world.actor("office"), new, at_utc=at)
    assert office.get("/desk/assignments").text.count("下达到失效超过 24 小时") == 1
    world.clock.move(hours=30)
    assert "下达到失效超过 24 小时" not in desk(world, "office").get("/desk/assignments").text


def test_a_teams_route_goes_by_the_minutes_it_knows_and_keeps_none(world: World) -> None:
    for village in (VILLAGE, OTHER_VILLAGE):
        world.assign(village=village)
    lin = desk(world, "lin")
    shown = lin.get("/desk/assignments").text
    leg = f"minutes-{VILLAGE}-{OTHER_VILLAGE}"
    assert f'name="{leg}"' in shown and 'value="35"' not in shown
    csrf = shown.split('name="csrf_token" value="')[1].split('"')[0]
    # Nine o'clock now, 75 minutes in the first village, and 35 on the way where nobody knows a place.
    by_minutes = lin.post("/desk/day-route", data={"csrf_token": csrf, leg: "35", "minutes-x-y": "9", "junk": "1"}).text
    assert "10:50" in by_minutes and 'value="35"' in by_minutes
    assert "10:50" not in lin.get("/desk/assignments").text
    assert lin.post("/desk/day-route", data={"csrf_token": csrf, leg: "²"}).status_code == 200
    assert desk(world, "wang").get("/desk/assignments").text.count("minutes-") == 0


def test_a_visit_that_has_ended_is_no_stop_of_the_day_any_more(world: World) -> None:
    ended, _ = opened(world)
    left = world.assign(village=OTHER_VILLAGE)
    lin, phone = desk(world, "lin"), world.phone("lin")
    begun = [stop["assignment_id"] for stop in phone.post("day-route", {}).get_json()["stops"]]
    assert set(begun) == {ended, left["id"]}
    assert "minutes-" in lin.get("/desk/assignments").text
    closed(world, lin, ended)
    assert [stop["assignment_id"] for stop in phone.post("day-route", {}).get_json()["stops"]] == [left["id"]]
    assert "minutes-" not in lin.get("/desk/assignments").text, "there is no way between two stops any more"
