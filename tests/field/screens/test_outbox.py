"""What the outbox tells somebody who wants to know whether their work is safe; and when it is tried again."""

import hashlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.field.screens.pictures import jpeg
from tests.field.screens.rig import STATIC, WORDS, County, Phone
from tests.visits.world import Phone as OtherPhone
from visits import intake, plans

NewPhone = Callable[..., Phone]

HOUR_S = 3600


@pytest.fixture
def phone(county: County, new_phone: NewPhone) -> Phone:
    """A phone in the village, arrived, with nothing unsent."""
    county.assign("first")
    phone = new_phone().sign_in("first")
    phone.open_visit()
    phone.arrive()
    return phone


def _says(phone: Phone, key: str, **gaps: object) -> None:
    expect(phone.page.get_by_text(phone.word(key, **gaps)).first).to_be_visible()


@pytest.mark.browser
def test_the_outbox_says_what_waits_since_when_and_how_safe_it_is(phone: Phone) -> None:
    phone.goes_offline()
    phone.choose("seen.met", among=phone.word("people.question", name="演示张一"))
    phone.tap("common.next")
    phone.shows("problems.title")
    phone.go("#/outbox")
    phone.shows("outbox.title")
    _says(phone, "progress.waiting")
    expect(phone.page.locator("dl.facts")).to_contain_text(re.compile(r"\d\d-\d\d \d\d:\d\d"))  # the last contact
    _says(phone, "outbox.unprotected")
    phone.tap("outbox.retry")
    _says(phone, "outbox_trouble.no-contact")
    expect(phone.page.locator(".box", has_text=phone.word("outbox_trouble.no-contact"))).to_contain_text(
        phone.word("outbox.next", span="").split("{")[0][:4]
    )
    # What lies here for long is said louder: amber after a day, red after three.
    for hours, tone in ((1, "plain"), (25, "look"), (73, "bad")):
        phone.page.clock.set_system_time(time.time() + hours * HOUR_S)
        phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(phone.page.locator(f".mark.{tone}", has_text=_age(phone, hours))).to_be_visible()


def _age(phone: Phone, hours: int) -> str:
    key = "span.hours" if hours < 48 else "span.days"
    return phone.word(key, n=hours if hours < 48 else hours // 24)


@pytest.mark.browser
def test_a_clock_that_is_off_is_shown_here_and_told_to_the_server(county: County, phone: Phone) -> None:
    sent: list[str] = []
    phone.page.on("request", lambda request: sent.append(request.post_data or "") if "records" in request.url else None)
    phone.page.clock.set_system_time(time.time() + 2 * HOUR_S)
    phone.choose("seen.met", among=phone.word("people.question", name="演示张一"))
    phone.tap("common.next")
    phone.shows("problems.title")
    phone.go("#/outbox")
    _says(phone, "outbox.clock")
    _says(phone, "outbox.all_delivered")
    assert any('"device_utc"' in body for body in sent)
    sighting = next(one for one in county.received(_visit_of(phone)) if one["kind"] == "sighting")
    assert sighting["made_at"] > time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + (8 + 1) * HOUR_S))


def _visit_of(phone: Phone) -> str:
    told = phone.page.evaluate(
        "() => import('/field/static/engine/visits.js').then((v) => v.list()).then((l) => l[0].visit_id)"
    )
    return str(told)


def _use_up_the_photos(county: County, assignment_id: UUID) -> None:
    """The other phone of the team takes as many photos as a visit may have."""
    actor, key = county.world.phone_actor("second")
    now = datetime.now(UTC)
    with county.world.store.writing() as uow:
        package = plans.open_assignment(uow, actor, assignment_id, device_utc=now, at_utc=now).package
    assert package is not None
    other = OtherPhone(actor, key, package.visit_id, package.nonce)
    for number in range(12):
        other.photo(f"photo {number}".encode())
    county.world.send(other, at_utc=now)


@pytest.mark.browser
def test_a_photo_beyond_the_caps_is_sent_kept_and_shown_as_outside(county: County, new_phone: NewPhone) -> None:
    assignment_id = county.assign("first", "second")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    phone.arrive()
    _use_up_the_photos(county, assignment_id)
    phone.turn_to("problems")
    phone.tap("problems.add")
    photo = jpeg("#35605a", "beyond")
    phone.page.locator("input[capture]").first.set_input_files(photo)
    expect(phone.page.get_by_role("img", name=phone.word("photo.number", n=1), exact=True)).to_be_visible()
    phone.go("#/outbox")
    _says(phone, "outbox.outside", n=1)
    _says(phone, "outbox.all_delivered")  # nothing waits, nothing asks for attention: the bytes went too
    phone.page.locator("details summary").first.click()
    _says(phone, "progress.outside")
    _says(phone, "outbox.reason.photo_cap_visit")
    with county.world.store.reading() as uow:
        kept = [one.reason for one in intake.kept_records(uow, UUID(visit_id))]
        arrived = intake.arrived_photos(uow, UUID(visit_id))
    assert kept == ["photo_cap_visit"]
    assert hashlib.sha256(photo["buffer"]).hexdigest() in arrived  # type: ignore[arg-type]


_OCCASIONS = {
    "online": "dispatchEvent(new Event('online'))",
    "pageshow": "dispatchEvent(new Event('pageshow'))",
    "visible": "document.dispatchEvent(new Event('visibilitychange'))",
    "the worker's sync": "navigator.serviceWorker.dispatchEvent(new MessageEvent('message', {data: {type: 'sync'}}))",
    "saved": "import('/field/static/engine/db.js').then((db) => db.tell('outbox', {reason: 'saved'}))",
}
# A record that cannot go, and attempts enough that the next by the clock is longer away than the test waits.
_A_RECORD_WAITS = """async (visitId) => {
    const {add} = await import('/field/static/engine/visits.js');
    const {sync, view} = await import('/field/static/engine/outbox.js');
    await add(visitId, 'problem', {item: 13, other_reason: null, kind: 2, text: '公示栏空白', place_note: '',
        fixed_on_spot: false, fix: null});
    for (let attempt = 0; attempt < 4; attempt += 1) await sync();
    return (await view()).next_ms - Date.now();
}"""


@pytest.mark.browser
def test_each_occasion_makes_an_attempt(phone: Phone) -> None:
    visit_id = phone.visit_id
    phone.go("#/outbox")
    for occasion, happens in _OCCASIONS.items():
        phone.page.route("**/visits/*/records", lambda route: route.abort())
        assert phone.page.evaluate(_A_RECORD_WAITS, visit_id) > 20_000, occasion
        _says(phone, "outbox_trouble.no-contact")
        phone.page.unroute("**/visits/*/records")
        phone.page.evaluate(happens)
        expect(phone.page.get_by_text(phone.word("outbox.all_delivered")), occasion).to_be_visible()


@pytest.mark.browser
def test_the_way_to_the_village_is_drawn_without_a_network(county: County, new_phone: NewPhone) -> None:
    county.assign("first", opens_in=timedelta(hours=-1))
    phone = new_phone().sign_in("first")
    phone.open_visit()
    phone.goes_offline()
    phone.page.reload()
    phone.shows_text("下党村")
    drawing = phone.page.get_by_role("img", name=phone.word("place.drawing", village="下党村"))
    expect(drawing.locator("path.village")).to_have_count(1)
    phone.tap("visit.arrive")
    phone.shows("arrive.title")
    # The office lies a step to the north: some 220 m, straight.
    expect(phone.page.get_by_text(re.compile(r"22\d"))).to_be_visible()
    phone.turn_to("")
    expect(drawing.locator("circle.me")).to_have_count(1)


@pytest.mark.browser
def test_the_29_items_are_found_by_number_and_by_words(phone: Phone) -> None:
    phone.turn_to("problems")
    phone.tap("problems.add")
    phone.shows("problem.title")
    _says(phone, "problem.found", n=29)
    numbered = re.compile("^" + phone.word("problem.item", n=20))
    phone.fill("problem.search", "20")
    expect(phone.page.get_by_role("button", name=numbered)).to_be_visible()
    _says(phone, "problem.found", n=1)
    phone.fill("problem.search", "公示")
    expect(phone.page.get_by_role("status").filter(has_text=re.compile("29"))).to_have_count(0)
    found = phone.page.locator(".found li button").all_inner_texts()
    assert found and all("公示" in text or "公告" in text for text in found)
    phone.fill("problem.search", "绝无此词")
    _says(phone, "problem.found", n=0)


def test_every_red_line_of_the_self_test_says_what_to_do() -> None:
    source = (STATIC / "engine" / "checks.js").read_text("utf-8")
    tests = source.split("const TESTS")[1]
    names = re.findall(r"\['([a-z_]+)', ", tests)
    assert len(names) == 11
    fixes = [key.split(".")[2:] for key in WORDS["zh"] if key.startswith("self_test.fix.") and key.count(".") == 3]
    assert {name for name, _ in fixes} == set(names)
    # Whatever a test can answer; words that are no answers are names of tests, of browser interfaces, or of the store.
    answers = set(re.findall(r"'~?([a-z_]+)'", tests)) - set(names) - {"self_test", "environment"}
    assert answers == {reason for _, reason in fixes}
