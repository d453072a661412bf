"""How long does a phone look at an empty page? Cold starts without a network, the processor slowed down four times.

The browser ends before each start and begins again on the same profile, so nothing is warm but what lies on the disk.
Then the page is closed and opened once more in the same browser, which is how a phone starts it that used its browser
today. Measured in the page, from the navigation until the frame after the first screen that can be used was painted:
the sign-in with its form, the own tasks with their list.

Beside both stand two floors, in the same minute, from the same service worker: a page of one Chinese heading, and our
page's style and placeholder without a script. What a start costs above the second is what our scripts cost. A busy
machine stretches all of them, so each start also tells what it took of the processor on the page's main thread,
unslowed. A round takes about a minute, and each start is told as it comes.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from demo.server import Server, free_port
from tests.components import CHROMIUM_FLAGS, chromium_program
from tests.field.county import make_field_county
from tests.reliability.rig import PASSPHRASE

BUDGET_MS = 500
SLOWER = 4
# A desktop's browser fills its own address bar after it started; a phone's does nothing of the kind.
QUIET_S = 3.0

# The moment of the frame after the one in which what is waited for appeared.
_WATCH = """(wanted) => {
    window.painted_ms = new Promise((done) => {
        const look = (observer) => {
            if (!document.querySelector(wanted)) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => done(performance.now())));
        };
        new MutationObserver((_, observer) => look(observer)).observe(document, {childList: true, subtree: true});
    });
}"""
_ONE_HEADING = "<!doctype html><meta charset=utf-8><title>.</title><h1>入村核查</h1>"
# Puts another page in the place of ours, where the worker finds it.
_EXCHANGE = """async (page) => {
    for (const name of await caches.keys()) {
        const kept = await caches.open(name);
        const ours = await (await kept.match('/field/')).text();
        const bare = ours.replace(/<script[\\s\\S]*?<\\/script>/g, '').replace(/<link rel="modulepreload".*?>/g, '');
        await kept.put('/field/', new Response(page || bare, {headers: {'Content-Type': 'text/html; charset=utf-8'}}));
    }
}"""


@dataclass(frozen=True)
class Kind:
    """One thing to start: its name, what has to be there, and how its profile is made ready."""

    name: str
    wanted: str
    prepare: Callable[[Page], None]


def _sign_in(page: Page) -> None:
    page.locator("input[autocomplete=username]").fill("lin")
    page.locator("input[type=password]").fill(PASSPHRASE)
    page.locator("form button").click()
    page.locator("article.card").first.wait_for()
    page.wait_for_timeout(2000)  # until everything of the tasks lies on the phone


KINDS = (
    Kind("floor: one heading", "h1", lambda page: page.evaluate(_EXCHANGE, _ONE_HEADING)),
    Kind("floor: our page without scripts", "h1", lambda page: page.evaluate(_EXCHANGE, None)),
    Kind("sign-in", "h1[tabindex]", lambda page: None),
    Kind("own tasks", "article.card", _sign_in),
)


@dataclass(frozen=True)
class Start:
    """One cold start: time until the screen stood, and what of the processor the page's main thread took for it."""

    wall_ms: float
    cpu_ms: float


def main() -> int:
    """Measure all kinds in turn, so that what the machine does besides meets all alike, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    starts = parser.parse_args().starts
    folder = Path(tempfile.mkdtemp(prefix="shidi-phone-start-"))
    try:
        make_field_county(folder / "data", visits=3)
        with Server(folder / "data", free_port()) as server, sync_playwright() as playwright:
            _measure(playwright, folder, f"{server.base_url}/field/", starts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


@dataclass(frozen=True)
class Starts:
    """What was measured of one kind: from a browser that just began, once more in the same one, and unslowed."""

    cold: list[Start] = field(default_factory=list)
    again: list[Start] = field(default_factory=list)
    unslowed: list[Start] = field(default_factory=list)


def _measure(playwright: Playwright, folder: Path, address: str, starts: int) -> None:
    profiles = {kind: folder / f"profile-{at}" for at, kind in enumerate(KINDS)}
    for kind, profile in profiles.items():
        _prepare(playwright, profile, address, kind)
    found = {kind: Starts() for kind in KINDS}
    for number in range(starts):
        for kind, profile in profiles.items():
            cold, again = _starts(playwright, profile, address, kind, slower=SLOWER, times=2)
            found[kind].cold.append(cold)
            found[kind].again.append(again)
            found[kind].unslowed.extend(_starts(playwright, profile, address, kind, slower=1, times=1))
            print(f"  {number + 1}, {kind.name}: {cold.wall_ms:.0f} ms, again {again.wall_ms:.0f} ms", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {starts} starts of each, CPU x {SLOWER}")
    floor_ms = statistics.median(one.wall_ms for one in found[KINDS[1]].cold)
    for kind in KINDS:
        print(_line(kind, found[kind], floor_ms))


def _open(playwright: Playwright, profile: Path) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_program(), args=CHROMIUM_FLAGS, headless=True
    )


def _prepare(playwright: Playwright, profile: Path, address: str, kind: Kind) -> None:
    """Have the shell kept, and what this kind wants."""
    context = _open(playwright, profile)
    page = context.new_page()
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kind.prepare(page)
    context.close()


def _starts(playwright: Playwright, profile: Path, address: str, kind: Kind, *, slower: int, times: int) -> list[Start]:
    """Starts without a network, the first one cold, the others in the browser that runs by then."""
    context = _open(playwright, profile)
    try:
        context.set_offline(True)
        return [_start(context, address, kind, slower=slower) for _ in range(times)]
    finally:
        context.close()


def _start(context: BrowserContext, address: str, kind: Kind, *, slower: int) -> Start:
    page = context.new_page()
    time.sleep(QUIET_S)
    page.add_init_script(f"({_WATCH})({kind.wanted!r})")
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(address, wait_until="commit")
    wall_ms = float(page.evaluate("() => window.painted_ms"))
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    page.close()
    return Start(wall_ms, told["TaskDuration"] * 1000)


def _line(kind: Kind, found: Starts, floor_ms: float) -> str:
    cold_ms = [one.wall_ms for one in found.cold]
    wall_ms = statistics.median(cold_ms)
    again_ms = statistics.median(one.wall_ms for one in found.again)
    plain_ms = statistics.median(one.wall_ms for one in found.unslowed)
    cpu_ms = statistics.median(one.cpu_ms for one in found.unslowed)
    told = f"{kind.name}: {wall_ms:.0f} ms ({min(cold_ms):.0f} to {max(cold_ms):.0f}), again {again_ms:.0f} ms"
    told += f"; unslowed {plain_ms:.0f} ms, {cpu_ms:.0f} ms of the processor"
    if kind.name.startswith("floor"):
        return told
    verdict = "met" if wall_ms <= BUDGET_MS else "MISSED"
    return f"{told}; {wall_ms / floor_ms:.1f} x the floor; budget {BUDGET_MS} ms: {verdict}"


if __name__ == "__main__":
    sys.exit(main())
