"""A county with one of everything that somebody might want to read, and a person of each role inside and outside."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from shapely import Polygon
from sqlalchemy import select

from api.app import create_app, open_store
from api.settings import read_settings
from geo import Area, Datum
from media.proof import new_device_key, seal_identity, sign_p256
from tests.api.world import (
    COUNTY,
    FIX,
    FOREIGN_VILLAGE,
    OTHER_VILLAGE,
    PASSPHRASE,
    PROBLEM_BODY,
    VILLAGE,
    Clock,
    Phone,
    World,
    a_photo,
    ask_both_books,
    begin_upload,
    photo_body,
    send_piece,
    settle,
    sighting_body,
)
from tests.phone_exports import container, sealed
from visits.access import Device, NewAccount, Role, actor_named, create_account
from visits.intake import phone_exports
from visits.log import checkpoint_file, head, opening
from visits.people import postings
from visits.places import Quality, import_areas
from visits.review import ask_correction
from visits.review.figures import population_figures
from visits.review.rows import Appeal, BreachHandOver, PresenceFinding, PresenceRun, Referral
from visits.store import migrate
from visits.tipoffs import NewTipOff, enter_tip_off, file_identity_key
from visits.upkeep import checkpoint_now

FAR_COUNTY = FOREIGN_VILLAGE[:6]
# Who stands for each role inside; the inspector is of the team, and the reviewer is not the one who proposed.
INSIDE = {
    "inspector": "lin",
    "office": "office",
    "organization": "org2",
    "discipline": "discipline",
    "leader": "leader",
    "oversight": "oversight",
    "admin": "admin",
}
# Outside is another county, and for an inspector also the own county without being of the team.
OUTSIDE = {role: (f"far_{role}",) for role in INSIDE} | {"inspector": ("far_inspector", "wang")}


@dataclass
class County:
    """The world, who is signed in to it and with which token of their forms, and the names of the things in it."""

    world: World
    phones: dict[str, Phone]
    ids: dict[str, str]
    csrf: dict[str, str] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    pending: bytes = b""

    def secrets(self, login: str) -> set[str]:
        """What somebody outside must never be told: for a colleague of the county, villages are no secret."""
        hidden = {value for name, value in self.ids.items() if not name.startswith("log_")}
        hidden |= {"张三", "李四", "王五", PROBLEM_BODY["text"], "某干部私分补贴", "当日在县里开会", "锁门"}
        return hidden if login == "wang" else hidden | {"下党", "上党", VILLAGE, OTHER_VILLAGE, COUNTY}


@contextmanager
def opened(folder: Path, database_url: str | None) -> Iterator[County]:
    """The application over a fresh folder and database, with people inside and outside in it."""
    settings = replace(read_settings({}, data_dir=folder), second_factor="offered")
    if database_url is not None:
        settings = replace(settings, database_url=database_url)
    store = open_store(settings)
    clock = Clock()
    migrate(store)
    settle(store, clock())
    _settle_outside(store, clock)
    app = create_app(settings, store, clock=clock)
    with store.reading() as uow:
        known = sorted((p for p in postings(uow, actor_named(uow, "org"))), key=lambda p: p.name)
    world = World(app, store, clock, settings, [p.id for p in known if p.village_code == VILLAGE])
    try:
        yield County(world, {}, {})
    finally:
        store.close()


def keep(county: County, kept: Path, put_database_back: Callable[[], None] | None = None) -> Callable[[], None]:
    """Keep a copy of the county's folder; a call of what is returned brings it back, while the application runs on.

    ``put_database_back`` does the same for a database that is no file, while nobody is connected to it.
    """
    folder, engine = county.world.settings.data_dir, county.world.store.engine
    engine.dispose()
    shutil.copytree(folder, kept)

    def put_back() -> None:
        engine.dispose()
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.suffix != ".lock":  # The store holds it open.
                path.unlink()
        shutil.copytree(kept, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
        if put_database_back:
            put_database_back()

    return put_back


def build(county: County) -> None:
    """Make a visit with all that can hang on it, and a review under way."""
    world, ids = county.world, county.ids
    lin, chen, org = (world.phone(login) for login in ("lin", "chen", "org"))
    _draw_village(world)
    ids["device_id"] = _device_of(world, lin)
    assigned = world.assign()
    ids.update(assignment_id=assigned["id"], visit_id=assigned["visit_id"])
    for phone in (lin, chen):
        phone.post(f"assignments/{ids['assignment_id']}/opening", {"device_utc": world.clock().isoformat()})
    photos = _deliver(county, lin)
    for name, data in photos.items():
        ids[f"sha_{name}"] = hashlib.sha256(data).hexdigest()
        begun = begin_upload(lin, ids["visit_id"], data)
        ids[f"upload_{name}"] = begun.headers["Location"].rpartition("/")[2]
        if name != "pending":
            assert send_piece(lin, begun.headers["Location"], 0, data).status_code == 204
    county.pending = photos["pending"]
    world.work()
    world.clock.move(hours=2)
    ask_both_books(world)
    world.work()
    _review(county, org)
    ids["sealed_id"] = world.assign(hours=20)["id"]
    _plan(county)
    _tip_off(county)
    county.record = lin.record(ids["visit_id"], "problem", {**PROBLEM_BODY, "text": "补充"})
    ids["export_id"] = _bring_by_stick(world, lin)
    _checkpoint(county)
    ids["tiles_sha256"] = org.get("coverage/status").get_json()["tiles"][0]["sha256"]
    _find_entries(county)


def a_draw(county: County, line: str) -> dict[str, Any]:
    """One visit to be drawn under a line of the plan."""
    return {"plan_line_id": county.ids[line], "visits": 1, "days": ["2026-05-14"], "slots": {"day": 1}}


def _plan(county: County) -> None:
    """The year's plan with two lines, a recusal, and draws in each state that somebody may ask for."""
    office, ids = county.world.phone("office"), county.ids
    new = {"county_code": COUNTY, "year": 2026, "most_checks_per_village": 9}
    plan_id = ids["plan_id"] = office.post("plans", new).get_json()["id"]
    year = {"from_date": "2026-01-01", "to_date": "2026-12-31"}
    for version, line in enumerate(
        ({"kind": "unannounced", "title": "暗访"}, {"kind": "other", "title": "专项检查", "approver_name": "县长"}), 1
    ):
        headers = {"If-Match": f'"{version}"'}
        answer = office.ask("POST", f"plans/{plan_id}/lines", json={**line, **year}, headers=headers)
        assert answer.status_code == 201, answer.get_json()
    lines = {line["kind"]: line["id"] for line in answer.get_json()["lines"]}
    ids.update(line_id=lines["unannounced"], other_line_id=lines["other"])
    for name, steps in (("draw_told_id", ("withdrawal", "reveal")), ("draw_over_id", ("withdrawal",))):
        made = office.post("draws", a_draw(county, "other_line_id"))
        assert made.status_code == 201, made.get_json()
        ids[name] = made.get_json()["id"]
        for step in steps:
            said = {"reason": "日期填错"} if step == "withdrawal" else None
            answer = office.ask("POST", f"draws/{ids[name]}/{step}", json=said)
            assert answer.status_code == 200, answer.get_json()
    ids["draw_id"] = office.post("draws", a_draw(county, "line_id")).get_json()["id"]
    chen = str(county.world.actor("chen").account_id)
    kin = {"account_id": chen, "kind": "kin", "division_code": VILLAGE}
    ids["recusal_id"] = office.post("recusals", kin).get_json()["id"]


def _tip_off(county: County) -> None:
    """A report from the public, whose reporter is sealed to a key that nobody here has."""
    actor, key = county.world.actor("discipline"), new_device_key().public_jwk
    sealed_to = seal_identity(key, {"name": "演示举报人"})
    with county.world.store.writing() as uow:
        org, posting_id, at_utc = county.world.actor("org"), UUID(county.ids["posting_id"]), county.world.clock()
        asked = ask_correction(uow, org, posting_id, what="离任日期", asked_on=date(2026, 5, 11), at_utc=at_utc)
        county.ids["correction_id"] = str(asked.id)
    new = NewTipOff(VILLAGE, "letter", date(2026, 5, 11), "信访-7", "某干部私分补贴", sealed_to)
    with county.world.store.writing() as uow:
        file_identity_key(uow, actor, key, at_utc=county.world.clock())
        county.ids["tip_off_id"] = str(enter_tip_off(uow, actor, new, at_utc=county.world.clock()).id)


def _checkpoint(county: County) -> None:
    """One signed state of the log, for everybody to keep."""
    with county.world.store.writing() as uow:
        made = checkpoint_now(uow, at_utc=county.world.clock())
    county.ids["log_checkpoint_size"] = str(made.size)


def cosignature(county: County) -> dict[str, Any]:
    """A witness's signature over the checkpoint, as it is filed."""
    key = new_device_key()
    with county.world.store.reading() as uow:
        text = checkpoint_file(uow, int(county.ids["log_checkpoint_size"])).text
    signature = sign_p256(key, text.encode()).hex()
    return {"witness": "县纪委", "algorithm": "ES256", "public_jwk": key.public_jwk, "signature_hex": signature}


def sign_all_in(county: County) -> None:
    """Tokens for everybody."""
    for login in {*INSIDE.values(), *(one for far in OUTSIDE.values() for one in far)}:
        county.phones[login] = county.world.phone(login)


def _settle_outside(store: Any, clock: Clock) -> None:
    with store.writing() as uow:
        root = actor_named(uow, "root")
        for role in Role:
            new = NewAccount(f"far_{role}", f"Far {role}", role, FAR_COUNTY)
            create_account(uow, root, new, passphrase=PASSPHRASE, at_utc=clock())


def _draw_village(world: World) -> None:
    ring = Polygon([(119.4, 27.4), (119.6, 27.4), (119.6, 27.6), (119.4, 27.6)])
    with world.store.writing() as uow:
        import_areas(
            uow,
            actor_named(uow, "admin"),
            [Area(1, {"code": VILLAGE}, ring, None)],
            datum=Datum.WGS84,
            quality=Quality.MAP,
            source="drawn",
            licence="",
            at_utc=world.clock(),
        )


def _deliver(county: County, lin: Phone) -> dict[str, bytes]:
    """Send what lin recorded, and one record again with other words; the photos it announced."""
    visit_id, ids = county.ids["visit_id"], county.ids
    first, second = county.world.posting_ids
    made = {
        "arrive": ("arrive", {"fix": FIX, "no_fix_reason": None}),
        "seen": ("sighting", {**sighting_body(first, "not_met"), "note": "锁门"}),
        "seen_2": ("sighting", sighting_body(second, "not_met")),
        "problem_id": ("problem", PROBLEM_BODY),
        "clue_id": ("problem", {**PROBLEM_BODY, "item": 17, "text": "某干部私分补贴"}),
    }
    sent = {name: lin.record(visit_id, kind, body) for name, (kind, body) in made.items()}
    for name, one in sent.items():
        ids[name] = json.loads(one["record"])["id"]
    ids["sha_seen"] = hashlib.sha256(sent["seen"]["record"].encode()).hexdigest()
    ids["sha_seen_2"] = hashlib.sha256(sent["seen_2"]["record"].encode()).hexdigest()
    photos = {name: a_photo() for name in ("problem", "clue", "seen", "pending")}
    shows = {"problem": ids["problem_id"], "clue": ids["clue_id"], "seen": ids["seen"], "pending": None}
    pictures = [lin.record(visit_id, "photo", photo_body(data, of_record=shows[name])) for name, data in photos.items()]
    end = {"records": 10, "escorted": False, "warned_beforehand": False, "note": ""}
    answer = lin.deliver(visit_id, *sent.values(), *pictures, lin.record(visit_id, "close", end))
    assert answer.status_code == 200, answer.get_json()
    again = sent["seen"]["record"].replace("锁门", "门锁着")
    assert lin.deliver(visit_id, {"record": again, "signature": None}).status_code == 409
    return photos


def _device_of(world: World, phone: Phone) -> str:
    with world.store.reading() as uow:
        query = select(Device.id).where(Device.account_id == UUID(phone.account_id)).order_by(Device.registered_utc)
        return str(uow.session.scalars(query).first())


def _bring_by_stick(world: World, lin: Phone) -> str:
    """The office brings in a file of lin's phone that holds nothing new; the id of the import."""
    device_id = _device_of(world, lin)
    office = world.phone("office")
    keys = office.get("phone-exports/key").get_json()
    said = {"account_id": lin.account_id, "device_id": device_id, "made_at": "2026-05-12T18:00:00+08:00"}
    file = sealed(keys["kid"], keys["public_key"], container({**said, "visits": []}))
    answer = office.ask("POST", "phone-exports", headers={"Content-Type": "application/octet-stream"}, data=file)
    assert answer.status_code == 200, answer.get_json()
    with world.store.reading() as uow:
        return str(phone_exports(uow, world.actor("office"))[0].id)


def _review(county: County, org: Phone) -> None:
    ids = county.ids
    lin = county.world.actor("lin").account_id
    with county.world.store.reading() as uow:
        device_id = uow.session.scalars(select(Device.id).where(Device.account_id == lin)).first()
    ids.update(account_id=str(lin), device_id=str(device_id))
    ids["posting_id"], other = (str(one) for one in county.world.posting_ids)
    [seen] = org.get(f"postings/{ids['posting_id']}").get_json()["sightings"]
    [seen_2] = org.get(f"postings/{other}").get_json()["sightings"]
    ids.update(sighting_id=seen["seen"]["id"], sighting_2_id=seen_2["seen"]["id"])
    notice = org.post(f"sightings/{ids['sighting_id']}/notices", {"given_on": "2026-05-12", "how": "paper"})
    ids["notice_id"] = notice.get_json()["id"]
    reply = {"text": "当日在县里开会", "received_on": "2026-05-12", "how": "paper"}
    ids["reply_id"] = org.post(f"notices/{ids['notice_id']}/replies", reply).get_json()["replies"][0]["id"]
    wanted = {"outcome": "accept", "reason": "两本登记簿均无记录", "based_on": [ids["sha_seen"]]}
    made = org.post(f"sightings/{ids['sighting_id']}/decisions", wanted)
    assert made.status_code == 201, made.get_json()
    ids["decision_id"] = made.get_json()["id"]
    _follow(county)


def _follow(county: County) -> None:
    """What comes after: a referral that waits, and rows of an appeal and a hand-over for the forms to name.

    They are put straight into the tables: the decision of this county still waits for its second person.
    """
    ids, at_utc = county.ids, county.world.clock()
    by = county.world.actor("org").account_id
    posting_id = UUID(ids["posting_id"])
    with county.world.store.writing() as uow:
        decided = {"decision_id": UUID(ids["decision_id"])}
        appeal = Appeal(
            id=uuid4(),
            text="当日在县里",
            received_on=at_utc.date(),
            how="paper",
            registered_by=by,
            registered_utc=at_utc,
            outcome="",
            answer="",
            answered_by=None,
            answered_utc=None,
            **decided,
        )
        handed = BreachHandOver(
            id=uuid4(),
            addressee="township",
            name="下党乡党委",
            sent_on=at_utc.date(),
            consulted_on=None,
            consulted_note="",
            handled_on=None,
            handled_note="",
            recorded_by=by,
            recorded_utc=at_utc,
            **decided,
        )
        run = PresenceRun(
            county_code=COUNTY,
            as_of=date(2026, 3, 31),
            known_utc=at_utc,
            on_calendar=True,
            model_version="pooled-2",
            input_sha256="0" * 64,
            postings=1,
            sightings=0,
            population=population_figures([], {}, [], []),
            made_utc=at_utc,
        )
        uow.session.add_all([appeal, handed, run])
        uow.session.flush()
        numbers = dict.fromkeys(("visits", "days", "nights"), 8) | dict.fromkeys(
            ("found", "days_found", "nights_found", "directed", "not_counted"), 0
        )
        shares = {"mean": 0.2, "low80": 0.1, "high80": 0.3, "posterior": 0.97, "rate": 0.5}
        finding = PresenceFinding(
            run_number=run.number,
            posting_id=posting_id,
            village_code=VILLAGE,
            says="refer",
            about="absence",
            lacking={},
            reason="seldom_found",
            standard_name="default",
            **numbers,
            **shares,
        )
        referral = Referral(
            id=uuid4(),
            posting_id=posting_id,
            run_number=run.number,
            village_code=VILLAGE,
            about="absence",
            opened_utc=at_utc,
        )
        uow.session.add_all([finding, referral])
        ids.update(appeal_id=str(appeal.id), hand_over_id=str(handed.id), referral_id=str(referral.id))


def _find_entries(county: County) -> None:
    """Where the log holds one entry of each kind."""
    with county.world.store.reading() as uow:
        for index in range(head(uow).size):
            entry = opening(uow, index)
            assert entry is not None
            of_sealed = county.ids["sealed_id"] in entry.payload
            of_clue = county.ids["clue_id"] in entry.payload and entry.kind == "problem"
            name = "log_sealed" if of_sealed else "log_clue" if of_clue else f"log_{entry.kind}"
            county.ids[name] = str(index)
