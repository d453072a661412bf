"""The extensions of tus that are offered: creation with the first piece, checksums, expiry, giving up; and the rest."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.api.uploads.pieces import DATA, PIECE_TYPE, upload_checksum
from tests.api.world import TUS, Phone, World, begin_upload, send_piece
from visits.access import Audit
from visits.intake import Upload
from visits.upkeep import sweep

SHA256 = hashlib.sha256(DATA).hexdigest()


def stands_at(phone: Phone, location: str) -> int:
    return int(phone.ask("HEAD", location, headers=TUS).headers["Upload-Offset"])


def begin_with(phone: Phone, visit_id: str, piece: bytes, **headers: str) -> TestResponse:
    """Begin ``DATA`` with its first piece in the same request."""
    described = begin_upload(phone, visit_id, DATA).request.headers
    sent = {name: described[name] for name in ("Tus-Resumable", "Upload-Length", "Upload-Metadata")}
    return phone.ask("POST", "uploads", headers={**sent, "Content-Type": PIECE_TYPE, **headers}, data=piece)


def checked_piece(phone: Phone, location: str, offset_bytes: int, piece: bytes, checksum: str) -> TestResponse:
    headers = {**TUS, "Upload-Offset": str(offset_bytes), "Content-Type": PIECE_TYPE, "Upload-Checksum": checksum}
    return phone.ask("PATCH", location, headers=headers, data=piece)


def delete(phone: Phone, location: str) -> TestResponse:
    return phone.ask("DELETE", location, headers=TUS)


def audited(world: World, act: str) -> list[dict[str, Any]]:
    with world.store.reading() as uow:
        return list(uow.session.scalars(select(Audit.detail).where(Audit.act == act)))


# ---- What a client is told before it begins ----


@pytest.mark.parametrize("path", ["uploads", "uploads/00000000-0000-4000-8000-000000000000"])
def test_options_lists_extensions_and_algorithms_on_both_kinds_of_address(world: World, path: str) -> None:
    answer = world.client().options(f"/api/v1/{path}")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    ]
    assert answer.headers["Tus-Checksum-Algorithm"].split(",") == ["sha1", "sha256"]
    assert int(answer.headers["Tus-Max-Size"]) == world.settings.max_photo_bytes


@pytest.mark.parametrize("header", [{"Upload-Defer-Length": "1"}, {"Upload-Concat": "partial"}])
def test_what_is_not_offered_is_refused_and_begins_nothing(
    world: World, announced: tuple[Phone, str], header: dict[str, str]
) -> None:
    lin, visit_id = announced
    answer = begin_upload(lin, visit_id, DATA, **header)
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "/problems/bad-upload"
    assert next(iter(header)) in answer.get_json()["detail"]
    with world.store.reading() as uow:
        assert uow.session.scalars(select(Upload)).all() == []


# ---- Metadata ----


def test_metadata_is_told_again_exactly_as_it_came(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    plain = begin_upload(lin, visit_id, b"other").request.headers["Upload-Metadata"]
    described = begin_upload(lin, visit_id, DATA).request.headers["Upload-Metadata"]
    assert plain != described
    lin.ask("DELETE", begin_upload(lin, visit_id, DATA).headers["Location"], headers=TUS)
    # Empty values, other keys, bytes that are no text: whatever the client says besides.
    odd = f"filename SU1HXzEuanBn,is_final,{described},raw //8="
    location = begin_upload(lin, visit_id, DATA, **{"Upload-Metadata": odd}).headers["Location"]
    assert lin.ask("HEAD", location, headers=TUS).headers["Upload-Metadata"] == odd


@pytest.mark.parametrize("extra", ["a b c", "sha256 eA==", " ,", "ключ eA==", "k " + "A" * 1000])
def test_metadata_that_is_none_is_refused(announced: tuple[Phone, str], extra: str) -> None:
    lin, visit_id = announced
    described = begin_upload(lin, visit_id, DATA).request.headers["Upload-Metadata"]
    raw = f"{described},{extra}".encode().decode("latin-1")
    answer = begin_upload(lin, visit_id, DATA, **{"Upload-Metadata": raw})
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "/problems/bad-upload"


# ---- Creation with upload ----


def test_the_first_piece_may_come_with_the_creation(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    answer = begin_with(lin, visit_id, DATA[:4000])
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == "4000"
    location = answer.headers["Location"]
    assert stands_at(lin, location) == 4000
    assert send_piece(lin, location, 4000, DATA[4000:]).headers["Upload-Offset"] == str(len(DATA))


def test_a_whole_photo_may_come_with_the_creation(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    answer = begin_with(lin, visit_id, DATA)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(DATA)))
    assert "Upload-Expires" not in answer.headers
    assert world.house.evidence.verify(SHA256)


def test_a_creation_that_is_sent_again_with_its_piece_says_where_to_go_on(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    first = begin_with(lin, visit_id, DATA[:4000])
    again = begin_with(lin, visit_id, DATA[:8000])
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Upload-Offset"] == "4000", "the second body is not put behind the first"


@pytest.mark.parametrize(
    ("headers", "piece", "status", "slug"),
    [
        ({"Content-Type": "application/octet-stream"}, DATA[:100], 415, "not-a-piece"),
        ({}, DATA + b"!", 413, "upload-too-large"),
        ({"Upload-Checksum": "md5 eA=="}, DATA[:100], 400, "unknown-checksum"),
        ({"Upload-Checksum": upload_checksum("sha1", b"other")}, DATA[:100], 460, "checksum-mismatch"),
        ({}, DATA[:-1] + b"?", 460, "hash-mismatch"),
    ],
)
def test_a_creation_with_a_wrong_piece_keeps_nothing_of_it(
    announced: tuple[Phone, str], headers: dict[str, str], piece: bytes, status: int, slug: str
) -> None:
    lin, visit_id = announced
    answer = begin_with(lin, visit_id, piece, **headers)
    assert answer.status_code == status
    assert answer.get_json()["type"] == f"/problems/{slug}"
    assert begin_upload(lin, visit_id, DATA).headers["Upload-Offset"] == "0"


# ---- Checksums ----


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_is_held_against_its_checksum(announced: tuple[Phone, str], algorithm: str) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    good = upload_checksum(algorithm, DATA[:4000])
    spoiled = checked_piece(lin, location, 0, b"?" + DATA[1:4000], good)
    assert spoiled.status_code == 460
    assert spoiled.get_json()["type"] == "/problems/checksum-mismatch"
    assert stands_at(lin, location) == 0
    assert checked_piece(lin, location, 0, DATA[:4000], good).headers["Upload-Offset"] == "4000"
    rest = upload_checksum(algorithm, DATA[4000:])
    assert checked_piece(lin, location, 4000, DATA[4000:], rest).headers["Upload-Offset"] == str(len(DATA))


def test_a_spoiled_piece_takes_nothing_of_what_came_before(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    send_piece(lin, location, 0, DATA[:4000])
    checked_piece(lin, location, 4000, DATA[4000:], upload_checksum("sha256", DATA))
    assert stands_at(lin, location) == 4000
    send_piece(lin, location, 4000, DATA[4000:])
    assert world.house.evidence.verify(SHA256)


@pytest.mark.parametrize(
    ("checksum", "slug"),
    [("crc32 eA==", "unknown-checksum"), ("sha1 !", "bad-upload"), ("", "unknown-checksum"), ("sha1", "x")],
)
def test_a_checksum_that_cannot_be_used_is_refused_and_nothing_is_kept(
    announced: tuple[Phone, str], checksum: str, slug: str
) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    answer = checked_piece(lin, location, 0, DATA[:10], checksum)
    if slug == "x":  # a name without a hash is a hash of nothing, which no piece has
        assert answer.status_code == 460
    else:
        assert answer.status_code == 400
        assert answer.get_json()["type"] == f"/problems/{slug}"
    assert stands_at(lin, location) == 0


# ---- Expiry ----


def test_an_unfinished_upload_says_until_when_it_is_kept(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    before = datetime.now(UTC).replace(microsecond=0)
    begun = begin_upload(lin, visit_id, DATA)
    piece = send_piece(lin, begun.headers["Location"], 0, DATA[:100])
    head = lin.ask("HEAD", begun.headers["Location"], headers=TUS)
    for answer in (begun, piece, head):
        told = parsedate_to_datetime(answer.headers["Upload-Expires"])
        days = timedelta(days=world.settings.upload_days)
        assert before + days <= told <= datetime.now(UTC) + days
    done = send_piece(lin, begun.headers["Location"], 100, DATA[100:])
    assert "Upload-Expires" not in done.headers, "a photo that has arrived does not expire"


def test_an_expired_upload_is_gone_and_a_new_one_begins_at_nothing(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    send_piece(lin, location, 0, DATA[:4000])
    idle_for = timedelta(days=world.settings.upload_days)
    later = datetime.now(UTC) + idle_for
    assert sweep(world.store, world.house.evidence, idle_for=idle_for, at_utc=later - timedelta(minutes=5)).expired == 0
    assert stands_at(lin, location) == 4000, "until somebody sweeps after its time, the phone may go on"
    assert sweep(world.store, world.house.evidence, idle_for=idle_for, at_utc=later + timedelta(minutes=5)).expired == 1
    for answer in (
        lin.ask("HEAD", location, headers=TUS),
        send_piece(lin, location, 4000, DATA[4000:]),
        delete(lin, location),
    ):
        assert answer.status_code == 410
    assert send_piece(lin, location, 4000, b"x").get_json()["type"] == "/problems/upload-ended"
    assert audited(world, "upload.expired") == [{"sha256": SHA256, "size_bytes": len(DATA), "received_bytes": 4000}]
    anew = begin_upload(lin, visit_id, DATA)
    assert anew.headers["Location"] != location
    assert anew.headers["Upload-Offset"] == "0"
    assert send_piece(lin, anew.headers["Location"], 0, DATA).status_code == 204


# ---- Giving up ----


def test_an_unfinished_upload_may_be_given_up(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    send_piece(lin, location, 0, DATA[:4000])
    answer = delete(lin, location)
    assert (answer.status_code, answer.data) == (204, b"")
    for gone in (lin.ask("HEAD", location, headers=TUS), send_piece(lin, location, 4000, b"x"), delete(lin, location)):
        assert gone.status_code == 410
    assert audited(world, "upload.terminated") == [{"sha256": SHA256, "size_bytes": len(DATA), "received_bytes": 4000}]
    anew = begin_upload(lin, visit_id, DATA)
    assert (anew.headers["Location"] != location, anew.headers["Upload-Offset"]) == (True, "0")
    assert begin_upload(lin, visit_id, DATA).headers["Location"] == anew.headers["Location"]
    assert send_piece(lin, anew.headers["Location"], 0, DATA).status_code == 204
    assert world.house.evidence.verify(SHA256)


def test_a_photo_that_has_arrived_is_evidence_and_stays(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    send_piece(lin, location, 0, DATA)
    answer = delete(lin, location)
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/photo-is-evidence"
    assert stands_at(lin, location) == len(DATA)
    assert world.house.evidence.verify(SHA256)


def test_a_photo_whose_last_byte_came_before_a_crash_is_evidence_too(
    world: World, announced: tuple[Phone, str]
) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    world.house.evidence.append(location.rsplit("/", 1)[1], 0, DATA)
    assert delete(lin, location).status_code == 409
    assert world.house.evidence.verify(SHA256)


def test_nobody_gives_up_anothers_upload(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    send_piece(lin, location, 0, DATA[:4000])
    answer = delete(world.phone("chen"), location)
    assert answer.status_code == 404
    assert answer.get_json()["type"] == "/problems/no-such-upload"
    assert stands_at(lin, location) == 4000


def test_an_upload_that_is_being_written_to_is_not_given_up(world: World, announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    answers: list[TestResponse] = []

    class GivingUp:
        """A body during whose sending the upload is given up."""

        def __init__(self) -> None:
            self.blocks = iter([DATA[:1000], b""])

        def read(self, size: int) -> bytes:
            answers.append(delete(lin, location))
            return next(self.blocks)

    world.house.evidence.append(location.rsplit("/", 1)[1], 0, GivingUp())
    assert [answer.status_code for answer in answers] == [423, 423]
    assert answers[0].get_json()["type"] == "/problems/upload-busy"
    assert stands_at(lin, location) == 1000
    assert delete(lin, location).status_code == 204


# ---- Method override, versions and caching on every verb ----


@pytest.mark.parametrize("sent_as", ["POST", "GET"])
@pytest.mark.parametrize(("meant", "status"), [("HEAD", 200), ("OPTIONS", 204), ("PATCH", 204), ("DELETE", 204)])
def test_the_header_says_which_method_is_meant(
    announced: tuple[Phone, str], sent_as: str, meant: str, status: int
) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    headers = {**TUS, "X-HTTP-Method-Override": meant, "Upload-Offset": "0", "Content-Type": PIECE_TYPE}
    answer = lin.ask(sent_as, location, headers=headers, data=DATA[:10])
    assert answer.status_code == status
    assert (stands_at(lin, location) if meant != "DELETE" else 10) == (10 if meant in ("PATCH", "DELETE") else 0)


def test_a_method_that_uploads_do_not_have_is_none_by_another_name(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    headers = {**TUS, "X-HTTP-Method-Override": "PUT"}
    assert lin.ask("POST", location, headers=headers).status_code == 405


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_every_verb_refuses_a_foreign_version_and_names_its_own(announced: tuple[Phone, str], method: str) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    path = "uploads" if method == "POST" else location
    headers = {"Tus-Resumable": "0.2.2", "Upload-Offset": "0", "Content-Type": PIECE_TYPE}
    answer = lin.ask(method, path, headers=headers, data=DATA if method == "PATCH" else None)
    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert stands_at(lin, location) == 0


def test_head_is_never_cached_and_has_no_body_also_when_there_is_nothing(announced: tuple[Phone, str]) -> None:
    lin, visit_id = announced
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    found = lin.ask("HEAD", location, headers=TUS)
    delete(lin, location)
    ended = lin.ask("HEAD", location, headers=TUS)
    missed = lin.ask("HEAD", "uploads/00000000-0000-4000-8000-000000000000", headers=TUS)
    assert [a.status_code for a in (found, ended, missed)] == [200, 410, 404]
    for answer in (found, ended, missed):
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.data == b""
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Offset" not in ended.headers
    assert "Upload-Offset" not in missed.headers
