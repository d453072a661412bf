"""Answers, corrections and returns as the desk shows them."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.visits.world import NOW, Phone
from tests.web.county import Desk
from visits import ledger, review
from visits.forms import question_set

HOSTILE = "<script>alert(1)</script>"
LATER = NOW + timedelta(hours=2)


def a_corrected_visit(desk: Desk) -> tuple[Phone, dict[str, UUID]]:
    """A visit with answers, a problem, two meetings and a closing, each corrected afterwards; judged."""
    world = desk.world
    first, second = world.open_visit("first", "second")
    first.arrive()
    made = {
        "sighting": first.sight(world.postings["演示李二"], "not_met", note="早八点敲门", villagers_asked=3),
        "elsewhere": first.sight(world.postings["演示王三"], "not_met", note="记错人"),
        "problem": first.problem(20, text="公示栏无公示"),
        "answers": first.answers(
            ("funds_board", "yes"),
            ("living_heating", "no"),
            ("extra_data", "yes"),
            ("show_pieces", "no"),
            funds_known=(4, 0),
        ),
    }
    made["close"] = first.close()
    second.arrive()
    second.answers(("project_seen", "cannot_tell"), version="questions-2031-01-01-0123456789ab")
    policy = {"question_id": "policy_answer", "answer": "counted", "asked": None, "know": None, "note": "问低保"}
    second.make("answers", question_set=question_set().version, answers=[policy])
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)
    answers = next(m["body"]["answers"] for m in first.made if m["kind"] == "answers")
    said = [{**a, "note": HOSTILE} if a["question_id"] == "extra_data" else a for a in answers]
    said = [{**a, "answer": "yes"} if a["question_id"] == "show_pieces" else a for a in said]
    for name, changes in (
        ("sighting", {"seen": "cannot_tell", "note": "早六点敲门"}),
        ("elsewhere", {"posting_id": str(world.postings["演示张一"]), "seen": "met"}),
        ("problem", {"text": "公示栏有公示，已过期两年"}),
        ("answers", {"answers": said}),
        ("close", {"escorted": True}),
    ):
        first.correct(made[name], at=LATER, reason=f"更正{name}", **changes)
    world.send(first, at_utc=LATER)
    world.judge(first.visit_id, at_utc=LATER)
    with world.store.writing() as uow:
        ledger.enter_problems(uow, first.visit_id, at_utc=LATER)
    return first, made


def read(desk: Desk, path: str, login: str = "organization", language: str = "zh") -> str:
    answer = desk.client(login, language=language).get(path)
    assert answer.status_code == 200
    return answer.text


def test_the_visit_shows_wording_rule_answer_and_what_was_corrected(own_desk: Desk) -> None:
    phone, _ = a_corrected_visit(own_desk)
    text = read(own_desk, f"/desk/visits/{phone.visit_id}")
    assert "住处冬天能保暖吗？" in text
    assert "属乡镇应解决的条件" in text
    assert "属提出要求的部门的问题" in text
    assert "问 4 人，0 人知道" in text and "请对照第 20 项看一看" in text
    assert "问低保" in text
    assert "服务器没有这个问题的措辞：project_seen" in text
    for struck in ("早八点敲门", "公示栏无公示", "记错人"):
        assert any(struck in part.split("</s>")[0] for part in text.split("<s>")[1:]), struck
    assert "更正sighting" in text and "（原记在另一人名下）" in text
    assert "记录更正后不再涉及此人" in text
    assert "有人陪同吗？" in text and "严禁层层陪同" in text
    assert HOSTILE not in text and "&lt;script&gt;" in text


def test_the_same_in_english(own_desk: Desk) -> None:
    phone, _ = a_corrected_visit(own_desk)
    text = read(own_desk, f"/desk/visits/{phone.visit_id}", language="en")
    assert "Can their quarters be kept warm in winter?" in text
    assert "for the township to provide" in text
    assert "0 of 4 know" in text
    assert "Said first" in text


def test_the_office_reads_answers_and_no_struck_word_about_people(own_desk: Desk) -> None:
    phone, _ = a_corrected_visit(own_desk)
    text = read(own_desk, f"/desk/visits/{phone.visit_id}", "office")
    assert "住处冬天能保暖吗？" in text and "公示栏无公示" in text
    assert not [
        word for word in ("早八点敲门", "早六点敲门", "记错人", "更正sighting", "更正elsewhere") if word in text
    ]


def test_the_ledger_keeps_the_number_and_shows_both_wordings(own_desk: Desk) -> None:
    _, made = a_corrected_visit(own_desk)
    text = read(own_desk, f"/desk/ledger/{made['problem']}", "office")
    assert "公示栏有公示，已过期两年" in text
    assert "公示栏无公示" in text.split("<s>")[1].split("</s>")[0]
    assert "更正problem" in text


@pytest.mark.parametrize("corrected", [False, True])
def test_a_returned_sighting_waits_for_its_inspector_or_says_it_was_corrected(own_desk: Desk, corrected: bool) -> None:
    world, sighting_id = own_desk.world, own_desk.sighting("演示李二")
    records = {r.id: r for r in world.look(own_desk.visit_id).records}
    seen = next(s for s in world.look(own_desk.visit_id).sightings if s.id == sighting_id)
    record = records[seen.record_ids[0]]
    with world.store.writing() as uow:
        review.decide(
            uow,
            world.actors["organization"],
            sighting_id,
            outcome="return",
            reason="请写明时间",
            based_on=(record.sha256,),
            at_utc=NOW,
        )
    if corrected:
        actor, key = world.phone_actor("first")
        phone = Phone(actor, key, own_desk.visit_id)
        body = {"of_record": str(record.id), "of_sha256": record.sha256, "reason": "补时间", "body": record.body}
        phone.make("correction", **body)
        world.send(phone, at_utc=LATER)
    text = read(own_desk, f"/desk/sightings/{sighting_id}")
    assert ("退回后已更正" in text, "已退回，待核查人员补充" in text) == (corrected, not corrected)
    assert 'name="outcome" value="accept"' in text, "a return settles nothing"


def test_the_second_person_sees_that_the_evidence_was_corrected(own_desk: Desk) -> None:
    world, sighting_id = own_desk.world, own_desk.sighting("演示李二")
    seen = next(s for s in world.look(own_desk.visit_id).sightings if s.id == sighting_id)
    record = next(r for r in world.look(own_desk.visit_id).records if r.id == seen.record_ids[0])
    with world.store.writing() as uow:
        organization = world.actors["organization"]
        told = review.give_notice(uow, organization, sighting_id, given_on=NOW.date(), how="paper", at_utc=NOW)
        review.register_reply(
            uow, organization, told.id, text="在乡里", received_on=NOW.date(), how="paper", at_utc=NOW
        )
        made = review.decide(
            uow, organization, sighting_id, outcome="accept", reason="查实", based_on=(record.sha256,), at_utc=NOW
        )
    actor, key = world.phone_actor("first")
    phone = Phone(actor, key, own_desk.visit_id)
    phone.make("correction", of_record=str(record.id), of_sha256=record.sha256, reason="补时间", body=record.body)
    world.send(phone, at_utc=LATER)
    page = f"/desk/decisions/{made.id}"
    text = read(own_desk, page, "second_reviewer")
    assert "提出后所依据的记录有更正" in text and "补时间" in text
    client = own_desk.client("second_reviewer")
    agreed = own_desk.post(client, page, page, agree="yes", version="1", reason="同意")
    assert agreed.status_code == 412
    declined = own_desk.post(client, page, page, agree="no", version="1", reason="请重提")
    assert declined.status_code == 303


def test_a_study_of_one_case_can_be_assigned_at_the_desk(own_desk: Desk) -> None:
    client = own_desk.client("office")
    form = {
        "village_code": "350924106208",
        "announced": "case_study",
        "team": [str(own_desk.world.actors["first"].account_id)],
        "release": "2030-01-01T09:00",
        "expires": "2030-01-02T09:00",
    }
    assert own_desk.post(client, "/desk/assignments", "/desk/assignments", **form).status_code == 303
    assert "调研（解剖麻雀）" in client.get("/desk/assignments").text.split("<tbody>")[1].split("</tbody>")[0]
