"""A phone's unsent work by cable or stick: taken like work sent over the air, answered with a receipt, never lost."""

import base64
import hashlib
import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from media.proof import key_id, new_device_key, verify_p256
from tests.api.world import FIX, PASSPHRASE, PROBLEM_BODY, Phone, World, a_photo, begin_upload, photo_body, send_piece
from tests.phone_exports import container, sealed
from visits.access import Device, NewAccount, Role, actor_named, audit_trail, create_account
from visits.intake import phone_exports

BINARY = {"Content-Type": "application/octet-stream"}


def unsent_visit(phone: Phone, visit_id: str, photo: bytes) -> list[dict[str, Any]]:
    return [
        phone.record(visit_id, "open", {"how": "key", "fix": FIX}),
        phone.record(visit_id, "arrive", {"fix": FIX, "no_fix_reason": None}),
        phone.record(visit_id, "problem", PROBLEM_BODY),
        phone.record(visit_id, "photo", photo_body(photo)),
        phone.record(visit_id, "close", {"records": 5, "escorted": False, "warned_beforehand": False, "note": ""}),
    ]


def manifest(world: World, phone: Phone, *visits: dict[str, Any], **changes: Any) -> dict[str, Any]:
    with world.store.reading() as uow:
        devices = uow.session.scalars(select(Device)).all()
        device_id = next((d.id for d in devices if d.public_key_jwk == phone.key.public_jwk), uuid.uuid4())
    said = {
        "account_id": phone.account_id,
        "device_id": str(device_id),
        "made_at": "2026-05-12T18:00:00+08:00",
        "visits": list(visits),
    }
    return {**said, **changes}


def of_visit(visit_id: str, records: list[dict[str, Any]], *photos: bytes) -> dict[str, Any]:
    announced = [{"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)} for data in photos]
    return {"visit_id": visit_id, "records": records, "photos": announced}


def seal(world: World, plaintext: bytes) -> bytes:
    keys = world.phone("leader").get("phone-exports/key").get_json()
    return sealed(keys["kid"], keys["public_key"], plaintext)


def bring(world: World, login: str, file: bytes) -> TestResponse:
    return world.phone(login).ask("POST", "phone-exports", headers=BINARY, data=file)


def results(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.get_json()
    found: list[dict[str, Any]] = json.loads(answer.get_json()["receipts"])["results"]
    return found


@pytest.fixture
def photo() -> bytes:
    return a_photo()


@pytest.fixture
def lin(world: World) -> Phone:
    return world.phone("lin")


@pytest.fixture
def file(world: World, lin: Phone, photo: bytes) -> bytes:
    """The whole of a visit that never saw a network."""
    visit_id = world.opened(lin)
    visit = of_visit(visit_id, unsent_visit(lin, visit_id, photo), photo)
    return seal(world, container(manifest(world, lin, visit), [photo]))


@pytest.mark.parametrize("login", ["office", "lin"])
def test_a_visit_brought_by_stick_is_complete(world: World, lin: Phone, file: bytes, photo: bytes, login: str) -> None:
    [visit] = results(bring(world, login, file))
    assert [record["outcome"] for record in visit["records"]] == ["accepted"] * 5
    assert visit["photos"] == [{"sha256": hashlib.sha256(photo).hexdigest(), "outcome": "arrived"}]
    world.work()
    whole = world.phone("org").get(f"visits/{visit['visit_id']}").get_json()
    assert whole["summary"]["complete"] is True
    assert {record["by"] for record in whole["records"]} == {"Lin"}
    assert {record["signature_state"] for record in whole["records"]} == {"good"}
    shown = lin.get(f"visits/{visit['visit_id']}/photos/{visit['photos'][0]['sha256']}/original")
    assert shown.data == photo


def test_the_receipt_is_signed_with_the_key_that_phones_keep(world: World, lin: Phone, file: bytes) -> None:
    key = lin.get("phone-exports/key").get_json()["receipt_key"]
    receipt = bring(world, "office", file).get_json()
    signature = base64.urlsafe_b64decode(receipt["signature"] + "==")
    assert verify_p256(key, receipt["receipts"].encode(), signature)
    assert not verify_p256(key, receipt["receipts"].replace("accepted", "refused").encode(), signature)


def test_bringing_it_again_changes_nothing(world: World, file: bytes) -> None:
    [once], [again] = (results(bring(world, login, file)) for login in ("office", "lin"))
    assert [record["outcome"] for record in again["records"]] == ["same"] * 5
    assert [record["log_index"] for record in again["records"]] == [r["log_index"] for r in once["records"]]
    assert once["photos"] == again["photos"]


def test_what_came_half_over_the_air_is_completed(world: World, lin: Phone, photo: bytes) -> None:
    visit_id = world.opened(lin)
    records = unsent_visit(lin, visit_id, photo)
    lin.deliver(visit_id, *records[:4])
    location = begin_upload(lin, visit_id, photo).headers["Location"]
    send_piece(lin, location, 0, photo[:500])
    file = seal(world, container(manifest(world, lin, of_visit(visit_id, records, photo)), [photo]))
    [visit] = results(bring(world, "office", file))
    assert [record["outcome"] for record in visit["records"]] == ["same"] * 4 + ["accepted"]
    assert visit["photos"][0]["outcome"] == "arrived"
    told = lin.ask("HEAD", location, headers={"Tus-Resumable": "1.0.0"})
    assert told.headers["Upload-Offset"] == str(len(photo))


def test_a_record_nobody_known_signed_is_kept_shown_and_refused(world: World, lin: Phone) -> None:
    visit_id = world.opened(lin)
    good = lin.record(visit_id, "arrive", {"fix": FIX, "no_fix_reason": None})
    unsigned = {**lin.record(visit_id, "problem", PROBLEM_BODY), "signature": None}
    forged = {**lin.record(visit_id, "all_in_order", {}), "signature": good["signature"]}
    file = seal(world, container(manifest(world, lin, of_visit(visit_id, [good, unsigned, forged]))))
    [visit] = results(bring(world, "office", file))
    assert [(one["outcome"], one["reason"]) for one in visit["records"]] == [
        ("accepted", ""),
        ("refused", "not_signed_by_a_known_phone"),
        ("refused", "not_signed_by_a_known_phone"),
    ]
    assert [one["id"] for one in visit["records"]] == [json.loads(r["record"])["id"] for r in (good, unsigned, forged)]
    world.work()
    kept = world.phone("org").get(f"visits/{visit_id}/kept").get_json()["items"]
    assert {one["text"] for one in kept} == {unsigned["record"], forged["record"]}


@pytest.mark.parametrize("login", ["wang", "far_office"])
def test_nobody_else_brings_in_the_work_of_a_phone(make_world: Callable[..., World], login: str) -> None:
    world = make_world()
    if login == "far_office":
        _add_far_office(world)
    lin, photo = world.phone("lin"), a_photo()
    visit_id = world.opened(lin)
    visit = of_visit(visit_id, unsent_visit(lin, visit_id, photo), photo)
    [told] = results(bring(world, login, seal(world, container(manifest(world, lin, visit), [photo]))))
    assert {record["outcome"] for record in told["records"]} == {"refused"}
    assert {one["outcome"] for one in told["photos"]} == {"not_announced"}
    with world.store.reading() as uow:
        [mine] = phone_exports(uow, world.actor(login))
        assert mine.kept_whole and mine.whose is None
        assert phone_exports(uow, world.actor("office")) == ([] if login == "far_office" else [mine])


def test_work_for_a_visit_of_another_team_is_kept_and_refused(world: World) -> None:
    lin, wang = world.phone("lin"), world.phone("wang")
    visit_id = world.opened(lin)
    record = wang.record(visit_id, "all_in_order", {})
    [told] = results(
        bring(world, "office", seal(world, container(manifest(world, wang, of_visit(visit_id, [record])))))
    )
    assert [(one["outcome"], one["reason"]) for one in told["records"]] == [("refused", "not_of_the_team")]


def test_a_photo_that_is_not_what_was_announced_is_told_and_all_is_kept(world: World, lin: Phone, photo: bytes) -> None:
    visit_id = world.opened(lin)
    visit = of_visit(visit_id, unsent_visit(lin, visit_id, photo), photo)
    changed = photo[:-1] + bytes([photo[-1] ^ 1])
    file = seal(world, container(manifest(world, lin, visit), [changed]))
    [told] = results(bring(world, "office", file))
    assert told["photos"][0]["outcome"] == "hash_mismatch"
    assert world.house.evidence.has(hashlib.sha256(file).hexdigest())


def test_a_photo_no_record_speaks_of_and_one_too_large_are_told(make_world: Callable[..., World]) -> None:
    world = make_world(max_photo_bytes=2000)
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    large, stray = b"x" * 2001, b"stray"
    record = lin.record(visit_id, "photo", photo_body(large))
    visit = of_visit(visit_id, [record], large, stray)
    [told] = results(bring(world, "office", seal(world, container(manifest(world, lin, visit), [large, stray]))))
    assert [one["outcome"] for one in told["photos"]] == ["too_large", "not_announced"]


def _cut(file: bytes) -> bytes:
    return file[: len(file) // 2]


def _flip(file: bytes) -> bytes:
    middle = len(file) // 2
    return file[:middle] + (b"A" if file[middle : middle + 1] != b"A" else b"B") + file[middle + 1 :]


def _other_server(file: bytes) -> bytes:
    return file.replace(json.loads(file)["kid"].encode(), key_id(new_device_key().public_jwk).encode())


@pytest.mark.parametrize("spoil", [_cut, _flip, _other_server, lambda file: b"{", lambda file: b"\xff" * 9000])
def test_a_file_that_cannot_be_opened_is_kept_and_refused(
    world: World, file: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    spoiled = spoil(file)
    answer = bring(world, "office", spoiled)
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/unreadable-export")
    with world.house.evidence.open(hashlib.sha256(spoiled).hexdigest()) as kept:
        assert kept.read() == spoiled
    with world.store.reading() as uow:
        [remembered] = phone_exports(uow, world.actor("office"))
    assert (remembered.outcome, remembered.kept_whole, remembered.imported_by) == ("unreadable", True, "Office")


LYING: dict[str, Callable[[dict[str, Any]], Any]] = {
    "more bytes than there are": lambda m: _photos(m, [{"sha256": "a" * 64, "size_bytes": 10**12}]),
    "fewer bytes than there are": lambda m: _photos(m, []),
    "no bytes at all": lambda m: _photos(m, [{"sha256": "a" * 64, "size_bytes": 0}]),
    "negative": lambda m: _photos(m, [{"sha256": "a" * 64, "size_bytes": -1}]),
    "a path for a hash": lambda m: _photos(m, [{"sha256": "../../etc/passwd", "size_bytes": 6}]),
    "too many photos": lambda m: _photos(m, [{"sha256": "a" * 64, "size_bytes": 1}] * 501),
    "too many visits": lambda m: {**m, "visits": m["visits"] * 101},
    "no visits": lambda m: {name: value for name, value in m.items() if name != "visits"},
    "an unknown member": lambda m: {**m, "more": 1},
    "no object": lambda m: [m],
    "deep": lambda m: json.loads("[" * 200 + "]" * 200),
}


def _photos(said: dict[str, Any], photos: list[dict[str, Any]]) -> dict[str, Any]:
    return {**said, "visits": [{**said["visits"][0], "photos": photos}]}


@pytest.mark.parametrize("lie", LYING)
def test_a_manifest_that_lies_is_kept_and_refused(world: World, lin: Phone, lie: str) -> None:
    visit_id = world.opened(lin)
    honest = manifest(world, lin, of_visit(visit_id, [lin.record(visit_id, "all_in_order", {})], b"photo!"))
    answer = bring(world, "office", seal(world, container(LYING[lie](honest), [b"photo!"])))
    assert answer.status_code == 422, answer.get_json()
    assert answer.get_json()["type"] == "/problems/unreadable-export"
    assert lin.get(f"visits/{visit_id}").status_code == 404, "nothing of it was taken"


def test_who_brought_what_is_noted(world: World, file: bytes) -> None:
    bring(world, "office", file)
    bring(world, "office", file[:-3])
    with world.store.reading() as uow:
        trail = audit_trail(uow, world.actor("discipline"))
    told = [(line.result, line.detail["of"]) for line in trail if line.act == "phone_export.import"]
    assert told == [("refused", ""), ("done", "lin")]


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(make_world: Callable[..., World]) -> None:
    world = make_world(max_export_bytes=1000)
    answer = bring(world, "office", b"x" * 1001)
    assert answer.status_code == 413


def test_a_file_is_sent_as_what_it_is(world: World) -> None:
    assert world.phone("office").post("phone-exports", {}).status_code == 415


def test_a_delivery_of_unknown_length_is_asked_for_it(world: World) -> None:
    office = world.phone("office")
    headers = {**BINARY, "Authorization": f"Bearer {office.token}", "Transfer-Encoding": "chunked"}
    answer = world.client().post("/api/v1/phone-exports", headers=headers, input_stream=io.BytesIO(b"x"))
    assert answer.status_code == 411


def _add_far_office(world: World) -> None:
    with world.store.writing() as uow:
        new = NewAccount("far_office", "Far", Role.OFFICE, "350981")
        create_account(uow, actor_named(uow, "root"), new, passphrase=PASSPHRASE, at_utc=world.clock())
