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
