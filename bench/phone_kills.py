"""Is anything lost when phones die? A real browser saves and sends without pause and is killed, again and again.

Two rounds of three are without a network. What the page called saved must be there after the next start, which is made
without a network; the chain of each visit must be whole; and in the end the server must have all of it, once.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright, sync_playwright
from sqlalchemy import select

from demo.server import Server, free_port
from tests.components import CHROMIUM_FLAGS, chromium_program
from tests.field.county import make_field_county
from tests.field.phone import PagePhone, kill_browser
from tests.reliability.rig import opened, tally
from visits.intake import ReceivedRecord, Upload

ROUNDS_OF_A_VISIT = 6
PHOTO_BYTES = 400_000
PATIENCE_S = 180.0

# Saves two photos and then problems until it is killed, and tells Python of each after the page said "saved".
_SAVE = """([visitId, seed, size, online]) => {
    (async () => {
        const {add} = await import('/field/static/engine/visits.js');
        const {take} = await import('/field/static/engine/photos.js');
        const {sync} = await import('/field/static/engine/outbox.js');
        for (let number = 0; number < 2; number += 1) {
            const bytes = new Uint8Array(size);
            for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
            const file = new File([bytes], 'photo.jpg', {type: 'image/jpeg', lastModified: Date.now()});
            const photo = await take(visitId, file, {source: 'camera', draft: {seed, number}});
            await window.saved({visit: visitId, id: photo.id, photo: photo.sha256});
            if (online) sync();
        }
        for (let number = 0; ; number += 1) {
            const problem = {item: 13, other_reason: null, kind: 2, text: `${seed} ${number}`, place_note: '',
                fixed_on_spot: false, fix: null};
            const made = await add(visitId, 'problem', problem, {draft: {seed, number}});
            await window.saved({visit: visitId, id: made.id, photo: null});
            if (online) sync();
        }
    })();
}"""


class Told:
    """What the page said it had saved."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}
        self.photos: set[str] = set()

    def take(self, _source: object, said: dict[str, Any]) -> None:
        """Note one thing that was saved."""
        self.records[said["id"]] = said["visit"]
        if said["photo"]:
            self.photos.add(said["photo"])


def main() -> int:
    """Run the kills and print what was found; 1 when anything was lost."""
    wanted = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="shidi-phone-kills-"))
    began = time.monotonic()
    try:
        data_dir = folder / "data"
        make_field_county(data_dir, visits=1 + wanted.kills // ROUNDS_OF_A_VISIT)
        with Server(data_dir, free_port()) as server, sync_playwright() as playwright:
            told, faults = _suffer(playwright, server, folder / "profile", wanted)
        faults += _missing(data_dir, told)
        found = tally(data_dir, [])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    faults += [*found.lost, *found.doubles, *found.findings]
    print(f"kills                            {wanted.kills}")
    print(f"records the page called saved    {len(told.records)}")
    print(f"photos the page called saved     {len(told.photos)}")
    print(f"saved and lost, or there twice   {len(faults)}")
    print(f"duration                         {time.monotonic() - began:.0f} s")
    for fault in faults[:50]:
        print(f"FAULT {fault}")
    return 1 if faults else 0


def _suffer(
    playwright: Playwright, server: Server, profile: Path, wanted: argparse.Namespace
) -> tuple[Told, list[str]]:
    chance, told, faults = random.Random(wanted.seed), Told(), list[str]()
    assignments = iter((server.data_dir / "assignments").read_text().split())
    phone = PagePhone(_start(playwright, profile), server.base_url)
    phone.sign_in()
    phone.sync()
    phone.keep_shell()
    visit_id = ""
    for number in range(wanted.kills):
        online = number % 3 == 0
        if number % ROUNDS_OF_A_VISIT == 0:
            phone.context.set_offline(False)
            visit_id = phone.open_visit(next(assignments))
        phone.context.set_offline(not online)
        phone.page.expose_binding("saved", told.take)
        phone.page.evaluate(_SAVE, [visit_id, number, PHOTO_BYTES, online])
        phone.page.wait_for_timeout(chance.uniform(100, 2500))
        kill_browser(profile)
        phone = PagePhone(_start(playwright, profile), server.base_url, offline=True)
        faults += _lost(phone, told, visit_id)
    phone.context.set_offline(False)
    give_up_at = time.monotonic() + PATIENCE_S
    while any(phone.sync()["waiting"].values()) and time.monotonic() < give_up_at:
        time.sleep(1)
    phone.context.close()
    return told, faults


def _start(playwright: Playwright, profile: Path) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_program(), headless=True, args=CHROMIUM_FLAGS, timezone_id="Asia/Shanghai"
    )


def _lost(phone: PagePhone, told: Told, visit_id: str) -> list[str]:
    """What of the newest visit is not there after a start without a network, as sentences."""
    if phone.call("session", "start") is None:
        return ["the page forgot who was signed in"]
    visit = phone.load(visit_id)
    here = {record["id"] for record in visit["records"]}
    lost = [f"record {one}" for one, visit_of in told.records.items() if visit_of == visit_id and one not in here]
    if [record["seq"] for record in visit["records"]] != list(range(1, len(here) + 1)):
        lost.append(f"the numbers of visit {visit_id} have a gap")
    if {record["id"] for record in visit["records"] if record["kind"] == "photo"} != {p["id"] for p in visit["photos"]}:
        lost.append(f"visit {visit_id} has a photo without its record, or a record without its photo")
    return lost


def _missing(data_dir: Path, told: Told) -> Iterator[str]:
    """What the server has not got, or has twice, as sentences."""
    with opened(data_dir) as store, store.reading() as uow:
        records = [str(found) for found in uow.session.scalars(select(ReceivedRecord.record_id))]
        arrived = list(uow.session.scalars(select(Upload.sha256).where(Upload.completed_utc.is_not(None))))
    yield from (
        f"record {one} is at the server {records.count(one)} times" for one in told.records if records.count(one) != 1
    )
    yield from (
        f"photo {one} is at the server {arrived.count(one)} times" for one in told.photos if arrived.count(one) != 1
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
