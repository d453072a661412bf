"""Whole visits as inspectors make them: the clean case, no network, two phones, and things that go wrong."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.field.screens.pictures import jpeg
from tests.field.screens.rig import HERE, County, Phone

NewPhone = Callable[..., Phone]

pytestmark = pytest.mark.browser

BOARD = jpeg("#35605a", "board")


def _kinds(county: County, visit_id: str) -> list[str]:
    return [record["kind"] for record in county.received(visit_id)]


def _delivered(phone: Phone) -> None:
    """Wait until the outbox says that everything has its receipt."""
    phone.go("#/outbox")
    expect(phone.page.get_by_text(phone.word("outbox.all_delivered"))).to_be_visible(timeout=15_000)


def test_the_clean_case_takes_seven_taps(county: County, new_phone: NewPhone) -> None:
    county.assign("first", "second")
    phone = new_phone().sign_in("first")
    phone.taps = 0
    visit_id = phone.open_visit()
    phone.arrive()
    phone.choose("seen.met")
    phone.tap("common.next")
    phone.shows("problems.title")
    phone.tap("problems.none")
    phone.shows("finish.title")
    phone.tap("finish.sign")
    expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
    assert phone.taps == 7
    _delivered(phone)
    kinds = [kind for kind in _kinds(county, visit_id) if kind != "open"]
    assert kinds == ["arrive", "sighting", "all_in_order", "close"]


def test_b1_a_visit_by_two_phones_without_a_network_is_synced_once(county: County, new_phone: NewPhone) -> None:
    assignment_id = county.assign("first", "second")
    first, second = new_phone().sign_in("first"), new_phone().sign_in("second")
    code = county.code_of(assignment_id)
    for phone in (first, second):
        expect(phone.page.get_by_text(phone.word("assignment.downloaded"))).to_be_visible()
        phone.goes_offline()
        phone.page.reload()
        phone.shows("home.title")
        _open_with_key(phone, code)
    visit_id = first.visit_id
    assert second.visit_id == visit_id
    first.arrive()
    _confirm_by_the_drawn_code(first, second)
    _record_what_was_found(first)
    second.turn_to("people")
    second.choose("seen.met", among=second.word("people.question", name="演示李二"))
    second.tap("common.next")
    second.tap("problems.none")
    # Who confirmed leaves the closing to the colleague.
    expect(second.page.get_by_role("radio", name=second.word("finish.they_close"))).to_be_checked()
    for phone in (first, second):
        phone.tap("finish.sign")
        expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
        expect(phone.page.locator(".badge")).to_contain_text("待上传")
    assert county.received(visit_id) == []

    for phone in (first, second):
        phone.context.set_offline(False)
        _delivered(phone)
        # Asked for once more, nothing is sent twice.
        phone.page.evaluate("import('/field/static/engine/outbox.js').then((outbox) => outbox.sync())")
    first.page.locator("details summary").last.click()
    expect(first.page.get_by_text(re.compile(first.word("outbox.receipt", n=r"\d+"))).first).to_be_visible()
    _is_whole(county, visit_id)


def _open_with_key(phone: Phone, code: str) -> None:
    """Open the assignment with its slip, after a slip of the pen."""
    phone.tap("assignment.open_with_key")
    phone.shows("open.title")
    phone.fill("open.code", code[:3] + ("A" if code[3] != "A" else "B") + code[4:])
    expect(phone.page.get_by_text(phone.word("open.does_not_fit"))).to_be_visible()
    phone.fill("open.code", code.lower())
    phone.tap("assignment.open")
    phone.shows_text("下党村")


def _confirm_by_the_drawn_code(first: Phone, second: Phone) -> None:
    """The camera of the second phone sees the first one's screen, and each knows its own code."""
    for phone in (first, second):
        phone.turn_to("colleague")
        phone.shows("colleague.title")
    drawn = first.page.get_by_role("img", name=first.word("colleague.code"))
    expect(drawn).to_be_visible()
    photo = {"name": "code.png", "mimeType": "image/png", "buffer": drawn.screenshot()}
    second.page.locator("input[type=file]").set_input_files(photo)
    expect(second.page.get_by_text(re.compile("^已确认同事到村"))).to_be_visible(timeout=15_000)
    first.page.locator("input[type=file]").set_input_files(photo)
    expect(first.page.get_by_text(first.word("colleague.own_code"))).to_be_visible(timeout=15_000)


def _record_what_was_found(phone: Phone) -> None:
    """One person not met and one met, a problem with a photo, and an answer; up to the look before the signature."""
    phone.turn_to("people")
    phone.choose("seen.not_met", among=phone.word("people.question", name="演示张一"))
    phone.choose("seen.met", among=phone.word("people.question", name="演示李二"))
    phone.tap("common.next")
    phone.tap("problems.add")
    phone.fill("problem.search", "20")
    phone.page.get_by_role("button", name=re.compile(phone.word("problem.item", n=20))).click()
    phone.choose("problem.kind.2")
    phone.fill("problem.text", "公示栏上没有本年度资金公告")
    phone.tap("problem.save")
    phone.shows("problems.title")
    phone.page.locator("input[capture]").set_input_files(BOARD)
    expect(phone.page.get_by_role("img", name=phone.word("photo.number", n=1))).to_be_visible()
    phone.tap("problems.questions")
    phone.choose("answer.no")
    phone.tap("common.next")
    phone.tap("problems.check")
    phone.shows("finish.title")


def _is_whole(county: County, visit_id: str) -> None:
    """The server has each record and the photo once, and the visit they make is complete and says what was seen."""
    records = county.received(visit_id)
    mine = ["open", "arrive", "sighting", "sighting", "problem", "photo", "answers", "close"]
    theirs = ["open", "confirm", "sighting", "all_in_order", "finish"]
    assert sorted(record["kind"] for record in records) == sorted(mine + theirs)
    sent = {record["kind"]: record["body"] for record in records}
    arrival = next(record for record in records if record["kind"] == "arrive")
    problem = next(record for record in records if record["kind"] == "problem")
    assert sent["confirm"]["arrive_id"] == arrival["id"]
    assert (sent["photo"]["of_record"], sent["problem"]["item"]) == (problem["id"], 20)
    assert [one["answer"] for one in sent["answers"]["answers"]] == ["no"]
    # Where it began, with all that the search brought, and where it was closed.
    assert arrival["body"]["fix"] in arrival["body"]["fixes"]
    here = (HERE["longitude"], HERE["latitude"])
    assert {(sent[kind]["fix"]["lon_deg"], sent[kind]["fix"]["lat_deg"]) for kind in ("arrive", "close")} == {here}
    now = datetime.now(UTC)
    county.world.judge(UUID(visit_id), at_utc=now)
    visit = county.world.look(UUID(visit_id))
    assert (visit.summary.complete, visit.missing, visit.summary.unannounced_indeed) == (True, (), True)
    assert [opening.how for opening in visit.openings] == ["key", "key"]
    assert [photo.sha256 for photo in visit.photos if photo.arrived_utc] == [sha256(BOARD["buffer"]).hexdigest()]
    outcomes = county.world.outcomes(UUID(visit_id))
    assert outcomes["演示李二"] == "met" and outcomes["演示张一"] != "met"
    assert not {hint.code for hint in visit.hints} & {"one_inspector", "not_confirmed", "no_fix", "opened_early"}


def test_a_visit_without_a_position_goes_on_with_a_reason(county: County, new_phone: NewPhone) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    phone.context.clear_permissions()
    phone.tap("visit.arrive")
    expect(phone.page.get_by_text(phone.word("fix_error.denied"))).to_be_visible()
    phone.choose("no_fix.denied")
    phone.tap("arrive.accept_without")
    phone.shows("people.title")
    phone.turn_to("finish")
    expect(phone.page.get_by_text(phone.word("fix.none"))).to_be_visible()
    phone.page.get_by_label(phone.word("finish.escorted")).check()
    phone.tap("problems.none")
    phone.tap("finish.sign")
    expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
    _delivered(phone)
    sent = {record["kind"]: record["body"] for record in county.received(visit_id)}
    assert sent["arrive"] == {"fix": None, "fixes": [], "no_fix_reason": phone.word("no_fix.denied")}
    assert (sent["close"]["escorted"], sent["close"]["fix"]) == (True, None)


_ARRIVAL = """async (visitId) => {
  const {load} = await import('/field/static/engine/visits.js');
  return (await load(visitId)).records.find(({kind}) => kind === 'arrive').body;
}"""


def test_a_poor_position_may_be_used_and_says_that_it_is_poor(county: County, new_phone: NewPhone) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    phone.stand(accuracy=900)
    phone.open_visit()
    phone.tap("visit.arrive")
    expect(phone.page.get_by_role("status").filter(has_text=phone.word("accuracy.poor"))).to_be_visible()
    anyway = phone.page.get_by_role("button", name=phone.word("arrive.accept_anyway"))
    expect(anyway).to_be_enabled()
    phone.stand(accuracy=8)
    expect(phone.page.get_by_role("status").filter(has_text=phone.word("accuracy.good"))).to_be_visible()
    expect(anyway).to_have_count(0)
    phone.tap("arrive.accept")
    phone.shows("people.title")
    arrival = phone.page.evaluate(_ARRIVAL, phone.visit_id)
    assert arrival["fix"]["accuracy_m"] == 8
    assert [fix["accuracy_m"] for fix in arrival["fixes"]] == [900, 8]


def test_a_killed_page_comes_back_to_its_step_and_a_new_visit_inherits_nothing(
    county: County, new_phone: NewPhone
) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    phone.open_visit()
    phone.goes_offline()
    phone.arrive()
    phone.choose("seen.met")
    phone.tap("common.next")
    phone.tap("problems.add")
    phone.fill("problem.text", "写到一半")
    expect(phone.page.get_by_text(phone.word("problem.lacking", what=phone.word("problem.which")))).to_be_visible()
    phone.page.wait_for_timeout(500)  # a typed word is on disk within a third of a second
    phone.page.close()
    phone.take_up()
    phone.shows("problem.title")
    expect(phone.page.get_by_text(phone.word("recovered.visit", village="下党村"))).to_be_visible()
    expect(phone.page.get_by_label(re.compile("^看到了什么"))).to_have_value("写到一半")
    phone.turn_to("finish")
    expect(phone.page.get_by_text(phone.word("finish.problem_draft"))).to_be_visible()
    expect(phone.page.get_by_role("button", name=phone.word("finish.sign"))).to_be_disabled()

    phone.context.set_offline(False)
    county.assign("first")
    phone.go("#/")
    phone.tap("home.refresh")
    phone.open_visit()
    phone.turn_to("problems")
    phone.shows("problems.title")
    expect(phone.page.get_by_text("写到一半")).to_have_count(0)
    phone.turn_to("people")
    expect(phone.page.get_by_role("radio", name=phone.word("seen.not_asked"), checked=True)).to_have_count(4)


def test_what_was_signed_is_corrected_by_addition(county: County, new_phone: NewPhone) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    phone.arrive()
    phone.choose("seen.not_met", among=phone.word("people.question", name="演示张一"))
    phone.tap("common.next")
    phone.tap("problems.none")
    phone.tap("finish.sign")
    expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
    phone.page.get_by_role("link", name=re.compile("演示张一")).click()
    phone.shows("correct.title")
    phone.page.get_by_text(phone.word("people.others")).click()
    phone.choose("seen.seen_by_others")
    phone.fill("correct.reason", "邻居当场说明，漏记")
    phone.tap("correct.save")
    phone.shows_text("下党村")
    _delivered(phone)
    records = county.received(visit_id)
    sighting = next(record for record in records if record["kind"] == "sighting")
    correction = records[-1]
    assert sighting["body"]["seen"] == "not_met"
    assert correction["kind"] == "correction"
    assert correction["body"]["of_record"] == sighting["id"]
    assert correction["body"]["body"]["seen"] == "seen_by_others"


def test_a_visit_is_broken_off_with_a_reason(county: County, new_phone: NewPhone) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    phone.arrive()
    phone.turn_to("abort")
    phone.fill("abort.reason", "山洪，道路中断")
    phone.tap("abort.do")
    phone.shows("home.title")
    expect(phone.page.get_by_text(phone.word("state.aborted"))).to_be_visible()
    _delivered(phone)
    last = county.received(visit_id)[-1]
    assert (last["kind"], last["body"]["reason"]) == ("abort", "山洪，道路中断")
