"""How fast the map of visits is with 20,000 made-up villages, in a real browser: ``python -m bench.map``.

The first run makes the province and draws its tiles, which takes minutes; with ``--data FOLDER`` it is kept for later
runs. Medians of several openings, each in a fresh window; the load of the machine is said beside them.
"""

import gc
import json
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import click
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from api.app import create_app, open_store
from api.http.house import EXTENSION
from api.settings import read_settings
from bench.map_data import LEADER, PASSPHRASE, made_up_province
from bench.servers import Running, shidi_serve
from visits.store import migrate
from visits.zone import LOCAL_ZONE

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
# A shared machine may be ten times slower than a calm one.
SLOWEST_MS = 180_000
# A million additions in a loop on this machine with nothing else running.
IDLE_MILLION_S = 0.045
WINDOW: ViewportSize = {"width": 1200, "height": 900}

PAN = """
async () => {
  const { view } = document.getElementById("map").chart;
  const step = view.getResolution() * 6;
  const frames = [];
  const begun = performance.now();
  while (performance.now() - begun < 2000) {
    const [x, y] = view.getCenter();
    view.setCenter([x + (frames.length % 80 < 40 ? step : -step), y]);
    frames.push(await new Promise(requestAnimationFrame));
  }
  return (frames.length - 1) / ((frames[frames.length - 1] - frames[0]) / 1000);
}
"""
REPAINT = """
async (layer) => {
  const begun = performance.now();
  const select = document.getElementById("layer");
  select.value = layer;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await document.getElementById("map").chart.whenDrawn();
  return performance.now() - begun;
}
"""
BYTES = """
() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/tiles/"))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)
"""


def application(folder: Path) -> Flask:
    """The application over the data in ``folder``, as ``shidi serve`` has it."""
    settings = read_settings({}, data_dir=folder)
    store = open_store(settings)
    migrate(store)
    app = create_app(settings, store)
    gc.collect()
    gc.freeze()
    return app


def signed_in(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport=WINDOW, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
    page.goto(f"{address}/desk/sign-in")
    page.fill("input[name=login]", LEADER)
    page.fill("input[name=passphrase]", PASSPHRASE)
    page.press("input[name=passphrase]", "Enter")
    page.wait_for_url("**/desk/map**", timeout=SLOWEST_MS)
    # Until it is drawn the server still works for it, and the browser has not all files.
    page.locator("#map[data-state=drawn]").wait_for(timeout=SLOWEST_MS)
    return page


def worked_s(session: CDPSession) -> float:
    """CPU seconds that the page's main thread has worked, however long others kept it waiting."""
    told = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))


def one_opening(browser: Browser, server: Running) -> dict[str, float]:
    """Times of one opening of the page, in a window that has seen nothing of it."""
    address = f"http://127.0.0.1:{server.port}"
    page = signed_in(browser, address)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto("about:blank")
    before, before_of_server = worked_s(session), server.cpu_s()
    # Signing in has led to the map already: the second opening has the files, as a reader's browser has, and new data.
    page.goto(f"{address}/desk/map?units=village")
    page.locator("#map[data-first]").wait_for(timeout=SLOWEST_MS)
    to_first, to_first_of_server = worked_s(session) - before, server.cpu_s() - before_of_server
    page.locator("#map[data-state=drawn]").wait_for(timeout=SLOWEST_MS)
    to_all = worked_s(session) - before
    found = {
        "first picture ms": float(page.locator("#map").get_attribute("data-first") or "nan"),
        "all there ms": page.evaluate("performance.now()"),
        "first picture, CPU s of the page": to_first,
        "first picture, CPU s of the server": to_first_of_server,
        "all there, CPU s of the page": to_all,
        "repaint ms": median(page.evaluate(REPAINT, layer) for layer in ("night", "since", "visits")),
        "pan fps": page.evaluate(PAN),
        "tiles gz kB": page.evaluate(BYTES) / 1000,
    }
    page.context.close()
    return found


def answers(app: Flask) -> None:
    """Say CPU seconds and gzipped kB of the two answers of the API, by themselves: nothing else runs here meanwhile."""
    client = app.test_client()
    signed = client.post("/api/v1/sessions", json={"login": LEADER, "passphrase": PASSPHRASE}).get_json()
    headers = {"Authorization": f"Bearer {signed['token']}", "Accept-Encoding": "gzip"}
    for name in ("status", "map"):
        seconds = []
        for _ in range(5):
            begun = time.process_time()
            body = client.get(f"/api/v1/coverage/{name}", headers=headers).data
            seconds.append(time.process_time() - begun)
        click.echo(
            f"/coverage/{name}: {median(seconds):.2f} CPU s, {min(seconds):.2f} least, {len(body) / 1000:.0f} kB"
        )


def slowness() -> float:
    """How many times slower than idle this machine is now by itself: other work takes its caches and clock."""
    begun, total = time.process_time(), 0
    for number in range(3_000_000):
        total += number
    return (time.process_time() - begun) / 3 / IDLE_MILLION_S


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder with the province; made when it is not there.")
@click.option("--counties", default=100, show_default=True, help="Counties of 200 villages each.")
@click.option("--visits", default=80_000, show_default=True, help="Visits of the year.")
@click.option("--runs", default=5, show_default=True, help="Openings.")
@click.option("--chromium", default="/usr/bin/chromium", show_default=True)
def main(data: Path | None, counties: int, visits: int, runs: int, chromium: str) -> None:
    """Measure the map page; the numbers of the budget stand beside."""
    with tempfile.TemporaryDirectory(prefix="shidi-bench-map-") as temporary:
        folder = data or Path(temporary, "data")
        if not (folder / "shidi.sqlite").exists():
            begun = time.perf_counter()
            made_up_province(folder, today=datetime.now(LOCAL_ZONE).date(), counties=counties, visits=visits)
            click.echo(f"province made in {time.perf_counter() - begun:.0f} s")
        app = application(folder)
        click.echo(f"the machine is {slowness():.1f} times slower than idle, load {os.getloadavg()[0]:.1f}")
        answers(app)
        app.extensions[EXTENSION].store.close()
        with shidi_serve(folder) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            found = [one_opening(browser, server) for _ in range(runs)]
            browser.close()
    medians = {name: round(median(one[name] for one in found), 2) for name in found[0]}
    best = {name: round(min(one[name] for one in found), 2) for name in found[0]}
    click.echo(
        json.dumps({"median": medians, "least": best, "load": os.getloadavg(), "slowness": slowness()}, indent=1)
    )
    click.echo("budget: first picture 1,500 ms, status 40 kB gz, pan 50 fps")


if __name__ == "__main__":
    main()
