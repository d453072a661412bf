"""A visit in a real browser against a real server: saved, sent once, received whole."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime

import pytest
import requests
from playwright.sync_api import BrowserContext
from pyproj import Geod

from demo.server import Server
from tests.field.phone import EngineError, Json, PagePhone, sha256_of
from tests.reliability.rig import PASSPHRASE, opened
from visits.intake import Upload

NewPhone = Callable[..., PagePhone]
Next = Callable[[], str]
NOTHING_WAITS = {"records": 0, "photos": 0, "bytes": 0}
CLOSED = {"escorted": False, "warned_beforehand": False, "note": ""}
PROBLEM = {
    "item": 13,
    "other_reason": None,
    "kind": 2,
    "text": "公示栏没有公示",
    "place_note": "村部门口",
    "fixed_on_spot": False,
    "fix": None,
}


def arrived_once(server: Server, sha256: str) -> bool:
    """Whether the server has the bytes of a photo, whole and once."""
    with opened(server.data_dir) as store, store.reading() as uow:
        rows = uow.session.query(Upload).filter_by(sha256=sha256).all()
        return [row.completed_utc is not None for row in rows] == [True]


def office(server: Server, method: str, path: str, body: Json | None = None) -> Json:
    """What the office is answered."""
    with requests.Session() as http:
        http.trust_env = False
        url = f"{server.base_url}/api/v1"
        signed_in = http.post(f"{url}/sessions", json={"login": "office", "passphrase": PASSPHRASE}, timeout=30)
        headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
        answer = http.request(method, f"{url}{path}", json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def test_a_visit_goes_from_the_phone_to_the_server_once(
    new_phone: NewPhone, field_server: Server, next_assignment: Next
) -> None:
    phone = new_phone()
    signed_in = phone.sign_in()
    assert signed_in["online"]
    assert signed_in["account"]["device_id"]
    visit_id = phone.open_visit(next_assignment())
    phone.arrive(visit_id)
    photo = phone.take(visit_id, seed=1)
    assert photo["sha256"] == sha256_of(1, 300_000)
    phone.call("visits", "end", visit_id, CLOSED)
    shown = phone.sync()
    assert (shown["waiting"], shown["attention"], shown["trouble"]) == (NOTHING_WAITS, 0, None)
    visit = phone.load(visit_id)
    assert [record["kind"] for record in visit["records"]] == ["open", "arrive", "photo", "close"]
    assert [record["receipt"]["outcome"] for record in visit["records"]] == ["accepted"] * 4
    assert [p["state"] for p in visit["photos"]] == ["delivered"]
    assert shown["visits"][0]["state"] == "delivered"
    assert arrived_once(field_server, photo["sha256"])
    with pytest.raises(EngineError) as over:
        phone.arrive(visit_id)
    assert over.value.name == "VisitEnded"


def test_records_are_chained_and_say_when_they_were_made(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.arrive(visit_id)
    assert phone.restart() is not None
    phone.add(visit_id, "all_in_order")
    texts = phone.page.evaluate(
        """async (visitId) => {
            const {read} = await import('/field/static/engine/db.js');
            const {unseal} = await import('/field/static/engine/session.js');
            const rows = await read('records', (tx) => tx.store.getAll());
            const own = rows.filter((row) => row.visit_id === visitId).sort((a, b) => a.seq - b.seq);
            return Promise.all(own.map(async (row) => (await unseal(row.box, `record/${row.id}`)).text));
        }""",
        visit_id,
    )
    records = [json.loads(text) for text in texts]
    assert [record["seq"] for record in records] == [1, 2, 3]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert [record["previous"] for record in records] == [None, *hashes[:-1]]
    assert all(record["id"][14] == "7" for record in records)
    assert sorted(record["id"] for record in records) == [record["id"] for record in records]
    assert datetime.fromisoformat(records[0]["made_at"]).utcoffset() is not None
    # Time since the nonce is known to the page that got the nonce, and to no later one.
    assert [record["monotonic_ms"] is None for record in records] == [False, False, True]
    assert len({record["nonce"] for record in records}) == 1


def test_what_is_saved_without_a_network_is_there_after_a_restart_and_goes_later(
    new_phone: NewPhone, next_assignment: Next, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.sync()
    phone.keep_shell()
    context.set_offline(True)
    phone.arrive(visit_id)
    photo = phone.take(visit_id, seed=2, draft={"step": "photos"})
    assert (phone.restart() or {})["login"] == "lin"
    visit = phone.load(visit_id)
    assert [record["kind"] for record in visit["records"]] == ["open", "arrive", "photo"]
    assert visit["draft"] == {"step": "photos"}
    shown = phone.sync()
    assert shown["trouble"]["kind"] == "no-contact"
    assert shown["next_ms"] is not None
    assert (shown["waiting"]["records"], shown["waiting"]["photos"]) == (2, 1)
    context.set_offline(False)
    assert phone.sync()["waiting"] == NOTHING_WAITS
    assert phone.load(visit_id)["photos"][0]["receipt"]["sha256"] == photo["sha256"]


def test_a_sealed_assignment_opens_without_a_network_by_its_key_alone(
    new_phone: NewPhone, field_server: Server, next_of_zhou: Next, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in("zhou")
    assignment_id, other_id = next_of_zhou(), next_of_zhou()
    listed = {one["id"]: one for one in phone.call("assignments", "refresh")}
    assert listed[assignment_id]["downloaded"]
    slip = office(field_server, "POST", f"/assignments/{assignment_id}/key", {})
    other = office(field_server, "POST", f"/assignments/{other_id}/key", {})
    phone.call("outbox", "sync")
    context.set_offline(True)
    for code, complaint in ((other["code"], "WrongKey"), (slip["code"][:-1] + "#", "BadCode"), ("", "BadCode")):
        with pytest.raises(EngineError) as refused:
            phone.call("assignments", "openWithKey", assignment_id, code)
        assert refused.value.name == complaint
    visit_id = phone.call("assignments", "openWithKey", assignment_id, slip["qr"])
    assert phone.call("assignments", "openWithKey", assignment_id, slip["code"].lower().replace("-", " ")) == visit_id
    visit = phone.load(visit_id)
    assert visit["package"]["village"]["name"] == "下党村"
    assert {posting["name"] for posting in visit["package"]["postings"]} == {"张三", "李四"}
    assert [record["body"] for record in visit["records"]] == [{"how": "key", "fix": None}]
    assert phone.call("assignments", "questions", visit["package"]["question_set"])["questions"]
    assert len(phone.call("assignments", "items")["items"]) == 29
    context.set_offline(False)
    assert phone.sync()["waiting"] == NOTHING_WAITS


def test_the_second_phone_confirms_by_the_first_one_s_code_and_each_has_a_chain_of_its_own(
    new_phone: NewPhone, next_assignment: Next
) -> None:
    first, second, assignment_id = new_phone(), new_phone(), next_assignment()
    first.sign_in("lin")
    second.sign_in("chen")
    visit_id = first.open_visit(assignment_id)
    assert second.open_visit(assignment_id) == visit_id
    assert first.call("visits", "arrivalCode", visit_id) is None
    arrival = first.arrive(visit_id)
    code = first.call("visits", "arrivalCode", visit_id)
    second.call("visits", "confirm", visit_id, code, None)
    with pytest.raises(EngineError):
        second.call("visits", "confirm", visit_id, code.replace(visit_id, assignment_id), None)
    confirmed = second.load(visit_id)["records"][-1]
    assert (confirmed["seq"], confirmed["body"]["arrive_sha256"]) == (2, arrival["sha256"])
    assert first.sync()["attention"] == second.sync()["attention"] == 0


def test_a_correction_stands_beside_what_it_corrects_also_after_the_end(
    new_phone: NewPhone, next_assignment: Next
) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.arrive(visit_id)
    problem = phone.add(visit_id, "problem", PROBLEM)
    phone.call("visits", "end", visit_id, CLOSED)
    phone.call("visits", "correct", visit_id, problem["id"], "看错条款", {**PROBLEM, "item": 20})
    records = phone.load(visit_id)["records"]
    assert records[-1]["body"]["of_sha256"] == problem["sha256"]
    assert (records[2]["body"]["item"], records[-1]["body"]["body"]["item"]) == (13, 20)
    assert phone.sync()["attention"] == 0


def test_a_record_the_server_refuses_is_shown_and_not_sent_for_ever(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.arrive(visit_id)
    refused = phone.add(visit_id, "problem", {**PROBLEM, "item": 99})
    phone.add(visit_id, "all_in_order")
    shown = phone.sync()
    assert (shown["waiting"], shown["attention"], shown["trouble"]) == (NOTHING_WAITS, 1, None)
    by_id = {record["id"]: record for record in phone.load(visit_id)["records"]}
    assert by_id[refused["id"]]["state"] == "refused"
    assert "item" in by_id[refused["id"]]["receipt"]["reason"]
    assert [record["state"] for record in by_id.values()].count("delivered") == 3


def test_an_unknown_assignment_raises_what_the_server_says(new_phone: NewPhone) -> None:
    phone = new_phone()
    phone.sign_in()
    with pytest.raises(EngineError) as refused:
        phone.open_visit("0190a000-0000-7000-8000-000000000000")
    assert refused.value.slug == "no-such-assignment"


def test_a_problem_has_six_photos_and_a_visit_twelve(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    problem = phone.add(visit_id, "problem", PROBLEM)
    for number in range(6):
        phone.take(visit_id, seed=100 + number, size_bytes=2000, ofRecord=problem["id"])
    with pytest.raises(EngineError, match="no more than 6"):
        phone.take(visit_id, seed=106, size_bytes=2000, ofRecord=problem["id"])
    for number in range(6):
        phone.take(visit_id, seed=110 + number, size_bytes=2000)
    with pytest.raises(EngineError, match="no more than 12"):
        phone.take(visit_id, seed=116, size_bytes=2000)


def test_distance_and_bearing_are_the_geodesic_s_where_a_visit_begins(new_phone: NewPhone) -> None:
    phone = new_phone()
    for lon_deg, lat_deg in ((119.5, 27.4), (119.52, 27.4), (119.5, 27.0), (118.9, 27.6), (119.5001, 27.4001)):
        here, site = {"lon_deg": 119.5, "lat_deg": 27.4}, {"lon_deg": lon_deg, "lat_deg": lat_deg}
        told = phone.call("positions", "toward", here, site)
        bearing_deg, _, distance_m = Geod(ellps="WGS84").inv(119.5, 27.4, lon_deg, lat_deg)
        assert told["distance_m"] == pytest.approx(distance_m, rel=1e-3, abs=1e-3)
        # The bearing at the middle of the way, which at 60 km is a few tenths of a degree from the one at its start.
        away_deg = (told["bearing_deg"] - bearing_deg + 180) % 360 - 180
        assert abs(away_deg) < 0.5 or distance_m == 0


def test_the_training_leaves_nothing_and_sends_nothing(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.sync()
    invented = phone.call("training", "startTraining", {"items": phone.call("assignments", "items")})
    phone.arrive(invented)
    phone.take(invented, seed=3, size_bytes=2000)
    assert phone.call("outbox", "sync") is None
    assert phone.outbox()["waiting"]["records"] == 3
    with pytest.raises(EngineError) as none:
        phone.call("api", "request", "GET", "/me")
    assert none.value.name == "NoContact"
    phone.call("training", "leaveTraining")
    assert phone.call("session", "current")["login"] == "lin"
    assert [visit["visit_id"] for visit in phone.call("visits", "list")] == [visit_id]
    assert phone.outbox()["waiting"] == NOTHING_WAITS
    names = phone.page.evaluate("() => indexedDB.databases().then((found) => found.map((one) => one.name))")
    assert names == ["shidi-field"]


def test_the_self_test_says_what_to_do_about_each_red_line(new_phone: NewPhone) -> None:
    phone = new_phone()
    rows = {row["name"]: row for row in phone.call("checks", "selfTest")}
    for name in ("secure_context", "store", "keys", "server", "browser"):
        assert (rows[name]["ok"], rows[name]["what_to_do"]) == (True, "")
    assert rows["service_worker"]["what_to_do"] == "service_worker.inactive"
    assert rows["location"]["what_to_do"] == "location.denied"
    assert all(row["what_to_do"] for row in rows.values() if row["ok"] is not True)
    assert phone.call("shell", "inAppBrowser", "Mozilla/5.0 … MicroMessenger/8.0.44 …") == "wechat"
    assert phone.call("shell", "inAppBrowser", "Mozilla/5.0 … wxwork/4.1 MicroMessenger/7.0") == "wecom"
    assert phone.call("shell", "inAppBrowser", "Mozilla/5.0 … AliApp(DingTalk/7.5.10)") == "dingtalk"
    assert phone.call("shell", "inAppBrowser", "Mozilla/5.0 (iPhone …) Version/15.4 Safari/605") is None
