"""tus 1.0.0 as its protocol says, and what is asked beyond it: ownership, announcement, the whole-file hash."""

import hashlib
import uuid

import pytest
from flask.testing import FlaskClient

from api.http.house import EXTENSION
from tests.api.uploads.pieces import DATA, PIECE_TYPE
from tests.api.world import TUS, Phone, World, begin_upload, photo_body, send_piece


def test_options_says_what_the_server_knows(world: World) -> None:
    client: FlaskClient = world.client()
    answer = client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert int(answer.headers["Tus-Max-Size"]) == world.settings.max_photo_bytes


def test_a_photo_in_three_pieces_is_whole_and_kept_under_its_hash(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    begun = begin_upload(lin, visit_id, DATA)
    assert begun.status_code == 201
    location = begun.headers["Location"]
    assert location.startswith("/api/v1/uploads/")
    for start in (0, 4000, 8000):
        head = lin.ask("HEAD", location, headers=TUS)
        assert head.headers["Upload-Offset"] == str(start)
        assert head.headers["Upload-Length"] == str(len(DATA))
        assert head.headers["Cache-Control"] == "no-store"
        assert head.headers["Upload-Metadata"].startswith("visit_id ")
        answer = send_piece(lin, location, start, DATA[start : start + 4000])
        assert answer.status_code == 204
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Upload-Offset"] == str(len(DATA))
    with world.app.extensions[EXTENSION].evidence.open(hashlib.sha256(DATA).hexdigest()) as kept:
        assert kept.read() == DATA
    done = lin.ask("HEAD", location, headers=TUS)
    assert done.headers["Upload-Offset"] == str(len(DATA))
    again = send_piece(lin, location, len(DATA), b"")
    assert again.status_code == 204


def test_beginning_again_gives_the_same_upload_also_when_it_is_complete(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    first = begin_upload(lin, visit_id, DATA)
    send_piece(lin, first.headers["Location"], 0, DATA[:100])
    second = begin_upload(lin, visit_id, DATA)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Upload-Offset"] == "100"
    send_piece(lin, first.headers["Location"], 100, DATA[100:])
    third = begin_upload(lin, visit_id, DATA)
    assert (third.headers["Location"], third.headers["Upload-Offset"]) == (first.headers["Location"], str(len(DATA)))


def test_a_photo_nobody_announced_is_not_taken(world: World) -> None:
    lin = world.phone("lin")
    answer = begin_upload(lin, world.opened(lin), DATA)
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/photo-not-announced"


def test_bytes_that_are_not_the_announced_ones_are_kept_aside_and_it_begins_anew(
    world: World, announced: tuple[Phone, str]
) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    wrong = DATA[:-1] + b"?"
    answer = send_piece(lin, location, 0, wrong)
    assert answer.status_code == 460
    assert answer.get_json()["type"] == "/problems/hash-mismatch"
    aside = world.settings.data_dir / "evidence" / "quarantine" / hashlib.sha256(wrong).hexdigest()
    assert aside.read_bytes() == wrong
    assert lin.ask("HEAD", location, headers=TUS).headers["Upload-Offset"] == "0"
    assert send_piece(lin, location, 0, DATA).status_code == 204


def test_a_mismatch_does_not_pass_for_a_photo_that_somebody_else_sent_before(
    world: World, announced: tuple[Phone, str]
) -> None:
    lin, visit_id = announced
    send_piece(lin, begin_upload(lin, visit_id, DATA).headers["Location"], 0, DATA)
    chen = world.phone("chen")
    chen.deliver(visit_id, chen.record(visit_id, "photo", photo_body(DATA)))
    location = begin_upload(chen, visit_id, DATA).headers["Location"]
    assert send_piece(chen, location, 0, DATA[:-1] + b"?").status_code == 460
    assert chen.ask("HEAD", location, headers=TUS).headers["Upload-Offset"] == "0"


def test_a_crash_after_the_last_byte_costs_no_second_sending(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    upload_id = location.rsplit("/", 1)[1]
    evidence = world.house.evidence
    evidence.append(upload_id, 0, DATA)
    head = lin.ask("HEAD", location, headers=TUS)
    assert head.headers["Upload-Offset"] == str(len(DATA))
    assert evidence.has(hashlib.sha256(DATA).hexdigest())
    world.work()
    receipt = lin.get(f"visits/{visit_id}/receipt").get_json()
    assert "file" in {item["what"] for item in receipt["items"]}


def test_a_crash_before_the_mark_in_the_records_costs_no_second_sending_however_the_phone_asks(
    world: World, announced: tuple[Phone, str]
) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    upload_id = location.rsplit("/", 1)[1]
    evidence = world.house.evidence
    evidence.append(upload_id, 0, DATA)
    evidence.finish(upload_id, sha256_hex=hashlib.sha256(DATA).hexdigest(), size_bytes=len(DATA))
    again = begin_upload(lin, visit_id, DATA)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (location, str(len(DATA)))
    world.work()
    receipt = lin.get(f"visits/{visit_id}/receipt").get_json()
    assert "file" in {item["what"] for item in receipt["items"]}


def test_somebody_elses_upload_is_no_upload(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    chen = world.phone("chen")
    assert chen.ask("HEAD", location, headers=TUS).status_code == 404
    answer = send_piece(chen, location, 0, DATA)
    assert answer.status_code == 404
    assert answer.get_json()["type"] == "/problems/no-such-upload"
    assert lin.ask("HEAD", f"uploads/{uuid.uuid4()}", headers=TUS).status_code == 404


def test_a_wrong_offset_is_told_the_right_one_and_changes_nothing(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    send_piece(lin, location, 0, DATA[:100])
    answer = send_piece(lin, location, 50, DATA[50:])
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/offset-mismatch"
    assert answer.get_json()["current_bytes"] == 100
    assert lin.ask("HEAD", location, headers=TUS).headers["Upload-Offset"] == "100"


def test_a_second_writer_is_told_to_wait(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    upload_id = location.rsplit("/", 1)[1]

    class Asking:
        """A body during whose sending the same upload is asked for again."""

        answer = None

        def read(self, size: int) -> bytes:
            if self.answer is None:
                self.answer = send_piece(lin, location, 0, DATA)
            return b""

    body = Asking()
    world.house.evidence.append(upload_id, 0, body)
    assert body.answer is not None
    assert body.answer.status_code == 423
    assert body.answer.get_json()["type"] == "/problems/upload-busy"


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_a_foreign_version_is_not_processed(announced: tuple[Phone, str], version: str | None) -> None:
    lin, visit_id = announced
    headers = {} if version is None else {"Tus-Resumable": version}
    answer = lin.ask("POST", "uploads", headers={**headers, "Upload-Length": "5"})
    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.get_json()["type"] == "/problems/foreign-tus-version"
    assert visit_id


def test_another_type_of_body_is_refused(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    answer = lin.ask("PATCH", location, headers=headers, data=DATA)
    assert answer.status_code == 415
    assert answer.get_json()["type"] == "/problems/not-a-piece"


def test_a_photo_over_the_limit_is_refused_before_a_byte_is_sent(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    answer = begin_upload(lin, visit_id, DATA, **{"Upload-Length": str(world.settings.max_photo_bytes + 1)})
    assert answer.status_code == 413
    assert answer.get_json()["type"] == "/problems/upload-too-large"
    assert answer.get_json()["max_bytes"] == world.settings.max_photo_bytes


def test_more_bytes_than_announced_are_refused(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    assert send_piece(lin, location, 0, DATA + b"!").status_code == 413
    assert lin.ask("HEAD", location, headers=TUS).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "x"},
        {"Upload-Length": "-1"},
        {"Upload-Length": "٥"},
        {"Upload-Length": "0"},
        {"Upload-Length": "10"},
        {"Upload-Length": "10", "Upload-Metadata": "visit_id !!!,sha256"},
        {"Upload-Length": "10", "Upload-Metadata": "visit_id eA==,sha256 eA=="},
    ],
)
def test_an_upload_that_is_not_described_as_agreed_is_refused(world: World, headers: dict[str, str]) -> None:
    answer = world.phone("lin").ask("POST", "uploads", headers={**TUS, **headers})
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "/problems/bad-upload"


def test_a_client_that_knows_no_patch_may_say_so_in_a_header(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": PIECE_TYPE, "X-HTTP-Method-Override": "PATCH"}
    answer = lin.ask("POST", location, headers=headers, data=DATA)
    assert answer.status_code == 204
    assert lin.ask("POST", "me", headers={"X-HTTP-Method-Override": "GET"}).status_code == 405


def test_a_photo_larger_than_a_json_body_may_come_in_one_piece(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    data = b"p" * (world.settings.max_body_bytes + 1)
    lin.deliver(visit_id, lin.record(visit_id, "photo", photo_body(data)))
    location = begin_upload(lin, visit_id, data).headers["Location"]
    assert send_piece(lin, location, 0, data).status_code == 204


def test_uploads_need_a_sign_in(world: World) -> None:
    answer = world.client().post("/api/v1/uploads", headers=TUS)
    assert answer.status_code == 401
