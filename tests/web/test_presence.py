"""What the desk says of presence: in words for reviewers, for those who decide only; letters, links and extracts."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from api.presence_runs import review_presence
from tests.visits.review.county import most_are_present, visits_to
from tests.web.county import Desk, copy_of, desk_time
from visits.review.rows import Notice, Referral, Reply

WHO = "演示王三"
PRINTED = "不得直接作为考核、问责依据"


@pytest.fixture(scope="module")
def reviewed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The county after a review day that referred somebody."""
    own = copy_of(desk, tmp_path_factory.mktemp("reviewed"))
    most_are_present(own.world)
    visits_to(own.world, [own.posting(WHO)], "nnnnnnnn")
    review_presence(own.world.store, desk_time)
    yield own
    own.world.store.close()


def test_a_referral_reads_as_a_request_and_not_as_a_verdict(reviewed: Desk) -> None:
    text = reviewed.client("organization").get(f"/desk/postings/{reviewed.posting(WHO)}").text
    for said in ("提请核实", "这不是结论", "可计的随机核查 8 次，其中 0 次", "本地标准是 50%", "八成把握", PRINTED):
        assert said in text
    [(below, above)] = re.findall(r"大约 (\d+) 个确实低于标准，(\d+) 个其实达到标准", text)
    assert int(below) + int(above) == 100 and int(below) >= 94
    for never in ("走读", "挂名", "得分", "排名第"):
        assert never not in text


def test_few_visits_say_so_and_what_is_missing(reviewed: Desk) -> None:
    text = reviewed.client("organization").get(f"/desk/postings/{reviewed.posting('演示张一')}").text
    assert "核查次数不足" in text and "至少要 4 次" in text
    assert "个确实低于标准" not in text


def test_the_same_page_in_english(reviewed: Desk) -> None:
    client = reviewed.client("organization", language="en")
    text = client.get(f"/desk/postings/{reviewed.posting(WHO)}").text
    assert "Referred to people" in text and "8 random visits count; on 0 of them" in text


def test_referrals_are_listed_by_village_for_those_who_decide(reviewed: Desk) -> None:
    text = reviewed.client("organization").get("/desk/referrals").text
    assert WHO in text and "只列出请人去了解的情况" in text and PRINTED in text
    assert WHO not in reviewed.client("organization").get("/desk/referrals?about=nights").text
    assert reviewed.client("organization").get("/desk/referrals?order=age&about=absence").text.count(WHO) == 1
    for login in ("leader", "office", "oversight", "discipline", "first"):
        answer = reviewed.client(login).get("/desk/referrals")
        assert answer.status_code == 403 and WHO not in answer.text


def test_leaders_see_figures_and_no_names(reviewed: Desk) -> None:
    text = reviewed.client("leader").get("/desk/figures").text
    assert "只用随机抽取的核查" in text and "人数太少，不单列" in text
    assert not [name for name in reviewed.world.postings if name in text]


def test_inspectors_are_listed_nowhere_while_few_made_enough_visits(reviewed: Desk) -> None:
    text = reviewed.client("discipline").get("/desk/inspectors").text
    assert "不足五人，不单列" in text and "目前 0 人次" in text and PRINTED in text
    assert reviewed.client("office").get("/desk/inspectors").status_code == 403


def test_the_quarter_lists_whom_nobody_talked_with(reviewed: Desk) -> None:
    text = reviewed.client("organization").get("/desk/talks?quarter=nonsense").text
    assert "演示张一" in text and "已谈" in text


def test_the_extract_carries_the_printed_line_and_replies(reviewed: Desk) -> None:
    text = reviewed.client("organization").get(f"/desk/postings/{reviewed.posting(WHO)}/extract").text
    assert text.count(PRINTED) == 2
    assert "事实摘录" in text and "八成把握" in text


def test_a_referral_is_closed_with_a_reason_only(reviewed: Desk) -> None:
    client = reviewed.client("organization")
    with reviewed.world.store.reading() as uow:
        referral_id = uow.session.scalars(select(Referral.id)).one()
    assert reviewed.post(client, "/desk/referrals", f"/desk/referrals/{referral_id}", reason=" ").status_code == 400
    done = reviewed.post(client, "/desk/referrals", f"/desk/referrals/{referral_id}", reason="县里专班借调")
    assert done.status_code == 303
    assert "县里专班借调" in client.get("/desk/referrals?closed=1").text
    assert WHO not in client.get("/desk/referrals").text


def test_talks_and_matters_are_registered_on_the_page(reviewed: Desk) -> None:
    client, at = reviewed.client("organization"), f"/desk/postings/{reviewed.posting(WHO)}"
    talk = {"talked_on": "2026-11-02", "with_whom": "乡党委书记", "kind": "regular"}
    assert reviewed.post(client, at, f"{at}/talks", **talk).status_code == 303
    assert reviewed.post(client, at, f"{at}/talks", **{**talk, "with_whom": ""}).status_code == 400
    matter = {"reported_on": "2026-11-03", "category": "travel", "to_whom": "县委组织部"}
    assert reviewed.post(client, at, f"{at}/matters", **matter).status_code == 303
    text = client.get(at).text
    assert "乡党委书记" in text and "县委组织部" in text
    assert "县委组织部" not in reviewed.client("first").get(at).text


def test_a_letter_is_answered_once_by_whoever_holds_both_parts(reviewed: Desk) -> None:
    client = reviewed.client("organization")
    sighting_id = reviewed.sighting("演示李二")
    shown = f"/desk/sightings/{sighting_id}"
    reviewed.post(client, shown, f"{shown}/notices", given_on="2026-11-18", how="link")
    with reviewed.world.store.reading() as uow:
        query = select(Notice.id).where(Notice.sighting_id == sighting_id).order_by(Notice.recorded_utc.desc())
        notice_id = uow.session.scalars(query).first()
    letter = f"/desk/notices/{notice_id}/letter"
    plain = client.get(letter).text
    assert "情况说明告知书" in plain and "这是您的权利，不是义务" in plain and "desk/reply" not in plain
    made = reviewed.post(client, letter, letter).text
    [token] = re.findall(r"/desk/reply/([\w-]+)<", made)
    [code] = ["".join(pair) for pair in re.findall(r'slip-code">(\d{4}) (\d{4})<', made)]
    at = f"/desk/reply/{token}"
    person = reviewed.client()
    assert "演示李二" not in person.get(at).text  # the address alone tells nothing
    assert "口令不对" in reviewed.post(person, at, at, code="00000000").text
    assert "演示李二" in reviewed.post(person, at, at, code=code).text
    assert "已收到您的说明" in reviewed.post(person, at, at, code=code, text="当天在乡里开会").text
    assert person.get(at).status_code == 404
    with reviewed.world.store.reading() as uow:
        assert [r.how for r in uow.session.scalars(select(Reply).where(Reply.notice_id == notice_id))] == ["link"]
    assert "当天在乡里开会" in client.get(shown).text
