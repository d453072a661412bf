"""Departure slips and work brought by stick at the desk: in the pages, and in a real browser."""

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, expect

from demo.answering import answering
from media.proof import read_code
from tests.phone_exports import container, sealed
from tests.visits.world import PASSPHRASE, XIADANG, Phone
from tests.web.county import Desk, desk_time
from tests.web.test_browser import Window
from visits import plans
from visits.log import Purpose, current_key

DECODE = """async () => {
    const { decodeQR } = await import("/desk/vendor/qr/decode.js");
    const svg = document.querySelector("#square svg");
    const image = new Image();
    const side = 640, canvas = new OffscreenCanvas(side, side), pen = canvas.getContext("2d");
    const said = new XMLSerializer().serializeToString(svg);
    image.width = image.height = side;
    image.src = "data:image/svg+xml;utf8," + encodeURIComponent(said);
    await image.decode();
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, side, side); pen.drawImage(image, 0, 0, side, side);
    const { data } = pen.getImageData(0, 0, side, side);
    return decodeQR({ width: side, height: side, data });
}"""


def released(desk: Desk, *, hours: float = 1) -> UUID:
    """An assignment that has been open to its team for so long."""
    world = desk.world
    team = (world.actors["first"].account_id, world.actors["second"].account_id)
    at_utc = desk_time()
    with world.store.writing() as uow:
        new = plans.NewAssignment(XIADANG, False, team, at_utc - timedelta(hours=hours), at_utc + timedelta(days=1))
        return plans.assign(uow, world.actors["office"], new, at_utc=at_utc).id


def unsent_file(desk: Desk) -> bytes:
    """What the first inspector's phone exports: one good record, and one that nobody signed."""
    assignment_id = released(desk)
    actor, key = desk.world.phone_actor("first")
    with desk.world.store.writing() as uow:
        at_utc = desk_time()
        package = plans.open_assignment(uow, actor, assignment_id, device_utc=at_utc, at_utc=at_utc).package
        server_key = current_key(uow, Purpose.PHONE_EXPORT, at_utc=at_utc)
    assert package is not None
    phone = Phone(actor, key, package.visit_id, package.nonce)
    phone.arrive()
    phone.make("all_in_order")
    records = [{"record": i.text, "signature": i.signature} for i in phone.incoming()]
    records[1]["signature"] = None
    said = {
        "account_id": str(actor.account_id),
        "device_id": str(actor.device_id),
        "made_at": "2026-11-18T18:00:00+08:00",
        "visits": [{"visit_id": str(package.visit_id), "records": records, "photos": []}],
    }
    return sealed(server_key.kid, server_key.public_jwk, container(said))


@pytest.fixture
def own_address(own_desk: Desk) -> Iterator[str]:
    with answering(own_desk.app) as address:
        yield address


# ---- Pages ----


def test_the_slip_holds_the_code_and_not_the_village(own_desk: Desk) -> None:
    office = own_desk.client("office")
    assignment_id = released(own_desk)
    shown = own_desk.post(office, "/desk/assignments", f"/desk/assignments/{assignment_id}/key")
    assert shown.status_code == 200
    [code] = re.findall(r"shidi:key:[0-9a-f-]{36}:([0-9A-Z*~$=]{27})", shown.text)
    assert len(read_code(code)) == 16
    assert "演示first" in shown.text and "不打电话" in shown.text
    assert not re.search("下党|凤阳|3509", shown.text)
    assert shown.headers["Cache-Control"] == "no-store"


def test_a_slip_before_the_release_is_refused(own_desk: Desk) -> None:
    office = own_desk.client("office")
    shown = own_desk.post(office, "/desk/assignments", f"/desk/assignments/{own_desk.sealed_assignment}/key")
    assert shown.status_code == 409
    assert "尚未到启封时间" in shown.text
    listed = office.get("/desk/assignments").text
    assert f"/desk/assignments/{own_desk.sealed_assignment}/key" not in listed


def test_a_file_that_cannot_be_opened_has_its_page_too(own_desk: Desk) -> None:
    office = own_desk.client("office")
    token = office.get("/desk/phone-exports").text.split('name="csrf_token" value="')[1].split('"')[0]
    file = (io.BytesIO(b"no export"), "work.shidi")
    answer = office.post("/desk/phone-exports", data={"csrf_token": token, "file": file})
    assert answer.status_code == 303
    shown = office.get(answer.location)
    assert "文件打不开" in shown.text and "什么都没有丢" in shown.text
    assert office.get(f"{answer.location}/receipt").status_code == 404


# ---- A browser ----


@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_square_on_the_slip_says_the_key(
    own_desk: Desk, own_address: str, new_context: Callable[..., BrowserContext], size: str
) -> None:
    released(own_desk)
    here = Window(new_context(size).new_page(), own_address).sign_in("office")
    here.go("/desk/assignments")
    here.page.get_by_role("button", name="出示启封钥匙").first.click()
    expect(here.page.locator("#square svg")).to_be_visible()
    typed = here.page.locator(".slip-code").inner_text().replace("-", "").replace("\n", "")
    said = here.page.evaluate(DECODE)
    assert said == here.page.locator("#square").get_attribute("data-says")
    assert said.endswith(f":{typed}")
    assert here.sideways_px() == 0
    assert here.wrong == []


@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_file_is_brought_in_and_its_receipt_taken_back(
    own_desk: Desk, own_address: str, new_context: Callable[..., BrowserContext], size: str, tmp_path: Path
) -> None:
    (tmp_path / "work.shidi").write_bytes(unsent_file(own_desk))
    here = Window(new_context(size).new_page(), own_address).sign_in("office")
    here.page.get_by_role("link", name="手机导入").click()
    here.page.get_by_label(re.compile("^手机导出的文件")).set_input_files(tmp_path / "work.shidi")
    here.page.get_by_role("button", name="导入", exact=True).click()
    expect(here.page.get_by_text("已收下")).to_be_visible()
    expect(here.page.get_by_text("签名不是已登记手机所作")).to_be_visible()
    with here.page.expect_download() as started:
        here.page.get_by_role("link", name="下载回执").click()
    receipt = json.loads(Path(started.value.path()).read_text("utf-8"))
    assert set(receipt) == {"receipts", "signature", "kid"}
    assert here.sideways_px() == 0
    assert here.wrong == []


OPEN_AND_SEAL = """async ({ sealed, code, id, server, manifest }) => {
    const keys = await import("/field/static/engine/keys.js");
    const text = keys.bytesOf(JSON.stringify(manifest));
    const plain = new Uint8Array(4 + text.length);
    new DataView(plain.buffer).setUint32(0, text.length);
    plain.set(text, 4);
    const { key, head } = await keys.exportKey(server);
    const box = await keys.closeBox(key, plain, head.kid);
    const [iv, ciphertext] = [keys.base64url(box.iv), keys.base64url(box.sealed)];
    const file = { shidi: "phone-export/1", ...head, iv, ciphertext };
    return { package: await keys.openSealed(sealed, code, id), file: JSON.stringify(file) };
}"""

VERIFY = """async ({ key, receipts, signature }) => {
    const keys = await import("/field/static/engine/keys.js");
    return [await keys.verifies(key, receipts, signature), await keys.verifies(key, receipts + " ", signature)];
}"""


@pytest.mark.browser
def test_the_phone_page_opens_what_the_server_seals_and_seals_what_it_opens(
    own_desk: Desk, own_address: str, new_context: Callable[..., BrowserContext]
) -> None:
    """Both sides wrote their cryptography from one description; here they meet."""
    assignment_id = released(own_desk)
    actor, key = own_desk.world.phone_actor("first")
    phone = own_desk.app.test_client()
    device = {"label": "phone", "public_key": key.public_jwk}
    said = {"login": "first", "passphrase": PASSPHRASE, "device": device}
    bearer = {"Authorization": f"Bearer {phone.post('/api/v1/sessions', json=said).get_json()['token']}"}
    package = phone.post(f"/api/v1/assignments/{assignment_id}/package", json={}, headers=bearer).get_json()
    server = phone.get("/api/v1/phone-exports/key", headers=bearer).get_json()
    here = Window(new_context("phone").new_page(), own_address).sign_in("office")
    here.go("/desk/assignments")
    here.page.get_by_role("button", name="出示启封钥匙").first.click()
    typed = here.page.locator(".slip-code").inner_text()
    manifest = {
        "account_id": str(actor.account_id),
        "device_id": str(actor.device_id),
        "made_at": "2026-11-18T18:00:00+08:00",
        "visits": [],
    }
    given = {"sealed": package["sealed"], "code": typed, "id": package["assignment_id"], "server": server}
    made = here.page.evaluate(OPEN_AND_SEAL, {**given, "manifest": manifest})
    assert made["package"]["village"]["code"] == XIADANG
    assert {"outline", "question_set", "visit_id"} <= set(made["package"]) and "nonce" not in made["package"]
    binary = {**bearer, "Content-Type": "application/octet-stream"}
    answer = phone.post("/api/v1/phone-exports", data=made["file"].encode(), headers=binary)
    assert answer.status_code == 200, answer.get_json()
    receipt = answer.get_json()
    told = {"key": server["receipt_key"], "receipts": receipt["receipts"], "signature": receipt["signature"]}
    assert here.page.evaluate(VERIFY, told) == [True, False]
    assert here.wrong == []
