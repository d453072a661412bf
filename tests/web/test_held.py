"""The page and the file of what is held about a person: words for people, codes for programs."""

from tests.web.county import Desk


def test_the_page_speaks_in_words_and_the_file_in_codes(desk: Desk) -> None:
    client, path = desk.client("organization"), f"/desk/postings/{desk.world.postings['演示李二']}/held"
    page = client.get(path)
    shown = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "驻村工作队员" in shown
    assert not any(code in shown for code in ("team_member", "in_post", ">day<", ">not_met<"))
    said = client.get(f"{path}.json").get_json()
    assert said["posting"][0]["kind"] == "team_member"
    assert {one["outcome"] for one in said["sightings"]} >= {"met", "not_met"}


def test_account_holders_fetch_what_is_held_about_themselves(desk: Desk) -> None:
    client = desk.client("first")
    assert 'href="/desk/account/held.json"' in client.get("/desk/account").text
    answer = client.get("/desk/account/held.json")
    said = answer.get_json()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert said["account"][0]["login"] == "first"
    assert str(desk.visit_id) in {one["visit_id"] for one in said["visits"]}
    assert said["sign_ins"][0]["result"] == "done"
    assert desk.client().get("/desk/account/held.json").status_code == 303
