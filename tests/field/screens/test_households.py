"""Households on the phone: named one at a time, to find them by, and in no record; projects with where one stood."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.field.screens.rig import County, Phone
from tests.visits.world import OFFICE_SITE, XIADANG
from visits import places
from visits.forms import question_set

NewPhone = Callable[..., Phone]
NAMES = ["演示甲", "演示乙", "演示丙"]

pytestmark = pytest.mark.browser


def _settle(county: County) -> None:
    now, admin = datetime.now(UTC), county.world.actors["admin"]
    lon, lat = OFFICE_SITE
    rows = [places.HouseholdRow(n, f"{n}", name, "演示组", village_code=XIADANG) for n, name in enumerate(NAMES, 1)]
    planned = places.ProjectRow(1, "XM-1", "演示灌渠", "已报账", lon, lat, "wgs84", village_code=XIADANG)
    with county.world.store.writing() as uow:
        places.import_households(uow, admin, rows, at_utc=now)
        places.import_projects(uow, admin, [planned], at_utc=now)


def test_a_household_is_named_only_to_be_asked_and_no_record_names_it(county: County, new_phone: NewPhone) -> None:
    _settle(county)
    county.assign("first")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    phone.arrive()
    phone.turn_to("questions")
    main = phone.page.locator("main")
    expect(main.get_by_text(phone.word("households.number", n=1))).to_be_visible()
    text = main.inner_text()
    [shown] = [name for name in NAMES if name in text]
    food = next(q for q in question_set().questions if q.id == "assured_food")
    phone.choose("answer.no", among=food.text_zh)
    phone.tap("households.next")
    expect(main.get_by_text(phone.word("households.number", n=2))).to_be_visible()
    assert shown not in main.inner_text()
    phone.choose("project_seen.not_there", among="演示灌渠")
    phone.tap("projects.sign")
    expect(main.get_by_text(phone.word("project_seen.not_there"))).to_be_visible()
    phone.turn_to("finish")
    phone.tap("problems.none")
    phone.tap("finish.sign")
    expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
    phone.go("#/outbox")
    expect(phone.page.get_by_text(phone.word("outbox.all_delivered"))).to_be_visible(timeout=15_000)
    records = county.received(visit_id)
    [answers] = [one["body"]["answers"] for one in records if one["kind"] == "answers"]
    assert [(a["question_id"], a["answer"], a["household"]) for a in answers] == [("assured_food", "no", 1)]
    [project] = [one["body"] for one in records if one["kind"] == "project"]
    assert (project["code"], project["seen"]) == ("XM-1", "not_there") and project["fix"]["lat_deg"]
    assert not any(name in json.dumps(records, ensure_ascii=False) for name in NAMES)
    assert phone.wrong == []
