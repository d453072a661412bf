"""Steps 5 and 6 of the story: the organization department reviews, by two people, and leaders look at the map."""

from datetime import date, datetime
from typing import Any

from demo.cast import AT_CANTEEN, ON_LEAVE, UNEXPLAINED, VISITED_CODE
from demo.desk import Browser
from demo.phone import LOCAL, Phone
from demo.server import shidi
from demo.stage import Stage, all_items

Json = dict[str, Any]

REPLY = "家中有急事临时离村，未及时请假，情况属实（演示）"


def review(run: Stage, visit: Json) -> None:
    """Both books are asked again; then notice, reply, a decision, and its second person."""
    story = run.story
    story.heading("5 审核 / Review by two people")
    story.step("both leave books again")
    sightings = {sighting["posting"]["name"]: sighting for sighting in visit["sightings"]}
    story.expect(sightings[UNEXPLAINED]["required"], "presence is required in this slot of a declared working day")
    absent = _after_both_books(run)
    story.step("notice, reply, decision, second person")
    sha256 = _record_of(visit, absent["record_ids"][0])
    _hear(run, absent)
    _decide_by_two(run, absent, sha256)
    story.step("a stranger of another county")
    stranger = run.desk("stranger")
    for path in (run.visit_path, f"/api/v1/postings/{absent['posting_id']}", f"{run.visit_path}/receipt"):
        stranger.ask("GET", path, 404)
    stranger.refused(
        "POST",
        f"/api/v1/sightings/{absent['id']}/notices",
        404,
        "no-such-sighting",
        json={"given_on": _today().isoformat(), "how": "paper"},
    )
    story.tell("a stranger of county 350981: 404 for the visit, the person, the receipt and the sighting")


def _after_both_books(run: Stage) -> Json:
    """Import both books again, as of the visit day or later; the sighting as it reads then."""
    story, desk = run.story, run.desk("org.a")
    run.office.import_leave_books(filled_on=_today(), later=True)
    visit = desk.read_until(
        run.visit_path,
        lambda v: _named(v, UNEXPLAINED)["now"]["outcome"] == "not_met",
        f"{UNEXPLAINED} to be not_met",
    )
    absent = _named(visit, UNEXPLAINED)
    story.expect(
        {judged["outcome"] for judged in absent["before"]} == {"leave_pending"},
        "what was known before the books were asked again is kept beside what is known now",
    )
    story.tell(f"{UNEXPLAINED}: leave_pending -> not_met, 暂未说明 (both books asked, as of {_today()})")
    story.expect(_named(visit, ON_LEAVE)["now"]["outcome"] == "leave", f"{ON_LEAVE} is on leave as before")
    return absent


def _hear(run: Stage, absent: Json) -> None:
    """The person is told, and answers on paper."""
    story, desk = run.story, run.desk("org.a")
    given = {"given_on": _today().isoformat(), "how": "paper"}
    early = {"outcome": "accept", "reason": "演示", "based_on": [_any_record(run, absent)]}
    desk.refused("POST", f"/api/v1/sightings/{absent['id']}/decisions", 409, "reply-still-open", json=early)
    story.tell("deciding before the person was told and heard: refused (reply-still-open)")
    notice = desk.ask("POST", f"/api/v1/sightings/{absent['id']}/notices", 201, json=given).json()
    reply = {"text": REPLY, "received_on": _today().isoformat(), "how": "paper"}
    heard = desk.ask("POST", f"/api/v1/notices/{notice['id']}/replies", 201, json=reply).json()
    story.expect([r["text"] for r in heard["replies"]] == [REPLY], "the reply is kept word for word")
    story.tell(f"told on {notice['given_on']}, reply until {notice['reply_until']}; the paper reply is registered")


def _decide_by_two(run: Stage, absent: Json, sha256: str) -> None:
    story, desk, other = run.story, run.desk("org.a"), run.desk("org.b")
    body = {"outcome": "accept", "reason": "两本登记簿均无记录（演示）", "based_on": [sha256]}
    answer = desk.ask("POST", f"/api/v1/sightings/{absent['id']}/decisions", 201, json=body)
    decision, version = answer.json(), {"If-Match": answer.headers["ETag"]}
    path = f"/api/v1/decisions/{decision['id']}/confirmation"
    agreed = {"agree": True, "reason": "已核对（演示）"}
    story.expect(decision["state"] == "proposed", "a decision against a person waits for a second one")
    desk.refused("POST", path, 409, "same-person", json=agreed, headers=version)
    other.refused("POST", path, 428, "version-missing", json=agreed)
    standing = other.ask("POST", path, 200, json=agreed, headers=version).json()
    story.expect(standing["state"] == "standing", "the decision stands once a second person agreed")
    other.ask("POST", path, 412, json=agreed, headers=version)
    story.tell(f"proposed by {standing['proposed_by']}, who is refused as second; confirmed by {standing['second_by']}")


def look_at_pages(run: Stage) -> None:
    """The pages over HTTP: the visit, the person, the photo behind a number, coverage and the map."""
    story, desk = run.story, run.desk("org.a")
    story.step("the pages of the desk")
    browser = Browser(run.server.base_url, "org.a", run.office.passphrases["org.a"])
    visit = desk.read(run.visit_path)
    posting_id = _named(visit, UNEXPLAINED)["posting_id"]
    person = desk.read_until(
        f"/api/v1/postings/{posting_id}", lambda p: p["presence"] is not None, "the presence to be worked out"
    )
    story.expect(not person["presence"]["enough"], "one visit is not enough to say anything of a person")
    page = browser.page(f"/desk/postings/{posting_id}")
    for words in (UNEXPLAINED, "核查次数不足", "95% 区间 0–79%", REPLY):
        story.expect(words in page, f"the person's page says {words}")
    page = browser.page(f"/desk/visits/{run.visit_id}")
    for words in ("下党村", AT_CANTEEN, "合成"):
        story.expect(words in page, f"the visit's page says {words}")
    photo = visit["photos"][0]["sha256"]
    story.expect(photo in page, "the visit's page leads to its photos")
    browser.page(f"/desk/visits/{run.visit_id}/photos/{photo}")
    shown = desk.ask("GET", f"{run.visit_path}/photos/{photo}/display", 200)
    story.expect(shown.content[:3] == b"\xff\xd8\xff", "the photo behind a number is shown as a JPEG")
    story.tell("person's page: 核查次数不足; visit's page with its photos; the photo behind a number fetched")
    story.heading("6 覆盖 / Where visits have and have not been")
    story.step("coverage, ledger and map")
    covered = {c["village"]["code"]: c for c in run.desk("leader").read("/api/v1/coverage")["items"]}
    visited = {code for code, village in covered.items() if village["visits"]}
    story.expect(len(covered) == 205, "coverage lists every village of the county")
    story.expect(covered[VISITED_CODE]["visits"] == 1, "the visit counts in coverage")
    problems = list(all_items(desk, "/api/v1/problems"))
    story.expect(len(problems) == 4, "the four problems of both visits stand in the ledger, once each")
    leader = Browser(run.server.base_url, "leader", run.office.passphrases["leader"])
    page = leader.page("/desk/map")
    drawn = page + run.desk("leader").ask("GET", "/api/v1/coverage/map", 200).text
    story.expect(UNEXPLAINED not in drawn and "下党村" in drawn, "the leader's map names villages and no people")
    story.tell(
        f"coverage: {len(visited)} of {len(covered)} villages visited; ledger: {len(problems)} problems; map answers"
    )


def finish(run: Stage, phones: tuple[Phone, Phone]) -> None:
    """The integrity check over everything, and that no phone holds anything back."""
    story = run.story
    story.step("shidi check")
    story.expect(not any(p.unsent_records() or p.unsent_photos() for p in phones), "no phone holds anything back")
    said = shidi(run.data_dir, "check")
    story.heading("8 完整性 / Integrity")
    story.tell(f"shidi check: {' '.join(said.text.split())[:200]}")


def _named(visit: Json, name: str) -> Json:
    found: Json = next(s for s in visit["sightings"] if s["posting"]["name"] == name)
    return found


def _record_of(visit: Json, record_id: str) -> str:
    return str(next(record["sha256"] for record in visit["records"] if record["id"] == record_id))


def _any_record(run: Stage, absent: Json) -> str:
    return _record_of(run.desk("org.a").read(run.visit_path), absent["record_ids"][0])


def _today() -> date:
    return datetime.now(LOCAL).date()
