"""Every screen in both languages: readable with a screen reader, reachable with a thumb, whole on a narrow phone."""

import hashlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.field.screens.rig import STATIC, County, Phone
from tests.field.screens.tour import tour

NewPhone = Callable[..., Phone]

AXE = Path(__file__).parent / "axe"
# Each line of the page's list of screens.
SCREEN = re.compile(r"""^  "?([a-z/-]+)"?: \(\) => (?:import|signIn)""", re.MULTILINE)
LEAST_TARGET_PX = 56

# Buttons, links in lists and answers that stand where a thumb taps; links within a sentence are read, not tapped.
SMALL_TARGETS = f"""() => [...document.querySelectorAll(
    "button, a.button, .row[href], a.badge, .back, .option, .tick, summary, .field input, .field textarea, .change a")]
  .filter((one) => one.offsetParent !== null)
  .filter((one) => Math.round(one.getBoundingClientRect().height) < {LEAST_TARGET_PX})
  .map((one) => one.outerHTML.slice(0, 90))"""


def test_axe_is_the_file_that_was_vendored() -> None:
    for entry in tomllib.loads((AXE / "VENDOR.toml").read_text("utf-8"))["file"]:
        assert hashlib.sha256((AXE / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_screen_is_accessible_and_whole(county: County, new_phone: NewPhone, language: str) -> None:
    phone = new_phone(language, viewport={"width": 360, "height": 780})
    axe = (AXE / "axe.min.js").read_text("utf-8")
    phone.page.evaluate(axe)
    wrong: dict[str, Any] = {}
    seen: set[str] = set()
    for screen in tour(county, phone):
        seen.add(_screen_of(phone.page.url))
        found = phone.page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
        complaints = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
        complaints += [("small target", each) for each in phone.page.evaluate(SMALL_TARGETS)]
        if (sideways_px := phone.page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            complaints.append(("scrolls sideways", sideways_px))
        if phone.page.locator("main h1").count() != 1:
            complaints.append(("headings", phone.page.locator("main h1").count()))
        if language == "en" and phone.page.locator("html").get_attribute("lang") != "en":
            complaints.append(("lang", ""))
        if complaints:
            wrong[screen] = complaints
    assert wrong == {}
    assert seen == set(SCREEN.findall((STATIC / "app.js").read_text("utf-8")))


def _screen_of(address: str) -> str:
    """The name of a screen in the page's own list: "visit/people" of "…#/visit/<id>/people"."""
    name, *rest = address.partition("#/")[2].split("/")
    return "/".join([name, *rest[1:2]]) or "home"


@pytest.mark.browser
def test_the_start_waits_for_no_words_and_the_work_for_one_language(county: County, new_phone: NewPhone) -> None:
    phone = new_phone("en")
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    phone.page.reload()
    phone.shows("sign_in.title")
    assert [url for url in asked if "/words/" in url] == []
    phone.sign_in("first")
    assert [url.rsplit("/", 1)[1] for url in asked if "/words/" in url] == ["en.work.json"]


@pytest.mark.browser
def test_a_screen_takes_the_focus_and_the_language_is_switched_in_place(county: County, new_phone: NewPhone) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    phone.open_visit()
    phone.arrive()
    assert phone.page.evaluate("document.activeElement.tagName") == "H1"
    phone.choose("seen.met")
    phone.tap("frame.other_language")
    phone.language = "en"
    phone.shows("people.title")
    assert phone.page.locator("html").get_attribute("lang") == "en"
    assert phone.page.get_by_role("radio", name="met", exact=True, checked=True).count() == 1
