"""The pictures of the map in ``docs/pictures``, from a season that the demo played: ``python -m bench.map_pictures``.

The folder is one that ``python -m demo --no-serve --data FOLDER`` left. Each picture is looked at before it is kept.
"""

import re
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, sync_playwright

from bench.map import FLAGS, SLOWEST_MS
from bench.servers import shidi_serve
from demo.cast import ADMIN_LOGIN
from demo.server import shidi

LOGIN = "pictures"
COUNTY = "350924"
PRINTED = re.compile(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}")
# What each picture shows, in which language, and on what screen.
PICTURES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "map-desk-zh": ("zh", "", {"viewport": {"width": 1366, "height": 1100}}),
    "map-projector-en": (
        "en",
        "?layer=problems",
        {"viewport": {"width": 1920, "height": 1080}, "device_scale_factor": 0.75},
    ),
    "map-phone-zh": (
        "zh",
        "",
        {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
    ),
}


def an_account(data: Path) -> str:
    """The passphrase of a new account of the county's office."""
    named = ("--login", LOGIN, "--name", "演示·督查办", "--role", "office", "--division", COUNTY)
    said = shidi(data, "user", "add", *named, "--data", str(data), "--as", ADMIN_LOGIN).text
    found = PRINTED.search(said)
    if found is None:
        raise click.ClickException(said)
    return found[0]


def take(browser: Browser, address: str, passphrase: str, name: str, folder: Path) -> None:
    language, query, screen = PICTURES[name]
    page = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **screen).new_page()
    page.goto(f"{address}/desk/sign-in")
    page.fill("input[name=login]", LOGIN)
    page.fill("input[name=passphrase]", passphrase)
    page.press("input[name=passphrase]", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto(f"{address}/desk/language/{language}?back=/desk/account")
    page.goto(f"{address}/desk/map{query}")
    page.locator("#map[data-state=drawn]").wait_for(timeout=SLOWEST_MS)
    if "phone" in name:
        page.locator("#map").evaluate("map => scrollTo(0, map.getBoundingClientRect().top + scrollY - 24)")
    page.evaluate("document.getElementById('map').chart.whenDrawn()")
    page.screenshot(path=folder / f"{name}.png")
    page.context.close()


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/pictures"), show_default=True)
@click.option("--chromium", default="/usr/bin/chromium", show_default=True)
def main(data: Path, out: Path, chromium: str) -> None:
    """Take the pictures of the map of a played season in DATA."""
    passphrase = an_account(data)
    with shidi_serve(data) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in PICTURES:
            take(browser, f"http://127.0.0.1:{server.port}", passphrase, name, out)
        browser.close()


if __name__ == "__main__":
    main()
