"""Disk full, store locked, evidence away: a clear answer, nothing acknowledged that is not durable, and then on."""

import random
import resource
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
import requests
from sqlalchemy import func, select

from api.app import create_app
from demo.phone import TUS, Phone
from demo.server import Server, shidi
from tests.reliability.rig import (
    INSPECTORS,
    a_photo,
    ask,
    begin_upload,
    opened,
    record_visit,
    send_piece,
    settings_of,
    some_record,
    tally,
    wait_until_judged,
)
from visits.intake import ReceivedRecord, Upload
from visits.store import Store

AT_ONCE = 20
BIG_BYTES = 6_000_000  # far beyond the database and its log, so that only the photo meets the limit
PIECE_BYTES = 500_000
FULL_BYTES = 4_200_000

NewPhone = Callable[[], Phone]

HOLD_THE_LOCK_FILE = """
import fcntl, sys
with open(sys.argv[1] + ".lock", "r+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""
# What a program that knows nothing of our lock file does, such as a database browser.
HOLD_THE_DATABASE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], isolation_level=None) as connection:
    connection.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def full_disk(server: Server, room_bytes: int) -> Iterator[None]:
    """No file of the server may grow beyond so many bytes, as on a disk that is full."""
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def away(folder: Path, elsewhere: Path) -> Iterator[None]:
    """The folder is not where it was until the block ends."""
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)


@contextmanager
def held(program: str, database: Path) -> Iterator[None]:
    """Another process holds the database until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.stdin.close()


def assert_refused(answer: requests.Response, status: int, slug: str) -> None:
    """The answer says clearly that it is our trouble and that asking again is right."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["type"] == f"/problems/{slug}"
    assert int(answer.headers["Retry-After"]) > 0


def offset_of(phone: Phone, location: str) -> int:
    return int(ask(phone, "HEAD", location, headers=TUS).headers["Upload-Offset"])


def deliver(phone: Phone, *records: dict[str, str]) -> requests.Response:
    return ask(phone, "POST", f"/api/v1/visits/{phone.visit_id}/records", json={"records": list(records)})


def rows_of(server: Server, phone: Phone, rows: type[ReceivedRecord] | type[Upload]) -> int:
    """How many of these rows there are of the phone's visit."""
    with opened(server.data_dir) as store, store.reading() as uow:
        query = select(func.count()).select_from(rows).where(rows.visit_id == UUID(phone.visit_id))
        return uow.session.scalar(query) or 0


def assert_all_sent(server: Server, phone: Phone) -> None:
    """After the fault the phone sends everything, and nothing is lost or there twice."""
    phone.sync()
    wait_until_judged(server.data_dir)
    told = tally(server.data_dir, [phone])
    assert (told.lost, told.doubles, told.findings) == ((), (), ())
    assert told.records == len(phone.records())


def test_records_on_a_full_disk_are_not_acknowledged(shared_server: Server, new_phone: NewPhone) -> None:
    phone = new_phone()
    record_visit(phone, closes=True, seed=1)
    record = some_record(phone)
    with full_disk(shared_server, 4096):
        assert_refused(deliver(phone, record), 503, "store-unavailable")
        assert rows_of(shared_server, phone, ReceivedRecord) == 0, "what was not acknowledged is not half there either"
    answer = deliver(phone, record)
    assert answer.status_code == 200
    assert [result["outcome"] for result in answer.json()["results"]] == ["accepted"]
    assert_all_sent(shared_server, phone)


def test_a_photo_on_a_full_disk_keeps_what_was_acknowledged(shared_server: Server, new_phone: NewPhone) -> None:
    phone = new_phone()
    photo = random.Random(1).randbytes(BIG_BYTES)
    phone.photograph(photo, "image/jpeg", fixes=[], of_record=None)
    phone.send_records()
    wait_until_judged(shared_server.data_dir)
    location = begin_upload(phone, photo).headers["Location"]
    offset_bytes = 0
    with full_disk(shared_server, FULL_BYTES):
        while (sent := send_piece(phone, location, offset_bytes, photo[offset_bytes : offset_bytes + PIECE_BYTES])).ok:
            offset_bytes += PIECE_BYTES
        assert_refused(sent, 507, "evidence-store-unavailable")
        assert offset_bytes == FULL_BYTES // PIECE_BYTES * PIECE_BYTES
        assert offset_of(phone, location) == offset_bytes, "what was acknowledged stays, and nothing more is claimed"
    for start in range(offset_bytes, BIG_BYTES, PIECE_BYTES):
        assert send_piece(phone, location, start, photo[start : start + PIECE_BYTES]).status_code == 204
    assert_all_sent(shared_server, phone)


def test_evidence_that_is_away_is_told_and_waited_for(shared_server: Server, new_phone: NewPhone) -> None:
    phone = new_phone()
    photo = a_photo(77)
    phone.photograph(photo, "image/jpeg", fixes=[], of_record=None)
    phone.send_records()
    wait_until_judged(shared_server.data_dir)
    evidence, elsewhere = shared_server.data_dir / "evidence", shared_server.data_dir / "unmounted"
    with away(evidence, elsewhere):
        assert_refused(begin_upload(phone, photo), 507, "evidence-store-unavailable")
        assert_refused(ask(phone, "GET", "/readyz"), 503, "not-ready")
    location = begin_upload(phone, photo).headers["Location"]
    assert send_piece(phone, location, 0, photo[:100]).status_code == 204
    with away(evidence, elsewhere):
        assert_refused(send_piece(phone, location, 100, photo[100:]), 507, "evidence-store-unavailable")
        assert ask(phone, "HEAD", location, headers=TUS).status_code == 507
        assert not evidence.exists(), "nothing is begun where the store is missing"
    assert send_piece(phone, location, 100, photo[100:]).status_code == 204
    assert_all_sent(shared_server, phone)


def test_a_store_that_is_away_at_the_start_is_not_begun_anew(shared_server: Server, new_phone: NewPhone) -> None:
    phone = new_phone()
    record_visit(phone, closes=True, seed=2)
    phone.sync()
    shared_server.stop()
    evidence, elsewhere = shared_server.data_dir / "evidence", shared_server.data_dir / "unmounted"
    with away(evidence, elsewhere):
        evidence.mkdir()  # as a mount point looks without its disk
        for command in ("check", "serve"):
            said = shidi(shared_server.data_dir, command, expected=1).text
            assert "the evidence store is not reachable" in said and "Traceback" not in said
        evidence.rmdir()  # which fails when anything was put there
    shared_server.start()
    assert_all_sent(shared_server, phone)


def test_a_second_server_on_the_same_records_is_refused_in_one_sentence(shared_server: Server) -> None:
    said = shidi(shared_server.data_dir, "serve", "--port", "0", expected=1).text
    assert said.endswith("Error: another server already serves this database; SQLite allows one\n")
    assert "Traceback" not in said
    assert requests.get(f"{shared_server.base_url}/readyz", timeout=10).status_code == 200


@pytest.mark.parametrize("program", [HOLD_THE_LOCK_FILE, HOLD_THE_DATABASE], ids=["lock file", "database"])
def test_a_store_locked_for_too_long_is_told_and_then_goes_on(program: str, county: Path, tmp_path: Path) -> None:
    shutil.copytree(county, tmp_path / "data")
    settings = settings_of(tmp_path / "data")
    store = Store(settings.database_url, master_key=settings.master_key_path.read_bytes(), write_lock_timeout_s=0.3)
    client = create_app(settings, store).test_client()
    body = {"login": INSPECTORS[0], "passphrase": "a long passphrase for tests"}
    with held(program, tmp_path / "data" / "shidi.sqlite"):
        refused = client.post("/api/v1/sessions", json=body)
        assert (refused.status_code, refused.get_json()["type"]) == (503, "/problems/store-busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/readyz").status_code == 200, "who only reads is not kept out"
    assert client.post("/api/v1/sessions", json=body).status_code == 201
    store.close()


def test_an_upload_goes_on_through_a_new_server_for_every_chunk(shared_server: Server, new_phone: NewPhone) -> None:
    phone = new_phone()
    photo = a_photo(5)
    phone.photograph(photo, "image/jpeg", fixes=[], of_record=None)
    phone.send_records()
    location = begin_upload(phone, photo).headers["Location"]
    third = len(photo) // 3 + 1
    for start in range(0, len(photo), third):
        assert offset_of(phone, location) == start
        assert send_piece(phone, location, start, photo[start : start + third]).status_code == 204
        if start + third < len(photo):
            shared_server.kill()
            shared_server.start()
    assert offset_of(phone, location) == len(photo)
    assert_all_sent(shared_server, phone)


def test_twenty_equal_requests_at_once_make_one_record_and_one_upload(
    shared_server: Server, new_phone: NewPhone
) -> None:
    phone = new_phone()
    photo = a_photo(6)
    announced = phone.photograph(photo, "image/jpeg", fixes=[], of_record=None).record
    together = threading.Barrier(AT_ONCE)
    answers: list[list[requests.Response]] = [[], []]

    def storm() -> None:
        together.wait(30)
        answers[0].append(deliver(phone, {"record": announced.text, "signature": announced.signature}))
        together.wait(60)
        answers[1].append(begin_upload(phone, photo))

    threads = [threading.Thread(target=storm) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    receipts, uploads = answers
    assert Counter(answer.status_code for answer in receipts) == {200: AT_ONCE}
    assert Counter(answer.json()["results"][0]["outcome"] for answer in receipts) == {"accepted": 1, "same": 19}
    assert len({answer.json()["results"][0]["log_index"] for answer in receipts}) == 1
    assert Counter(answer.status_code for answer in uploads) == {201: AT_ONCE}
    assert len({answer.headers["Location"] for answer in uploads}) == 1
    assert rows_of(shared_server, phone, ReceivedRecord) == 1
    assert rows_of(shared_server, phone, Upload) == 1
    assert_all_sent(shared_server, phone)
