"""The desk in a real browser: what only shows there, from signing in to the drawn map."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, expect

from demo.answering import answering
from tests.visits.world import PASSPHRASE
from tests.web.county import Desk, desk_time

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]


@dataclass
class Window:
    """One open page, and all that went wrong in it."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda asked: self._watch(asked.url))

    def _listen(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.wrong.append(said.text)

    def _watch(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"asked another host: {url}")

    def go(self, path: str) -> Response:
        answer = self.page.goto(self.address + path)
        assert answer is not None
        return answer

    def sign_in(self, login: str) -> "Window":
        self.go("/desk/sign-in")
        self.page.get_by_label("账号").fill(login)
        self.page.get_by_label("口令").fill(PASSPHRASE)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(re.compile("/desk/(map|log)?$"))
        return self

    def sideways_px(self) -> int:
        """How far the page scrolls sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    """Where the county's desk answers."""
    with answering(desk.app) as address:
        yield address


@pytest.fixture
def own_address(own_desk: Desk) -> Iterator[str]:
    """Where the test's own desk answers."""
    with answering(own_desk.app) as address:
        yield address


@pytest.fixture
def window(new_context: NewContext, address: str) -> Iterator[Callable[..., Window]]:
    """A maker of windows on the shared desk; a test fails when anything went wrong in one of them."""
    opened: list[Window] = []

    def make(size: str = "desk", **options: object) -> Window:
        opened.append(Window(new_context(size, **options).new_page(), address))
        return opened[-1]

    yield make
    assert [trouble for each in opened for trouble in each.wrong] == []


def _paths(desk: Desk) -> list[str]:
    visit = f"/desk/visits/{desk.visit_id}"
    return [
        "/desk/",
        visit,
        f"/desk/visits/{desk.unfinished_id}",
        f"{visit}/photos/{desk.photo_sha256}",
        "/desk/postings",
        f"/desk/postings/{desk.posting('演示李二')}",
        f"/desk/sightings/{desk.sighting('演示李二')}",
        "/desk/referrals",
        "/desk/figures",
        "/desk/inspectors",
        "/desk/plans",
        "/desk/ledger",
        "/desk/log",
        f"/desk/map?visit={desk.visit_id}",
        "/desk/log/3",
    ]


def test_from_signing_in_to_the_photo_behind_a_number(desk: Desk, window: Callable[..., Window]) -> None:
    here = window().sign_in("organization")
    page = here.page
    page.get_by_role("link", name="派驻人员").click()
    page.get_by_role("link", name="演示李二").click()
    page.get_by_role("link", name=re.compile("6 次核查中 1 次")).click()
    expect(page.get_by_role("heading", name="这个数字的出处")).to_be_visible()
    page.get_by_role("link", name=re.compile("照片")).first.click()
    shown = page.locator(".viewer img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    expect(page.locator("body")).to_contain_text(desk.photo_sha256)
    with page.expect_download() as started:
        page.get_by_role("link", name="下载原图").click()
    assert started.value.path().stat().st_size > 0


def test_two_people_decide(own_desk: Desk, own_address: str, new_context: NewContext) -> None:
    first = Window(new_context("desk").new_page(), own_address).sign_in("organization")
    page = first.page
    today = (desk_time() + timedelta(hours=8)).date().isoformat()
    first.go(f"/desk/sightings/{own_desk.sighting('演示李二')}")
    page.get_by_text("告知本人", exact=True).click()
    page.get_by_label("告知日期").fill(today)
    page.get_by_role("button", name="登记告知").click()
    expect(page.get_by_role("status")).to_have_text("告知已登记。")
    page.get_by_text("登记书面情况说明").click()
    page.get_by_label("情况说明内容").fill("当日到县里送材料")
    page.get_by_role("button", name="登记情况说明").click()
    expect(page.get_by_role("status")).to_have_text("情况说明已登记。")
    page.get_by_label(re.compile("^予以采信")).check()
    page.get_by_label(re.compile("^理由")).fill("两本登记簿均无请假")
    page.get_by_role("button", name="提交决定").click()
    expect(page.get_by_text("待另一人复核").first).to_be_visible()
    second = Window(new_context("desk").new_page(), own_address).sign_in("second_reviewer")
    page = second.page
    page.get_by_role("link", name="双人复核").click()
    page.get_by_role("link", name="予以采信").click()
    expect(page.get_by_text("当日到县里送材料")).to_be_visible()
    page.get_by_label("同意", exact=True).check()
    page.get_by_label(re.compile("^理由")).fill("证据齐全")
    page.get_by_role("button", name="提交复核意见").click()
    expect(page.get_by_text("已成立")).to_be_visible()
    assert first.wrong + second.wrong == []


def test_a_stranger_finds_nothing(desk: Desk, new_context: NewContext, address: str) -> None:
    here = Window(new_context("desk").new_page(), address).sign_in("stranger")
    assert here.go(f"/desk/visits/{desk.visit_id}").status == 404
    expect(here.page.get_by_role("heading", name="没有这一页，或不在您的范围内")).to_be_visible()


def test_the_language_is_switched_where_one_is(desk: Desk, window: Callable[..., Window]) -> None:
    here = window().sign_in("organization")
    here.go(f"/desk/visits/{desk.visit_id}")
    here.page.get_by_role("link", name="English").click()
    expect(here.page.locator("html")).to_have_attribute("lang", "en")
    assert here.page.url.endswith(f"/desk/visits/{desk.visit_id}")
    expect(here.page.get_by_role("heading", name="Sightings")).to_be_visible()
    here.page.get_by_role("link", name="中文").click()
    expect(here.page.get_by_role("heading", name="在岗核查", exact=True)).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_scrolls_sideways_on_a_narrow_phone(desk: Desk, window: Callable[..., Window], language: str) -> None:
    here = window("phone", viewport={"width": 360, "height": 780}).sign_in("organization")
    here.go(f"/desk/language/{language}")
    for path in _paths(desk):
        here.go(path)
        assert here.sideways_px() <= 0, path


def test_the_audit_chain_fits_a_narrow_phone_and_keeps_its_columns_at_a_desk(window: Callable[..., Window]) -> None:
    here = window("phone", viewport={"width": 360, "height": 780}).sign_in("discipline")
    here.go("/desk/audit")
    assert here.sideways_px() <= 0
    here.page.set_viewport_size({"width": 1280, "height": 800})
    assert here.sideways_px() <= 0
    lines = """cells => cells.map(cell => {
        const text = document.createRange(); text.selectNodeContents(cell); return text.getClientRects().length; })"""
    assert set(here.page.locator("tbody th").evaluate_all(lines)) == {1}, "a number is never broken into two lines"


def test_every_page_is_whole_at_a_desk(desk: Desk, window: Callable[..., Window]) -> None:
    here = window().sign_in("organization")
    for path in _paths(desk):
        here.go(path)
        here.page.wait_for_load_state("networkidle")
        assert here.sideways_px() <= 0, path
        assert here.page.locator("main h1").count() == 1, path
        assert _without_a_name(here.page) == [], path
        ids = here.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), path


def test_the_keyboard_reaches_the_content_first(window: Callable[..., Window]) -> None:
    here = window().sign_in("organization")
    here.go("/desk/")
    here.page.keyboard.press("Tab")
    skip = here.page.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    here.page.keyboard.press("Enter")
    expect(here.page.locator("main")).to_be_focused()


def _without_a_name(page: Page) -> list[str]:
    """Fields, buttons, links, tables and regions that a screen reader could not name."""
    return list(
        page.evaluate(
            """() => {
              const named = e => (e.labels && e.labels.length) || e.getAttribute("aria-label")
                || e.getAttribute("aria-labelledby") || e.textContent.trim() || (e.querySelector("img") || {}).alt;
              const wanted = "main input:not([type=hidden]), select, textarea, button, a, nav";
              const some = [...document.querySelectorAll(wanted)]
                .filter(e => !named(e)).map(e => e.outerHTML.slice(0, 120));
              const tables = [...document.querySelectorAll("table")].filter(e => !e.caption).map(() => "a bare table");
              return [...some, ...tables];
            }"""
        )
    )
