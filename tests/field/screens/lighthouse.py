"""What does Lighthouse say of the accessibility of each screen, in both languages, also of those after the sign-in?

Lighthouse is no part of this project: install it beside (``npm install lighthouse``) and give the program's path. It
looks at the screens through a browser in which somebody is signed in and a visit has begun.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from demo.answering import answering
from demo.server import free_port
from tests.components import CHROMIUM_FLAGS, chromium_program
from tests.field.screens.pictures import jpeg
from tests.field.screens.rig import Phone, copy_of, make_county

PARTS = ("", "arrive", "people", "problems", "questions", "colleague", "finish", "abort")


def main() -> int:
    """Ask Lighthouse about every screen; 1 when one of them is not perfect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lighthouse", type=Path)
    lighthouse = parser.parse_args().lighthouse
    scores: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = make_county(folder / "county")
        made.world.store.checkpoint()
        made.world.store.close()
        for language in ("zh", "en"):
            scores |= _of_language(folder, language, lighthouse)
    return 0 if scores and all(score == 1 for score in scores.values()) else 1


def _of_language(folder: Path, language: str, lighthouse: Path) -> dict[str, float]:
    county = copy_of(folder / "county", folder / language)
    port = free_port()
    with answering(county.app) as address, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder / f"profile-{language}",
            executable_path=chromium_program(),
            args=[*CHROMIUM_FLAGS, f"--remote-debugging-port={port}"],
            headless=True,
        )
        context.add_init_script(f"localStorage.setItem('shidi.language', '{language}')")
        county.assign("first", "second")
        county.assign("first")
        phone = Phone(context, address, language)
        found = {f"sign-in {language}": _ask(lighthouse, port, f"{address}/field/#/sign-in")}
        phone.sign_in("first")
        assignment = county.assign("first")
        phone.page.locator("button:not([disabled])", has_text=phone.word("assignment.open")).first.click()
        phone.shows_text("下党村")
        visit = phone.visit_id
        phone.arrive()
        phone.turn_to("problems")
        phone.tap("problems.add")
        phone.page.locator("input[capture]").first.set_input_files(jpeg("#35605a", "board"))
        phone.page.get_by_role("img").first.wait_for()
        places = ["#/", f"#/open/{assignment}", *[f"#/visit/{visit}/{part}".rstrip("/") for part in PARTS]]
        for place in (*places, "#/outbox", "#/settings", "#/self-test", "#/in-app"):
            # A page that starts takes a draft up where it was left, so it is left where Lighthouse shall look.
            phone.go(place)
            phone.page.wait_for_timeout(1000)
            screen = f"{place.replace(visit, '…')} {language}"
            found[screen] = _ask(lighthouse, port, f"{address}/field/{place}")
            print(f"{screen}: {found[screen]:.2f}", flush=True)
        context.close()
    county.world.store.close()
    return found


def _ask(lighthouse: Path, port: int, url: str) -> float:
    """The score of one screen; complaints are printed."""
    told = subprocess.run(
        [lighthouse, url, f"--port={port}", "--output=json", "--quiet", "--only-categories=accessibility",
         "--disable-storage-reset", "--form-factor=mobile", "--throttling-method=provided"],
        capture_output=True, text=True, check=True, env={**os.environ, "CHROME_PATH": str(chromium_program())},
    )  # fmt: skip
    report = json.loads(told.stdout)
    for audit in report["audits"].values():
        if audit["score"] is not None and audit["score"] < 1:
            print(f"  {url}: {audit['id']}: {audit['title']}", file=sys.stderr)
    heading = report["finalDisplayedUrl"]
    if heading != url:
        print(f"  {url} led to {heading}", file=sys.stderr)
    return float(report["categories"]["accessibility"]["score"])


if __name__ == "__main__":
    sys.exit(main())
