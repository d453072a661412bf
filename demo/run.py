"""The story from beginning to end, each promise checked as it goes."""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.bundle import take_bundle_out
from demo.cast import AT_CANTEEN, ENDED, FAR_FIX, MET, NAMESAKE_CODE, ON_LEAVE, UNEXPLAINED, VISITED_CODE
from demo.county import sample_county
from demo.cutter import Cutter
from demo.field_day import (
    PhoneDay,
    Place,
    open_or_fail,
    record_first_phone,
    record_first_visit,
    record_second_phone,
    with_other_content,
)
from demo.office_day import Office
from demo.phone import LOCAL, Phone
from demo.places import place_villages, seat_positions
from demo.review_day import finish, look_at_pages, review
from demo.server import Server
from demo.stage import Stage, all_items
from demo.story import Story
from media.proof import verify_inclusion

Json = dict[str, Any]

STEPS = 21
RELEASE_AHEAD = timedelta(seconds=5)
CUT_AFTER_BYTES = (500_000, 700_000)


def run_story(data_dir: Path, server: Server, story: Story) -> Stage:
    """Play the whole story on an empty data folder; the server runs when this returns."""
    county = sample_county()
    placed = place_villages(county)
    visited = placed[VISITED_CODE]
    place = Place(visited.at, seat_positions(county)[visited.town.code])
    run = Stage(data_dir, server, story, Office(data_dir, county, placed, datetime.now(LOCAL).date()), place)
    _set_up(run)
    reused = _make_first_visit(run, Place(placed[NAMESAKE_CODE].at, place.canteen))
    phones = _open_both(run, _assign(run))
    days = _record_offline(run, phones, reused)
    phones = phones[0], _switch_off_and_on(run, phones[1])
    _send_first_phone(run, phones[0], days[0])
    _send_second_phone(run, phones, days[1])
    _send_everything_again(run, phones)
    visit = _look_at_the_visit(run)
    _look_at_kept(run, phones[0], days)
    _check_receipts(run, phones, days)
    review(run, visit)
    look_at_pages(run)
    take_bundle_out(run)
    finish(run, phones)
    return run


def _set_up(run: Stage) -> None:
    story, office = run.story, run.office
    story.heading("1 建库 / Set up: workbooks as the offices keep them, by the command line")
    story.step("bootstrap, places, accounts")
    office.bootstrap()
    office.import_places()
    office.import_accounts()
    story.tell(f"{len(office.county.villages)} villages (positions 合成 synthetic), county boundary, sites, 9 accounts")
    story.step("a roster that must be refused")
    refused = office.import_bad_roster()
    story.expect(len(refused.reasons) == refused.bad_rows, f"{refused.bad_rows} rows of the bad roster get a reason")
    story.expect(len(refused.cells) >= refused.bad_rows, "every bad row of the refused roster has a red cell")
    story.tell(f"refused roster came back marked: {refused.path.name}, red cells {', '.join(refused.cells)}")
    for reason in refused.reasons:
        story.tell(f"  - {reason}")
    story.step("roster and both leave books")
    office.import_roster()
    office.import_leave_books(filled_on=office.before_the_visit(), later=False)
    declared = office.declare_working_days()
    story.step("start the server")
    run.server.start()
    codes = [posting["village_code"] for posting in all_items(run.desk("org.a"), "/api/v1/postings")]
    story.expect(len(codes) == 39, "the refused roster left nothing behind and the good one brought 39 postings")
    story.tell(
        f"{len(codes)} postings in {len(set(codes))} villages; both leave books as of {office.before_the_visit()}"
    )
    story.tell(
        f"{declared[0]} to {declared[-1]} declared as worked (调休), so that presence is required whenever this runs"
    )


def _make_first_visit(run: Stage, place: Place) -> bytes:
    """An earlier small visit of one inspector elsewhere; the bytes of its photo, which will turn up again."""
    story = run.story
    story.step("a small visit by one inspector in the other 下党村")
    phone = run.phone("insp.c")
    assignment = _new_assignment(run, NAMESAKE_CODE, ["insp.c"], datetime.now(UTC))
    open_or_fail(phone, assignment["id"])
    photo = record_first_visit(phone, place.village)
    phone.sync()
    run.first_visit_id = phone.visit_id
    seen = run.desk("org.a").read_until(
        f"/api/v1/visits/{phone.visit_id}", lambda v: bool(v["summary"]["complete"]), "the first visit to be complete"
    )
    codes = {hint["code"] for hint in seen["hints"]}
    story.expect("one_inspector" in codes, "a visit made by one inspector alone is flagged, not blocked")
    return (phone.folder / "photos" / photo.sha256).read_bytes()


def _assign(run: Stage) -> Phone:
    story = run.story
    story.heading("2 派单 / Assign: sealed until released")
    story.step("assign 下党村 to a team of two, ask too early")
    release = datetime.now(UTC) + RELEASE_AHEAD
    made = _new_assignment(run, VISITED_CODE, ["insp.a", "insp.b"], release)
    run.assignment_id = made["id"]
    phone = run.phone("insp.a")
    early = phone.ask_to_open(run.assignment_id)
    story.expect(early.status_code == 409, "asking for a sealed assignment too early is refused with 409")
    story.expect(early.json()["type"] == "/problems/assignment-sealed", "the early refusal is called assignment-sealed")
    listed = phone.get(f"/api/v1/assignments/{run.assignment_id}").json()
    story.expect(listed["village"] is None, "an inspector sees no village while the assignment is sealed")
    sealed = run.phone("insp.b").fetch_package(run.assignment_id)
    story.expect(VISITED_CODE not in str(sealed), "a sealed package tells nothing of the village")
    outsider = run.phone("insp.c").ask_to_open(run.assignment_id)
    story.expect(outsider.status_code == 404, "for somebody outside the team the assignment does not exist")
    trail = run.desk("discipline").read("/api/v1/audit", about=f"assignment:{run.assignment_id}")["items"]
    opened = [(line["act"], line["result"]) for line in trail if line["act"] == "assignment.open"]
    story.expect(("assignment.open", "refused") in opened, "the early request stands in the audit trail as refused")
    story.tell("early opening: 409 assignment-sealed, noted in the audit trail; outside the team: 404")
    time.sleep(max(0.0, (release - datetime.now(UTC)).total_seconds()) + 0.2)
    return phone


def _open_both(run: Stage, phone_a: Phone) -> tuple[Phone, Phone]:
    story = run.story
    story.step("both phones open the assignment, one online, one by the key of the departure slip")
    phones = phone_a, run.phone("insp.b")
    open_or_fail(phones[0], run.assignment_id)
    slip = run.desk("office").ask("POST", f"/api/v1/assignments/{run.assignment_id}/key", 200, json={}).json()
    phones[1].open_with_code(slip["code"])
    run.visit_id = phones[0].visit_id
    story.expect(phones[1].visit_id == run.visit_id, "both phones are on the same visit")
    story.tell("the second phone opened offline: package fetched sealed before, code from the departure slip")
    names = {posting["name"] for posting in phones[0].package["postings"]}
    story.expect(names == {MET, AT_CANTEEN, ON_LEAVE, UNEXPLAINED, FAR_FIX}, "five people are expected in the village")
    story.expect(ENDED not in names, "a posting that ended yesterday is not expected today")
    story.tell(f"opened after release: {phones[0].package['village']['name']}, {len(names)} people expected")
    return phones


def _record_offline(run: Stage, phones: tuple[Phone, Phone], reused: bytes) -> tuple[PhoneDay, PhoneDay]:
    story = run.story
    story.heading("3 到村 / In the village: two phones, no network, then a bad one")
    story.step("both phones record without a network")
    first = record_first_phone(phones[0], run.place, reused)
    second = record_second_phone(phones[1], run.place, phones[0].records()[0])
    for phone, datum in zip(phones, ("WGS 84", "GCJ-02"), strict=True):
        kinds = Counter(record.kind for record in phone.records())
        story.tell(f"phone {phone.folder.name} ({datum}): " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    return first, second


def _switch_off_and_on(run: Stage, phone: Phone) -> Phone:
    """A new phone process on the same folder: what the first one had in memory is gone."""
    again = Phone(phone.folder, phone.base_url)
    run.story.expect(again.records() == phone.records(), "a phone that was switched off still has everything it saved")
    run.story.tell(
        f"phone {phone.folder.name} was switched off and on again with {len(again.records())} records unsent"
    )
    return again


def _send_first_phone(run: Stage, phone: Phone, day: PhoneDay) -> None:
    """Records, a conflict, then photos over a line that is cut twice, with the server killed in between."""
    story = run.story
    story.step("phone A sends its records")
    results = {result["id"]: result for result in phone.send_records()}
    _expect_refused(story, day, results, "photo_cap_problem", "the 7th photo of one problem")
    changed = day.problem_to_change
    assert changed is not None
    answer = phone.post_records([with_other_content(phone, changed)])
    story.expect(answer.status_code == 409, "the same record id with other content is answered 409")
    outcomes = [result["outcome"] for result in answer.json()["results"]]
    story.expect(outcomes == ["conflict"], "a record with other content is a conflict, and both are kept")
    story.step("phone A sends its photos: two cuts, then SIGKILL to the server")
    with Cutter(run.server.port, cut_after_bytes=CUT_AFTER_BYTES) as cutter:
        phone.base_url = f"http://127.0.0.1:{cutter.port}"
        killed = _kill_in_the_middle(run, phone, cutter)
        phone.send_photos()
        phone.base_url = run.server.base_url
        story.expect(cutter.cuts == len(CUT_AFTER_BYTES), "the line was cut twice in the middle of an upload")
    story.expect(len(killed) == 1, "the server was killed once in the middle of a chunk")
    traffic = phone.traffic
    story.expect(traffic.smallest_chunk_bytes < 256 * 1024, "chunks get smaller after a cut")
    story.expect(phone.unsent_photos() == [], "every photo of phone A arrived in spite of cuts and the kill")
    story.tell(
        f"phone A: {traffic.cuts} connections lost ({len(CUT_AFTER_BYTES)} cut by the line, others with the "
        f"server), {traffic.chunks} chunks, {traffic.bytes_sent / 1e6:.1f} MB, smallest chunk "
        f"{traffic.smallest_chunk_bytes // 1024} kB; server process {killed[0]} killed by SIGKILL and started again"
    )


def _kill_in_the_middle(run: Stage, phone: Phone, cutter: Cutter) -> list[int]:
    """Have the server killed half way through the first chunk after both cuts; the process ids killed."""
    killed: list[int] = []

    def at_progress(_sha256: str, offset_bytes: int) -> None:
        if offset_bytes < 0 and not killed and cutter.cuts == len(CUT_AFTER_BYTES):
            killed.append(run.server.kill())
            run.server.start()

    phone.on_progress = at_progress
    return killed


def _send_second_phone(run: Stage, phones: tuple[Phone, Phone], day: PhoneDay) -> None:
    """The union: complete only when the last photo of the second phone has arrived."""
    story, phone = run.story, phones[1]
    story.step("phone B sends; complete only with the last photo")
    desk = run.desk("org.a")
    alone = desk.read_until(run.visit_path, lambda v: v["summary"]["state"] == "closed", "the visit to be closed")
    story.expect(not alone["summary"]["complete"], "the visit is not complete while phone B has sent nothing")
    results = {result["id"]: result for result in phone.send_records()}
    _expect_refused(story, day, results, "photo_cap_visit", "the 13th photo of the visit")
    *all_but_last, last = phone.unsent_photos()
    phone.send_photos(all_but_last)
    waiting = desk.read_until(
        run.visit_path,
        lambda v: v["missing"] == [{"what": "photo", "sha256": last}],
        "only the last photo to be missing",
    )
    story.expect(not waiting["summary"]["complete"], "one missing photo keeps the visit incomplete")
    phone.send_photos([last])
    desk.read_until(run.visit_path, lambda v: bool(v["summary"]["complete"]), "the visit to be complete")
    story.tell("the union of both phones is complete since the last photo arrived, not before")


def _send_everything_again(run: Stage, phones: tuple[Phone, Phone]) -> None:
    story = run.story
    story.step("everything is sent a second time")
    desk = run.desk("org.a")
    # A problem enters ledger and log in a job of its own, which may come after the visit is complete.
    desk.read_until("/api/v1/problems", lambda ledger: len(ledger["items"]) == 4, "four problems in the ledger")
    before = _sizes(desk.read(run.visit_path)), desk.read("/api/v1/log/head")["size"]
    for phone in phones:
        receipts = phone.receipts()
        for result in phone.send_records(phone.records()):
            was = receipts[result["id"]]
            expected = "refused" if was["outcome"] == "refused" else "same"
            story.expect(result["outcome"] == expected, "a record sent twice is the same record")
            told = all(result[name] == was[name] for name in ("sha256", "received_utc", "log_index"))
            story.expect(told, "a record sent twice gets the receipt of the first time")
        phone.send_photos(phone.delivered_photos())
    after = _sizes(desk.read(run.visit_path)), desk.read("/api/v1/log/head")["size"]
    story.expect(before == after, "sending everything twice makes no doubles, not even in the log")
    story.tell(f"sent twice: no doubles ({before[0]['records']} records, {before[0]['photos']} photos as before)")


def _look_at_the_visit(run: Stage) -> Json:
    """Step 4: what the server made of it, read by the organization department."""
    story, desk = run.story, run.desk("org.a")
    story.heading("4 判断 / What the server says")
    story.step("whereabouts, leave books, hints")
    photos_read = "every photo to be read"
    visit = desk.read_until(run.visit_path, lambda v: all(p["readable"] is not None for p in v["photos"]), photos_read)
    visit = desk.read_until(run.visit_path, lambda v: _expected_hints() <= _hint_codes(v), "the hints of the photos")
    summary = visit["summary"]
    story.expect(summary["whereabouts"] == "inside", "the team was inside the village, in WGS 84 and in GCJ-02")
    story.expect(bool(summary["unannounced_indeed"]), "nobody escorted or warned, so the visit counts as unannounced")
    datums = {fix["datum"] for record in visit["records"] for fix in record["fixes"]}
    story.expect(datums == {"wgs84", "gcj02"}, "positions are kept in the datum they were received in")
    story.expect(all(r["signature_state"] == "good" for r in visit["records"]), "every record is signed by its phone")
    story.tell(f"the visit: {summary['whereabouts']}, {len(visit['records'])} records, {len(visit['photos'])} photos")
    seen = sightings_by_name(visit)
    places = {MET: "inside", AT_CANTEEN: "outside", FAR_FIX: "cannot_tell"}
    for name, place in places.items():
        story.expect(seen[name]["now"]["outcome"] == "met", f"{name} was met")
        story.expect(seen[name]["now"]["place"] == place, f"{name} was met {place} the village's sites")
    story.expect(seen[MET]["now"]["met_by"] == 2, f"{MET} was met by both inspectors")
    story.expect(seen[ON_LEAVE]["now"]["outcome"] == "leave", f"{ON_LEAVE} is on leave by the township's book")
    absent = seen[UNEXPLAINED]
    story.expect(absent["now"]["outcome"] == "leave_pending", f"{UNEXPLAINED} is pending until both books are asked")
    for name, sighting in seen.items():
        now = sighting["now"]
        why = f" ({', '.join(now['reasons'])})" if now["reasons"] else ""
        story.tell(f"{name}: {now['outcome']}, {now['place']}{why}")
    codes = _hint_codes(visit)
    wrong = {code for code in codes if code.startswith(("chain", "signature", "arrival", "photo_unreadable"))}
    story.expect(not wrong, "no hint blames chains, signatures, arrival or photos that are in order")
    for hint in visit["hints"]:
        story.tell(f"hint {hint['code']} ({hint['strength']}): {hint['about'][:40]} {hint['values'] or ''}".rstrip())
    return visit


def sightings_by_name(visit: Json) -> dict[str, Json]:
    """The sightings of a visit by the person's name."""
    return {sighting["posting"]["name"]: sighting for sighting in visit["sightings"]}


def _look_at_kept(run: Stage, phone: Phone, days: tuple[PhoneDay, PhoneDay]) -> None:
    story = run.story
    kept = phone.get(f"{run.visit_path}/kept").json()["items"]
    outcomes = Counter(item["outcome"] for item in kept)
    story.expect(outcomes == {"refused": 2, "conflict": 1}, "two photos too many and one conflict are kept and shown")
    reasons = {item["reason"] for item in kept}
    for item in kept:
        story.tell(f"kept, not taken: {item['kind']} {item['outcome']} ({item['reason']})")
    story.expect(len(reasons) == 3, "each thing that was not taken says why")
    for day in days:
        assert day.refused_photo is not None
        answer = phone.get(f"{run.visit_path}/photos/{day.refused_photo.sha256}/original")
        story.expect(answer.status_code == 404, "a refused photo is no photo of the visit")


def _check_receipts(run: Stage, phones: tuple[Phone, Phone], days: tuple[PhoneDay, PhoneDay]) -> None:
    """Hashes equal on both sides, and each receipt proved to stand in the log, checked on the phone's side."""
    story = run.story
    story.step("receipts and inclusion proofs")
    receipt = phones[0].get(f"{run.visit_path}/receipt").json()
    story.expect(bool(receipt["complete"]), "the receipt says that the visit is complete")
    files = {item["sha256"] for item in receipt["items"] if item["what"] == "file"}
    records = {item["sha256"] for item in receipt["items"] if item["what"] != "file"}
    sent = {sha256: data for day in days for sha256, data in day.pictures.items()}
    story.expect(files == set(sent), "the receipt lists the SHA-256 of every photo and of no other")
    refused = {day.refused_photo.record.sha256 for day in days if day.refused_photo}
    made = {record.sha256 for phone in phones for record in phone.records()}
    story.expect(records == made - refused, "the receipt lists the SHA-256 of every record that was taken")
    desk = run.desk("org.a")
    for sha256, data in sent.items():
        stored = desk.ask("GET", f"{run.visit_path}/photos/{sha256}/original", 200).content
        story.expect(
            hashlib.sha256(stored).hexdigest() == sha256 and stored == data, "the stored photo is the sent one"
        )
    head = desk.read("/api/v1/log/head")
    places = sorted({item["log_index"] for item in receipt["items"]})
    for index in places:
        story.expect(
            _is_in_log(desk.read(f"/api/v1/log/entries/{index}/proof", size=head["size"]), head), "it is logged"
        )
    story.tell(f"receipt: {len(records)} records and {len(files)} photos, hashes equal on both sides, bytes compared")
    story.tell(f"log: {head['size']} entries, root {head['root_hex'][:16]}…, {len(places)} inclusion proofs verified")


def _is_in_log(proof: Json, head: Json) -> bool:
    path = [bytes.fromhex(node) for node in proof["path_hex"]]
    leaf, root = bytes.fromhex(proof["leaf_hash_hex"]), bytes.fromhex(head["root_hex"])
    return proof["root_hex"] == head["root_hex"] and verify_inclusion(leaf, proof["index"], head["size"], path, root)


def _new_assignment(run: Stage, village_code: str, logins: list[str], release_utc: datetime) -> Json:
    office = run.desk("office")
    ids = {account["login"]: account["id"] for account in office.read("/api/v1/accounts", role="inspector")["items"]}
    body = {
        "village_code": village_code,
        "announced": False,
        "team": [ids[login] for login in logins],
        "release_utc": release_utc.isoformat(),
        "expires_utc": (release_utc + timedelta(hours=12)).isoformat(),
        "reason": "演示",
    }
    made: Json = office.ask("POST", "/api/v1/assignments", 201, json=body).json()
    return made


def _expect_refused(story: Story, day: PhoneDay, results: Mapping[str, Json], reason: str, what: str) -> None:
    """Everything of a phone was accepted, except the one photo too many."""
    assert day.refused_photo is not None
    refused = [result for result in results.values() if result["outcome"] != "accepted"]
    story.expect(
        [(r["id"], r["outcome"], r["reason"]) for r in refused] == [(day.refused_photo.record.id, "refused", reason)],
        f"{what}, and nothing else, is refused and kept",
    )
    story.tell(f"{what} refused: {reason}")


def _expected_hints() -> set[str]:
    return {
        "photo_reused",
        "exif_other_datum",
        "exif_far_from_fix",
        "poor_accuracy",
        "met_outside",
        "met_cannot_tell",
        "from_gallery",
        "synthetic_places",
    }


def _hint_codes(visit: Json) -> set[str]:
    return {hint["code"] for hint in visit["hints"]}


def _sizes(visit: Json) -> dict[str, int]:
    return {name: len(visit[name]) for name in ("records", "photos", "sightings", "hints", "kept")}
