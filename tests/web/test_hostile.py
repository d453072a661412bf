"""What a hostile text, address or page of another site can do at the desk: nothing."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.visits.world import NOW, PASSPHRASE, XIADANG
from tests.web.county import Desk
from visits import access, intake, review
from visits.people.rows import Person, PostingVersion
from visits.places.rows import Division

BAIT = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'
SHORT = "\"'><b onx=1>{{7*7}}"


@pytest.fixture
def baited(own_desk: Desk) -> Desk:
    """The county with markup in every text that comes from a phone, a workbook, a reply or an account."""
    world = own_desk.world
    first, _ = world.open_visit("first", "second")
    first.make("arrive", fix=None, no_fix_reason=BAIT)
    seen = first.sight(world.postings["演示李二"], "not_met", note=BAIT)
    first.problem(None, other_reason=BAIT, text=BAIT, place_note=BAIT)
    first.photo(b"not a photo", of_record=seen, media_type="image/svg+xml")
    first.make("close", records=6, escorted=True, warned_beforehand=True, note=BAIT)
    world.send(first)
    world.send(first, [first.texts[1].replace("not_met", "met")])
    with world.store.writing() as uow:
        intake.keep_unreadable(uow, first.actor, first.visit_id, BAIT.encode(), BAIT, at_utc=NOW)
        uow.session.execute(update(access.Account).values(name=SHORT, unit=SHORT))
        uow.session.execute(update(Person).values(name=SHORT))
        uow.session.execute(update(PostingVersion).values(sending_unit=SHORT))
        uow.session.execute(update(Division).where(Division.code == XIADANG).values(name=SHORT))
    world.judge(first.visit_id)
    desk = Desk(**{**vars(own_desk), "visit_id": first.visit_id})
    _review(desk)
    return desk


def _review(desk: Desk) -> None:
    organization = desk.world.actors["organization"]
    sighting, today = desk.sighting("演示李二"), NOW.date()
    record = next(r for r in desk.world.look(desk.visit_id).records if r.kind == "sighting")
    with desk.world.store.writing() as uow:
        notice = review.give_notice(uow, organization, sighting, given_on=today, how=SHORT, at_utc=NOW)
        review.register_reply(uow, organization, notice.id, text=BAIT, received_on=today, how="paper", at_utc=NOW)
        review.decide(uow, organization, sighting, outcome="return", reason=BAIT, based_on=(record.sha256,), at_utc=NOW)


def _pages(desk: Desk, client: FlaskClient) -> list[str]:
    """Every page that can be reached by following links from the menu and from what the visit holds."""
    waiting = ["/desk/", "/desk/postings", "/desk/ledger", "/desk/map", "/desk/decisions", "/desk/log"]
    waiting += [f"/desk/visits/{desk.visit_id}", f"/desk/sightings/{desk.sighting('演示李二')}", "/desk/assignments"]
    seen: dict[str, str] = {}
    while waiting and len(seen) < 40:
        path = waiting.pop(0)
        if path in seen or "/language/" in path or "/static/" in path or "/vendor/" in path:
            continue
        answer = client.get(path, buffered=True)
        seen[path] = answer.text if answer.mimetype == "text/html" else ""
        waiting += [link.replace("&amp;", "&") for link in re.findall(r'href="(/desk/[^"#]*)', seen[path])]
    return list(seen.values())


def test_no_text_becomes_markup(baited: Desk) -> None:
    shown = ""
    for login, language in (("organization", "zh"), ("organization", "en"), ("office", "zh"), ("first", "en")):
        for html in _pages(baited, baited.client(login, language=language)):
            assert "<script>alert" not in html
            assert "<img src=x" not in html
            assert "<b onx" not in html
            assert "49" not in re.findall(r"onx=1&gt;(..)", html)
            shown += html
    assert shown.count("&lt;script&gt;alert(1)") >= 6
    assert "&lt;b onx=1&gt;" in shown


@pytest.mark.parametrize("folder", ["static", "vendor"])
@pytest.mark.parametrize(
    "name", ["../words/zh.json", "..%2fwords%2fzh.json", "%2e%2e/words/zh.json", "/etc/passwd", "."]
)
def test_no_address_leaves_the_folder_of_files(desk: Desk, folder: str, name: str) -> None:
    assert desk.client().get(f"/desk/{folder}/{name}").status_code == 404


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/desk\\evil", "/desk/\r\nSet-Cookie: a=b"])
def test_changing_the_language_never_leads_out_of_the_desk(desk: Desk, back: str) -> None:
    answer = desk.client().get("/desk/language/en", query_string={"back": back})
    assert answer.location == "/desk/"
    assert "evil" not in str(answer.headers)
    assert "a=b" not in str(answer.headers)


def test_the_cookie_of_a_sign_in_is_out_of_reach_of_scripts_and_other_sites(desk: Desk) -> None:
    client = desk.app.test_client()
    form = {"base_url": "https://desk.example"}
    token = client.get("/desk/sign-in", **form).text.split('name="csrf_token" value="')[1].split('"')[0]
    said = {"csrf_token": token, "login": "office", "passphrase": PASSPHRASE}
    answer = client.post("/desk/sign-in", data=said, **form)
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("shidi_session=")]
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_the_form_token_of_one_reader_is_none_of_another(desk: Desk) -> None:
    theirs = desk.client("office").get("/desk/").text.split('name="csrf_token" value="')[1].split('"')[0]
    mine = desk.client("organization")
    path = f"/desk/sightings/{desk.sighting('演示李二')}/notices"
    form = {"csrf_token": theirs, "given_on": "2026-11-18", "how": "paper"}
    assert mine.post(path, data=form).status_code == 403


@pytest.mark.parametrize("kind", ["display", "original"])
def test_a_photo_is_kept_by_no_browser_and_sent_under_our_own_name(desk: Desk, kind: str) -> None:
    path = f"/api/v1/visits/{desk.visit_id}/photos/{desk.photo_sha256}/{kind}"
    answer = desk.client("organization").get(path, buffered=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "ETag" not in answer.headers
    if kind == "original":
        assert answer.headers["Content-Disposition"] == f"attachment; filename={desk.photo_sha256}.bin"
        assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_wrong_passphrase_is_read_by_the_countys_own_discipline_only(own_desk: Desk) -> None:
    client = own_desk.client()
    own_desk.post(client, "/desk/sign-in", "/desk/sign-in", login="office", passphrase="a wrong one\n2026 forged")
    world = own_desk.world
    with world.store.writing() as uow:
        new = access.NewAccount("far_discipline", "远方", access.Role.DISCIPLINE, "350981")
        access.create_account(uow, world.actors["admin"], new, passphrase=PASSPHRASE, at_utc=NOW)
    with world.store.reading() as uow:
        far = access.actor_named(uow, "far_discipline")
        own = [line.result for line in access.audit_trail(uow, world.actors["discipline"], about="account:office")]
        assert own[0] == "refused"
        assert access.audit_trail(uow, far, about="account:office") == []


def test_pages_hold_no_script_of_their_own() -> None:
    templates = list((Path(__file__).resolve().parents[2] / "web" / "desk" / "templates").glob("*.html"))
    assert len(templates) > 10
    # What is given to a script stands beside it as JSON, which no browser runs.
    ours = r"\|\s*safe|autoescape false|\son\w+=|javascript:|<script(?![^>]*\s(src=|type=.application/json.))"
    for template in templates:
        assert not re.search(ours, template.read_text("utf-8")), template
