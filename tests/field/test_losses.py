"""What phones suffer: killed, cut off, filled up, wiped, shared, out of date. Nothing that was saved is lost."""

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Request

from demo.cutter import Cutter
from demo.server import Server
from tests.components import CHROMIUM_FLAGS
from tests.field.phone import EngineError, PagePhone, bytes_of, kill_browser, sha256_of
from tests.field.test_engine import NOTHING_WAITS, NewPhone, Next, arrived_once
from tests.reliability.rig import opened
from visits.intake import Upload

KILLS = 3
ON_THE_PHONE = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": {"width": 390, "height": 844}}


@pytest.fixture
def profile(browser: Browser, chromium_path: Path, tmp_path: Path) -> Iterator[Callable[[], BrowserContext]]:
    """Starts the one phone of the test, on a profile that outlives its browser."""
    folder = tmp_path / "profile"
    running: list[BrowserContext] = []

    def start() -> BrowserContext:
        context = browser.browser_type.launch_persistent_context(
            folder, executable_path=chromium_path, headless=True, args=CHROMIUM_FLAGS, **ON_THE_PHONE
        )
        running.append(context)
        return context

    yield start
    for context in running:
        try:
            context.close()
        except Error:
            continue  # killed
    shutil.rmtree(folder, ignore_errors=True)


def test_killed_right_after_saved_and_started_without_a_network_everything_is_there(
    profile: Callable[[], BrowserContext], tmp_path: Path, field_server: Server, next_assignment: Next
) -> None:
    phone = PagePhone(profile(), field_server.base_url)
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.sync()
    phone.keep_shell()
    saved = [record["id"] for record in phone.load(visit_id)["records"]]
    for number in range(KILLS):
        phone.context.set_offline(True)
        saved.append(phone.take(visit_id, seed=700 + number, draft={"step": number})["id"])
        assert kill_browser(tmp_path / "profile") > 0
        phone = PagePhone(profile(), field_server.base_url, offline=True)
        assert phone.call("session", "start")["login"] == "lin"
        visit = phone.load(visit_id)
        assert [record["id"] for record in visit["records"]] == saved
        assert visit["draft"] == {"step": number}
        assert phone.outbox()["waiting"]["photos"] == number + 1
    phone.context.set_offline(False)
    assert phone.sync()["waiting"] == NOTHING_WAITS
    assert all(arrived_once(field_server, sha256_of(700 + number, 300_000)) for number in range(KILLS))


def test_a_dead_server_costs_nothing_and_is_told_from_a_missing_network(
    new_phone: NewPhone, own_server: Server, field_county: Path
) -> None:
    phone = new_phone(base_url=own_server.base_url)
    phone.sign_in()
    visit_id = phone.open_visit((field_county / "assignments").read_text().split()[0])
    phone.sync()
    phone.keep_shell()
    own_server.kill()
    assert phone.restart() is not None
    photo = phone.take(visit_id, seed=4)
    assert phone.page.evaluate("() => navigator.onLine") is True
    before = phone.sync()
    assert before["trouble"]["kind"] == "no-contact"
    again = phone.sync()
    # Each failure waits longer than the one before, jitter included.
    assert again["next_ms"] - time.time() * 1000 > 7000
    assert before["last_contact_ms"] == again["last_contact_ms"] is not None
    own_server.start()
    after = phone.sync()
    assert (after["waiting"], after["trouble"], after["next_ms"]) == (NOTHING_WAITS, None, None)
    assert arrived_once(own_server, photo["sha256"])


def test_photos_come_whole_over_a_line_that_is_cut(
    new_phone: NewPhone, field_server: Server, next_assignment: Next
) -> None:
    # A browser sends again by itself when a connection breaks that it had kept from before, of which it keeps six: the
    # first cuts may never be seen by the page.
    cuts = [60_000] * 6 + [150_000, 200_000, 90_000, 300_000, 40_000]
    with Cutter(field_server.port, cut_after_bytes=cuts) as cutter:
        phone = new_phone(base_url=f"http://127.0.0.1:{cutter.port}")
        offsets: set[tuple[str, int]] = set()

        def note(request: Request) -> None:
            if request.method == "PATCH":
                offsets.add((request.url, int(request.headers["upload-offset"])))

        phone.page.on("request", note)
        phone.sign_in()
        visit_id = phone.open_visit(next_assignment())
        shas = [phone.take(visit_id, seed=seed, size_bytes=700_000)["sha256"] for seed in (5, 6)]
        for _ in range(len(cuts)):
            if phone.sync()["waiting"] == NOTHING_WAITS:
                break
        assert phone.outbox()["waiting"] == NOTHING_WAITS
        assert cutter.cuts == len(cuts)
    pieces = [
        offset - before for (upload, before), (same, offset) in itertools.pairwise(sorted(offsets)) if upload == same
    ]
    # Whole pieces only, halved by the cuts and never below the least.
    assert min(pieces) < 256 * 1024
    assert all(piece % (16 * 1024) == 0 for piece in pieces)
    assert shas == [sha256_of(5, 700_000), sha256_of(6, 700_000)]
    assert all(arrived_once(field_server, sha256) for sha256 in shas)


@pytest.mark.parametrize("locks", ["web locks", "lease"])
def test_two_tabs_keep_one_chain_and_send_once(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_assignment: Next, locks: str
) -> None:
    context = new_context("phone")
    if locks == "lease":
        context.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")
    first = new_phone(context=context)
    first.sign_in()
    visit_id = first.open_visit(next_assignment())
    first.sync()
    second = new_phone(context=context)
    assert second.call("session", "start") is not None
    adding = """async ([visitId, tab]) => {
        const {add} = await import('/field/static/engine/visits.js');
        for (let number = 0; number < 6; number += 1) {
            await add(visitId, 'problem', {item: 13, other_reason: null, kind: 2, text: `${tab} ${number}`,
                place_note: '', fixed_on_spot: false, fix: null});
        }
    }"""
    for phone, tab in ((first, "a"), (second, "b")):
        phone.page.evaluate(f"(args) => {{ window.adding = ({adding})(args); }}", [visit_id, tab])
    for phone in (first, second):
        phone.page.evaluate("() => window.adding")
    assert [record["seq"] for record in first.load(visit_id)["records"]] == list(range(1, 14))
    sent: list[str] = []
    context.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    for phone in (first, second):
        phone.page.evaluate("""() => {
            window.sending = import('/field/static/engine/outbox.js').then((outbox) => outbox.sync());
        }""")
    for phone in (first, second):
        phone.page.evaluate("() => window.sending")
    shown = second.outbox()
    assert (shown["waiting"], shown["attention"]) == (NOTHING_WAITS, 0)
    assert len([url for url in sent if url.endswith("/records")]) == 1


def test_a_full_phone_says_so_and_saves_nothing_by_half(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_assignment: Next
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    devtools = context.new_cdp_session(phone.page)
    # Before the first write: Chromium remembers for a minute how much room there was.
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": phone.base_url, "quotaSize": 1_000_000})
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    with pytest.raises(EngineError) as full:
        phone.take(visit_id, seed=7, size_bytes=3_000_000)
    assert full.value.name == "StorageFull"
    visit = phone.load(visit_id)
    assert (len(visit["records"]), visit["photos"]) == (1, [])
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": phone.base_url})
    phone.take(visit_id, seed=7, size_bytes=3_000_000)
    assert [record["seq"] for record in phone.load(visit_id)["records"]] == [1, 2]


def test_a_phone_whose_store_was_removed_says_since_when_and_how_much_was_unsent(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_assignment: Next
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    assert phone.call("db", "wiped") is None
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.sync()
    context.set_offline(True)
    phone.arrive(visit_id)
    phone.take(visit_id, seed=11, size_bytes=3000)
    phone.sync()
    context.set_offline(False)
    assert phone.call("db", "wiped") is None
    devtools = context.new_cdp_session(phone.page)
    kinds = "indexeddb,cache_storage,service_workers"
    devtools.send("Storage.clearDataForOrigin", {"origin": phone.base_url, "storageTypes": kinds})
    assert phone.restart() is None
    told = phone.call("db", "wiped")
    assert told["unsent"] == 3  # two records and the bytes of the photo
    assert told["since"]
    assert phone.call("db", "wiped") is None


def test_an_evicted_sign_in_costs_no_work(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.call("api", "request", "DELETE", "/sessions/current")
    phone.arrive(visit_id)
    shown = phone.sync()
    assert (shown["needs_sign_in"], shown["trouble"]["kind"]) == (True, "sign-in")
    assert (phone.restart() or {})["login"] == "lin"
    assert phone.load(visit_id)["records"][-1]["kind"] == "arrive"
    with pytest.raises(EngineError) as unsent:
        phone.call("session", "signOut")
    assert unsent.value.name == "UnsentWork"
    phone.sign_in()
    assert phone.sync()["waiting"] == NOTHING_WAITS
    phone.call("session", "signOut")
    assert phone.call("session", "current") is None


def everything_kept(phone: PagePhone) -> bytes:
    """All that lies in the phone's store, as far as bytes and texts go; keys that cannot be read out stay names."""
    found: str = phone.page.evaluate(
        """async () => {
            const {read} = await import('/field/static/engine/db.js');
            const names = ['facts', 'accounts', 'assignments', 'visits', 'records', 'photos', 'photo_bytes'];
            const rows = await read(names, (tx) => Promise.all(names.map((name) => tx.objectStore(name).getAll())));
            const text = (key, value) => {
                if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
                    const bytes = new Uint8Array(value.buffer || value);
                    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
                }
                return value;
            };
            return JSON.stringify(rows, text);
        }"""
    )
    return found.encode()


def test_another_account_on_the_same_phone_neither_reads_nor_sends_what_is_not_theirs(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_assignment: Next
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in("lin")
    visit_id = phone.open_visit(next_assignment())
    phone.sync()
    phone.keep_shell()
    context.set_offline(True)
    phone.add(visit_id, "abort", {"records": 2, "reason": "山洪封路"})
    phone.call("session", "lock")
    context.set_offline(False)
    phone.sign_in("chen")
    with pytest.raises(EngineError, match="no visit"):
        phone.load(visit_id)
    shown = phone.sync()
    assert (shown["waiting"], shown["visits"]) == (NOTHING_WAITS, [])
    assert [(other["login"], other["unsent"]) for other in shown["others"]] == [("lin", 1)]
    kept = everything_kept(phone)
    for secret in ("山洪封路", "下党村", "张三"):
        assert secret.encode() not in kept
    context.set_offline(True)
    phone.call("session", "lock")
    with pytest.raises(EngineError):
        phone.sign_in("lin", "some other long passphrase")
    assert phone.sign_in("lin")["online"] is False
    assert phone.load(visit_id)["records"][-1]["body"]["reason"] == "山洪封路"
    context.set_offline(False)
    assert phone.sync()["waiting"] == NOTHING_WAITS


def test_what_is_on_its_way_stops_when_somebody_else_takes_the_phone(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], field_server: Server, next_assignment: Next
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in("lin")
    visit_id = phone.open_visit(next_assignment())
    photo = phone.take(visit_id, seed=12, size_bytes=3_000_000)
    devtools = context.new_cdp_session(phone.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", slow)
    phone.page.evaluate(
        """() => import('/field/static/engine/outbox.js').then((outbox) => { window.sending = outbox.sync(); })"""
    )
    phone.page.evaluate(
        """() => import('/field/static/engine/db.js').then(({changes}) => new Promise((done) => {
            changes.addEventListener('outbox', ({detail}) => detail && detail.percent > 0 && done());
        }))"""
    )
    phone.call("session", "lock")
    phone.sign_in("chen")
    devtools.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    phone.page.evaluate("() => window.sending")
    phone.sync()
    with opened(field_server.data_dir) as store, store.reading() as uow:
        rows = uow.session.query(Upload).filter_by(sha256=photo["sha256"]).all()
        assert [row.completed_utc for row in rows] == [None]
    phone.call("session", "lock")
    phone.sign_in("lin")
    assert phone.sync()["waiting"] == NOTHING_WAITS
    assert arrived_once(field_server, photo["sha256"])


def test_photos_at_rest_are_not_the_camera_s_bytes_and_come_back_as_them(
    new_phone: NewPhone, next_assignment: Next
) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    photo = phone.take(visit_id, seed=8, size_bytes=5000)
    slice_ = "".join(map(chr, bytes_of(8, 5000)[100:160]))
    assert slice_ not in everything_kept(phone).decode()
    back = phone.page.evaluate(
        """async (id) => {
            const {bytesOf} = await import('/field/static/engine/photos.js');
            return Array.from(new Uint8Array(await bytesOf(id)));
        }""",
        photo["id"],
    )
    assert bytes(back) == bytes_of(8, 5000)


def test_the_page_locks_itself_and_lets_go_of_photos_seven_days_after_the_receipt(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_assignment: Next
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    photo = phone.take(visit_id, seed=9, size_bytes=3000)
    assert phone.sync()["waiting"] == NOTHING_WAITS
    has_bytes = "async (id) => (await (await import('/field/static/engine/photos.js')).bytesOf(id)) !== null"
    phone.page.clock.install(time=time.time() + 6 * 24 * 3600)
    phone.sync()
    assert phone.page.evaluate(has_bytes, photo["id"]) is True
    phone.page.clock.set_system_time(time.time() + 8 * 24 * 3600)
    phone.sync()
    assert phone.page.evaluate(has_bytes, photo["id"]) is False
    assert phone.load(visit_id)["photos"][0]["state"] == "delivered"
    # Nobody used the page for a week: the passphrase is asked for, and opens it again.
    assert phone.call("session", "start") is None
    phone.sign_in()
    assert phone.load(visit_id)["records"]


def test_positions_are_all_kept_and_none_is_needed(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_assignment: Next
) -> None:
    context = new_context("phone", geolocation={"longitude": 119.5, "latitude": 27.4, "accuracy": 60.0})
    phone = new_phone(context=context)
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.call("positions", "watch")
    assert wait_for(phone, "error") == "denied"
    assert phone.call("positions", "position")["best"] is None
    context.grant_permissions(["geolocation"], origin=phone.base_url)
    phone.call("positions", "watch")
    wait_for(phone, "best")
    context.set_geolocation({"longitude": 119.501, "latitude": 27.401, "accuracy": 9.0})
    wait_for(phone, "fixes", more_than=1)
    known = phone.call("positions", "position")
    assert known["best"]["accuracy_m"] == 9.0
    assert known["best"]["datum"] == "wgs84"
    phone.take(visit_id, seed=10, size_bytes=3000)
    phone.take(visit_id, seed=11, size_bytes=3000, source="gallery")
    photos = [record["body"] for record in phone.load(visit_id)["records"][-2:]]
    assert [photo["source"] for photo in photos] == ["camera", "gallery"]
    fixes = photos[0]["fixes"]
    assert [fix["accuracy_m"] for fix in fixes] == [60.0, 9.0]
    assert {(fix["datum"], fix["datum_how"], fix["source"]) for fix in fixes} == {("wgs84", "declared", "geolocation")}
    assert all(datetime.fromisoformat(fix["fixed_at"]).utcoffset() is not None for fix in fixes)
    assert phone.sync()["attention"] == 0


def wait_for(phone: PagePhone, name: str, *, more_than: int = 0) -> Any:
    """The value of ``position()`` under this name, once there is one."""
    return phone.page.evaluate(
        """([name, least]) => new Promise(async (done) => {
            const {position} = await import('/field/static/engine/positions.js');
            const {changes} = await import('/field/static/engine/db.js');
            const look = () => {
                const value = position()[name];
                if (typeof value === 'number' ? value > least : value !== null) done(value);
            };
            changes.addEventListener('position', look);
            look();
        })""",
        [name, more_than],
    )
