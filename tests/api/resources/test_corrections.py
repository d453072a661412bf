"""Answers, corrections and returned records over HTTP, as phones send and ask for them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.resources.test_intake import ANSWERS, ARRIVE
from tests.api.world import PROBLEM_BODY, Phone, World, ask_both_books, photo_body, sighting_body


def correcting(
    phone: Phone, visit_id: str, sent: dict[str, Any], digest: str, body: Any, **more: Any
) -> dict[str, Any]:
    told = {"of_record": sent["id"], "of_sha256": digest, "reason": "看错了", "body": body, **more}
    return phone.record(visit_id, "correction", told)


def delivered(phone: Phone, visit_id: str, *records: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = phone.post(f"visits/{visit_id}/records", {"records": list(records), **more})
    results: list[dict[str, Any]] = answer.get_json()["results"]
    return results


def test_a_returned_record_is_asked_for_corrected_and_gone(world: World) -> None:
    lin, chen, org = world.phone("lin"), world.phone("chen"), world.phone("org")
    visit_id = world.opened(lin)
    body = sighting_body(world.posting_ids[0], "not_met")
    sent = [lin.record(visit_id, "arrive", ARRIVE), lin.record(visit_id, "sighting", body)]
    [_, seen] = delivered(lin, visit_id, *sent, lin.record(visit_id, "finish", {"records": 3}))[:2]
    ask_both_books(world)
    world.work()
    sighting = org.get(f"visits/{visit_id}").get_json()["sightings"][0]
    assert lin.get("returns").get_json() == {"items": [], "next": None}
    world.clock.move(minutes=5)
    decision = {"outcome": "return", "reason": "请写明几点敲门", "based_on": [seen["sha256"]]}
    assert org.post(f"sightings/{sighting['id']}/decisions", decision).status_code == 201
    [one] = lin.get("returns").get_json()["items"]
    assert (one["record_id"], one["record_sha256"], one["kind"]) == (seen["id"], seen["sha256"], "sighting")
    assert (one["about"], one["reason"]) == (sighting["posting"]["name"], "请写明几点敲门")
    assert one["visit_id"] == visit_id
    assert set(one["village"]) == {"code", "name"}
    assert chen.get("returns").get_json()["items"] == []
    assert org.get("returns").status_code == 403
    world.clock.move(minutes=5)
    correction = correcting(lin, visit_id, seen, seen["sha256"], {**body, "note": "早六点敲门"})
    assert [r["outcome"] for r in delivered(lin, visit_id, correction)] == ["accepted"]
    world.work()
    assert lin.get("returns").get_json()["items"] == []
    record = next(r for r in lin.get(f"visits/{visit_id}").get_json()["records"] if r["kind"] == "sighting")
    assert (record["body"]["note"], record["first_body"]["note"]) == ("早六点敲门", "")
    assert [c["reason"] for c in record["corrections"]] == ["看错了"]


def test_answers_come_back_with_their_question_and_the_ledger_with_its_first_wording(world: World) -> None:
    lin, office = world.phone("lin"), world.phone("office")
    visit_id = world.opened(lin)
    records = [lin.record(visit_id, "answers", ANSWERS), lin.record(visit_id, "problem", PROBLEM_BODY)]
    [_, problem] = delivered(lin, visit_id, *records)
    world.work()
    corrected = {**PROBLEM_BODY, "text": "公示栏有公示，已过期"}
    delivered(lin, visit_id, correcting(lin, visit_id, problem, problem["sha256"], corrected))
    world.work()
    [answer] = office.get(f"visits/{visit_id}").get_json()["answers"]
    assert (answer["asked"], answer["know"], answer["question"]["item"]) == (3, 0, 20)
    assert answer["question"]["rule_zh"] and answer["question_set"] == ANSWERS["question_set"]
    [entry] = office.get("problems").get_json()["items"]
    assert entry["text"] == "公示栏有公示，已过期"
    assert [e["text"] for e in entry["earlier"]] == [PROBLEM_BODY["text"]]


@pytest.mark.parametrize("word", ["counted", "yes"])
def test_a_few_words_are_an_answer(world: World, word: str) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    said = {"question_id": "policy_answer", "answer": word, "asked": None, "know": None, "note": "问低保，按文号答"}
    [receipt] = delivered(lin, visit_id, lin.record(visit_id, "answers", {**ANSWERS, "answers": [said]}))
    assert receipt["outcome"] == "accepted"
    world.work()
    [answer] = lin.get(f"visits/{visit_id}").get_json()["answers"]
    assert (answer["note"], answer["question"]["answer"]) == ("问低保，按文号答", "text")


def test_somebody_elses_record_is_refused_and_kept(world: World) -> None:
    lin, chen = world.phone("lin"), world.phone("chen")
    visit_id = world.opened(lin)
    [problem] = delivered(lin, visit_id, lin.record(visit_id, "problem", PROBLEM_BODY))
    [receipt] = delivered(chen, visit_id, correcting(chen, visit_id, problem, problem["sha256"], PROBLEM_BODY))
    assert (receipt["outcome"], receipt["reason"]) == ("refused", "not_own_record")
    world.work()
    assert [k["reason"] for k in lin.get(f"visits/{visit_id}/kept").get_json()["items"]] == ["not_own_record"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "x",
        {"posting_id": "1"},
        {"item": 13},
        {**PROBLEM_BODY, "surprise": 1},
        photo_body(b"x"),
        {"a": {}},
    ],
)
def test_a_correction_of_no_known_shape_is_refused_and_kept(world: World, body: Any) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    [problem] = delivered(lin, visit_id, lin.record(visit_id, "problem", PROBLEM_BODY))
    [receipt] = delivered(lin, visit_id, correcting(lin, visit_id, problem, problem["sha256"], body))
    assert receipt["outcome"] == "refused"
    world.work()
    assert len(lin.get(f"visits/{visit_id}/kept").get_json()["items"]) == 1


def test_the_phones_clock_travels_with_its_delivery(world: World) -> None:
    lin, chen = world.phone("lin"), world.phone("chen")
    visit_id = world.opened(lin)
    clock = (world.clock() - timedelta(hours=3)).isoformat()
    delivered(chen, visit_id, chen.record(visit_id, "arrive", ARRIVE), device_utc=clock)
    world.work()
    hints = lin.get(f"visits/{visit_id}").get_json()["hints"]
    assert [h["values"]["seconds"] for h in hints if h["code"] == "clock_on_sending"] == [-10800]


@pytest.mark.parametrize("clock", ["yesterday", 12, "0001-01-01T00:00:00+23:59", "2026-05-12T09:00:00"])
def test_a_clock_that_is_no_instant_makes_a_delivery_that_is_kept(world: World, clock: Any) -> None:
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    sent = {"records": [lin.record(visit_id, "arrive", ARRIVE)], "device_utc": clock}
    answer = lin.post(f"visits/{visit_id}/records", sent)
    assert answer.get_json()["type"] == "/problems/unreadable-delivery"
