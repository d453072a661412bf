"""The pages over the real verbs: what each role sees, and what the forms do."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.visits.world import PASSPHRASE, XIPU
from tests.web.county import Desk, desk_time
from visits import review

SIGNED_OUT = ["/desk/", "/desk/map", "/desk/postings", "/desk/log", "/desk/nowhere"]


def plain(html: str) -> str:
    """The text of a page as a person reads it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# ---- Signing in ----


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(desk: Desk) -> None:
    client = desk.client()
    answer = client.get(f"/desk/visits/{desk.visit_id}")
    assert answer.status_code == 303
    assert answer.location == f"/desk/sign-in?next=/desk/visits/{desk.visit_id}"
    signed = desk.post(
        client, answer.location, "/desk/sign-in", login="organization", passphrase=PASSPHRASE,
        next=f"/desk/visits/{desk.visit_id}",
    )  # fmt: skip
    assert signed.location == f"/desk/visits/{desk.visit_id}"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/desk\\evil", "/desk/\nx", "/api/v1/me"]
)
def test_signing_in_never_leads_out_of_the_desk(desk: Desk, elsewhere: str) -> None:
    client = desk.client()
    answer = desk.post(client, "/desk/sign-in", "/desk/sign-in", login="first", passphrase=PASSPHRASE, next=elsewhere)
    assert answer.location == "/desk/"


def test_a_wrong_passphrase_is_told_without_saying_which_part_was_wrong(desk: Desk) -> None:
    answers = [
        desk.post(desk.client(), "/desk/sign-in", "/desk/sign-in", login=login, passphrase="not the right passphrase")
        for login in ("organization", "nobody-at-all")
    ]
    assert [a.status_code for a in answers] == [401, 401]
    assert all("账号或口令不对" in a.text for a in answers)


def test_guessing_is_slowed_down(own_desk: Desk) -> None:
    client = own_desk.client()
    statuses = [
        own_desk.post(client, "/desk/sign-in", "/desk/sign-in", login="office", passphrase="a wrong one").status_code
        for _ in range(9)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_signing_out_ends_the_sign_in_at_the_server(desk: Desk) -> None:
    client = desk.client("organization")
    token = client.get_cookie("shidi_session")
    assert token is not None
    assert desk.post(client, "/desk/", "/desk/sign-out").status_code == 303
    client.set_cookie("shidi_session", token.value)
    assert client.get("/desk/").status_code == 303


@pytest.mark.parametrize("action", ["sign-in", "sign-out", "assignments", f"sightings/{UUID(int=7)}/decisions"])
def test_a_form_of_another_site_is_refused(desk: Desk, action: str) -> None:
    client = desk.client("organization")
    assert client.post(f"/desk/{action}", data={"outcome": "accept"}).status_code == 403


# ---- Who sees what ----


def test_each_page_in_each_language_for_those_who_may(desk: Desk) -> None:
    for language in ("zh", "en"):
        client = desk.client("organization", language=language)
        for path in _pages_of(desk):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in answer.text
            assert "<script>" not in answer.text
            assert " style=" not in answer.text


def test_a_stranger_to_the_county_is_told_that_there_is_no_such_page(desk: Desk) -> None:
    client = desk.client("stranger")
    for path in _pages_of(desk):
        if re.search(r"[0-9a-f]{8}-", path):
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert "没有这一页，或不在您的范围内" in answer.text
            assert "下党" not in answer.text


def test_a_stranger_sees_no_village_and_nobody_of_this_county(desk: Desk) -> None:
    client = desk.client("stranger")
    for path in ("/desk/", "/desk/postings", "/desk/ledger", "/desk/map"):
        assert "下党" not in client.get(path).text
        assert "演示李二" not in client.get(path).text


@pytest.mark.parametrize("role", ["office", "leader", "oversight", "discipline", "first"])
def test_only_the_organization_department_reads_pages_of_people(desk: Desk, role: str) -> None:
    client = desk.client(role)
    for path in ("/desk/postings", f"/desk/postings/{desk.posting('演示李二')}", "/desk/decisions"):
        assert client.get(path).status_code == 403


def test_the_office_sees_a_visit_without_who_was_met(desk: Desk) -> None:
    page = desk.client("office").get(f"/desk/visits/{desk.visit_id}").text
    assert "公示栏上没有本年度资金公告" in page
    assert "演示李二" not in page
    assert "在岗情况由组织部审阅" in page


def test_a_leader_begins_at_the_map_and_reads_no_visit(desk: Desk) -> None:
    client = desk.client("leader")
    assert client.get("/desk/").location == "/desk/map"
    assert client.get(f"/desk/visits/{desk.visit_id}").status_code == 403


def test_an_inspector_sees_own_visits_and_sealed_assignments_without_their_village(desk: Desk) -> None:
    client = desk.client("first")
    assert f"/desk/visits/{desk.visit_id}" in client.get("/desk/").text
    assert f"/desk/visits/{desk.unfinished_id}" not in client.get("/desk/").text
    assignments = client.get("/desk/assignments").text
    assert "已封存，尚未启封" in assignments
    assert client.get(f"/desk/visits/{desk.unfinished_id}").status_code == 404


def test_the_menu_holds_what_the_role_may_open(desk: Desk) -> None:
    for role in ("organization", "office", "leader", "discipline", "first"):
        client = desk.client(role)
        page = client.get("/desk/log").text
        for href in re.findall(r'<li><a href="(/desk/[a-z]*)"', page):
            assert client.get(href).status_code == 200, (role, href)
    assert "/desk/postings" not in desk.client("office").get("/desk/log").text


# ---- Visits ----


def test_the_list_is_filtered_by_state(desk: Desk) -> None:
    client = desk.client("organization")
    unfinished, closed = f"/desk/visits/{desk.unfinished_id}", f"/desk/visits/{desk.visit_id}"
    assert unfinished in client.get("/desk/?state=open").text
    assert closed not in client.get("/desk/?state=open").text
    assert closed in client.get("/desk/?state=complete").text
    assert "没有这一状态的核查" in client.get("/desk/?state=aborted").text


def test_a_visit_tells_place_in_three_words_with_accuracy_and_distance(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/visits/{desk.visit_id}").text)
    assert "村域内 定位精度 ±12 米" in text
    assert "在界内 400 米" in text
    assert "位置无法判断 定位精度 ±900 米" in text
    assert "坐标系 未知" in text


def test_a_visit_tells_what_was_seen_and_what_the_books_said(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/visits/{desk.visit_id}").text)
    assert re.search(r"演示王三 驻村工作队员 请假在外", text)
    assert re.search(r"演示李二 驻村工作队员 未见到本人", text)
    assert "乡镇登记簿：已查询、组织部登记簿：已查询" in text
    assert "问 4 人，1 人知道此人" in text
    assert "未按规定执行扶贫资金公开" in text or "第 20 条" in text


def test_hints_come_with_their_strength_and_their_honest_causes(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/visits/{desk.visit_id}").text)
    assert "第二名核查人员没有扫码确认同时到村" in text
    assert "强度：中等" in text
    assert text.count("正当的可能原因：") == len(desk.world.look(desk.visit_id).hints)
    assert "有一项需要人看一眼" not in text


def test_what_was_sent_and_not_taken_is_shown_plainly(desk: Desk) -> None:
    client = desk.client("organization")
    conflict = client.get(f"/desk/visits/{desk.visit_id}").text
    assert "同一编号、内容不同：两份都保存，先到的一份计入" in conflict
    assert "驻点无人" in conflict
    assert "超过每次核查 12 张的上限" in client.get(f"/desk/visits/{desk.unfinished_id}").text


def test_an_unfinished_visit_names_what_is_missing(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/visits/{desk.unfinished_id}").text)
    assert "核查尚未关闭" in text
    assert "演示third的手机还没有报" in text
    assert text.count("照片未到，指纹") == 12


def test_text_of_an_inspector_is_never_markup(own_desk: Desk) -> None:
    (phone,) = own_desk.world.open_visit("third", village_code=XIPU)
    phone.arrive()
    phone.sight(own_desk.posting("演示张一"), "met", note="<script>alert(1)</script>")
    own_desk.world.send(phone)
    own_desk.world.judge(phone.visit_id)
    page = own_desk.client("organization").get(f"/desk/visits/{phone.visit_id}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_the_viewer_puts_the_photos_own_facts_beside_the_phones(desk: Desk) -> None:
    page = desk.client("organization").get(f"/desk/visits/{desk.visit_id}/photos/{desk.photo_sha256}").text
    text = plain(page)
    assert desk.photo_sha256 in text
    assert re.search(r"与手机定位相距 7\d\d 米", text)
    assert "640 × 480 像素" in text
    assert f"/photos/{desk.photo_sha256}/original" in page
    assert re.search(r'href="/desk/log/\d+"', page)


def test_a_photo_of_another_visit_is_not_found_here(desk: Desk) -> None:
    client = desk.client("organization")
    assert client.get(f"/desk/visits/{desk.unfinished_id}/photos/{desk.photo_sha256}").status_code == 404


def test_looking_at_a_visit_is_noted_once_for_each_look(own_desk: Desk) -> None:
    client = own_desk.client("organization")
    client.get(f"/desk/visits/{own_desk.visit_id}")
    client.get(f"/desk/postings/{own_desk.posting('演示李二')}")
    from visits.access import audit_trail

    with own_desk.world.store.reading() as uow:
        acts = [(e.act, e.about) for e in audit_trail(uow, own_desk.world.actors["discipline"])]
    assert ("visit.read", f"visit:{own_desk.visit_id}") in acts
    assert ("person.read", f"posting:{own_desk.posting('演示李二')}") in acts


def test_the_audit_chain_says_in_words_what_was_done_and_is_narrowed_by_it(own_desk: Desk) -> None:
    own_desk.client("organization").get(f"/desk/visits/{own_desk.visit_id}")
    reader = own_desk.client("discipline")
    whole = plain(reader.get("/desk/audit").text)
    assert "导入花名册" in whole
    assert "import.roster" not in whole
    narrowed = reader.get("/desk/audit?act=visit.read").text
    assert '<option value="visit.read" selected>查看核查</option>' in narrowed
    assert {cell.strip() for cell in re.findall(r'data-label="操作">([^<]*)<', narrowed)} == {"查看核查"}


# ---- People ----


def test_the_page_of_a_person_says_the_interval_and_the_printed_line(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/postings/{desk.posting('演示李二')}").text)
    assert "6 次核查中 1 次见到本人或群众反映在村，95% 区间 3–56%" in text
    assert "不得直接作为考核、问责依据" in text
    assert not re.search("走读|挂名|得分|排名", text)


def test_few_visits_say_that_they_are_not_enough_and_what_is_missing(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/postings/{desk.posting('演示张一')}").text)
    assert "核查次数不足" in text
    assert "可计的核查：有 1 次，至少要 4 次" in text
    said = text.split("目前的计数")[1].split("派驻情况")[0]
    assert "95% 区间 21–100%，太宽，说明不了什么" in said  # one visit that counts, met


def test_every_number_on_a_persons_page_opens_as_many_sightings(desk: Desk) -> None:
    client = desk.client("organization")
    here = f"/desk/postings/{desk.posting('演示李二')}"
    page = client.get(here).text
    numbers = re.findall(rf'href="({here}\?slot=[^"]+)#list"[^>]*>(\d+)<', page)
    assert sum(int(count) for _, count in numbers) == 8
    for href, count in numbers:
        behind = client.get(href.replace("&amp;", "&")).text
        assert behind.count('id="sighting-') == int(count)
    assert client.get(f"{here}?counted=1").text.count('id="sighting-') == 6


def test_a_number_leads_to_the_photo_behind_it(desk: Desk) -> None:
    page = desk.client("organization").get(f"/desk/postings/{desk.posting('演示李二')}?counted=1").text
    assert f"/desk/visits/{desk.visit_id}/photos/{desk.photo_sha256}" in page


def test_leave_is_listed_with_its_book(desk: Desk) -> None:
    text = plain(desk.client("organization").get(f"/desk/postings/{desk.posting('演示王三')}").text)
    assert re.search(r"请假 2026-11-17 上午 2026-11-19 下午", text)
    assert "组织部登记簿" in text


def test_postings_are_listed_by_village_and_by_no_number(desk: Desk) -> None:
    page = desk.client("organization").get("/desk/postings").text
    codes = re.findall(r">(\d{12})<", page)
    assert codes == sorted(codes)
    assert "sort" not in page


# ---- Review ----


def _heard(desk: Desk, name: str = "演示李二") -> str:
    """Tell the person and register the reply, through the forms; the sighting's address."""
    client = desk.client("organization")
    here = f"/desk/sightings/{desk.sighting(name)}"
    today = (desk_time() + timedelta(hours=8)).date().isoformat()
    assert desk.post(client, here, f"{here}/notices", given_on=today, how="paper").status_code == 303
    page = client.get(here).text
    reply = re.findall(r'action="(/desk/notices/[^"]+)"', page)[0]
    answer = desk.post(client, here, reply, text="当日到县里送材料", received_on=today)
    assert answer.status_code == 303
    assert "当日到县里送材料" in client.get(here).text
    return here


def _decide(desk: Desk, here: str, login: str = "organization", **changed: object):  # type: ignore[no-untyped-def]
    client = desk.client(login)
    evidence = re.findall(r'name="based_on" value="([0-9a-f]{64})" checked', client.get(here).text)
    fields = {"outcome": "accept", "reason": "两本登记簿均无请假", "based_on": evidence, **changed}
    return desk.post(client, here, f"{here}/decisions", **fields)


def test_an_adverse_decision_takes_two_people(own_desk: Desk) -> None:
    here = _heard(own_desk)
    assert _decide(own_desk, here).status_code == 303
    first, second = own_desk.client("organization"), own_desk.client("second_reviewer")
    waiting = re.findall(r'href="(/desk/decisions/[0-9a-f-]+)"', first.get("/desk/decisions").text)[0]
    own = first.get(waiting).text
    assert "须由另一人复核" in own
    assert 'name="agree"' not in own
    refused = own_desk.post(first, waiting, waiting, agree="yes", reason="自己同意", version="1")
    assert refused.status_code == 403 or refused.status_code == 409
    shown = second.get(waiting).text
    assert "当日到县里送材料" in shown
    assert own_desk.post(second, waiting, waiting, agree="yes", reason="证据齐全", version="1").status_code == 303
    assert "已成立" in second.get(waiting).text
    assert "没有等待复核的决定" in first.get("/desk/decisions").text


def test_a_decision_before_the_person_was_heard_is_not_saved(own_desk: Desk) -> None:
    here = f"/desk/sightings/{own_desk.sighting('演示李二')}"
    answer = _decide(own_desk, here)
    assert 400 <= answer.status_code < 500
    with own_desk.world.store.reading() as uow:
        assert review.decisions_waiting(uow, own_desk.world.actors["organization"]) == []


def test_a_stale_second_answer_is_told(own_desk: Desk) -> None:
    here = _heard(own_desk)
    _decide(own_desk, here)
    second = own_desk.client("second_reviewer")
    waiting = re.findall(r'href="(/desk/decisions/[0-9a-f-]+)"', second.get("/desk/decisions").text)[0]
    answer = own_desk.post(second, waiting, waiting, agree="yes", reason="同意", version="7")
    assert answer.status_code in (409, 412)
    assert "情况已有变化" in answer.text


@pytest.mark.parametrize(
    "changed", [{"outcome": "guilty"}, {"reason": "   "}, {"outcome": ""}], ids=["word", "no reason", "nothing chosen"]
)
def test_a_form_filled_badly_is_answered_400(desk: Desk, changed: dict[str, str]) -> None:
    answer = _decide(desk, f"/desk/sightings/{desk.sighting('演示张一')}", **changed)
    assert answer.status_code == 400
    assert "提交的内容不完整" in answer.text


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "9999-01-01", "1200-01-01"])
def test_a_notice_on_an_impossible_day_is_refused(desk: Desk, day: str) -> None:
    client, here = desk.client("organization"), f"/desk/sightings/{desk.sighting('演示李二')}"
    assert desk.post(client, here, f"{here}/notices", given_on=day, how="paper").status_code == 400


# ---- Assignments, ledger, map, log ----


def test_the_office_assigns_a_village_from_the_form(own_desk: Desk) -> None:
    client = own_desk.client("office")
    page = client.get("/desk/assignments").text
    team = re.findall(r'name="team" value="([^"]+)"', page)[:2]
    times = dict(re.findall(r'id="(release|expires)" name="\w+" value="([^"]+)"', page))
    fields = {"village_code": XIPU, "team": team, "announced": "no", "reason": "随机抽取", **times}
    answer = own_desk.post(client, "/desk/assignments", "/desk/assignments", **fields)
    assert answer.location == "/desk/assignments?said=assignments.done"
    shown = plain(client.get(answer.location).text)
    assert "任务已下达，已写入日志" in shown
    assert "凤阳镇 溪浦村 暗访" in shown


@pytest.mark.parametrize("gone", ["village_code", "team", "release", "expires", "announced"])
def test_an_assignment_that_lacks_something_is_not_made(desk: Desk, gone: str) -> None:
    client = desk.client("office")
    page = client.get("/desk/assignments").text
    fields: dict[str, object] = {
        "village_code": XIPU,
        "team": re.findall(r'name="team" value="([^"]+)"', page)[:1],
        "announced": "no",
        **dict(re.findall(r'id="(release|expires)" name="\w+" value="([^"]+)"', page)),
    }
    del fields[gone]
    answer = desk.post(client, "/desk/assignments", "/desk/assignments", **fields)
    assert 400 <= answer.status_code < 500


def test_others_than_the_office_make_no_assignment(desk: Desk) -> None:
    client = desk.client("first")
    assert 'name="village_code"' not in client.get("/desk/assignments").text
    assert desk.post(client, "/desk/assignments", "/desk/assignments", village_code=XIPU).status_code == 403


def test_the_ledger_shows_the_problem_with_the_text_of_its_item(desk: Desk) -> None:
    client = desk.client("office")
    href = re.findall(r'href="(/desk/ledger/[0-9a-f-]+)"', client.get("/desk/ledger").text)[0]
    page = plain(client.get(href).text)
    assert "350924-2026-0001" in page
    assert "公示栏上没有本年度资金公告" in page
    assert "公告" in page
    assert "发现" in page


def test_the_map_page_offers_what_its_reader_may_see(desk: Desk) -> None:
    office, leader = (desk.client(login).get("/desk/map").text for login in ("office", "leader"))
    assert 'value="problems"' in office
    assert 'value="problems"' not in leader
    assert "演示李二" not in leader
    assert desk.client("first").get("/desk/map").status_code == 403


def test_the_map_marks_the_village_of_one_visit(desk: Desk) -> None:
    client = desk.client("organization")
    assert '"visitVillage": "350924106208"' in client.get(f"/desk/map?visit={desk.visit_id}").text
    assert '"visitVillage": ""' in client.get("/desk/map?visit=nonsense").text
    assert client.get(f"/desk/map?visit={uuid4()}").status_code == 404


def test_an_entry_of_the_log_is_checked_in_words(desk: Desk) -> None:
    client = desk.client("office")
    assert "查验通过：第 3 条" in client.get("/desk/log/3").text
    assert client.get("/desk/log/entry?index=3").location == "/desk/log/3"
    assert client.get("/desk/log/entry?index=three").status_code == 400
    assert client.get("/desk/log/999999").status_code == 404


def test_an_entry_that_was_changed_is_found_out(own_desk: Desk) -> None:
    from sqlalchemy import text

    with own_desk.world.store.engine.begin() as connection:
        for trigger in (
            connection.execute(text("select name from sqlite_master where type = 'trigger'")).scalars().all()
        ):
            connection.execute(text(f'drop trigger "{trigger}"'))
        connection.execute(text('update log_leaf set payload = :other where "index" = 3'), {"other": b"{}"})
    assert "查验未通过" in own_desk.client("office").get("/desk/log/3").text


# ---- The frame ----


def test_the_language_link_keeps_the_place_and_is_remembered(desk: Desk) -> None:
    client = desk.client("organization")
    link = re.findall(r'href="(/desk/language/en\?back=[^"]+)"', client.get("/desk/?state=complete").text)[0]
    answer = client.get(link)
    assert answer.location == "/desk/?state=complete"
    assert '<html lang="en">' in client.get(answer.location).text


def test_the_language_link_leads_nowhere_else(desk: Desk) -> None:
    assert desk.client().get("/desk/language/en?back=https://evil.example/").location == "/desk/"


def test_an_english_page_marks_what_is_chinese(desk: Desk) -> None:
    page = desk.client("organization", language="en").get(f"/desk/visits/{desk.visit_id}").text
    assert '<span lang="zh-CN">驻点锁门</span>' in page


def test_every_page_names_the_operator_and_where_to_complain(desk: Desk) -> None:
    for path in ("/desk/sign-in", "/desk/nowhere"):
        page = desk.client("office").get(path).text
        assert "演示县督查办" in page
        assert "0593-0000000" in page
        assert "内部使用" in page


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_nothing_of_the_desk_is_kept_by_a_browser(desk: Desk, path: str) -> None:
    answer = desk.client("organization").get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_files_outside_the_static_folder_are_not_served(desk: Desk) -> None:
    for path in (
        "/desk/static/../templates/base.html",
        "/desk/vendor/../words/zh.json",
        "/desk/static/%2e%2e/%2e%2e/words/zh.json",
    ):
        assert desk.client().get(path).status_code == 404


def test_a_mistake_of_the_server_is_a_page_with_a_number_and_no_detail(own_desk: Desk) -> None:
    client = own_desk.client("organization")
    from sqlalchemy import text

    with own_desk.world.store.engine.begin() as connection:
        connection.execute(text("update visit set missing = '{torn'"))
    answer = client.get(f"/desk/visits/{own_desk.visit_id}")
    assert answer.status_code == 500
    assert "服务器出错" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert not re.search("torn|JSON|Error", answer.text)


def _pages_of(desk: Desk) -> list[str]:
    return [
        "/desk/",
        f"/desk/visits/{desk.visit_id}",
        f"/desk/visits/{desk.unfinished_id}",
        f"/desk/visits/{desk.visit_id}/photos/{desk.photo_sha256}",
        "/desk/postings",
        f"/desk/postings/{desk.posting('演示李二')}",
        f"/desk/sightings/{desk.sighting('演示李二')}",
        "/desk/decisions",
        "/desk/ledger",
        "/desk/map",
        f"/desk/map?visit={desk.visit_id}",
        "/desk/log",
        "/desk/log/3",
    ]


def test_a_photo_of_a_problem_that_was_given_up_is_one_of_the_visit(own_desk: Desk) -> None:
    phone = own_desk.world.open_visit("first")[0]
    phone.photo(b"given up", of_record=uuid4())
    phone.close()
    own_desk.world.send(phone)
    own_desk.world.judge(phone.visit_id)
    page = own_desk.client("organization").get(f"/desk/visits/{phone.visit_id}").text
    digest = phone.made[0]["body"]["sha256"]
    assert page.index(f"/photos/{digest}") > page.index('<h2 id="photos">')
