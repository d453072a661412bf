"""How long does a phone look at an empty page? Cold starts without a network, the processor slowed down four times.

The browser ends before each start and begins again on the same profile, so nothing is warm but what lies on the disk.
Measured in the page, from the navigation until the frame after the first screen with a heading was painted.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from demo.server import Server, free_port
from tests.components import CHROMIUM_FLAGS, chromium_program
from tests.field.county import make_field_county
from tests.reliability.rig import PASSPHRASE

BUDGET_MS = 500
SLOWER = 4

# The moment of the frame after the one in which the page's own heading appeared.
_WATCH = """() => {
    window.painted_ms = new Promise((done) => {
        new MutationObserver((_, observer) => {
            if (!document.querySelector('h1[tabindex]')) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => done(performance.now())));
        }).observe(document, {childList: true, subtree: true});
    });
}"""


def main() -> int:
    """Measure both first screens and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7)
    starts = parser.parse_args().starts
    folder = Path(tempfile.mkdtemp(prefix="shidi-phone-start-"))
    try:
        make_field_county(folder / "data", visits=3)
        with Server(folder / "data", free_port()) as server, sync_playwright() as playwright:
            address = f"{server.base_url}/field/"
            _prepare(playwright, folder / "profile", address, sign_in=False)
            print(
                _line("sign-in", [_start(playwright, folder / "profile", address) for _ in range(starts)]), flush=True
            )
            _prepare(playwright, folder / "profile", address, sign_in=True)
            print(
                _line("own tasks", [_start(playwright, folder / "profile", address) for _ in range(starts)]), flush=True
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _open(playwright: Playwright, profile: Path) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_program(), args=CHROMIUM_FLAGS, headless=True
    )


def _prepare(playwright: Playwright, profile: Path, address: str, *, sign_in: bool) -> None:
    """Have the shell kept, and somebody signed in."""
    context = _open(playwright, profile)
    page = context.new_page()
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    if sign_in:
        page.locator("input[autocomplete=username]").fill("lin")
        page.locator("input[type=password]").fill(PASSPHRASE)
        page.locator("form button").click()
        page.locator("article.card").first.wait_for()
    context.close()


def _start(playwright: Playwright, profile: Path, address: str) -> float:
    """One cold start without a network; in milliseconds."""
    context = _open(playwright, profile)
    try:
        context.set_offline(True)
        page: Page = context.new_page()
        page.add_init_script(f"({_WATCH})()")
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(address)
        return float(page.evaluate("() => window.painted_ms"))
    finally:
        context.close()


def _line(what: str, measured_ms: list[float]) -> str:
    median_ms = statistics.median(measured_ms)
    verdict = "met" if median_ms <= BUDGET_MS else "MISSED"
    spread = f"{min(measured_ms):.0f} to {max(measured_ms):.0f} ms"
    return f"{what}: median {median_ms:.0f} ms of {len(measured_ms)}, {spread}; budget {BUDGET_MS} ms: {verdict}"


if __name__ == "__main__":
    sys.exit(main())
