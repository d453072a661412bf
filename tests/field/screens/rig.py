"""A county behind a running server, and phones as people hold them: every step is a tap or a typed word."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import shapely
from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from api.app import create_app
from api.settings import Settings
from geo import Area, Datum
from media.proof import load_or_create_master_key
from tests.visits.world import OFFICE_SITE, PASSPHRASE, XIADANG, World, make_world
from visits import places, plans
from visits.store import Store, migrate

# A step south of the village's office.
HERE = {"longitude": OFFICE_SITE[0], "latitude": OFFICE_SITE[1] - 0.002, "accuracy": 12}


@dataclass
class County:
    """The application and its world; the clock is the real one, as the browser's is."""

    app: Flask
    world: World

    def assign(self, *team: str, opens_in: timedelta = timedelta(hours=-1)) -> UUID:
        """A sealed assignment of the village to these inspectors."""
        now = datetime.now(UTC)
        members = tuple(self.world.actors[name].account_id for name in team)
        wanted = plans.NewAssignment(XIADANG, False, members, now + opens_in, now + timedelta(days=2), "随机抽取")
        with self.world.store.writing() as uow:
            return plans.assign(uow, self.world.actors["office"], wanted, at_utc=now).id


def make_county(folder: Path) -> County:
    """The county of the domain's tests, with a boundary for its village."""
    url = f"sqlite:///{folder / 'shidi.sqlite'}"
    store = Store(url, master_key=load_or_create_master_key(folder / "master.key"))
    migrate(store)
    world = make_world(store)
    _draw_village(world)
    settings = Settings(
        data_dir=folder,
        database_url=url,
        master_key_path=folder / "master.key",
        operator_name="演示县督查办",
        complaint_contact="0593-0000000",
    )
    return County(create_app(settings, store), world)


def _draw_village(world: World) -> None:
    lon, lat = OFFICE_SITE
    corners = [(-0.02, -0.012), (0.006, -0.02), (0.025, -0.004), (0.018, 0.016), (-0.004, 0.02), (-0.022, 0.009)]
    outline = shapely.Polygon([(lon + x, lat + y) for x, y in corners])
    with world.store.writing() as uow:
        places.import_areas(
            uow,
            world.actors["admin"],
            [Area(1, {"code": XIADANG}, outline, None)],
            datum=Datum.WGS84,
            quality=places.Quality.SYNTHETIC,
            source="drawn for the tests",
            licence="none",
            at_utc=datetime.now(UTC),
        )


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address at which the application answers."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Phone:
    """One phone in somebody's hand. ``taps`` counts what the thumb did; ``wrong`` is what the browser complained of."""

    context: BrowserContext
    address: str
    page: Page = field(init=False)
    taps: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the page, with a position to be found at."""
        self.context.grant_permissions(["geolocation"], origin=self.address)
        self.context.set_geolocation(HERE)
        self.take_up()

    def take_up(self) -> None:
        """Open the page in a new window, as after it was killed."""
        self.page = self.context.new_page()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(f"{self.address}/field/")
        self.heading()

    def _listen(self, said: ConsoleMessage) -> None:
        # A request that finds no network is a line of the browser's console and no fault of the page.
        if said.type in ("error", "warning") and "Failed to load resource" not in said.text:
            self.wrong.append(said.text)

    def heading(self, text: str | re.Pattern[str] = re.compile(".")) -> None:
        """Wait for the screen of this name."""
        expect(self.page.locator("main h1")).to_have_text(text)

    def sign_in(self, login: str) -> "Phone":
        """Sign in, and wait for the home screen and its lists."""
        self.page.get_by_label(re.compile("^(账号|Login)")).fill(login)
        self.page.get_by_label(re.compile("^(口令|Passphrase)")).fill(PASSPHRASE)
        self.page.locator("form button").click()
        self.heading(re.compile("我的任务|My assignments"))
        return self

    def kept_offline(self) -> "Phone":
        """Wait until the page has put itself on the phone, so that it starts without a network."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return self

    def tap(self, name: str, *, role: str = "button", exact: bool = True) -> None:
        """Tap what has this name."""
        self.taps += 1
        self.page.get_by_role(role, name=name, exact=exact).first.click()  # type: ignore[arg-type]

    def choose(self, name: str, *, group: str | None = None) -> None:
        """Tap one answer of a question."""
        self.taps += 1
        among = self.page.get_by_role("group", name=group) if group else self.page
        among.get_by_role("radio", name=name, exact=True).first.check()

    def goes_to(self, part: str) -> None:
        """Go to a part of the visit that is open, as the task list's lines do."""
        address = self.page.url.split("#")[1].split("/")
        self.page.goto(f"{self.address}/field/#/visit/{address[2]}/{part}".rstrip("/"))

    def go(self, hash_: str) -> None:
        self.page.goto(f"{self.address}/field/{hash_}")


__all__ = ["HERE", "County", "Phone", "make_county", "serving"]
