"""A county behind a running server, and phones as people hold them: every step is a tap or a typed word."""

import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from api.app import furnish
from api.settings import Settings
from geo import Area, Datum
from media.proof import load_or_create_master_key
from tests.routes import shared_routes
from tests.visits.world import OFFICE_SITE, PASSPHRASE, XIADANG, World, make_world, read_world
from visits import intake, places, plans, review
from visits.store import Store, migrate

# A step south of the village's office.
HERE = {"longitude": OFFICE_SITE[0], "latitude": OFFICE_SITE[1] - 0.002, "accuracy": 12}


@dataclass
class County:
    """The application and its world; the clock is the real one, as the browser's is."""

    app: Flask
    world: World

    def assign(
        self, *team: str, village: str = XIADANG, opens_in: timedelta = timedelta(hours=-1), case_study: bool = False
    ) -> UUID:
        """A sealed assignment of the village to these inspectors."""
        now = datetime.now(UTC)
        members = tuple(self.world.actors[name].account_id for name in team)
        expires = now + timedelta(days=2)
        wanted = plans.NewAssignment(
            village, False, members, now + opens_in, expires, "随机抽取", case_study=case_study
        )
        with self.world.store.writing() as uow:
            return plans.assign(uow, self.world.actors["office"], wanted, at_utc=now).id

    def code_of(self, assignment_id: UUID) -> str:
        """The code on the slip that the office prints for the way."""
        with self.world.store.writing() as uow:
            office = self.world.actors["office"]
            code = plans.show_code(uow, office, assignment_id, at_utc=datetime.now(UTC)).code
        assert code is not None
        return code

    def returns(self, visit_id: UUID, name: str, reason: str) -> None:
        """Have the organization department return what was recorded of a person."""
        now = datetime.now(UTC)
        self.world.judge(visit_id, at_utc=now)
        sighting = next(s for s in self.world.look(visit_id).sightings if s.posting_id == self.world.postings[name])
        sent = {record.id: record.sha256 for record in self.world.look(visit_id).records}
        based_on = tuple(sent[record_id] for record_id in sighting.record_ids)
        with self.world.store.writing() as uow:
            reviewer = self.world.actors["organization"]
            review.decide(uow, reviewer, sighting.id, outcome="return", reason=reason, based_on=based_on, at_utc=now)

    def received(self, visit_id: str) -> list[dict[str, Any]]:
        """The records the server took of a visit, in the order they were made on each phone."""
        with self.world.store.reading() as uow:
            stored = [one.record for one in intake.accepted_records(uow, UUID(visit_id))]
        return sorted(stored, key=lambda record: record["made_at"])


def make_county(folder: Path) -> County:
    """The county of the domain's tests, with a boundary for its village."""
    store = _open_store(folder)
    migrate(store)
    world = make_world(store)
    _draw_village(world)
    return _county(folder, world)


def copy_of(made: Path, folder: Path) -> County:
    """The county of another folder once more."""
    shutil.copytree(made, folder)
    return _county(folder, read_world(_open_store(folder)))


def _county(folder: Path, world: World) -> County:
    settings = Settings(
        data_dir=folder,
        database_url=_url(folder),
        master_key_path=folder / "master.key",
        operator_name="演示县督查办",
        complaint_contact="0593-0000000",
    )
    app = shared_routes()
    furnish(app, settings, world.store)
    return County(app, world)


def _open_store(folder: Path) -> Store:
    return Store(_url(folder), master_key=load_or_create_master_key(folder / "master.key"))


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'shidi.sqlite'}"


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


STATIC = Path(__file__).parents[3] / "web" / "field" / "static"


def words_in(language: str, part: str) -> dict[str, str]:
    """The texts of one language: ``""`` what the start needs, ``".work"`` what is loaded after the sign-in."""
    found: dict[str, str] = json.loads((STATIC / "words" / f"{language}{part}.json").read_text("utf-8"))
    return found


WORDS = {language: {**words_in(language, ""), **words_in(language, ".work")} for language in ("zh", "en")}


@dataclass
class Phone:
    """One phone in somebody's hand. ``taps`` counts what the thumb did; ``wrong`` is what the browser complained of."""

    context: BrowserContext
    address: str
    language: str = "zh"
    page: Page = field(init=False)
    taps: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the page, with a position to be found at."""
        self.stand()
        self.take_up()

    def stand(self, **where: float) -> None:
        """Be at a place whose position the phone finds."""
        self.context.grant_permissions(["geolocation"], origin=self.address)
        self.context.set_geolocation({**HERE, **where})

    def take_up(self) -> None:
        """Open the page in a new window, as after it was killed."""
        self.page = self.context.new_page()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(f"{self.address}/field/")
        expect(self.page.locator("main h1[tabindex]")).to_be_visible()

    def _listen(self, said: ConsoleMessage) -> None:
        # A request that finds no network is a line of the browser's console and no fault of the page; nor is a worker
        # that the test itself forbade.
        harmless = ("Failed to load resource", "blocked by Playwright")
        if said.type in ("error", "warning") and not any(text in said.text for text in harmless):
            self.wrong.append(said.text)

    def word(self, key: str, **gaps: object) -> str:
        """A text in this phone's language."""
        return str(WORDS[self.language][key].format_map(gaps))

    def shows(self, key: str) -> None:
        """Wait for the screen with this heading."""
        self.shows_text(self.word(key))

    def shows_text(self, heading: str) -> None:
        expect(self.page.locator("main h1")).to_have_text(heading)

    def sign_in(self, login: str) -> "Phone":
        """Sign in, and wait for the home screen and its lists."""
        self.fill("sign_in.login", login)
        self.fill("sign_in.passphrase", PASSPHRASE)
        self.page.locator("form button").click()
        self.shows("home.title")
        return self

    def fill(self, key: str, text: str) -> None:
        """Type into the field of this label."""
        self.page.get_by_label(re.compile("^" + re.escape(self.word(key)))).first.fill(text)

    def tap(self, key: str, **gaps: object) -> None:
        """Tap the button or link of this name."""
        self.tap_text(self.word(key, **gaps))

    def tap_text(self, name: str) -> None:
        self.taps += 1
        button = self.page.get_by_role("button", name=name, exact=True)
        button.or_(self.page.get_by_role("link", name=name, exact=True)).first.click()

    def choose(self, key: str, *, among: str | None = None) -> None:
        """Tap one answer, of the question of this name where there are several."""
        self.taps += 1
        group = self.page.get_by_role("group", name=among) if among else self.page
        group.get_by_role("radio", name=self.word(key), exact=True).first.check()

    @property
    def visit_id(self) -> str:
        """The visit whose screen is open."""
        return self.page.url.split("#/visit/")[1].split("/")[0]

    def turn_to(self, part: str) -> None:
        """Go to a part of the visit that is open."""
        self.go(f"#/visit/{self.visit_id}/{part}".rstrip("/"))

    def go(self, place: str) -> None:
        self.page.goto(f"{self.address}/field/{place}")

    def goes_offline(self) -> None:
        """Lose the network, once everything is on the phone."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.context.set_offline(True)

    def open_visit(self) -> str:
        """Open the assignment over the network; the id of its visit."""
        self.tap("assignment.open")
        self.shows_text("下党村")
        return self.visit_id

    def arrive(self) -> None:
        """Start the search for a position and take the first."""
        self.tap("visit.arrive")
        self.shows("arrive.title")
        self.tap("arrive.accept")
        self.shows("people.title")
