"""A phone as a test drives it below its screens: every step is a call of an engine module in a real browser.

The window shows a file of the engine as text, so that no screen acts beside the test; service worker, store and origin
are those of the page.
"""

import hashlib
import os
import signal
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.reliability.rig import PASSPHRASE

Json = dict[str, Any]

WITHOUT_SCREENS = "/field/static/engine/db.js"
ENGINE = sorted(path.stem for path in Path(__file__).parents[2].glob("web/field/static/engine/*.js"))

# Calls one exported function of one engine module in the page, as a screen would.
_CALL = """async ([module, name, args]) => {
  const found = await import(`/field/static/engine/${module}.js`);
  try {
    const value = await found[name](...args);
    return {value: value === undefined ? null : value};
  } catch (error) {
    return {error: error.constructor.name, detail: String(error.message), slug: error.slug || null};
  }
}"""

# A photo that no other seed makes: a JPEG's first bytes, and then bytes that do not compress.
_TAKE = """async ([visitId, seed, size, how]) => {
  const bytes = new Uint8Array(size);
  let state = seed >>> 0;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  const file = new File([bytes], 'photo.jpg', {type: 'image/jpeg', lastModified: Date.now()});
  const photos = await import('/field/static/engine/photos.js');
  try {
    return {value: await photos.take(visitId, file, how)};
  } catch (error) {
    return {error: error.constructor.name, detail: String(error.message), slug: error.slug || null};
  }
}"""


class EngineError(Exception):
    """What the page's engine raised: the name of its class, and its sentence."""

    def __init__(self, told: Json) -> None:
        super().__init__(f"{told['error']}: {told['detail']}")
        self.name = str(told["error"])
        self.slug = told["slug"]


class PagePhone:
    """One phone: a browser profile with a window open."""

    page: Page

    def __init__(self, context: BrowserContext, base_url: str, *, offline: bool = False) -> None:
        """Open a window, with no network when told so."""
        self.context = context
        self.base_url = base_url
        context.set_offline(offline)
        self.open()

    def open(self) -> None:
        """Open a window on whatever the phone keeps; ``page`` is the newest."""
        self.page = self.context.new_page()
        self.page.goto(f"{self.base_url}{WITHOUT_SCREENS}")
        # All at once, as a page does that has started; a network that goes later must not decide what is loaded.
        self.page.evaluate(
            "(names) => Promise.all(names.map((name) => import(`./${name}.js`))).then(() => null)", ENGINE
        )

    def call(self, module: str, name: str, *args: Any) -> Any:
        """What a function of the engine returns in the page; raises ``EngineError`` when it raises."""
        return _value(self.page.evaluate(_CALL, [module, name, list(args)]))

    def sign_in(self, login: str = "lin", passphrase: str = PASSPHRASE) -> Json:
        """Sign in at the server, or unlock when it cannot be reached."""
        return dict(self.call("session", "signIn", login, passphrase))

    def open_visit(self, assignment_id: str) -> str:
        """Open an assignment over the network."""
        return str(self.call("assignments", "openOnline", assignment_id))

    def add(self, visit_id: str, kind: str, body: Json | None = None, **along: Any) -> Json:
        """Add a record."""
        return dict(self.call("visits", "add", visit_id, kind, body or {}, along))

    def arrive(self, visit_id: str) -> Json:
        """Arrive without a position, which is legal."""
        return self.add(visit_id, "arrive", {"fix": None, "no_fix_reason": "室内"})

    def take(self, visit_id: str, *, seed: int, size_bytes: int = 300_000, **how: Any) -> Json:
        """Take a photo of that many bytes; the same seed gives the same bytes."""
        return dict(_value(self.page.evaluate(_TAKE, [visit_id, seed, size_bytes, {"source": "camera", **how}])))

    def load(self, visit_id: str) -> Json:
        """Everything the phone has of a visit."""
        return dict(self.call("visits", "load", visit_id))

    def outbox(self) -> Json:
        """What the outbox shows."""
        return dict(self.call("outbox", "view"))

    def sync(self) -> Json:
        """Make one attempt to send, and return what the outbox shows after it."""
        self.call("outbox", "sync")
        return self.outbox()

    def keep_shell(self) -> None:
        """Register the service worker and return when it has kept the shell and answers for it."""
        self.call("shell", "register")
        self.page.evaluate(
            """() => navigator.serviceWorker.controller
                || new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', () => done()))"""
        )

    def restart(self) -> Json | None:
        """Close the window and open it again, as a phone does that ran out of memory; who is unlocked."""
        self.page.close()
        self.open()
        account: Json | None = self.call("session", "start")
        return account


def kill_browser(profile_dir: Path) -> int:
    """Kill every process of the browser on this profile without a warning; how many there were."""
    killed = 0
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if f"--user-data-dir={profile_dir}".encode() in command:
            os.kill(int(entry.name), signal.SIGKILL)
            killed += 1
    return killed


def bytes_of(seed: int, size_bytes: int) -> bytes:
    """The bytes ``take`` makes of a seed."""
    state, made = seed, bytearray(size_bytes)
    for at in range(size_bytes):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        made[at] = state >> 24
    made[:4] = b"\xff\xd8\xff\xe0"
    return bytes(made)


def sha256_of(seed: int, size_bytes: int) -> str:
    """The hash of the photo that ``take`` makes of a seed."""
    return hashlib.sha256(bytes_of(seed, size_bytes)).hexdigest()


def _value(told: Json) -> Any:
    if "error" in told:
        raise EngineError(told)
    return told["value"]
