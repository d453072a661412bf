"""An installation for a bench: a fresh data folder with one village, an office and signed-in inspectors."""

import base64
import hashlib
import json
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import func, or_, select

from api.app import open_store
from api.settings import read_settings
from demo.phone import uuid7
from media.proof import DeviceKey, new_device_key, record_sha256, sign_p256
from visits.access import (
    NewAccount,
    Role,
    actor_named,
    bootstrap_admin,
    create_account,
    prove_passphrase,
    sign_in,
)
from visits.places import VillageRow, import_villages
from visits.plans import NewAssignment, assign, open_assignment
from visits.store import Job, Store, migrate

COUNTY = "350924"
VILLAGE = "350924100201"
PASSPHRASE = "copper lantern beside seven rivers"
FIX: dict[str, Any] = {
    "lon_deg": 119.4867,
    "lat_deg": 27.2183,
    "datum": "wgs84",
    "datum_how": "declared",
    "accuracy_m": 12.0,
    "altitude_m": None,
    "fixed_at": "2026-05-12T09:30:00+08:00",
    "source": "geolocation",
    "mocked": None,
}


@dataclass(frozen=True)
class Inspector:
    """An inspector with a signed-in phone."""

    login: str
    account_id: UUID
    token: str
    key: DeviceKey


@dataclass(frozen=True)
class Visit:
    """An opened visit of one inspector."""

    inspector: Inspector
    assignment_id: UUID
    visit_id: UUID


class Installation:
    """A data folder that is ready for a server; the server may run while more is added."""

    def __init__(self, data_dir: Path, inspectors: int) -> None:
        self.data_dir = data_dir
        self._store: Store = open_store(read_settings({}, data_dir=data_dir))
        migrate(self._store)
        self._settle(inspectors)
        self.inspectors = [self._signed_in(f"insp.{number}") for number in range(inspectors)]

    def visit(self, inspector: Inspector) -> Visit:
        """A new visit, assigned to this inspector and opened by their phone."""
        now = datetime.now(UTC)
        new = NewAssignment(VILLAGE, False, (inspector.account_id,), now, now + timedelta(days=1), "bench")
        with self._store.writing() as uow:
            made = assign(uow, actor_named(uow, "office"), new, at_utc=now)
            opened = open_assignment(uow, actor_named(uow, inspector.login), made.id, device_utc=now, at_utc=now)
        assert opened.package is not None
        return Visit(inspector, made.id, opened.package.visit_id)

    def jobs(self) -> Mapping[str, int]:
        """How many jobs stand in each state; the next checkpoint of the log, which waits for its day, is none here."""
        query = (
            select(Job.state, func.count())
            .where(or_(Job.attempts > 0, Job.due_utc <= datetime.now(UTC)))
            .group_by(Job.state)
        )
        with self._store.reading() as uow:
            return {state: count for state, count in uow.session.execute(query)}  # noqa: C416 - rows are no pairs

    def close(self) -> None:
        self._store.checkpoint()
        self._store.close()

    def _settle(self, inspectors: int) -> None:
        now = datetime.now(UTC)
        with self._store.writing() as uow:
            bootstrap_admin(uow, login="admin", name="管理员", division_prefix=COUNTY, at_utc=now)
            admin = actor_named(uow, "admin")
            office = NewAccount("office", "督查室", Role.OFFICE, COUNTY)
            team = [NewAccount(f"insp.{n}", f"督查员{n}", Role.INSPECTOR, COUNTY) for n in range(inspectors)]
            for account in (office, *team):
                create_account(uow, admin, account, passphrase=PASSPHRASE, at_utc=now)
            import_villages(uow, admin, [VillageRow(2, VILLAGE, "西门村", "鳌阳镇")], at_utc=now)

    def _signed_in(self, login: str) -> Inspector:
        key, now = new_device_key(), datetime.now(UTC)
        with self._store.reading() as uow:
            proven = prove_passphrase(uow, login=login, passphrase=PASSPHRASE, at_utc=now)
        with self._store.writing() as uow:
            signed = sign_in(uow, proven, device_label="bench", device_key=key.public_jwk, at_utc=now)
        return Inspector(login, signed.actor.account_id, signed.token, key)


@contextmanager
def installation(*, inspectors: int) -> Iterator[Installation]:
    """An installation in a folder of its own, which is removed at the end, also when the bench is told to stop."""
    signal.signal(signal.SIGTERM, _stop)
    folder = Path(tempfile.mkdtemp(prefix="shidi-bench-"))
    try:
        made = Installation(folder, inspectors)
        try:
            yield made
        finally:
            made.close()
    finally:
        shutil.rmtree(folder)


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(1)


def delivery(visit: Visit, records: list[tuple[str, dict[str, Any]]]) -> bytes:
    """The body of one POST: records of these kinds and bodies, numbered, chained and signed as a phone does it."""
    made: list[dict[str, str]] = []
    previous: str | None = None
    for seq, (kind, body) in enumerate(records, start=1):
        text = json.dumps(
            {
                "id": str(uuid7()),
                "visit_id": str(visit.visit_id),
                "kind": kind,
                "seq": seq,
                "previous": previous,
                "made_at": "2026-05-12T09:30:00+08:00",
                "monotonic_ms": 1000 * seq,
                "nonce": None,
                "body": body,
            },
            ensure_ascii=False,
        )
        previous = record_sha256(text)
        signature = base64.urlsafe_b64encode(sign_p256(visit.inspector.key, text.encode())).rstrip(b"=").decode()
        made.append({"record": text, "signature": signature})
    return json.dumps({"records": made}, ensure_ascii=False).encode()


def a_visit_of(records: int) -> list[tuple[str, dict[str, Any]]]:
    """The records of one phone's visit: half sightings, a third problems, some photos announced, and the close."""
    middle = [_one(number) for number in range(records - 2)]
    arrive: dict[str, Any] = {"fix": FIX, "no_fix_reason": None}
    return [("arrive", arrive), *middle, closing(records)]


def closing(records: int) -> tuple[str, dict[str, Any]]:
    """The record that closes a visit."""
    return "close", {"records": records, "escorted": False, "warned_beforehand": False, "note": ""}


def photo_record(data: bytes) -> tuple[str, dict[str, Any]]:
    """The record that announces a photo."""
    return "photo", {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "media_type": "image/jpeg",
        "taken_at": "2026-05-12T09:30:00+08:00",
        "source": "camera",
        "fixes": [FIX],
        "of_record": None,
    }


def _one(number: int) -> tuple[str, dict[str, Any]]:
    if number % 6 == 5:
        return photo_record(number.to_bytes(8) + uuid7().bytes)
    if number % 6 in (1, 3):
        return "problem", {
            "item": 1 + number % 16,
            "other_reason": None,
            "kind": 2,
            "text": "公示栏内容与走访情况不一致，未见更新。",
            "place_note": "村部",
            "fixed_on_spot": False,
            "fix": FIX,
        }
    return "sighting", {
        "posting_id": str(uuid7()),
        "seen": "met",
        "met_by_both": False,
        "villagers_asked": 3,
        "villagers_know": 2,
        "fix": FIX,
        "note": "在村部办公",
    }
