"""The page as a program: light to load, there without a network, and never exchanged under somebody's hands."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Request

from api.app import create_app
from api.pages import field
from demo.answering import answering
from demo.server import Server
from tests.field.phone import WITHOUT_SCREENS, PagePhone
from tests.reliability.rig import opened, settings_of

MOST_MODULES = 20
MOST_PACKED_BYTES = 30_000


def test_the_page_is_light_before_anybody_signs_in(
    new_context: Callable[..., BrowserContext], field_server: Server
) -> None:
    context = new_context("phone", service_workers="block")
    page = context.new_page()
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))
    page.goto(f"{field_server.base_url}/field/", wait_until="networkidle")
    modules = [request for request in loaded if request.url.endswith(".js")]
    sizes = {request.url.removeprefix(field_server.base_url): request.sizes()["responseBodySize"] for request in loaded}
    shell_bytes = {url: size for url, size in sizes.items() if "/icons/" not in url and "/api/" not in url}
    assert len({request.url for request in modules}) <= MOST_MODULES
    assert sum(shell_bytes.values()) <= MOST_PACKED_BYTES, shell_bytes


def test_every_address_below_the_page_starts_without_a_network(
    new_context: Callable[..., BrowserContext], field_server: Server
) -> None:
    context = new_context("phone")
    phone = PagePhone(context, field_server.base_url)
    phone.keep_shell()
    context.set_offline(True)
    kept = phone.page.evaluate(
        """async (paths) => {
            const answers = await Promise.all(paths.map((path) => fetch(path).then((found) => found.status, () => 0)));
            return paths.filter((path, at) => answers[at] !== 200);
        }""",
        list(field.shell().paths),
    )
    assert kept == []
    page = context.new_page()
    for address in ("/field/", "/field/?from=home", "/field/anything#/outbox"):
        page.goto(f"{field_server.base_url}{address}")
        assert page.locator("script[type=module]").get_attribute("src") == "/field/static/app.js"
    # What the API says is never kept.
    asked = "() => fetch('/api/v1/items').then((found) => found.status, () => 'no network')"
    assert page.evaluate(asked) == "no network"


@dataclass
class Deployed:
    """A server on files that a test may change, as an update does."""

    base_url: str
    files: Path

    def change(self, name: str) -> None:
        """Put a newer version of one file in place."""
        path = self.files / "static" / name
        path.write_text(path.read_text("utf-8") + "\nexport const newer = true;\n", "utf-8")


@pytest.fixture
def deployed(field_county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    files = tmp_path / "field"
    shutil.copytree(field.FIELD, files)
    monkeypatch.setattr(field, "FIELD", files)
    monkeypatch.setattr(field, "STATIC", files / "static")
    shutil.copytree(field_county, tmp_path / "data")
    with (
        opened(tmp_path / "data") as store,
        answering(create_app(settings_of(tmp_path / "data"), store)) as address,
    ):
        yield Deployed(address, files)


def test_a_newer_page_waits_until_nothing_is_being_written(
    deployed: Deployed, new_context: Callable[..., BrowserContext], field_county: Path
) -> None:
    context = new_context("phone")
    phone = PagePhone(context, deployed.base_url)
    phone.keep_shell()
    phone.sign_in()
    visit_id = phone.open_visit((field_county / "assignments").read_text().split()[0])
    phone.call("visits", "saveDraft", visit_id, {"step": "people"})
    assert phone.call("shell", "shellState")["update"] is False
    deployed.change("engine/shell.js")
    phone.page.evaluate(
        """async () => {
            const {changes} = await import('/field/static/engine/db.js');
            const {lookForUpdate, shellState} = await import('/field/static/engine/shell.js');
            const waits = new Promise((done) => {
                changes.addEventListener('shell', () => shellState().update && done());
            });
            await lookForUpdate();
            await waits;
        }"""
    )
    shown = "async () => (await (await fetch('/field/static/engine/shell.js')).text()).includes('newer')"
    assert phone.call("shell", "update") is False
    assert phone.page.evaluate(shown) is False
    phone.call("visits", "saveDraft", visit_id, None)
    with phone.page.expect_navigation(url=f"**{WITHOUT_SCREENS}"):
        phone.page.evaluate("() => { import('/field/static/engine/shell.js').then((shell) => shell.update()); }")
    assert phone.page.evaluate(shown) is True
    # The store is not touched by an update.
    assert phone.call("session", "start")["login"] == "lin"
    assert [visit["visit_id"] for visit in phone.call("visits", "list")] == [visit_id]
