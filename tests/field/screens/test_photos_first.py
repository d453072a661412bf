"""Photos taken while a problem is still being written: tied to it, never lost, and capped as always."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.field.screens.pictures import jpeg
from tests.field.screens.rig import County, Phone

NewPhone = Callable[..., Phone]

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(county: County, new_phone: NewPhone) -> Phone:
    """A phone in the village, at the empty form of a problem."""
    county.assign("first")
    phone = new_phone().sign_in("first")
    phone.open_visit()
    phone.arrive()
    phone.turn_to("problems")
    phone.tap("problems.add")
    phone.shows("problem.title")
    return phone


def _shoot(phone: Phone, number: int) -> None:
    phone.page.locator("input[capture]").first.set_input_files(jpeg("#35605a", f"photo {number}"))
    shown = phone.page.get_by_role("img", name=phone.word("photo.number", n=number), exact=True)
    expect(shown).to_be_visible()


def _write(phone: Phone) -> None:
    phone.page.get_by_role("button", name=re.compile(phone.word("problem.other"))).click()
    phone.fill("problem.other_reason", "清单之外")
    phone.choose("problem.kind.2")
    phone.fill("problem.text", "路灯不亮")


def _received(county: County, phone: Phone, kind: str) -> list[dict[str, object]]:
    visit_id = phone.visit_id
    phone.go("#/outbox")
    expect(phone.page.get_by_text(phone.word("outbox.all_delivered"))).to_be_visible(timeout=15_000)
    return [record for record in county.received(visit_id) if record["kind"] in (kind, "photo")]


def test_before_and_after_are_taken_in_the_form_and_survive_a_killed_page(county: County, phone: Phone) -> None:
    _shoot(phone, 1)
    _write(phone)
    phone.page.get_by_label(phone.word("problem.fixed")).check()
    expect(phone.page.get_by_text(phone.word("problem.before_after"))).to_be_visible()
    phone.page.wait_for_timeout(500)  # a typed word is on disk within a third of a second
    phone.page.close()
    phone.take_up()
    phone.shows("problem.title")
    # The first photo shows the place before; the next is taken for the one after, unless somebody says otherwise.
    expect(phone.page.get_by_role("radio", name=phone.word("photo.after"))).to_be_checked()
    _shoot(phone, 2)
    phone.choose("photo.before")
    _shoot(phone, 3)
    phone.tap("problem.save")
    phone.shows("problems.title")
    expect(phone.page.locator(".pictures img")).to_have_count(3)
    said = [phone.word("photo.before"), phone.word("photo.after"), phone.word("photo.before")]
    expect(phone.page.locator(".pictures .shows")).to_have_text(said)
    before, after, again, problem = _received(county, phone, "problem")
    assert [shot["body"]["after_fixing"] for shot in (before, after, again)] == [False, True, False]  # type: ignore[index]
    assert (before["kind"], problem["kind"]) == ("photo", "problem")
    assert [shot["body"]["of_record"] for shot in (before, after)] == [problem["id"]] * 2  # type: ignore[index]
    assert set(problem["body"]) == {  # type: ignore[arg-type]
        "item", "other_reason", "kind", "text", "place_note", "fixed_on_spot", "fix",
    }  # fmt: skip


def test_a_problem_given_up_leaves_its_photos_to_the_visit(county: County, phone: Phone) -> None:
    _shoot(phone, 1)
    phone.tap("problem.discard")
    phone.shows("problems.title")
    expect(phone.page.get_by_text(phone.word("problem.photos_stay", n=1))).to_be_visible()
    expect(phone.page.get_by_role("heading", name=phone.word("problems.given_up"))).to_be_visible()
    phone.tap("problems.none")
    phone.shows("finish.title")
    expect(phone.page.get_by_text(phone.word("finish.photos", n=1))).to_be_visible()
    phone.tap("finish.sign")
    expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
    assert [record["kind"] for record in _received(county, phone, "problem")] == ["photo"]


def test_six_photos_of_a_problem_that_is_still_a_draft_are_enough(phone: Phone) -> None:
    for number in range(1, 7):
        _shoot(phone, number)
    expect(phone.page.get_by_text(phone.word("photo.full", record=6, visit=12))).to_be_visible()
    expect(phone.page.locator("input[capture]")).to_have_count(0)
    phone.tap("problem.discard")
    phone.tap("problems.add")
    expect(phone.page.get_by_text(phone.word("photo.left", n=6))).to_be_visible()
