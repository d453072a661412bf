"""Look-alike photos side by side, and bystanders covered in the copy that leaves: the pages and the bytes."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from api.http.house import EXTENSION, House
from demo.answering import answering
from media import Fingerprints, SeenPhotos
from tests.visits.world import NOW
from tests.web.county import Desk
from tests.web.test_browser import Window
from tests.web.test_pages import plain
from visits import fieldwork, intake

NewContext = Callable[..., BrowserContext]
PRINTS = Fingerprints(b"\x0f" * 8, b"\x33" * 32, 100)


def scene() -> bytes:
    """A picture that is nowhere black."""
    grey = np.add.outer(np.arange(480), np.arange(640)) % 160 + 80
    out = io.BytesIO()
    Image.fromarray(np.repeat(grey[:, :, np.newaxis], 3, axis=2).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def another_visit(desk: Desk, **facts: object) -> tuple[UUID, str]:
    """A visit by another team, with one photo that looks like that of the main visit and says this of itself."""
    world, data = desk.world, scene()
    house: House = desk.app.extensions[EXTENSION]
    phone, _ = world.open_visit("third", "first")
    phone.arrive()
    phone.photo(data)
    world.send(phone)
    stored = house.evidence.put(data)
    with world.store.writing() as uow:
        begun = intake.begin_upload(
            uow, phone.actor, visit_id=phone.visit_id, sha256=stored.sha256_hex, size_bytes=len(data), at_utc=NOW
        )
        intake.complete_upload(uow, phone.actor, begun.id, at_utc=NOW)
    house.evidence.put_derived(stored.sha256_hex, "display.jpg", data)
    seen = SeenPhotos()
    for visit_id, sha256 in ((desk.visit_id, desk.photo_sha256), (phone.visit_id, stored.sha256_hex)):
        with world.store.writing() as uow:
            fieldwork.record_inspection(uow, visit_id, sha256, facts=facts, at_utc=NOW)
            fieldwork.keep_prints(uow, seen, visit_id, sha256, PRINTS, at_utc=NOW)
    world.judge(desk.visit_id)
    world.judge(phone.visit_id)
    return phone.visit_id, stored.sha256_hex


def test_two_photos_stand_side_by_side_for_a_person(own_desk: Desk) -> None:
    other_id, other = another_visit(own_desk)
    client = own_desk.client("organization")
    assert f"/photos/{own_desk.photo_sha256}/alike" in client.get(f"/desk/visits/{own_desk.visit_id}").text
    html = client.get(f"/desk/visits/{own_desk.visit_id}/photos/{own_desk.photo_sha256}/alike").text
    assert f"/api/v1/visits/{own_desk.visit_id}/photos/{own_desk.photo_sha256}/display" in html
    assert f"/api/v1/visits/{other_id}/photos/{other}/display" in html
    assert "256 位中有 0 位不同" in plain(html)
    assert "不是结论" in plain(html)
    [told] = client.get(f"/api/v1/visits/{other_id}/photos/{other}/alike").json["items"]
    assert (told["likeness"], told["pdq_bits"], told["other"]["visit_id"]) == ("match", 0, str(own_desk.visit_id))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        pytest.param(
            {"gps_at_utc": NOW - timedelta(hours=5), "taken_at": NOW.replace(tzinfo=None), "utc_offset_s": 0},
            [
                "时间 2026-11-18 10:00:00 2026-11-18 10:00:00",
                "卫星时间 — 2026-11-18 05:00:00",
                "相机时间与卫星时间相差 5 小时",
                "正当的可能原因：相机时钟差几小时",
                "照片自带的卫星时间比记录早 5 小时",
            ],
            id="two clocks",
        ),
        pytest.param({"oddities": ["gps_stripped"]}, ["位置已被清成（0，0）"], id="stripped"),
        pytest.param(
            {
                "lon_deg": 139.7,
                "lat_deg": 35.7,
                "gps_datum": "TOKYO",
                "oddities": ["gps_datum_not_wgs84"],
            },
            ["照片写明的坐标系：TOKYO", "（TOKYO）无法换算，未作比对", "强度：较弱"],
            id="another datum",
        ),
    ],
)
def test_what_a_photo_says_of_itself_stands_on_its_page(
    own_desk: Desk, facts: dict[str, object], words: list[str]
) -> None:
    visit_id, sha256 = another_visit(own_desk, **facts)
    text = plain(own_desk.client("organization").get(f"/desk/visits/{visit_id}/photos/{sha256}").text)
    assert [word for word in words if word not in text] == []


def test_a_copy_leaves_covered_and_only_after_a_look(own_desk: Desk) -> None:
    visit_id, sha256 = another_visit(own_desk)
    client = own_desk.client("organization")
    path = f"/desk/visits/{visit_id}/photos/{sha256}/cover"
    leaving = f"/api/v1/visits/{visit_id}/photos/{sha256}/leaving"
    refused = client.get(leaving)
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[-1]) == (409, "photo-not-looked-over")
    edges = {"left": ["25", ""], "top": ["50", ""], "right": ["50", ""], "bottom": ["75", ""]}
    assert own_desk.post(client, path, path, **edges).location == f"{path}?said=cover.done"
    assert 'value="25.0"' in client.get(path).text
    answer = client.get(leaving)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    copy = np.asarray(Image.open(io.BytesIO(answer.data)).convert("L"))
    assert copy[244:356, 164:316].max() < 24, "the box is black"
    assert copy[:230].min() > 50, "the rest is as it was"
    assert copy.shape[0] > 480, "with a strip below"
    with client.get(f"/api/v1/visits/{visit_id}/photos/{sha256}/display") as display:
        assert display.data == scene(), "the display copy is untouched"


@pytest.mark.parametrize("wrong", [{"left": "x"}, {"left": "60"}, {"bottom": "nan"}, {"right": ""}])
def test_odd_numbers_are_a_word_and_no_crash(own_desk: Desk, wrong: dict[str, str]) -> None:
    visit_id, sha256 = another_visit(own_desk)
    client = own_desk.client("organization")
    path = f"/desk/visits/{visit_id}/photos/{sha256}/cover"
    edges = {"left": "25", "top": "50", "right": "50", "bottom": "75", **wrong}
    assert own_desk.post(client, path, path, **edges).status_code in (400, 422)
    assert client.get(f"/api/v1/visits/{visit_id}/photos/{sha256}/leaving").status_code == 409


@pytest.fixture
def served(own_desk: Desk) -> Iterator[str]:
    """Where a desk of its own answers."""
    with answering(own_desk.app) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_boxes_are_drawn_with_the_pointer(own_desk: Desk, served: str, new_context: NewContext, screen: str) -> None:
    visit_id, sha256 = another_visit(own_desk)
    window = Window(new_context(screen, locale="zh-CN").new_page(), served).sign_in("organization")
    window.go(f"/desk/visits/{visit_id}/photos/{sha256}/alike")
    expect(window.page.locator("figure img")).to_have_count(2)
    assert window.sideways_px() == 0
    window.go(f"/desk/visits/{visit_id}/photos/{sha256}/cover")
    stage = window.page.locator("#stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    mouse = window.page.mouse
    mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.75, steps=4)
    mouse.up()
    expect(window.page.locator("#stage .mark")).to_have_count(1)
    assert float(window.page.locator("[data-edge=right]").first.input_value()) == pytest.approx(50, abs=1)
    assert window.sideways_px() == 0
    window.page.get_by_role("button", name="保存").click()
    expect(window.page.get_by_role("status")).to_contain_text("已保存")
    expect(window.page.locator("#stage .mark")).to_have_count(1)
    assert window.wrong == []
