"""A whole visit over HTTP: assigned, opened, recorded, photographed, judged, reviewed by two."""

import hashlib
import io

from PIL import Image

from tests.api.world import (
    COUNTY,
    FIX,
    PROBLEM_BODY,
    VILLAGE,
    Phone,
    World,
    a_photo,
    ask_both_books,
    begin_upload,
    photo_body,
    send_piece,
    sighting_body,
)


def a_closed_visit(world: World, seen: str = "met") -> tuple[Phone, str, bytes]:
    """A visit by one inspector, closed and complete, its jobs done."""
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    data = a_photo()
    answer = lin.deliver(
        visit_id,
        lin.record(visit_id, "arrive", {"fix": FIX, "no_fix_reason": None}),
        lin.record(visit_id, "sighting", sighting_body(world.posting_ids[0], seen)),
        lin.record(visit_id, "problem", PROBLEM_BODY),
        lin.record(visit_id, "photo", photo_body(data)),
        lin.record(visit_id, "close", {"records": 5, "escorted": False, "warned_beforehand": False, "note": ""}),
    )
    assert answer.status_code == 200, answer.get_json()
    location = begin_upload(lin, visit_id, data).headers["Location"]
    assert send_piece(lin, location, 0, data).status_code == 204
    world.work()
    return lin, visit_id, data


def test_b1_a_visit_goes_from_its_assignment_to_a_complete_receipt(world: World) -> None:
    lin, visit_id, data = a_closed_visit(world)
    receipt = lin.get(f"visits/{visit_id}/receipt").get_json()
    assert receipt["complete"] is True
    assert receipt["missing"] == []
    assert {item["what"] for item in receipt["items"]} == {"arrive", "sighting", "problem", "photo", "close", "file"}
    assert hashlib.sha256(data).hexdigest() in {item["sha256"] for item in receipt["items"]}


def test_the_organization_department_reads_the_visit_and_its_photo(world: World) -> None:
    _, visit_id, data = a_closed_visit(world)
    org = world.phone("org")
    [summary] = org.get("visits").get_json()["items"]
    assert summary["id"] == visit_id
    whole = org.get(f"visits/{visit_id}").get_json()
    assert whole["summary"]["village"]["code"] == VILLAGE
    assert [sighting["now"]["outcome"] for sighting in whole["sightings"]] == ["met"]
    assert whole["records"][0]["made_at"].endswith("+08:00")
    digest = hashlib.sha256(data).hexdigest()
    original = org.get(f"visits/{visit_id}/photos/{digest}/original")
    assert original.data == data
    assert original.headers["Content-Type"] == "application/octet-stream"
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert original.headers["Content-Security-Policy"].startswith("sandbox")
    display = org.get(f"visits/{visit_id}/photos/{digest}/display")
    assert display.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(display.data)).size == (320, 240)


def test_the_problem_of_a_visit_is_in_the_ledger_and_can_be_withdrawn(world: World) -> None:
    a_closed_visit(world)
    office = world.phone("office")
    [found] = office.get("problems").get_json()["items"]
    assert found["number"] == f"{COUNTY}-2026-0001"
    assert found["item"]["number"] == 13
    assert office.get(f"problems/{found['id']}").get_json()["text"] == PROBLEM_BODY["text"]
    answer = office.post(f"problems/{found['id']}/withdrawal", {"reason": "误报"})
    assert answer.get_json()["state"] == "withdrawn"
    again = office.post(f"problems/{found['id']}/withdrawal", {"reason": "误报"})
    assert again.status_code == 409
    assert again.get_json()["type"] == "/problems/already-withdrawn"


def test_coverage_counts_the_visit_and_names_nobody(world: World) -> None:
    a_closed_visit(world)
    answer = world.phone("leader").get("coverage")
    by_code = {one["village"]["code"]: one for one in answer.get_json()["items"]}
    assert by_code[VILLAGE]["visits"] == 1
    assert by_code[VILLAGE]["last_visit_on"] == "2026-05-12"
    assert "张三" not in answer.get_data(as_text=True)


def an_unexplained_absence(world: World) -> tuple[Phone, str, str]:
    """Somebody who was not met while both books know of nothing: their sighting, and a hash of its evidence."""
    a_closed_visit(world, seen="not_met")
    world.clock.move(hours=2)
    ask_both_books(world)
    world.work()
    org = world.phone("org")
    page = org.get(f"postings/{world.posting_ids[0]}").get_json()
    [on_page] = page["sightings"]
    assert on_page["seen"]["now"]["outcome"] == "not_met", on_page
    visit = org.get(f"visits/{on_page['seen']['visit_id']}").get_json()
    return org, on_page["seen"]["id"], visit["records"][1]["sha256"]


def test_an_absence_is_held_against_somebody_only_after_a_reply_and_by_two(world: World) -> None:
    org, sighting_id, digest = an_unexplained_absence(world)
    wanted = {"outcome": "accept", "reason": "两本登记簿均无记录", "based_on": [digest]}
    early = org.post(f"sightings/{sighting_id}/decisions", wanted)
    assert early.status_code == 409
    assert early.get_json()["type"] == "/problems/reply-still-open"
    notice = org.post(f"sightings/{sighting_id}/notices", {"given_on": "2026-05-12", "how": "paper"})
    assert notice.status_code == 201
    reply = {"text": "当日在县里开会", "received_on": "2026-05-12", "how": "paper"}
    replied = org.post(f"notices/{notice.get_json()['id']}/replies", reply)
    assert replied.status_code == 201
    assert replied.get_json()["replies"][0]["text"] == "当日在县里开会"

    made = org.post(f"sightings/{sighting_id}/decisions", wanted)
    assert made.status_code == 201, made.get_json()
    decision = made.get_json()
    assert decision["state"] == "proposed"
    path = f"decisions/{decision['id']}/confirmation"
    agree = {"agree": True, "reason": "核实无误"}
    etag = made.headers["ETag"]
    assert org.post(path, agree, headers={"If-Match": etag}).get_json()["type"] == "/problems/same-person"
    second = world.phone("org2")
    assert second.post(path, agree).status_code == 428
    assert second.post(path, agree, headers={"If-Match": '"99"'}).status_code == 412
    assert [one["id"] for one in second.get("decisions").get_json()["items"]] == [decision["id"]]
    shown = second.get(f"decisions/{decision['id']}")
    confirmed = second.post(path, agree, headers={"If-Match": shown.headers["ETag"]})
    assert confirmed.status_code == 200
    assert confirmed.get_json()["state"] == "standing"
    assert confirmed.headers["ETag"] != etag


def test_a_decision_names_evidence_of_its_own_visit(world: World) -> None:
    org, sighting_id, _ = an_unexplained_absence(world)
    answer = org.post(
        f"sightings/{sighting_id}/decisions", {"outcome": "return", "reason": "重新核对", "based_on": ["0" * 64]}
    )
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/evidence-not-named"


def test_reading_a_persons_page_is_noted(world: World) -> None:
    org = world.phone("org")
    posting_id = world.posting_ids[0]
    page = org.get(f"postings/{posting_id}")
    assert page.status_code == 200
    assert page.get_json()["posting"]["name"] in ("张三", "李四")
    trail = world.phone("discipline").get(f"audit?about=posting:{posting_id}").get_json()["items"]
    assert [line["act"] for line in trail] == ["person.read"]
