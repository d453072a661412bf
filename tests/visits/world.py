"""A small county for the domain tests: three villages, five postings, seven accounts, and simulated phones."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from media.proof import DeviceKey, new_device_key, record_sha256, sign_p256
from tests.passphrases import make_quick_to_try
from visits import access, fieldwork, intake, people, places, plans
from visits.access import Actor, NewAccount, Role
from visits.forms import question_set
from visits.store import Store, UnitOfWork

# A Wednesday, ten in the morning in China.
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
COUNTY = "350924"
XIADANG = "350924106208"
OTHER_XIADANG = "350924209201"
XIPU = "350924106201"
OFFICE_SITE = (119.4021, 27.2603)
CANTEEN = (119.4400, 27.2900)
PASSPHRASE = "a long passphrase for tests"


def uuid7() -> UUID:
    """A version 7 id, as a phone makes them."""
    millis = int(datetime.now(UTC).timestamp() * 1000)
    value = (millis << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return UUID(int=value)


def fix(lon_lat: tuple[float, float] = OFFICE_SITE, **changes: Any) -> dict[str, Any]:
    """A fix as a phone sends it."""
    return {
        "lon_deg": lon_lat[0],
        "lat_deg": lon_lat[1],
        "datum": "wgs84",
        "datum_how": "declared",
        "accuracy_m": 12.0,
        "altitude_m": None,
        "fixed_at": NOW.isoformat(),
        "source": "geolocation",
        "mocked": False,
        **changes,
    }


@dataclass
class Phone:
    """One inspector's phone: signs, chains and numbers its records like the real one."""

    actor: Actor
    key: DeviceKey | None
    visit_id: UUID
    nonce: str = ""
    made: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def make(self, kind: str, /, *, at: datetime = NOW, record_id: UUID | None = None, **body: Any) -> UUID:
        """Add a record of ``kind``; returns its id."""
        record = {
            "id": str(record_id or uuid7()),
            "visit_id": str(self.visit_id),
            "kind": kind,
            "seq": len(self.texts) + 1,
            "previous": record_sha256(self.texts[-1]) if self.texts else None,
            "made_at": at.isoformat(),
            "monotonic_ms": 1000,
            "nonce": self.nonce,
            "body": body,
        }
        self.made.append(record)
        self.texts.append(json.dumps(record, ensure_ascii=False))
        return UUID(record["id"])

    def arrive(self, place: dict[str, Any] | None = None, **more: Any) -> UUID:
        return self.make("arrive", fix=fix() if place is None else place, no_fix_reason=None, **more)

    def sight(self, posting_id: UUID, seen: str, *, place: dict[str, Any] | None = None, **more: Any) -> UUID:
        body = {"met_by_both": False, "villagers_asked": 0, "villagers_know": 0, "note": "", **more}
        at = body.pop("at", NOW)
        return self.make("sighting", at=at, posting_id=str(posting_id), seen=seen, fix=place or fix(), **body)

    def problem(self, item: int | None = 20, **more: Any) -> UUID:
        body = {
            "item": item,
            "other_reason": None,
            "kind": 2,
            "text": "公示栏无公示",
            "place_note": "村部",
            "fixed_on_spot": False,
            "fix": fix(),
        }
        return self.make("problem", **{**body, **more})

    def photo(self, data: bytes, *, of_record: UUID | None = None, **more: Any) -> UUID:
        body = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
            "media_type": "image/jpeg",
            "taken_at": NOW.isoformat(),
            "source": "camera",
            "fixes": [fix()],
            "of_record": str(of_record) if of_record else None,
        }
        return self.make("photo", **{**body, **more})

    def answers(self, *said: tuple[str, str], version: str | None = None, **counted: tuple[int, int]) -> UUID:
        """Answer questions: (id, word) pairs, and ``id=(asked, know)`` for those that are counted."""
        answers = [{"question_id": q, "answer": word, "asked": None, "know": None, "note": ""} for q, word in said]
        answers += [
            {"question_id": q, "answer": "counted", "asked": asked, "know": know, "note": ""}
            for q, (asked, know) in counted.items()
        ]
        return self.make("answers", question_set=version or question_set().version, answers=answers)

    def correct(self, record_id: UUID, *, at: datetime = NOW, reason: str = "看错了", **changes: Any) -> UUID:
        """Correct a record of any phone: its body with these changes."""
        made, text = next((m, t) for m, t in zip(self.made, self.texts, strict=True) if m["id"] == str(record_id))
        return self.make(
            "correction",
            at=at,
            of_record=str(record_id),
            of_sha256=record_sha256(text),
            reason=reason,
            body={**made["body"], **changes},
        )

    def finish(self) -> UUID:
        return self.make("finish", records=len(self.texts) + 1)

    def close(self, *, escorted: bool = False, warned: bool = False, **more: Any) -> UUID:
        body = {"records": len(self.texts) + 1, "escorted": escorted, "warned_beforehand": warned, "note": ""}
        return self.make("close", **{**body, **more})

    def incoming(self, texts: Sequence[str] | None = None) -> list[intake.Incoming]:
        return [incoming(text, self.key) for text in (self.texts if texts is None else texts)]


def incoming(text: str, key: DeviceKey | None = None) -> intake.Incoming:
    """A record text as the API hands it over after gate 1."""
    record = json.loads(text)
    typed = {**record, "id": UUID(record["id"]), "visit_id": UUID(record["visit_id"])}
    if record["kind"] in ("photo", "correction") and record["body"]["of_record"]:
        typed["body"] = {**record["body"], "of_record": UUID(record["body"]["of_record"])}
    signature = urlsafe_b64encode(sign_p256(key, text.encode())).decode().rstrip("=") if key else None
    return intake.Incoming(text, signature, typed)


T = TypeVar("T")
# Phones that are signed in and have not been used yet, by the name of their inspector.
Devices = dict[str, tuple[Actor, DeviceKey]]


@dataclass
class World:
    """The county with its accounts, and the one visit that most tests are about."""

    store: Store
    actors: dict[str, Actor]
    postings: dict[str, UUID]
    devices: Devices = field(default_factory=dict)

    def kept(self, story: Callable[..., T], *args: object) -> T:
        """What ``story(world, *args)`` returns; the domain tests keep what it left, see ``tests.visits.stories``."""
        return story(self, *args)

    def send(
        self,
        phone: Phone,
        texts: Sequence[str] | None = None,
        *,
        at_utc: datetime = NOW,
        device_utc: datetime | None = None,
    ) -> intake.Reception:
        with self.store.writing() as uow:
            return intake.receive(
                uow, phone.actor, phone.visit_id, phone.incoming(texts), device_utc=device_utc, at_utc=at_utc
            )

    def judge(self, visit_id: UUID, *, at_utc: datetime = NOW) -> None:
        with self.store.writing() as uow:
            fieldwork.judge_visit(uow, visit_id, at_utc=at_utc)

    def look(self, visit_id: UUID, who: str = "organization") -> fieldwork.VisitView:
        with self.store.writing() as uow:
            return fieldwork.visit(uow, self.actors[who], visit_id, at_utc=NOW)

    def outcomes(self, visit_id: UUID) -> dict[str, str]:
        """Outcome by the name the posting has in this world."""
        names = {posting_id: name for name, posting_id in self.postings.items()}
        return {names[s.posting_id]: s.now.outcome for s in self.look(visit_id).sightings}

    def hints(self, visit_id: UUID) -> set[str]:
        return {h.code for h in self.look(visit_id).hints}

    def open_visit(
        self,
        *who: str,
        village_code: str = XIADANG,
        at_utc: datetime = NOW,
        announced: bool = False,
        skew: timedelta = timedelta(),
    ) -> list[Phone]:
        """Assign a village to these inspectors, open it on each phone, and return the phones."""
        who = who or ("first", "second")
        with self.store.writing() as uow:
            made = plans.assign(
                uow,
                self.actors["office"],
                plans.NewAssignment(
                    village_code,
                    announced,
                    tuple(self.actors[name].account_id for name in who),
                    at_utc - timedelta(hours=1),
                    at_utc + timedelta(days=2),
                ),
                at_utc=at_utc,
            )
        phones = []
        for name in who:
            actor, key = self.phone_actor(name)
            with self.store.writing() as uow:
                opened = plans.open_assignment(uow, actor, made.id, device_utc=at_utc + skew, at_utc=at_utc)
            assert opened.package is not None
            phones.append(Phone(actor, key, opened.package.visit_id, opened.package.nonce))
        return phones

    def phone_actor(self, name: str) -> tuple[Actor, DeviceKey]:
        """The phone that was signed in when the county was made, or else a new one, with a key of its own."""
        return self.devices.pop(name, None) or self.new_phone(name)

    def new_phone(self, name: str) -> tuple[Actor, DeviceKey]:
        """Sign in on a new phone with a key of its own."""
        key = new_device_key()
        with self.store.writing() as uow:
            at_utc = NOW - timedelta(days=1)
            proven = access.prove_passphrase(uow, login=name, passphrase=PASSPHRASE, at_utc=at_utc)
            signed = access.sign_in(uow, proven, device_label="test", device_key=key.public_jwk, at_utc=at_utc)
        return signed.actor, key

    def ask_books(self, on: date, *rows: people.LeaveRow, at_utc: datetime = NOW) -> None:
        """Import both leave books as they stood on ``on``; the rows stand in the department's."""
        with self.store.writing() as uow:
            organization = self.actors["organization"]
            for book, said in ((people.Book.TOWNSHIP, ()), (people.Book.DEPARTMENT, rows)):
                people.import_leave(uow, organization, said, book=book, as_of=on, division_code=COUNTY, at_utc=at_utc)


def make_world(store: Store) -> World:
    """Build the county through the verbs themselves."""
    early = NOW - timedelta(days=30)
    with store.writing() as uow:
        access.bootstrap_admin(uow, login="admin", name="管理员", division_prefix="35", at_utc=early)
        admin = access.actor_named(uow, "admin")
        for login, role, prefix in (
            ("office", Role.OFFICE, COUNTY),
            ("organization", Role.ORGANIZATION, COUNTY),
            ("second_reviewer", Role.ORGANIZATION, COUNTY),
            ("leader", Role.LEADER, COUNTY),
            ("oversight", Role.OVERSIGHT, COUNTY),
            ("discipline", Role.DISCIPLINE, COUNTY),
            ("first", Role.INSPECTOR, COUNTY),
            ("second", Role.INSPECTOR, COUNTY),
            ("third", Role.INSPECTOR, COUNTY),
            ("stranger", Role.ORGANIZATION, "350981"),
            ("far_inspector", Role.INSPECTOR, "350981"),
        ):
            access.create_account(
                uow, admin, NewAccount(login, f"演示{login}", role, prefix), passphrase=PASSPHRASE, at_utc=early
            )
        make_quick_to_try(uow, PASSPHRASE)
        _make_places(uow, admin, early)
        _make_postings(uow, access.actor_named(uow, "organization"), early)
    return read_world(store)


def read_world(store: Store) -> World:
    """The world of a store that ``make_world`` has filled."""
    with store.reading() as uow:
        actors = {login: access.actor_named(uow, login) for login in _LOGINS}
        listed = people.postings(uow, actors["organization"])
        return World(store, actors, {p.name: p.id for p in listed})


_LOGINS = (
    "admin",
    "office",
    "organization",
    "second_reviewer",
    "leader",
    "oversight",
    "discipline",
    "first",
    "second",
    "third",
    "stranger",
    "far_inspector",
)


def _make_places(uow: UnitOfWork, admin: Actor, at_utc: datetime) -> None:
    rows = [
        places.VillageRow(1, XIADANG, "下党村", "凤阳镇"),
        places.VillageRow(2, OTHER_XIADANG, "下党村", "下党乡"),
        places.VillageRow(3, XIPU, "溪浦村", "凤阳镇"),
    ]
    places.import_villages(uow, admin, rows, county_name="寿宁县", at_utc=at_utc)
    lon, lat = OFFICE_SITE
    sites = [
        places.SiteRow(
            1, "村部", "office", lon, lat, village_code=XIADANG, datum="wgs84", radius_m=400.0, quality="surveyed"
        )
    ]
    places.import_sites(uow, admin, sites, at_utc=at_utc)


def _make_postings(uow: UnitOfWork, organization: Actor, at_utc: datetime) -> None:
    def row(number: int, name: str, kind: str, **more: Any) -> people.RosterRow:
        said = {"birth_month": "1985-03", "sending_unit": "县演示局", "from_date": date(2025, 7, 1), **more}
        return people.RosterRow(number, name, kind=kind, village_code=XIADANG, **said)

    rows = [
        row(1, "演示张一", "第一书记"),
        row(2, "演示李二", "工作队员"),
        row(3, "演示王三", "工作队员"),
        row(4, "演示赵四", "挂钩帮扶"),
        row(5, "演示钱五", "工作队员", to_date=date(2026, 11, 17)),
    ]
    people.import_roster(uow, organization, rows, at_utc=at_utc)


__all__ = [
    "CANTEEN",
    "COUNTY",
    "NOW",
    "OFFICE_SITE",
    "OTHER_XIADANG",
    "PASSPHRASE",
    "XIADANG",
    "XIPU",
    "Phone",
    "World",
    "fix",
    "incoming",
    "make_world",
    "read_world",
    "uuid7",
]
