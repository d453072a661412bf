"""A small county on disk, two phones that keep a real server busy, and the question whether anything was lost."""

import base64
import hashlib
import io
import json
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from PIL import Image
from sqlalchemy import func, or_, select

from api.app import open_store
from api.evidence import open_evidence
from api.settings import Settings, read_settings
from demo.phone import TUS, Phone
from demo.server import Server, environment
from visits.access import NewAccount, Role, actor_named, bootstrap_admin, create_account
from visits.fieldwork import Visit
from visits.intake import ReceivedRecord, Upload, record_text
from visits.log import LogLeaf
from visits.places import VillageRow, import_villages
from visits.plans import NewAssignment, assign
from visits.store import Job, Store, migrate
from visits.upkeep import check

Json = dict[str, Any]

COUNTY = "350924"
VILLAGE = "350924100201"
INSPECTORS = ("lin", "chen")
PASSPHRASE = "a long passphrase for tests"
CHUNK_BYTES = 16 * 1024
PHOTOS_OF_A_PHONE = 4
RECORDS_OF_A_BATCH = 3
# After each kill the newest visits are looked at; at the end all of them.
PHONES_LOOKED_AT = 8
# Long enough for two slow cores that share their time with other work.
DRAIN_S = 120.0


def make_county(data_dir: Path, *, visits: int) -> None:
    """Fill an empty data folder: one village, two inspectors, and so many assignments that may be opened at once."""
    settings = settings_of(data_dir)
    now = datetime.now(UTC)
    with closing(open_store(settings)) as store:
        migrate(store)
        with store.writing() as uow:
            bootstrap_admin(uow, login="root", name="Root", division_prefix="35", at_utc=now)
            root = actor_named(uow, "root")
            for login, role in (("office", Role.OFFICE), *((name, Role.INSPECTOR) for name in INSPECTORS)):
                new = NewAccount(login, login.title(), role, COUNTY)
                create_account(uow, root, new, passphrase=PASSPHRASE, at_utc=now)
            import_villages(uow, root, [VillageRow(1, VILLAGE, "下党村", "下党乡")], at_utc=now)
            team = tuple(actor_named(uow, login).account_id for login in INSPECTORS)
            window = now - timedelta(hours=1), now + timedelta(days=2)
            for _ in range(visits):
                made = assign(uow, actor_named(uow, "office"), NewAssignment(VILLAGE, False, team, *window), at_utc=now)
                with (data_dir / "assignments").open("a") as names:
                    names.write(f"{made.id}\n")
    open_evidence(settings)


def settings_of(data_dir: Path) -> Settings:
    """The settings a server on this folder has."""
    return read_settings(environment(data_dir))


@contextmanager
def opened(data_dir: Path) -> Iterator[Store]:
    """The record store of a folder, beside whatever server runs on it."""
    with closing(open_store(settings_of(data_dir))) as store:
        yield store


def sign_in(folder: Path, base_url: str, login: str) -> Phone:
    """A phone that is signed in and has nothing to do yet."""
    phone = Phone(folder, base_url, chunk_bytes=CHUNK_BYTES)
    phone.sign_in(login, PASSPHRASE)
    return phone


def open_visit(signed_in: Phone, folder: Path, assignment_id: str) -> Phone:
    """The same phone, its outbox empty, with the package of an assignment."""
    folder.mkdir(parents=True)
    for name in ("key.pem", "state.json"):
        shutil.copyfile(signed_in.folder / name, folder / name)
    phone = Phone(folder, signed_in.base_url, chunk_bytes=CHUNK_BYTES)
    answer = phone.ask_to_open(assignment_id)
    assert answer.status_code == 200, answer.text
    return phone


def record_visit(phone: Phone, *, closes: bool, seed: int) -> None:
    """Everything one inspector records, before any of it is sent."""
    phone.record("arrive", {"fix": None, "no_fix_reason": "no signal"})
    body = {"item": 20, "other_reason": None, "kind": 2, "text": "公示栏没有公示", "place_note": "村部门口"}
    found = phone.record("problem", {**body, "fixed_on_spot": False, "fix": None})
    for number in range(PHOTOS_OF_A_PHONE):
        phone.photograph(a_photo(seed * 100 + number), "image/jpeg", fixes=[], of_record=found.id)
    made = len(phone.records()) + 1
    if closes:
        phone.record("close", {"records": made, "escorted": False, "warned_beforehand": False, "note": ""})
    else:
        phone.record("finish", {"records": made})


def a_photo(seed: int) -> bytes:
    """A JPEG of several chunks that no other seed makes."""
    pixels = random.Random(seed).randbytes(160 * 160)
    out = io.BytesIO()
    Image.frombytes("L", (160, 160), pixels).convert("RGB").resize((320, 240)).save(out, "JPEG", quality=92)
    return out.getvalue()


def send_in_batches(phone: Phone) -> None:
    """Send what waits: records a few at a time, then photos."""
    while waiting := phone.unsent_records():
        phone.send_records(waiting[:RECORDS_OF_A_BATCH])
    phone.send_photos()


@dataclass
class Load:
    """Two inspectors who make one visit after another; both send at once, whatever happens to the server."""

    data_dir: Path
    server: Server
    folder: Path
    phones: list[Phone] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    # Counts every half chunk and every acknowledged one, so that a kill can be aimed at a request in the middle.
    progress: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self._signed_in = [sign_in(self.folder / name, self.server.base_url, name) for name in INSPECTORS]
        self._assignments = iter((self.data_dir / "assignments").read_text().split())
        self._visits = 0

    def make_visit(self) -> None:
        """One visit by both; returns when both phones have every receipt."""
        assignment_id, self._visits = next(self._assignments), self._visits + 1
        pair = []
        for index, phone in enumerate(self._signed_in):
            made = open_visit(phone, self.folder / f"visit-{self._visits}-{index}", assignment_id)
            made.on_progress = lambda _sha256, _offset_bytes: self.progress.release()
            pair.append(made)
        for index, phone in enumerate(pair):
            record_visit(phone, closes=index == 0, seed=2 * self._visits + index)
        self.phones += pair
        threads = [threading.Thread(target=self._send, args=(phone,)) for phone in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, phone: Phone) -> None:
        try:
            send_in_batches(phone)
        except BaseException as error:
            self.errors.append(error)


@dataclass
class Killer:
    """Kills the server at moments drawn from a seed and starts it again, looking at what it shows after each."""

    load: Load
    kills: int
    random: random.Random
    stop_at: float
    done: int = 0
    findings: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Until all kills are made or the time is up."""
        try:
            while self.done < self.kills and time.monotonic() < self.stop_at:
                self._kill_once()
        except BaseException as error:
            self.load.errors.append(error)

    def _kill_once(self) -> None:
        # What the phones did before this start does not count: they must get somewhere between two kills.
        while self.load.progress.acquire(blocking=False):
            pass
        for _ in range(self.random.randint(1, 12)):
            self.load.progress.acquire(timeout=5)
        # Up to here the moment is tied to a chunk; the rest lets it fall anywhere in what the server does with it.
        time.sleep(self.random.uniform(0, 0.08))
        self.load.server.kill()
        self.done += 1
        self.findings += half_visits(self.load.data_dir, self.load.phones[-PHONES_LOOKED_AT:])
        self.load.server.start()


def run_under_kills(load: Load, *, kills: int, seed: int, at_most_s: float) -> Killer:
    """Keep the phones busy until the server was killed so often; every phone has all receipts when this returns."""
    killer = Killer(load, kills, random.Random(seed), time.monotonic() + at_most_s)
    thread = threading.Thread(target=killer.run)
    thread.start()
    while thread.is_alive():
        load.make_visit()
        if load.errors:
            killer.stop_at = 0.0
    thread.join()
    if load.errors:
        raise load.errors[0]
    return killer


def half_visits(data_dir: Path, phones: list[Phone]) -> list[str]:
    """The visits that are shown as complete though something of a phone is not here, each as a sentence."""
    with opened(data_dir) as store, store.reading() as uow:
        evidence = open_evidence(settings_of(data_dir))
        complete = set(uow.session.scalars(select(Visit.id).where(Visit.complete)))
        found = []
        for phone in list(phones):
            visit_id = UUID(phone.visit_id)
            if visit_id not in complete:
                continue
            here = set(uow.session.scalars(select(ReceivedRecord.sha256).where(ReceivedRecord.visit_id == visit_id)))
            arrived = set(
                uow.session.scalars(
                    select(Upload.sha256).where(Upload.visit_id == visit_id, Upload.completed_utc.is_not(None))
                )
            )
            lacking = [r.kind for r in phone.records() if r.sha256 not in here]
            lacking += [f"photo {s[:8]}" for s in photos_of(phone) if s not in arrived or not evidence.verify(s)]
            if lacking:
                found.append(f"visit {visit_id} is shown as complete without {lacking} of {phone.folder.name}")
        return found


def photos_of(phone: Phone) -> list[str]:
    """The photos a phone took for its visit."""
    return [json.loads(r.text)["body"]["sha256"] for r in phone.records() if r.kind == "photo"]


@dataclass(frozen=True)
class Tally:
    """What became of everything that was acknowledged."""

    records: int
    photos: int
    lost: tuple[str, ...]
    doubles: tuple[str, ...]
    findings: tuple[str, ...]


def tally(data_dir: Path, phones: list[Phone]) -> Tally:
    """Hold every receipt the phones got against what the store has, and look for anything that is there twice."""
    evidence = open_evidence(settings_of(data_dir))
    lost: list[str] = []
    acknowledged = Counter[str]()
    with opened(data_dir) as store:
        with store.reading() as uow:
            for phone in phones:
                visit_id = UUID(phone.visit_id)
                texts = {r.id: r.text for r in phone.records()}
                for record_id, receipt in phone.receipts().items():
                    acknowledged["records"] += 1
                    row = uow.session.scalar(
                        select(ReceivedRecord).where(
                            ReceivedRecord.visit_id == visit_id, ReceivedRecord.sha256 == receipt["sha256"]
                        )
                    )
                    if row is None or (record_text(uow, row), row.log_index, str(row.record_id)) != (
                        texts[record_id],
                        receipt["log_index"],
                        record_id,
                    ):
                        lost.append(f"record {record_id}")
                for sha256 in phone.delivered_photos():
                    acknowledged["photos"] += 1
                    if not (evidence.has(sha256) and evidence.verify(sha256)):
                        lost.append(f"photo {sha256}")
            doubles = list(_doubles(store))
        found = tuple(f"{f.what}: {f.about}: {f.sentence}" for f in check(store, evidence).findings)
    return Tally(acknowledged["records"], acknowledged["photos"], tuple(lost), tuple(doubles), found)


def _doubles(store: Store) -> Iterator[str]:
    with store.reading() as uow:
        for what, key in (
            ("record", ReceivedRecord.record_id),
            ("upload", Upload.sha256),
        ):
            query = select(key, func.count()).group_by(key).having(func.count() > 1)
            yield from (f"{what} {value} is there {count} times" for value, count in uow.session.execute(query))
        logged = Counter[str]()
        for kind, payload in uow.session.execute(
            select(LogLeaf.kind, LogLeaf.payload).where(LogLeaf.kind.in_(("records", "photo", "visit_complete")))
        ):
            said = json.loads(payload or b"")
            names = [r[1] for r in said["records"]] if kind == "records" else [said.get("sha256") or said["visit_id"]]
            logged.update(f"{kind} {name}" for name in names)
        yield from (f"{name} is in the log {count} times" for name, count in logged.items() if count > 1)


def wait_until_judged(data_dir: Path, *, at_most_s: float = DRAIN_S) -> None:
    """Return when the running server has done every job; what is missing by then stays missing.

    A busy machine may take long, so it gives up only when for so long nothing became less.
    """
    give_up_at, fewest = time.monotonic() + at_most_s, sys.maxsize
    with opened(data_dir) as store:
        while True:
            with store.reading() as uow:
                # What waits for its day, as the next checkpoint of the log does, was not begun yet.
                is_due = or_(Job.attempts > 0, Job.due_utc <= datetime.now(UTC))
                query = select(Job.state).where(Job.state.in_(("waiting", "leased")), is_due)
                left = Counter(uow.session.scalars(query))
            if not left:
                return
            if left.total() < fewest:
                give_up_at, fewest = time.monotonic() + at_most_s, left.total()
            assert time.monotonic() < give_up_at, f"no job was done for {at_most_s:.0f} s: {dict(left)}"
            time.sleep(0.1)


def incomplete_visits(data_dir: Path, phones: list[Phone]) -> list[str]:
    """The visits of these phones that the server does not show as complete."""
    wanted = {phone.visit_id for phone in phones}
    with opened(data_dir) as store, store.reading() as uow:
        complete = {str(visit_id) for visit_id in uow.session.scalars(select(Visit.id).where(Visit.complete))}
    return sorted(wanted - complete)


def log_size(data_dir: Path) -> int:
    """How many entries the log has."""
    with opened(data_dir) as store, store.reading() as uow:
        return uow.session.scalar(select(func.count()).select_from(LogLeaf)) or 0


def send_all_again(phones: list[Phone]) -> list[str]:
    """Send every record and photo a second time; what was not answered exactly as the first time, as sentences."""
    wrong = []
    for phone in phones:
        receipts = phone.receipts()
        for result in phone.send_records(phone.records()):
            first = receipts[result["id"]]
            if result["outcome"] != "same" or result["log_index"] != first["log_index"]:
                wrong.append(f"record {result['id']}: {result}")
        phone.send_photos(phone.delivered_photos())
    return wrong


def ask(phone: Phone, method: str, path: str, **options: Any) -> requests.Response:
    """One request of this phone over a connection of its own, with no second try; for threads and for faults."""
    headers = {"Authorization": f"Bearer {phone.state['token']}", **options.pop("headers", {})}
    with requests.Session() as http:
        http.trust_env = False
        return http.request(method, phone.base_url + path, headers=headers, timeout=60, **options)


def some_record(phone: Phone) -> Json:
    """A new record as it goes into a delivery."""
    made = phone.record("all_in_order", {})
    return {"record": made.text, "signature": made.signature}


def begin_upload(phone: Phone, data: bytes, *, piece: bytes = b"") -> requests.Response:
    """Ask for the upload of a photo, as a phone does, or with its first piece."""
    said = {"visit_id": phone.visit_id, "sha256": hashlib.sha256(data).hexdigest()}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
    if piece:
        headers["Content-Type"] = "application/offset+octet-stream"
    return ask(phone, "POST", "/api/v1/uploads", headers=headers, data=piece)


def send_piece(
    phone: Phone, location: str, offset_bytes: int, piece: bytes, *, checksum: str | None = None
) -> requests.Response:
    """Send one piece of a photo, once."""
    headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset_bytes)}
    if checksum is not None:
        headers["Upload-Checksum"] = checksum
    return ask(phone, "PATCH", location, headers=headers, data=piece)
