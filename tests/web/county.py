"""A small county behind a running desk, built through the verbs themselves: visits, evidence, a review under way."""

import hashlib
import io
import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import shapely
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from api.app import create_app
from api.http.house import EXTENSION, House
from api.settings import Settings
from geo import Area, Datum
from media.proof import load_or_create_master_key
from tests.visits.world import COUNTY, NOW, OFFICE_SITE, PASSPHRASE, XIADANG, XIPU, Phone, World, fix, make_world
from visits import fieldwork, intake, ledger, people, places, plans, review, upkeep
from visits.store import Store, migrate


def desk_time() -> datetime:
    """The desk's clock: never before the evening of the visit, and never behind the browser's, or cookies would end."""
    return max(NOW + timedelta(hours=8), datetime.now(UTC))


EARLIER_VISITS = (  # days before, hour in China, what was found of 演示李二, by whom
    (150, 10, "met", "first"),
    (121, 19, "not_met", "second"),
    (95, 10, "met", "third"),
    (70, 20, "not_met", "first"),
    (40, 9, "seen_by_others", "second"),
    (20, 19, "not_met", "third"),
    (9, 20, "not_met", "first"),
)


@dataclass
class Desk:
    """The application with its county, and the ids that tests open."""

    folder: Path
    app: Flask
    world: World
    visit_id: UUID
    unfinished_id: UUID
    photo_sha256: str
    sealed_assignment: UUID

    def client(self, login: str | None = None, *, language: str = "zh") -> FlaskClient:
        """A browser without scripts, signed in when a login is given."""
        client = self.app.test_client()
        client.set_cookie("shidi_language", language, path="/desk/")
        if login is not None:
            answer = self.post(client, "/desk/sign-in", "/desk/sign-in", login=login, passphrase=PASSPHRASE)
            assert answer.status_code == 303, answer.text
        return client

    def post(self, client: FlaskClient, shown_at: str, action: str, **fields: object):  # type: ignore[no-untyped-def]
        """Send a form with the token of the page that shows it."""
        token = client.get(shown_at).text.split('name="csrf_token" value="')[1].split('"')[0]
        return client.post(action, data={"csrf_token": token, **fields})

    def posting(self, name: str) -> UUID:
        return self.world.postings[name]

    def sighting(self, name: str) -> UUID:
        """The sighting of this person on the main visit."""
        return next(s.id for s in self.world.look(self.visit_id).sightings if s.posting_id == self.posting(name))


def build(folder: Path) -> Desk:
    """Make the county in ``folder`` and open its desk."""
    store = _open_store(folder)
    migrate(store)
    world = make_world(store)
    app = _open_app(folder, store)
    house: House = app.extensions[EXTENSION]
    _draw_county(world)
    earlier = _earlier_visits(world)
    visit_id, photo = _main_visit(world, house)
    unfinished_id = _unfinished_visit(world)
    world.ask_books(NOW.date(), _leave_of_wang())
    sealed = _sealed_assignment(world)
    for one in (*earlier, visit_id, unfinished_id):
        world.judge(one)
    with store.writing() as uow:
        ledger.enter_problems(uow, visit_id, at_utc=NOW)
    with store.writing() as uow:
        for one in (*earlier, visit_id, unfinished_id):
            review.say_presence(uow, one, at_utc=NOW)
        upkeep.daily_checkpoint(uow, at_utc=NOW)
    return Desk(folder, app, world, visit_id, unfinished_id, photo, sealed)


def copy_of(desk: Desk, folder: Path) -> Desk:
    """The same county once more in ``folder``, to be changed by one test."""
    desk.world.store.checkpoint()
    shutil.copytree(desk.folder, folder, dirs_exist_ok=True)
    store = _open_store(folder)
    world = World(store, desk.world.actors, desk.world.postings)
    return replace(desk, folder=folder, app=_open_app(folder, store), world=world)


def _open_store(folder: Path) -> Store:
    return Store(_url(folder), master_key=load_or_create_master_key(folder / "master.key"))


def _open_app(folder: Path, store: Store) -> Flask:
    settings = Settings(
        data_dir=folder,
        second_factor="offered",
        database_url=_url(folder),
        master_key_path=folder / "master.key",
        operator_name="演示县督查办",
        complaint_contact="0593-0000000",
    )
    return create_app(settings, store, clock=desk_time)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'shidi.sqlite'}"


def jpeg(colour: str, words: str = "") -> bytes:
    """A small photo with a text on it."""
    image = Image.new("RGB", (640, 480), colour)
    ImageDraw.Draw(image).text((40, 40), words, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _draw_county(world: World) -> None:
    lon, lat = OFFICE_SITE
    outline = shapely.box(lon - 0.12, lat - 0.1, lon + 0.12, lat + 0.1)
    with world.store.writing() as uow:
        places.import_areas(
            uow,
            world.actors["admin"],
            [Area(1, {"code": COUNTY}, outline, None)],
            datum=Datum.WGS84,
            quality=places.Quality.SYNTHETIC,
            source="drawn for the tests",
            licence="none",
            at_utc=NOW - timedelta(days=30),
        )
        row = places.SiteRow(
            1,
            "村部",
            "office",
            lon + 0.05,
            lat + 0.03,
            village_code=XIPU,
            datum="wgs84",
            radius_m=400.0,
            quality="synthetic",
        )
        places.import_sites(uow, world.actors["admin"], [row], at_utc=NOW - timedelta(days=30))


def _earlier_visits(world: World) -> list[UUID]:
    made = []
    for days, hour, seen, who in EARLIER_VISITS:
        at = (NOW - timedelta(days=days)).replace(hour=hour - 8)
        other = "second" if who != "second" else "first"
        phones = world.open_visit(who, other, at_utc=at)
        for phone in phones:
            phone.make("arrive", at=at, fix=fix(), no_fix_reason=None)
        phones[0].sight(world.postings["演示李二"], seen, at=at, villagers_asked=3, villagers_know=2)
        phones[1].make("finish", at=at + timedelta(minutes=30), records=2)
        records = len(phones[0].texts) + 1
        phones[0].make(
            "close", at=at + timedelta(hours=1), records=records, escorted=False, warned_beforehand=False, note=""
        )
        for phone in phones:
            world.send(phone, at_utc=at + timedelta(hours=3))
        made.append(phones[0].visit_id)
    return made


def _main_visit(world: World, house: House) -> tuple[UUID, str]:
    first, second = world.open_visit("first", "second")
    names = world.postings
    first.arrive()
    second.arrive(fix((OFFICE_SITE[0] + 0.02, OFFICE_SITE[1]), accuracy_m=900.0))
    first.sight(names["演示张一"], "met", note="在村部办公", villagers_asked=3, villagers_know=3)
    absent = first.sight(names["演示李二"], "not_met", note="驻点锁门", villagers_asked=4, villagers_know=1)
    first.sight(names["演示王三"], "said_on_leave", note="村主任称其请假")
    first.sight(names["演示赵四"], "cannot_tell", place=fix(datum="unknown"))
    problem = _problem(first, 20)
    board, door = jpeg("#35605a", "board"), jpeg("#7a5230", "door")
    first.photo(board, of_record=problem)
    first.photo(door, of_record=absent)
    second.sight(names["演示张一"], "met")
    second.finish()
    first.close()
    for phone in (first, second):
        world.send(phone)
    _send_conflict(world, first)
    for data in (board, door):
        _arrive(world, house, first, data)
    return first.visit_id, hashlib.sha256(door).hexdigest()


def _problem(phone: Phone, item: int) -> UUID:
    """A problem record of the second kind."""
    made = phone.make(
        "problem",
        item=item,
        other_reason=None,
        text="公示栏上没有本年度资金公告",
        place_note="村部门口",
        fixed_on_spot=False,
        fix=fix(),
    )
    phone.made[-1]["body"]["kind"] = 2
    phone.texts[-1] = json.dumps(phone.made[-1], ensure_ascii=False)
    return made


def _send_conflict(world: World, phone: Phone) -> None:
    """The same record id again with another text, as a phone restored from a backup would send it."""
    changed = phone.texts[2].replace("驻点锁门", "驻点无人")
    assert changed != phone.texts[2]
    world.send(phone, [changed])


def _arrive(world: World, house: House, phone: Phone, data: bytes) -> None:
    stored = house.evidence.put(data)
    with world.store.writing() as uow:
        begun = intake.begin_upload(
            uow, phone.actor, visit_id=phone.visit_id, sha256=stored.sha256_hex, size_bytes=len(data), at_utc=NOW
        )
        intake.complete_upload(uow, phone.actor, begun.id, at_utc=NOW + timedelta(minutes=40))
    house.evidence.put_derived(stored.sha256_hex, "display.jpg", data)
    with world.store.writing() as uow:
        facts = {"width_px": 640, "height_px": 480, "make": "演示", "model": "P1", "lon_deg": 119.41, "lat_deg": 27.26}
        fieldwork.record_inspection(uow, phone.visit_id, stored.sha256_hex, facts=facts, at_utc=NOW)


def _unfinished_visit(world: World) -> UUID:
    """A visit by one inspector with thirteen photos, one beyond the cap, none of which has arrived."""
    (phone,) = world.open_visit("third", village_code=XIPU)
    phone.arrive()
    for number in range(13):
        phone.photo(jpeg("#445566", str(number)))
    world.send(phone)
    return phone.visit_id


def _leave_of_wang() -> people.LeaveRow:
    return people.LeaveRow(
        1,
        "演示王三",
        "事假",
        NOW.date() - timedelta(days=1),
        NOW.date() + timedelta(days=1),
        sending_unit="县演示局",
        birth_month="1985-03",
        department_approved_at=date(NOW.year, NOW.month, NOW.day - 2),
    )


def _sealed_assignment(world: World) -> UUID:
    with world.store.writing() as uow:
        made = plans.assign(
            uow,
            world.actors["office"],
            plans.NewAssignment(
                XIADANG,
                False,
                (world.actors["first"].account_id, world.actors["second"].account_id),
                desk_time() + timedelta(hours=12),
                desk_time() + timedelta(days=2),
                "随机抽取",
            ),
            at_utc=NOW,
        )
    return made.id


def at_local(moment: datetime) -> str:
    """The moment as the desk writes it."""
    return (moment + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")
