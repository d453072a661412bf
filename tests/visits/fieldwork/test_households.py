"""Tables B and D on the spot: households drawn from a seed, projects planned and seen, what all answers share."""

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.visits.world import CANTEEN, NOW, OFFICE_SITE, XIADANG, XIPU, Phone, World, fix
from visits import places, plans
from visits.access import NotAllowed
from visits.places import Household, HouseholdRow, ImportRefused, Project, ProjectRow, household_rank

NAMES = ["演示甲", "演示乙", "演示丙", "演示丁", "演示戊"]


def listed(world: World, *names: str, village: str = XIADANG) -> places.ImportReport:
    rows = [
        HouseholdRow(n, f"{n:03d}", name, "演示组", "脱贫户", village_code=village) for n, name in enumerate(names, 1)
    ]
    with world.store.writing() as uow:
        return places.import_households(uow, world.actors["admin"], rows, at_utc=NOW)


def project(world: World, state: str, place: tuple[float, float] | None = OFFICE_SITE, code: str = "XM-1") -> None:
    lon, lat = place or (None, None)
    row = ProjectRow(1, code, "演示灌渠", state, lon, lat, "wgs84" if place else None, village_code=XIADANG)
    with world.store.writing() as uow:
        places.import_projects(uow, world.actors["admin"], [row], at_utc=NOW)


def package(world: World, phone: Phone) -> plans.Package:
    with world.store.writing() as uow:
        mine = next(a for a in plans.assignments(uow, phone.actor, at_utc=NOW) if a.visit_id == phone.visit_id)
        opened = plans.open_assignment(uow, phone.actor, mine.id, device_utc=None, at_utc=NOW)
    assert opened.package is not None
    return opened.package


def asked(phone: Phone, households: dict[int, list[tuple[str, str, str]]]) -> None:
    """Answers per household: (question, answer, note)."""
    answers = [
        {"question_id": q, "answer": said, "asked": None, "know": None, "note": note, "household": number}
        for number, given in households.items()
        for q, said, note in given
    ]
    phone.make("answers", question_set=plans_set(), answers=answers)


def plans_set() -> str:
    from visits.forms import question_set

    return question_set().version


def hints_after(world: World, phone: Phone) -> dict[str, dict[str, Any]]:
    world.send(phone)
    world.judge(phone.visit_id)
    return {h.code: dict(h.values) for h in world.look(phone.visit_id).hints}


def test_b3_households_are_drawn_from_a_seed_and_can_be_drawn_again(world: World) -> None:
    listed(world, *NAMES)
    first, second = world.open_visit()
    mine, theirs = package(world, first), package(world, second)
    assert mine.households == theirs.households
    with world.store.reading() as uow:
        order = plans.household_order(uow, world.actors["office"], mine.assignment_id, at_utc=NOW)
    serials = [f"{n:03d}" for n in range(1, len(NAMES) + 1)]
    assert list(order.serials) == sorted(serials, key=lambda one: household_rank(order.seed, one))
    assert [h.serial for h in mine.households] == list(order.serials)
    assert {h.name for h in mine.households} == set(NAMES)


def test_b3_a_newer_list_does_not_change_whom_a_visit_had_to_ask(world: World) -> None:
    listed(world, *NAMES)
    made = package(world, world.open_visit("first")[0])
    later = NOW + timedelta(days=40)
    rows = [HouseholdRow(n, f"{n:03d}", "演示新", "演示组", village_code=XIADANG) for n in (1, 2, 7, 8)]
    with world.store.writing() as uow:
        places.import_households(uow, world.actors["admin"], rows, at_utc=later)
    with world.store.reading() as uow:
        order = plans.household_order(uow, world.actors["office"], made.assignment_id, at_utc=later)
        now = places.draw_households(uow, XIADANG, order.seed, listed_utc=later)
    assert list(order.serials) == [h.serial for h in made.households]
    assert {h.serial for h in now} == {"001", "002", "007", "008"}


def test_b3_two_visits_to_one_village_ask_in_different_orders(world: World) -> None:
    listed(world, *(f"演示{n}" for n in range(40)))
    orders = {tuple(h.serial for h in package(world, world.open_visit("first")[0]).households) for _ in range(4)}
    assert len(orders) == 4 and {len(order) for order in orders} == {12}


def test_b3_nobody_is_told_the_households_before_the_release_nor_a_name_after(world: World) -> None:
    listed(world, *NAMES)
    [phone] = world.open_visit("first")
    made = package(world, phone)
    with world.store.reading() as uow:
        with pytest.raises(NotAllowed):
            plans.household_order(uow, world.actors["first"], made.assignment_id, at_utc=NOW)
        with pytest.raises(plans.NoSuchAssignment):
            early = NOW.replace(hour=0)
            plans.household_order(uow, world.actors["office"], made.assignment_id, at_utc=early)
        shown = plans.household_order(uow, world.actors["office"], made.assignment_id, at_utc=NOW)
    assert not any(name in str(shown) for name in NAMES)


def test_d2_a_households_name_is_sealed_at_rest_and_wiped_with_the_list(world: World) -> None:
    listed(world, *NAMES)
    report = listed(world, *NAMES[:3])
    assert (report.created, report.changed, report.unchanged) == (0, 2, 3)
    with world.store.reading() as uow:
        rows = uow.session.scalars(select(Household)).all()
        assert not any(name.encode() in (row.sealed_name or b"") for row in rows for name in NAMES)
        assert sorted((row.serial, row.sealed_name is None) for row in rows)[3:] == [("004", True), ("005", True)]


def test_d2_the_list_has_no_field_for_numbers_of_papers_money_or_health(world: World) -> None:
    columns = {column.name for table in (Household, Project) for column in table.__table__.columns}
    assert columns == {
        *("id", "village_code", "serial", "group_name", "standing", "sealed_name", "recorded_utc", "gone_utc"),
        *("code", "county_code", "name", "state", "lon_deg", "lat_deg", "datum", "raw_lon_deg", "raw_lat_deg"),
    }
    assert {f.name for f in fields(places.DrawnHousehold)} == {"number", "serial", "group_name", "name"}


def test_names_and_secrets_survive_another_master_key(world: World) -> None:
    listed(world, *NAMES)
    with world.store.writing() as uow:
        assert places.rewrap_households(uow, b"k" * 32) == len(NAMES)
        uow.session.flush()
        uow.master_key = b"k" * 32
        assert {one.name for one in places.draw_households(uow, XIADANG, "seed", listed_utc=NOW)} == set(NAMES)


def test_a_list_with_a_bad_row_is_refused_whole(world: World) -> None:
    rows = [
        HouseholdRow(1, "001", "演示甲", village_code=XIADANG),
        HouseholdRow(2, "001", "演示乙", village_code=XIADANG),
        HouseholdRow(3, "", "演示丙", village_code=XIADANG),
        HouseholdRow(4, "004", "演示丁", village_code="350981100201"),
    ]
    with pytest.raises(ImportRefused) as refused, world.store.writing() as uow:
        places.import_households(uow, world.actors["admin"], rows, at_utc=NOW)
    assert [c.row_number for c in refused.value.complaints] == [2, 3, 4]
    with world.store.reading() as uow:
        assert uow.session.scalars(select(Household)).all() == []


def test_d3_answers_stand_by_the_number_of_their_household_and_hold_no_name(world: World) -> None:
    listed(world, *NAMES)
    [phone] = world.open_visit("first")
    phone.arrive()
    asked(phone, {1: [("assured_food", "yes", "")], 2: [("assured_food", "no", "缺粮")]})
    phone.close()
    hints_after(world, phone)
    seen = world.look(phone.visit_id)
    assert [(a.household, a.answer, a.deserves_a_look) for a in seen.answers] == [(1, "yes", False), (2, "no", True)]
    assert not any(name in json.dumps(phone.made, ensure_ascii=False) for name in NAMES)


def test_b3_the_same_words_in_five_answers_raise_a_hint_and_four_do_not(world: World) -> None:
    words = "感谢政策好，什么都不缺"
    for count, raised in ((4, False), (5, True)):
        [phone] = world.open_visit("first")
        phone.arrive()
        asked(phone, {n: [("assured_food", "yes", f" {words}{'。' * n}")] for n in range(1, count + 1)})
        assert (hints_after(world, phone).get("same_wording") == {"answers": count}) is raised


@pytest.mark.parametrize(
    ("received", "raised"),
    [
        ([{"industry"}, {"industry"}, {"industry"}], True),
        ([{"industry"}, {"industry"}], False),
        ([{"industry"}, {"industry"}, {"industry", "job"}], False),
        ([set(), set(), set()], False),
    ],
)
def test_d12_identical_measures_in_one_village_raise_a_hint(
    world: World, received: list[set[str]], raised: bool
) -> None:
    [phone] = world.open_visit("first")
    phone.arrive()
    kinds = ("industry", "job")
    given = {
        n: [(f"measure_{k}", "yes" if k in mine else "no", "") for k in kinds] for n, mine in enumerate(received, 1)
    }
    asked(phone, given)
    assert ("same_measures" in hints_after(world, phone)) is raised


@pytest.mark.parametrize(
    ("state", "seen", "where", "code"),
    [
        ("已报账", "not_there", OFFICE_SITE, "project_not_there"),
        ("未开工", "not_there", OFFICE_SITE, None),
        ("完工", "in_use", CANTEEN, "project_elsewhere"),
        ("完工", "in_use", OFFICE_SITE, None),
    ],
)
def test_d4_d5_a_project_is_compared_with_its_plan(
    world: World, state: str, seen: str, where: tuple[float, float], code: str | None
) -> None:
    project(world, state)
    [phone] = world.open_visit("first")
    assert [one.code for one in package(world, phone).projects] == ["XM-1"]
    phone.arrive()
    phone.make("project", code="XM-1", seen=seen, note="", fix=fix(where))
    found = {name for name in hints_after(world, phone) if name.startswith("project_")}
    assert found == ({code} if code else set())
    [shown] = world.look(phone.visit_id).projects
    assert shown.metres is not None and (shown.metres > 500) is (where == CANTEEN)


def test_d4_a_project_the_store_does_not_have_or_without_a_place_is_no_fault(world: World) -> None:
    project(world, "在建", None)
    [phone] = world.open_visit("first")
    phone.arrive()
    phone.make("project", code="XM-1", seen="idle", note="", fix=fix())
    phone.make("project", code="XM-9", seen="in_use", note="", fix=None)
    assert {h for h in hints_after(world, phone) if h.startswith("project_")} == {"project_unknown"}
    assert [p.metres for p in world.look(phone.visit_id).projects] == [None, None]


def test_d10_villages_that_left_the_list_stay_in_the_draw_and_those_with_nobody_posted_are_listed(
    world: World,
) -> None:
    with world.store.reading() as uow:
        empty = plans.villages_without_postings(uow, world.actors["office"], on=NOW.date(), at_utc=NOW)
    assert XIADANG not in {v.code for v in empty} and XIPU in {v.code for v in empty}
