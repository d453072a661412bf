"""Does the phone page hold in the second engine? One visit in WebKitGTK: offline, reloaded, and delivered whole.

Needs WebKitWebDriver and Xvfb (Debian: webkit2gtk-driver, xvfb) and selenium (the extra ``long``). It is the engine of
Safari but no iPhone: storage is that of a private window, and positions never come, so one is put in their place.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from demo.server import Server, free_port
from tests.field.county import make_field_county
from tests.reliability.rig import PASSPHRASE

PATIENCE_S = 90.0
PHOTO_BYTES = 400_000

# WebKitGTK's automation asks nobody and answers nothing: this stands where the phone's receiver would be.
_HERE = """
const fix = {coords: {longitude: 119.5, latitude: 27.4, accuracy: 12, altitude: null}};
navigator.geolocation.watchPosition = (found) => setTimeout(() => found({...fix, timestamp: Date.now()}), 100) && 1;
navigator.geolocation.clearWatch = () => {};
"""

_PHOTO = """
const [visitId, size, done] = arguments;
const bytes = new Uint8Array(size);
for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
bytes.set([0xff, 0xd8, 0xff, 0xe0]);
const file = new File([bytes], 'photo.jpg', {type: 'image/jpeg', lastModified: Date.now()});
import('/field/static/engine/photos.js')
  .then(({take}) => take(visitId, file, {source: 'camera'}))
  .then((taken) => done(taken.sha256), (error) => done(`failed: ${error.name} ${error.message}`));
"""

_LOAD = """
const [visitId, done] = arguments;
import('/field/static/engine/visits.js').then(({load}) => load(visitId))
  .then(({records, photos, ended}) => done({records: records.map(({kind, sha256, state}) => ({kind, sha256, state})),
    photos: photos.map(({state, receipt}) => ({state, sha256: receipt && receipt.sha256})), ended}),
    (error) => done(String(error)));
"""


class Faulty(Exception):
    """The page did not do what it promises."""


def main() -> int:
    """Make the visit and say what was seen; 1 when anything was not as promised."""
    folder = Path(tempfile.mkdtemp(prefix="shidi-webkit-"))
    try:
        make_field_county(folder / "data", visits=2)
        port = free_port()
        with _browser() as driver:
            return _visit(driver, folder / "data", port)
    except Faulty as fault:
        print(f"FAULT: {fault}", flush=True)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _visit(driver: Any, data_dir: Path, port: int) -> int:
    with Server(data_dir, port) as server:
        driver.get(f"{server.base_url}/field/")
        _until(
            "the service worker is active",
            lambda: driver.execute_script(
                "return Boolean(navigator.serviceWorker && navigator.serviceWorker.controller)"
            ),
        )
        _fill(driver, "input[autocomplete=username]", "lin")
        _fill(driver, "input[type=password]", PASSPHRASE)
        _click(driver, "form button")
        _until("the assignments are listed", lambda: _there(driver, "article.card.sealed .button.main"))
        _click(driver, "article.card.sealed .button.main")
        _until("the visit is open", lambda: "#/visit/" in driver.current_url)
        visit_id = driver.current_url.split("#/visit/")[1].split("/")[0]
        _until("its opening was received", lambda: _states(driver, visit_id) == {"delivered"})
    # The server is gone; from here on nothing but the phone is left.
    driver.execute_script(_HERE)
    driver.execute_script(f"location.hash = '#/visit/{visit_id}/arrive'")
    # Below the ring: the screen before has a button of this kind too, and stands until this one is loaded.
    accept = ".ring-box ~ .thumb .button.main:not(:disabled)"
    _until("a position is offered", lambda: _there(driver, accept))
    _click(driver, accept)
    _until("the people are shown", lambda: driver.current_url.endswith("/people"))
    _until("there are answers", lambda: _there(driver, "input[type=radio]"))
    driver.execute_script("document.querySelector('input[type=radio]').click()")
    time.sleep(1)
    _click(driver, ".thumb .button.main")
    _until("the sighting is signed", lambda: "sighting" in _kinds(driver, visit_id))
    sha256 = driver.execute_async_script(_PHOTO, visit_id, PHOTO_BYTES)
    if len(sha256) != 64:
        raise Faulty(f"the photo was not kept: {sha256}")
    before = driver.execute_async_script(_LOAD, visit_id)
    driver.refresh()
    _until("the page starts without a server", lambda: _there(driver, "h1[tabindex]"))
    after = driver.execute_async_script(_LOAD, visit_id)
    if after != before:
        raise Faulty(f"after the reload there is {after} instead of {before}")
    print(f"kept over a reload without a server: {[one['kind'] for one in after['records']]}", flush=True)
    with Server(data_dir, port):
        driver.refresh()
        _until("everything is delivered", lambda: _states(driver, visit_id, photos=True) == {"delivered"})
        found = driver.execute_async_script(_LOAD, visit_id)
    if found["photos"][0]["sha256"] != sha256:
        raise Faulty("the receipt is for another photo")
    print(f"delivered with receipts, the photo's with the hash of its {PHOTO_BYTES} bytes here", flush=True)
    print(driver.capabilities.get("browserVersion"), "all as promised")
    return 0


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    # Only here: the benches are imported by checks that have no second engine.
    from selenium import webdriver
    from selenium.webdriver.common.options import ArgOptions

    display = f":{90 + os.getpid() % 100}"
    port = free_port()
    screen = subprocess.Popen(["Xvfb", display, "-screen", "0", "420x900x24"], stderr=subprocess.DEVNULL)
    environment = {**os.environ, "DISPLAY": display, "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "NO_AT_BRIDGE": "1"}
    service = subprocess.Popen(["WebKitWebDriver", f"--port={port}"], env=environment)
    try:
        time.sleep(3)
        options = ArgOptions()
        browser = {"binary": "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser", "args": ["--automation"]}
        options.set_capability("browserName", "MiniBrowser")
        options.set_capability("webkitgtk:browserOptions", browser)
        driver = webdriver.Remote(f"http://127.0.0.1:{port}", options=options)
        driver.set_script_timeout(PATIENCE_S)
        try:
            yield driver
        finally:
            driver.quit()
    finally:
        for process in (service, screen):
            process.terminate()
            process.wait(timeout=20)


def _until(what: str, is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(LookupError):
            if is_so():
                print(f"ok: {what}", flush=True)
                return
        time.sleep(0.3)
    raise Faulty(f"not within {PATIENCE_S:.0f} s: {what}")


def _there(driver: Any, selector: str) -> bool:
    return bool(driver.execute_script("return Boolean(document.querySelector(arguments[0]))", selector))


def _click(driver: Any, selector: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).click()", selector)


def _fill(driver: Any, selector: str, text: str) -> None:
    script = "const one = document.querySelector(arguments[0]); one.value = arguments[1];"
    driver.execute_script(f"{script} one.dispatchEvent(new Event('input', {{bubbles: true}}));", selector, text)


def _kinds(driver: Any, visit_id: str) -> list[str]:
    return [one["kind"] for one in driver.execute_async_script(_LOAD, visit_id)["records"]]


def _states(driver: Any, visit_id: str, *, photos: bool = False) -> set[str]:
    found = driver.execute_async_script(_LOAD, visit_id)
    if isinstance(found, str):
        raise LookupError(found)  # the page has only just begun, and nobody is unlocked yet
    return {one["state"] for one in (*found["records"], *(found["photos"] if photos else ()))}


if __name__ == "__main__":
    sys.exit(main())
