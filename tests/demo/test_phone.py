"""The phone's outbox: what was saved is there after a crash, in one unbroken chain."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from demo.phone import Phone, uuid7
from media.proof import ChainLink, check_chain, verify_p256

PACKAGE = {"package": {"nonce": "n" * 32}, "visit_id": "0199c0de-0000-7000-8000-000000000001", "nonce_at": 0.0}
NOWHERE = "http://127.0.0.1:9"

RECORD_UNTIL_KILLED = """
import sys
from pathlib import Path
from demo.phone import Phone
phone = Phone(Path(sys.argv[1]), "http://127.0.0.1:9")
for number in range(100_000):
    phone.photograph(b"picture %d" % number, "image/jpeg", fixes=[], of_record=None)
    print(number, flush=True)
"""


def opened_phone(folder: Path) -> Phone:
    """A phone that has opened its assignment and then lost the network."""
    phone = Phone(folder, NOWHERE)
    (folder / "state.json").write_text(json.dumps(PACKAGE))
    return phone


def chain_holds(phone: Phone) -> bool:
    links = [
        ChainLink("phone", record.seq, record.sha256, json.loads(record.text)["previous"]) for record in phone.records()
    ]
    return check_chain(links) == []


def test_ids_made_on_the_phone_sort_by_time() -> None:
    ids = []
    for _ in range(5):
        ids.append(uuid7())
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert {made.version for made in ids} == {7}


def test_records_are_signed_and_name_the_one_before(tmp_path: Path) -> None:
    phone = opened_phone(tmp_path)
    first = phone.record("arrive", {"fix": None, "no_fix_reason": "no signal"})
    second = phone.record("all_in_order", {})
    assert json.loads(second.text)["previous"] == first.sha256
    assert [record.seq for record in phone.records()] == [1, 2]
    signature = second.signature + "=" * (-len(second.signature) % 4)
    assert verify_p256(phone.key.public_jwk, second.text.encode(), base64.urlsafe_b64decode(signature))
    assert not verify_p256(phone.key.public_jwk, first.text.encode(), base64.urlsafe_b64decode(signature))


def test_a_phone_started_again_goes_on_where_it_was(tmp_path: Path) -> None:
    before = opened_phone(tmp_path)
    photo = before.photograph(b"a picture", "image/jpeg", fixes=[], of_record=None)
    again = Phone(tmp_path, NOWHERE)
    assert again.key.public_jwk == before.key.public_jwk
    assert again.records() == before.records()
    assert again.unsent_records() == [photo.record]
    assert (tmp_path / "photos" / photo.sha256).read_bytes() == b"a picture"
    assert again.record("all_in_order", {}).seq == 2
    assert chain_holds(again)


def test_photos_wait_until_their_record_was_taken(tmp_path: Path) -> None:
    phone = opened_phone(tmp_path)
    taken = phone.photograph(b"one", "image/jpeg", fixes=[], of_record=None)
    refused = phone.photograph(b"two", "image/jpeg", fixes=[], of_record=None)
    assert phone.unsent_photos() == []
    for photo, outcome in ((taken, "accepted"), (refused, "refused")):
        answer = {"id": photo.record.id, "outcome": outcome}
        (tmp_path / "receipts" / f"{photo.record.id}.json").write_text(json.dumps(answer))
    assert phone.unsent_photos() == [taken.sha256]
    assert phone.unsent_records() == []


def test_a_killed_phone_loses_nothing_it_had_saved(tmp_path: Path) -> None:
    opened_phone(tmp_path)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", RECORD_UNTIL_KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        assert process.stdout is not None
        with process.stdout as said:
            for _ in range(7):
                assert said.readline()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    again = Phone(tmp_path, NOWHERE)
    assert len(again.records()) >= 21
    assert chain_holds(again)
    for record in again.records():
        sha256 = json.loads(record.text)["body"]["sha256"]
        assert (tmp_path / "photos" / sha256).stat().st_size > 0
