"""A small county to ask things of over HTTP: the application, its clock, signed-in phones, and makers of bodies."""

import base64
import hashlib
import io
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from api.http.house import EXTENSION, House
from api.settings import Settings
from media.proof import DeviceKey, b64url_text, new_device_key, sign_p256
from tests.passphrases import make_quick_to_try
from visits.access import Actor, NewAccount, Role, actor_named, bootstrap_admin, create_account
from visits.people import Book, LeaveRow, RosterRow, import_leave, import_roster
from visits.places import VillageRow, import_villages
from visits.store import Store

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)  # nine in the morning, a Tuesday
COUNTY = "350924"
VILLAGE = "350924100201"
OTHER_VILLAGE = "350924100202"
FOREIGN_VILLAGE = "350981100201"
PASSPHRASE = "correct-horse-battery"


@dataclass
class Clock:
    """The server's clock, which a test moves by hand."""

    at_utc: datetime = START

    def __call__(self) -> datetime:
        return self.at_utc

    def move(self, **span: float) -> None:
        self.at_utc += timedelta(**span)


@dataclass
class Phone:
    """A phone that is signed in: it keeps its key, its chain of records and its token."""

    client: FlaskClient
    login: str
    key: DeviceKey = field(default_factory=new_device_key)
    token: str = ""
    account_id: str = ""
    seq: int = 0
    previous: str | None = None

    def sign_in(self) -> TestResponse:
        device = {"label": "test phone", "public_key": self.key.public_jwk}
        body = {"login": self.login, "passphrase": PASSPHRASE, "device": device}
        answer = self.client.post("/api/v1/sessions", json=body)
        if answer.status_code == 201:
            self.token = answer.get_json()["token"]
            self.account_id = answer.get_json()["account"]["id"]
        return answer

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self.ask("POST", path, json=body, **kwargs)

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        full = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.open(full, method=method, headers=sent, buffered=True, **kwargs)

    def record(self, visit_id: str, kind: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The next record of this phone, signed, as it goes into a delivery."""
        self.seq += 1
        text = json.dumps(
            {
                "id": str(uuid.uuid4()),
                "visit_id": visit_id,
                "kind": kind,
                "seq": self.seq,
                "previous": self.previous,
                "made_at": "2026-05-12T09:30:00+08:00",
                "monotonic_ms": 1000 * self.seq,
                "nonce": None,
                "body": body,
                **changes,
            },
            ensure_ascii=False,
        )
        self.previous = hashlib.sha256(text.encode()).hexdigest()
        return {"record": text, "signature": self.signature(text)}

    def signature(self, text: str) -> str:
        return b64url_text(sign_p256(self.key, text.encode()))

    def deliver(self, visit_id: str, *records: dict[str, Any]) -> TestResponse:
        return self.post(f"visits/{visit_id}/records", {"records": list(records)})


@dataclass
class World:
    """The application, its clock, its store, and people who can sign in."""

    app: Flask
    store: Store
    clock: Clock
    settings: Settings
    posting_ids: list[UUID]

    @property
    def house(self) -> House:
        house: House = self.app.extensions[EXTENSION]
        return house

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def phone(self, login: str) -> Phone:
        phone = Phone(self.client(), login)
        assert phone.sign_in().status_code == 201
        return phone

    def actor(self, login: str) -> Actor:
        with self.store.reading() as uow:
            return actor_named(uow, login)

    def assign(self, *, hours: float = 0, team: tuple[str, ...] = ("lin", "chen"), village: str = VILLAGE) -> Any:
        """An assignment that is released in so many hours, as the office was told of it."""
        office = self.phone("office")
        body = {
            "village_code": village,
            "announced": False,
            "team": [str(self.actor(login).account_id) for login in team],
            "release_utc": (self.clock() + timedelta(hours=hours)).isoformat(),
            "expires_utc": (self.clock() + timedelta(hours=hours + 12)).isoformat(),
            "reason": "random draw",
        }
        answer = office.post("assignments", body)
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()

    def opened(self, phone: Phone) -> str:
        """A visit that this phone has opened; its id."""
        assigned = self.assign()
        answer = phone.post(f"assignments/{assigned['id']}/opening", {"device_utc": self.clock().isoformat()})
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json()["visit_id"])

    def work(self) -> int:
        """Do the jobs that wait."""
        return self.house.jobs.run_waiting()


TUS = {"Tus-Resumable": "1.0.0"}
FIX = {
    "lon_deg": 119.504,
    "lat_deg": 27.455,
    "datum": "wgs84",
    "datum_how": "declared",
    "accuracy_m": 12.0,
    "fixed_at": "2026-05-12T09:29:50+08:00",
    "source": "geolocation",
}


def settle(store: Store, at_utc: datetime) -> None:
    """A county with two villages, three posted people and accounts of each role."""
    with store.writing() as uow:
        bootstrap_admin(uow, login="root", name="Root", division_prefix="35", at_utc=at_utc)
        root = actor_named(uow, "root")
        for login, role, division in (
            ("admin", Role.ADMIN, COUNTY),
            ("office", Role.OFFICE, COUNTY),
            ("org", Role.ORGANIZATION, COUNTY),
            ("org2", Role.ORGANIZATION, COUNTY),
            ("lin", Role.INSPECTOR, COUNTY),
            ("chen", Role.INSPECTOR, COUNTY),
            ("wang", Role.INSPECTOR, COUNTY),
            ("discipline", Role.DISCIPLINE, COUNTY),
            ("leader", Role.LEADER, COUNTY),
            ("oversight", Role.OVERSIGHT, COUNTY),
            ("elsewhere", Role.ORGANIZATION, "350981"),
        ):
            new = NewAccount(login, login.title(), role, division)
            create_account(uow, root, new, passphrase=PASSPHRASE, at_utc=at_utc)
        make_quick_to_try(uow, PASSPHRASE)
        rows = [
            VillageRow(2, VILLAGE, "下党村", "下党乡"),
            VillageRow(3, OTHER_VILLAGE, "上党村", "下党乡"),
            VillageRow(4, FOREIGN_VILLAGE, "溪尾村", "溪尾镇"),
        ]
        import_villages(uow, root, rows, at_utc=at_utc)
        org = actor_named(uow, "org")
        people = [
            RosterRow(2, "张三", "1985-03", "县财政局", "第一书记", date(2026, 1, 1), village_code=VILLAGE),
            RosterRow(3, "李四", "1990-07", "县水利局", "队员", date(2026, 1, 1), village_code=VILLAGE),
            RosterRow(4, "王五", "1988-11", "县教育局", "队员", date(2026, 1, 1), village_code=OTHER_VILLAGE),
        ]
        import_roster(uow, org, people, at_utc=at_utc)


def ask_both_books(world: World) -> None:
    """Let both leave books be asked up to today, with nothing in them that concerns the visited village."""
    with world.store.writing() as uow:
        for book in (Book.TOWNSHIP, Book.DEPARTMENT):
            rows: list[LeaveRow] = []
            import_leave(
                uow,
                actor_named(uow, "org"),
                rows,
                book=book,
                as_of=world.clock().date(),
                division_code=COUNTY,
                at_utc=world.clock(),
            )


def a_photo(colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(out, "JPEG", quality=80)
    Image.new("RGB", (4, 4), colour)
    return out.getvalue()


def photo_body(data: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "media_type": "image/jpeg",
        "taken_at": "2026-05-12T09:31:00+08:00",
        "source": "camera",
        "fixes": [FIX],
        "of_record": None,
        **changes,
    }


def sighting_body(posting_id: object, seen: str = "met") -> dict[str, Any]:
    return {
        "posting_id": str(posting_id),
        "seen": seen,
        "met_by_both": False,
        "villagers_asked": 3,
        "villagers_know": 2,
        "fix": FIX,
        "note": "",
    }


PROBLEM_BODY = {
    "item": 13,
    "other_reason": None,
    "kind": 2,
    "text": "公示栏没有公示",
    "place_note": "村部门口",
    "fixed_on_spot": False,
    "fix": FIX,
}


def begin_upload(phone: Phone, visit_id: str, data: bytes, **headers: str) -> Any:
    digest = hashlib.sha256(data).hexdigest()
    said = {"visit_id": visit_id, "sha256": digest}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    sent = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata, **headers}
    return phone.ask("POST", "uploads", headers=sent)


def send_piece(phone: Phone, location: str, offset_bytes: int, piece: bytes) -> Any:
    headers = {**TUS, "Upload-Offset": str(offset_bytes), "Content-Type": "application/offset+octet-stream"}
    return phone.ask("PATCH", location, headers=headers, data=piece)


def numbers_of(status: dict[str, Any]) -> list[int]:
    """The map numbers that a status tells as runs."""
    numbers: list[int] = []
    after = 0
    for left_out, count in status["numbers"]:
        numbers += range(after + left_out, after + left_out + count)
        after += left_out + count
    return numbers
