"""Records from phones: everything is kept, whatever becomes of it, and the answer says so."""

import hashlib
import json
import uuid
from typing import Any

import pytest

from api.resources.record_shapes import BODIES, read_record
from tests.api.world import FIX, PROBLEM_BODY, Phone, World, a_photo, begin_upload, photo_body, sighting_body
from visits.forms import question_set
from visits.intake import kept_records

ARRIVE = {"fix": FIX, "no_fix_reason": None}
ANSWERED = {"question_id": "funds_known", "answer": "counted", "asked": 3, "know": 0, "note": ""}
ANSWERS = {"question_set": question_set().version, "answers": [ANSWERED]}
GOOD_BODIES: dict[str, dict[str, Any]] = {
    "open": {"how": "key", "fix": FIX},
    "arrive": ARRIVE,
    "confirm": {"arrive_id": str(uuid.uuid4()), "arrive_sha256": "a" * 64, "fix": None},
    "sighting": sighting_body(uuid.uuid4()),
    "problem": PROBLEM_BODY,
    "photo": photo_body(b"x"),
    "answers": ANSWERS,
    "project": {"code": "2026-018", "seen": "not_there", "note": "只见空地", "fix": FIX},
    "correction": {"of_record": str(uuid.uuid4()), "of_sha256": "b" * 64, "reason": "看错了", "body": PROBLEM_BODY},
    "all_in_order": {},
    "finish": {"records": 3},
    "close": {"records": 3, "escorted": False, "warned_beforehand": True, "note": "好"},
    "abort": {"records": 1, "reason": "道路塌方"},
}


def kept(world: World, visit_id: str) -> list[dict[str, Any]]:
    with world.store.reading() as uow:
        return [vars(one) for one in kept_records(uow, uuid.UUID(visit_id))]


def test_records_are_taken_and_the_same_delivery_again_gets_the_same_receipts(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    batch = [lin.record(visit_id, "arrive", ARRIVE), lin.record(visit_id, "all_in_order", {})]
    first = lin.deliver(visit_id, *batch)
    assert first.status_code == 200
    results = first.get_json()["results"]
    assert [one["outcome"] for one in results] == ["accepted", "accepted"]
    assert [one["sha256"] for one in results] == [hashlib.sha256(r["record"].encode()).hexdigest() for r in batch]
    world.clock.move(minutes=5)
    again = lin.deliver(visit_id, *batch).get_json()["results"]
    assert [one["outcome"] for one in again] == ["same", "same"]
    assert [(one["received_utc"], one["log_index"]) for one in again] == [
        (one["received_utc"], one["log_index"]) for one in results
    ]


def test_one_id_with_other_content_is_a_conflict_and_both_are_kept(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    record = lin.record(visit_id, "arrive", ARRIVE)
    lin.deliver(visit_id, record)
    changed = record["record"].replace("119.504", "119.604")
    answer = lin.deliver(visit_id, {"record": changed, "signature": lin.signature(changed)})
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/record-conflict"
    assert [one["outcome"] for one in answer.get_json()["results"]] == ["conflict"]
    assert [one["text"] for one in kept(world, visit_id)] == [changed]


def test_a_thirteenth_photo_is_refused_and_kept(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    photos = [lin.record(visit_id, "photo", photo_body(f"photo {i}".encode())) for i in range(13)]
    answer = lin.deliver(visit_id, *photos)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/record-refused"
    assert [one["outcome"] for one in answer.get_json()["results"]] == ["accepted"] * 12 + ["refused"]
    assert len(kept(world, visit_id)) == 1


def test_a_record_of_the_wrong_shape_is_kept_and_told_by_its_id(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    record = lin.record(visit_id, "arrive", {**ARRIVE, "household": "12 号"})
    answer = lin.deliver(visit_id, record, lin.record(visit_id, "all_in_order", {}))
    assert answer.status_code == 422
    refused, accepted = answer.get_json()["results"]
    assert refused["id"] == json.loads(record["record"])["id"]
    assert "household" in refused["reason"]
    assert accepted["outcome"] == "accepted"
    assert [one["text"] for one in kept(world, visit_id)] == [record["record"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe",
        b'{"records": []}',
        b'{"records": [{"record": 1}]}',
        b'{"a": 1, "a": 2}',
        b"[" * 2000,
    ],
)
def test_a_body_that_cannot_be_read_is_kept_byte_for_byte(world: World, body: bytes) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    answer = lin.ask("POST", f"visits/{visit_id}/records", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "/problems/unreadable-delivery"
    assert answer.get_json()["kept_sha256"] == hashlib.sha256(body).hexdigest()
    assert [one["sha256"] for one in kept(world, visit_id)] == [hashlib.sha256(body).hexdigest()]


def test_what_somebody_outside_the_team_sends_is_kept_and_answered_404(world: World) -> None:
    visit_id = world.opened(world.phone("lin"))
    wang = world.phone("wang")
    answer = wang.deliver(visit_id, wang.record(visit_id, "arrive", ARRIVE))
    assert answer.status_code == 404
    assert answer.get_json()["type"] == "/problems/no-such-visit"
    assert len(kept(world, visit_id)) == 1


def test_only_inspectors_send_records(world: World) -> None:
    visit_id = world.opened(world.phone("lin"))
    org = world.phone("org")
    answer = org.deliver(visit_id, org.record(visit_id, "arrive", ARRIVE))
    assert answer.status_code == 403
    assert kept(world, visit_id) == []


def test_what_was_not_taken_can_be_read_by_the_team(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    lin.deliver(visit_id, lin.record(visit_id, "arrive", ARRIVE), {"record": "{}", "signature": None})
    world.work()
    [one] = lin.get(f"visits/{visit_id}/kept").get_json()["items"]
    assert (one["outcome"], one["text"]) == ("refused", "{}")


def test_a_bad_signature_does_not_keep_a_record_out(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    record = lin.record(visit_id, "arrive", ARRIVE)
    answer = lin.deliver(visit_id, {"record": record["record"], "signature": "AAAA"})
    assert answer.get_json()["results"][0]["outcome"] == "accepted"
    world.work()
    assert lin.get(f"visits/{visit_id}").get_json()["records"][0]["signature_state"] == "bad"


def a_record(kind: str, body: dict[str, Any], **changes: Any) -> str:
    phone = Phone(None, "nobody")  # type: ignore[arg-type]  # it only writes
    return str(phone.record(str(uuid.uuid4()), kind, body, **changes)["record"])


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_good_record_of_each_kind_is_read(kind: str) -> None:
    read = read_record(a_record(kind, GOOD_BODIES[kind]))
    assert read.problems == ()
    assert read.parsed is not None
    assert read.id == read.parsed["id"]


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_record_with_an_unknown_field_is_not_read_but_named(kind: str) -> None:
    text = a_record(kind, {**GOOD_BODIES[kind], "surprise": 1})
    read = read_record(text)
    assert read.parsed is None
    assert read.id is not None
    assert any("surprise" in problem for problem in read.problems)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("arrive", {"fix": {**FIX, "lon_deg": "119.5"}}),
        ("arrive", {"fix": {**FIX, "lat_deg": 95}}),
        ("arrive", {"fix": {**FIX, "datum": "mars"}}),
        ("arrive", {"fix": {**FIX, "fixed_at": "2026-05-12T09:29:50"}}),
        ("sighting", {"villagers_know": 4}),
        ("sighting", {"villagers_asked": True}),
        ("sighting", {"met_by_both": "yes"}),
        ("sighting", {"seen": "absent"}),
        ("problem", {"item": 30}),
        ("problem", {"item": 1.0}),
        ("problem", {"item": None}),
        ("problem", {"text": ""}),
        ("photo", {"sha256": "A" * 64}),
        ("photo", {"size_bytes": 0}),
        ("photo", {"fixes": [FIX] * 9}),
        ("photo", {"media_type": "image/jpeg\n"}),
        ("close", {"records": 0}),
        ("photo", {"file_modified_at": "yesterday"}),
        ("answers", {"answers": [{**ANSWERED, "know": 4}]}),
        ("answers", {"answers": [{**ANSWERED, "asked": None}]}),
        ("answers", {"answers": [{**ANSWERED, "answer": "yes"}]}),
        ("answers", {"answers": [{**ANSWERED, "know": None}]}),
        ("answers", {"answers": [{**ANSWERED, "answer": "perhaps"}]}),
        ("answers", {"answers": [{**ANSWERED, "question_id": "../etc"}]}),
        ("answers", {"answers": [{**ANSWERED, "income_yuan": 3}]}),
        ("answers", {"answers": [ANSWERED] * 201}),
        ("answers", {"question_set": ""}),
        ("correction", {"body": {}}),
        ("correction", {"body": {"posting_id": 1}}),
        ("correction", {"body": {**PROBLEM_BODY, "posting_id": str(uuid.uuid4())}}),
        ("correction", {"body": photo_body(b"x")}),
        ("correction", {"body": [PROBLEM_BODY]}),
        ("correction", {"reason": ""}),
        ("correction", {"of_record": "1"}),
    ],
)
def test_a_body_that_breaks_its_shape_is_not_read(kind: str, change: dict[str, Any]) -> None:
    read = read_record(a_record(kind, {**GOOD_BODIES[kind], **change}))
    assert read.parsed is None
    assert read.problems


@pytest.mark.parametrize(
    "change", [{"kind": "tip"}, {"seq": 0}, {"made_at": "0001-01-01T00:00:00+23:59"}, {"id": "1"}, {"previous": ""}]
)
def test_an_envelope_that_breaks_its_shape_is_not_read(change: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(a_record("arrive", ARRIVE)), **change})
    assert read_record(text).parsed is None


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "1", '"x"', "{" * 5000, "1" * 5000, '{"id":"\\ud800"}', '{"id":1,"id":2}', "\ud800"],
)
def test_reading_a_record_never_raises(text: str) -> None:
    read = read_record(text)
    assert read.parsed is None
    assert read.problems


def test_a_photo_may_be_sent_for_a_record_that_was_refused_by_the_cap(world: World) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    data = a_photo()
    photos = [lin.record(visit_id, "photo", photo_body(f"photo {i}".encode())) for i in range(12)]
    lin.deliver(visit_id, *photos, lin.record(visit_id, "photo", photo_body(data)))
    assert begin_upload(lin, visit_id, data).status_code == 201
