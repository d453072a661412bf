"""One row of the phone's store that does not open costs that row, and nothing beside it is lost or held back."""

from tests.field.damage import turn_a_byte
from tests.field.phone import PagePhone
from tests.field.test_engine import NOTHING_WAITS, NewPhone, Next


def states(phone: PagePhone, visit_id: str) -> dict[str, str]:
    """How far each record of a visit has come, by its kind."""
    return {record["kind"]: record["state"] for record in phone.load(visit_id)["records"]}


def test_a_damaged_record_and_photo_stay_and_the_rest_is_sent(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    account = phone.sign_in()["account"]
    visit_id = phone.open_visit(next_assignment())
    arrival = phone.arrive(visit_id)
    bad, good = phone.take(visit_id, seed=21), phone.take(visit_id, seed=22)
    turn_a_byte(phone.page, "records", arrival["id"])
    turn_a_byte(phone.page, "photo_bytes", bad["id"], None)
    turn_a_byte(phone.page, "visits", [account["id"], visit_id], "package_box")
    assert [one["package"] for one in phone.call("visits", "list") if one["visit_id"] == visit_id] == [None]
    shown = phone.sync()
    assert (shown["waiting"], shown["damaged"], shown["trouble"]) == (NOTHING_WAITS, 2, None)
    turn_a_byte(phone.page, "visits", [account["id"], visit_id], "package_box")
    assert states(phone, visit_id) == {"open": "delivered", "damaged": "damaged", "photo": "delivered"}
    photos = {photo["id"]: photo["state"] for photo in phone.load(visit_id)["photos"]}
    assert photos == {bad["id"]: "damaged", good["id"]: "delivered"}
    # Nothing was thrown away: what opens again is sent when somebody asks for it.
    turn_a_byte(phone.page, "records", arrival["id"])
    turn_a_byte(phone.page, "photo_bytes", bad["id"], None)
    phone.call("outbox", "sendAgain")
    assert phone.outbox()["damaged"] == 0
    assert states(phone, visit_id) == {"open": "delivered", "arrive": "delivered", "photo": "delivered"}


def test_a_damaged_assignment_is_listed_and_fetched_anew(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    account = phone.sign_in()["account"]
    phone.call("assignments", "refresh")
    damaged = next_assignment()
    turn_a_byte(phone.page, "assignments", [account["id"], damaged])
    listed = phone.call("assignments", "list")
    assert [one["id"] for one in listed if one["damaged"]] == [damaged]
    assert len(listed) > 1
    assert [one["damaged"] for one in phone.call("assignments", "refresh")] == [False] * len(listed)


def test_a_damaged_draft_is_set_aside_and_not_written_over(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    account = phone.sign_in()["account"]
    key = [account["id"], visit_id := phone.open_visit(next_assignment())]
    phone.call("visits", "saveDraft", visit_id, {"step": "people"})
    turn_a_byte(phone.page, "visits", key, "draft_box")
    assert phone.load(visit_id)["draft_damaged"] is True
    phone.call("visits", "setDraftAside", visit_id)
    phone.call("visits", "saveDraft", visit_id, {"step": "problems"})
    assert phone.load(visit_id)["draft"] == {"step": "problems"}
    kept = """async (key) => {
      const {read} = await import('/field/static/engine/db.js');
      return (await read('visits', (tx) => tx.objectStore('visits').get(key))).damaged_draft_box.sealed.byteLength;
    }"""
    assert phone.page.evaluate(kept, key) > 0


def test_a_damaged_session_asks_to_sign_in_again(new_phone: NewPhone) -> None:
    phone = new_phone()
    account = phone.sign_in()["account"]
    turn_a_byte(phone.page, "accounts", account["id"], "token_box")
    assert (phone.restart() or {})["login"] == "lin"
    assert phone.call("session", "needsSignIn") is True
    assert phone.sign_in()["online"] is True
