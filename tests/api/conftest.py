"""One application on a real, migrated SQLite store, with a small county in it."""

import base64
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.http.app import create_app, open_store
from api.http.house import EXTENSION, House
from api.settings import Settings, read_settings
from media.proof import DeviceKey, new_device_key, sign_p256
from visits.access import Actor, NewAccount, Role, actor_named, bootstrap_admin, create_account
from visits.people import Book, LeaveRow, RosterRow, import_leave, import_roster, postings
from visits.places import VillageRow, import_villages
from visits.store import Store, migrate

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
        return base64.urlsafe_b64encode(sign_p256(self.key, text.encode())).rstrip(b"=").decode()

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


FIX = {
    "lon_deg": 119.504,
    "lat_deg": 27.455,
    "datum": "wgs84",
    "datum_how": "declared",
    "accuracy_m": 12.0,
    "fixed_at": "2026-05-12T09:29:50+08:00",
    "source": "geolocation",
}


@pytest.fixture(scope="session")
def settled_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a migrated installation with the county in it; each test works on its own copy."""
    folder = tmp_path_factory.mktemp("settled") / "data"
    store = open_store(read_settings({}, data_dir=folder))
    migrate(store)
    _settle(store, START)
    store.checkpoint()
    store.close()
    return folder


@pytest.fixture
def make_world(settled_data: Path, tmp_path: Path) -> Iterator[Callable[..., World]]:
    opened: list[Store] = []
    folder = tmp_path / "data"
    shutil.copytree(settled_data, folder)

    def make(**changes: Any) -> World:
        settings = replace(read_settings({}, data_dir=folder), **changes)
        store = open_store(settings)
        opened.append(store)
        clock = Clock()
        app = create_app(settings, store, clock=clock)
        with store.reading() as uow:
            known = postings(uow, actor_named(uow, "org"))
        return World(app, store, clock, settings, [p.id for p in known if p.village_code == VILLAGE])

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


def _settle(store: Store, at_utc: datetime) -> None:
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
