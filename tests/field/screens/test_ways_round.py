"""What is not needed on every visit: export and receipt, a newer page, the home screen, codes before the camera."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, expect

from api.pages import field
from tests.components import CHROMIUM_FLAGS, SCREENS
from tests.field.screens.pictures import jpeg
from tests.field.screens.rig import County, Phone
from tests.visits.world import PASSPHRASE
from visits.forms import question_set

NewPhone = Callable[..., Phone]

pytestmark = pytest.mark.browser


def _brought_in(address: str, file: Path) -> dict[str, object]:
    """The receipt that the office's import of a phone's file gives."""
    with requests.Session() as http:
        http.trust_env = False
        who = {"login": "office", "passphrase": PASSPHRASE}
        token = http.post(f"{address}/api/v1/sessions", json=who, timeout=30).json()["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
        answer = http.post(f"{address}/api/v1/phone-exports", data=file.read_bytes(), headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def test_unsent_work_goes_by_stick_and_comes_back_as_a_receipt(
    county: County, new_phone: NewPhone, address: str, tmp_path: Path
) -> None:
    county.assign("first")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    expect(phone.page.locator(".badge")).not_to_contain_text("待上传")
    phone.goes_offline()
    phone.arrive()
    phone.turn_to("problems")
    phone.tap("problems.add")
    phone.page.locator("input[capture]").set_input_files(jpeg("#35605a", "board"))
    expect(phone.page.get_by_role("img", name=phone.word("photo.number", n=1))).to_be_visible()
    phone.go("#/outbox")
    with phone.page.expect_download() as download:
        phone.tap("stick.export")
    expect(phone.page.get_by_text(phone.word("stick.exported", records=2, photos=1))).to_be_visible()
    assert download.value.suggested_filename.endswith(".shidi")
    taken = tmp_path / "carried.shidi"
    download.value.save_as(taken)
    receipt = json.dumps(_brought_in(address, taken)).encode()
    assert [record["kind"] for record in county.received(visit_id)] == ["open", "arrive", "photo"]

    chooser = phone.page.get_by_label(phone.word("stick.receipt"))
    for said, text in (
        (phone.word("trouble.BadReceipt"), receipt.replace(b"accepted", b"same", 1)),
        (phone.word("stick.received", records=2, photos=1), receipt),
    ):
        chooser.set_input_files({"name": "receipt.json", "mimeType": "application/json", "buffer": text})
        expect(phone.page.get_by_text(said)).to_be_visible()
    expect(phone.page.get_by_text(phone.word("outbox.all_delivered"))).to_be_visible()
    expect(phone.page.get_by_role("button", name=phone.word("stick.export"))).to_be_disabled()


_A_NEWER_PAGE_WAITS = """async () => {
    const {lookForUpdate, shellState} = await import('/field/static/engine/shell.js');
    await lookForUpdate();
    while (!shellState().update) await new Promise((resume) => setTimeout(resume, 50));
}"""
_IS_NEWER = "async () => (await (await fetch('/field/static/engine/shell.js')).text()).includes('newer')"


def test_a_newer_page_is_offered_only_when_nothing_is_being_written(
    county: County, new_phone: NewPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "field"
    shutil.copytree(field.FIELD, files)
    monkeypatch.setattr(field, "FIELD", files)
    monkeypatch.setattr(field, "STATIC", files / "static")
    county.assign("first")
    phone = new_phone().sign_in("first")
    phone.open_visit()
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    changed = files / "static" / "engine" / "shell.js"
    changed.write_text(changed.read_text("utf-8") + "\nexport const newer = true;\n", "utf-8")
    phone.page.evaluate(_A_NEWER_PAGE_WAITS)
    visit_id = phone.visit_id
    offered = phone.page.get_by_text(phone.word("update.waits"))
    for place in (f"#/visit/{visit_id}", "#/"):
        phone.go(place)
        expect(phone.page.locator("main h1")).to_be_visible()
        expect(offered).to_have_count(0)
    phone.go(f"#/visit/{visit_id}/abort")
    phone.fill("abort.reason", "山洪，道路中断")
    phone.tap("abort.do")
    phone.shows("home.title")
    expect(offered).to_be_visible()
    assert phone.page.evaluate(_IS_NEWER) is False
    with phone.page.expect_event("load"):
        phone.tap("update.apply")
    phone.shows("home.title")
    expect(phone.page.get_by_text(phone.word("state.aborted"))).to_be_visible()
    expect(offered).to_have_count(0)
    assert phone.page.evaluate(_IS_NEWER) is True


_ANDROID_OFFERS = """() => {
    const event = new Event('beforeinstallprompt', {cancelable: true});
    event.prompt = async () => { window.prompted = (window.prompted || 0) + 1; };
    event.userChoice = Promise.resolve({outcome: 'accepted'});
    window.dispatchEvent(event);
    return event.defaultPrevented;
}"""


def test_android_asks_to_be_installed_when_the_button_is_tapped(new_phone: NewPhone) -> None:
    phone = new_phone().sign_in("first")
    phone.go("#/settings")
    expect(phone.page.get_by_text(phone.word("install.menu"))).to_be_visible()
    assert phone.page.evaluate(_ANDROID_OFFERS) is True
    assert phone.page.evaluate("window.prompted") is None
    phone.tap("install.do")
    expect(phone.page.get_by_text(phone.word("install.menu"))).to_be_visible()
    assert phone.page.evaluate("window.prompted") == 1


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148 Safari"


def test_an_iphone_is_told_how_to_put_the_page_on_the_home_screen(new_phone: NewPhone) -> None:
    phone = new_phone(user_agent=IPHONE).sign_in("first")
    phone.go("#/settings")
    expect(phone.page.get_by_text(phone.word("install.ios"))).to_be_visible()


@pytest.mark.parametrize("kind", ["unannounced", "case_study"])
def test_a_visit_is_offered_the_questions_of_its_kind(county: County, new_phone: NewPhone, kind: str) -> None:
    county.assign("first", case_study=kind == "case_study")
    phone = new_phone().sign_in("first")
    visit_id = phone.open_visit()
    phone.arrive()
    phone.turn_to("questions")
    expected = [one for one in question_set().questions if kind in one.visit_kinds]
    asked = phone.page.locator("article.card h3")
    expect(asked).to_have_count(len(expected))
    assert sorted(asked.all_inner_texts()) == sorted(one.text_zh for one in expected)
    if kind == "case_study":
        words = next(one for one in expected if one.answer.value == "text")
        card = phone.page.locator("article.card", has_text=words.text_zh)
        card.get_by_label(phone.word("questions.note")).fill("政策讲得清")
        phone.turn_to("finish")
        phone.tap("problems.none")
        phone.tap("finish.sign")
        expect(phone.page.get_by_text(phone.word("saved.title"))).to_be_visible()
        phone.go("#/outbox")
        expect(phone.page.get_by_text(phone.word("outbox.all_delivered"))).to_be_visible(timeout=15_000)
        [answers] = [record["body"] for record in county.received(visit_id) if record["kind"] == "answers"]
        said = {"question_id": words.id, "answer": "counted", "asked": None, "know": None, "note": "政策讲得清"}
        assert answers["answers"] == [said]


_CELLS = """async (text) => {
    const {default: encode} = await import('/field/vendor/qr/index.js');
    return encode(text, 'raw', {border: 4});
}"""

_READS_CODES_ITSELF = """
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ['qr_code']; }
        async detect(video) { return video.videoWidth && window.lies ? [{rawValue: window.lies}] : []; }
    };
"""


@pytest.fixture
def camera_phone(browser: Browser, address: str, tmp_path: Path) -> Iterator[tuple[Phone, Path]]:
    """A phone whose camera films one file."""
    filmed = tmp_path / "filmed.mjpeg"
    Image.new("RGB", (640, 480), "gray").save(filmed, "JPEG")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags = [*CHROMIUM_FLAGS, *camera, f"--use-file-for-fake-video-capture={filmed}"]
    program = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"), headless=True, args=flags
    )
    context: BrowserContext = program.new_context(locale="zh-CN", **SCREENS["phone"])  # type: ignore[arg-type]
    context.add_init_script("localStorage.setItem('shidi.language', 'zh')")
    phone = Phone(context, address)
    yield phone, filmed
    program.close()
    assert phone.wrong == []


def _film(phone: Phone, filmed: Path, text: str) -> None:
    """Let the camera see the code of this text, drawn by the page's own encoder."""
    cells = phone.page.evaluate(_CELLS, text)
    code = Image.new("L", (len(cells), len(cells)), 255)
    code.putdata([0 if dark else 255 for line in cells for dark in line])
    scene = Image.new("RGB", (640, 480), "gray")
    scene.paste(code.resize((400, 400), Image.Resampling.NEAREST), (110, 35))
    scene.save(filmed, "JPEG", quality=90)


@pytest.mark.parametrize("reads_itself", [False, True], ids=["our decoder", "the browser's"])
def test_the_key_is_read_from_the_camera(county: County, camera_phone: tuple[Phone, Path], reads_itself: bool) -> None:
    phone, filmed = camera_phone
    assignment_id = county.assign("first")
    key = f"shidi:key:{assignment_id}:{county.code_of(assignment_id).replace('-', '')}"
    if reads_itself:
        phone.context.add_init_script(_READS_CODES_ITSELF)
        phone.page.reload()
    phone.sign_in("first")
    expect(phone.page.get_by_text(phone.word("assignment.downloaded"))).to_be_visible()
    if not reads_itself:
        _film(phone, filmed, key)
    phone.goes_offline()
    phone.tap("assignment.open_with_key")
    phone.shows("open.title")
    phone.tap("open.scan")
    # Our own decoder may have read the code before anybody could look at the picture.
    if reads_itself:
        expect(phone.page.locator("video")).to_be_visible()
        phone.page.evaluate("key => { window.lies = key; }", key)
    phone.shows_text("下党村")
    assert phone.page.evaluate("document.querySelector('video')") is None
    assert re.match(r"[0-9a-f-]{36}$", phone.visit_id)
