"""A walk through every screen of the phone page, for tests that look at each."""

import re
from collections.abc import Iterator
from datetime import timedelta

from playwright.sync_api import expect

from tests.field.screens.pictures import jpeg
from tests.field.screens.rig import County, Phone
from tests.visits.world import XIPU


def tour(county: County, phone: Phone) -> Iterator[str]:
    """Stands still at each screen and gives its name."""
    county.assign("first", "second", opens_in=timedelta(hours=5))
    county.assign("first", "second")
    county.assign("first", village=XIPU, opens_in=timedelta(minutes=-30))
    yield "sign-in"
    phone.sign_in("first")
    expect(phone.page.get_by_text(phone.word("assignment.downloaded")).first).to_be_visible()
    yield "home"
    yield from _opening(phone)
    yield from _visit(phone)
    yield from _afterwards(phone)
    yield from _apart(phone)


def _opening(phone: Phone) -> Iterator[str]:
    phone.tap("assignment.open_with_key")
    phone.shows("open.title")
    phone.fill("open.code", "8ZQ4M-K2")
    yield "open"
    phone.go("#/")
    phone.shows("home.title")
    phone.page.locator("button:not([disabled])", has_text=phone.word("assignment.open")).first.click()
    phone.shows_text("下党村")
    yield "visit-before"


def _visit(phone: Phone) -> Iterator[str]:
    phone.stand(accuracy=340)
    phone.tap("visit.arrive")
    phone.shows("arrive.title")
    expect(phone.page.get_by_role("button", name=phone.word("arrive.accept_anyway"))).to_be_visible()
    yield "arrive-poor"
    phone.stand(accuracy=12)
    expect(phone.page.get_by_role("button", name=phone.word("arrive.accept"), exact=True)).to_be_visible()
    phone.page.get_by_text(phone.word("arrive.without")).click()
    yield "arrive-good"
    phone.tap("arrive.accept")
    phone.shows("people.title")
    phone.choose("seen.met", among=phone.word("people.question", name="演示张一"))
    phone.choose("seen.not_met", among=phone.word("people.question", name="演示李二"))
    for summary in phone.page.locator("summary").all():
        summary.click()
    yield "people"
    phone.tap("common.next")
    phone.shows("problems.title")
    yield "problems"
    phone.tap("problems.add")
    phone.shows("problem.title")
    yield "problem-empty"
    phone.page.get_by_role("button", name=re.compile(phone.word("problem.other"))).click()
    phone.choose("problem.kind.2")
    phone.fill("problem.other_reason", "清单之外")
    phone.fill("problem.text", "村部公示栏无本年度资金公告")
    yield "problem"
    phone.page.locator("input[capture]").set_input_files(jpeg("#35605a", "board"))
    expect(phone.page.get_by_role("img", name=phone.word("photo.number", n=1))).to_be_visible()
    phone.page.get_by_label(phone.word("problem.fixed")).check()
    yield "problem-fixed"
    phone.tap("problem.save")
    phone.shows("problems.title")
    phone.page.locator("input[capture]").set_input_files(jpeg("#8a6a35", "board"))
    expect(phone.page.get_by_role("img", name=phone.word("photo.number", n=2))).to_be_visible()
    yield "problems-found"
    phone.tap("problems.questions")
    phone.choose("answer.yes")
    yield "questions"
    phone.turn_to("colleague")
    expect(phone.page.get_by_role("img", name=phone.word("colleague.code"))).to_be_visible()
    yield "colleague"
    phone.turn_to("abort")
    phone.shows("abort.title")
    yield "abort"
    phone.turn_to("")
    phone.shows_text("下党村")
    yield "visit"
    phone.turn_to("finish")
    phone.shows("finish.title")
    yield "finish"


def _afterwards(phone: Phone) -> Iterator[str]:
    phone.tap("finish.sign")
    expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
    yield "saved"
    phone.page.get_by_role("link", name=re.compile("演示李二")).click()
    phone.shows("correct.title")
    yield "correct"
    phone.go("#/outbox")
    phone.shows("outbox.title")
    expect(phone.page.get_by_text(phone.word("outbox.all_delivered"))).to_be_visible(timeout=15_000)
    yield "outbox"


def _apart(phone: Phone) -> Iterator[str]:
    phone.go("#/settings")
    phone.shows("settings.title")
    yield "settings"
    phone.tap("settings.lock")
    phone.shows("sign_in.title")
    expect(phone.page.get_by_text(phone.word("sign_in.here"))).to_be_visible()
    yield "sign-in-known"
    phone.sign_in("first")
    phone.go("#/self-test")
    phone.tap("self_test.run")
    expect(phone.page.get_by_text(phone.word("self_test.server"))).to_be_visible(timeout=15_000)
    yield "self-test"
    phone.go("#/settings")
    phone.tap("training.enter")
    phone.shows_text("练习村")
    yield "training"
    phone.go("#/in-app")
    phone.shows("in_app.title")
    yield "in-app"
