"""The server is killed again and again while two phones send: nothing acknowledged is lost, nothing is there twice."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import requests

from demo.phone import Phone
from demo.server import Server, shidi
from tests.reliability.rig import (
    INSPECTORS,
    Load,
    a_photo,
    ask,
    begin_upload,
    half_visits,
    incomplete_visits,
    log_size,
    open_visit,
    photos_of,
    run_under_kills,
    send_all_again,
    send_piece,
    sign_in,
    tally,
    wait_until_judged,
)

CHECKOUT = Path(__file__).parents[2]
KILLS = 5
SEED = 20261122


def test_a_server_killed_under_load_loses_and_doubles_nothing(server: Server, tmp_path: Path) -> None:
    load = Load(server.data_dir, server, tmp_path / "phones")
    killer = run_under_kills(load, kills=KILLS, seed=SEED, at_most_s=120)
    assert killer.done == KILLS
    assert killer.findings == []
    wait_until_judged(server.data_dir)
    assert incomplete_visits(server.data_dir, load.phones) == []
    entries = log_size(server.data_dir)
    assert send_all_again(load.phones) == []
    wait_until_judged(server.data_dir)
    assert log_size(server.data_dir) == entries, "what is sent again leaves nothing in the log"
    told = tally(server.data_dir, load.phones)
    assert (told.lost, told.doubles, told.findings) == ((), (), ())
    assert told.records == sum(len(phone.records()) for phone in load.phones)
    assert half_visits(server.data_dir, load.phones) == []
    server.stop()
    assert "all is there and unchanged" in shidi(server.data_dir, "check").text


# What the server does with the last piece of a photo, told apart by the store's own names for its steps.
STEPS = ["begun", "written", "appended", "hashed", "sealed", "placed", "linked", "kept", "unlinked", "finished"]

# Forks one server after the other, so that what they need is loaded once.
DIE_AT_EACH_STEP = """
import dataclasses, os, sys
from pathlib import Path
from waitress import serve
from api.app import create_app
from api.http.house import EXTENSION
from api.settings import read_settings
from media.store import LocalStore

data_dir, port, steps = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]

def serve_until(last_step):
    def die_after(name):
        if name == last_step:
            os._exit(9)

    app = create_app(read_settings({}, data_dir=data_dir))
    house = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = dataclasses.replace(house, evidence=LocalStore(data_dir / "evidence", step=die_after))
    serve(app, host="127.0.0.1", port=port)

for step in steps:
    if not os.fork():
        serve_until(step)
    print(step, os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


def test_a_server_that_dies_at_any_step_of_storing_a_photo_loses_and_doubles_nothing(
    server: Server, tmp_path: Path
) -> None:
    """One photo for each step, sent to a server that dies there, and again to the real one."""
    signed_in = sign_in(tmp_path / "lin", server.base_url, INSPECTORS[0])
    assignments = (server.data_dir / "assignments").read_text().split()
    phones = []
    for number, assignment_id in enumerate(assignments[: len(STEPS)]):
        phone = open_visit(signed_in, tmp_path / f"visit-{number}", assignment_id)
        phone.record("arrive", {"fix": None, "no_fix_reason": "no signal"})
        phone.photograph(a_photo(number), "image/jpeg", fixes=[], of_record=None)
        phone.record("close", {"records": 3, "escorted": False, "warned_beforehand": False, "note": ""})
        phone.send_records()
        phones.append(phone)
    server.stop()
    with subprocess.Popen(
        [sys.executable, "-c", DIE_AT_EACH_STEP, str(server.data_dir), str(server.port), *STEPS],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as dying:
        assert dying.stdout is not None
        for phone, step in zip(phones, STEPS, strict=True):
            send_until_cut(phone)
            assert dying.stdout.readline() == f"{step} 9\n"
    assert half_visits(server.data_dir, phones) == []
    server.start()
    for phone, step in zip(phones, STEPS, strict=True):
        photo = photo_bytes(phone)
        if step not in ("begun", "written"):
            stands_at = begin_upload(phone, photo).headers["Upload-Offset"]
            assert stands_at == str(len(photo)), f"nothing is to be sent again after {step!r}"
        phone.sync()
    wait_until_judged(server.data_dir)
    told = tally(server.data_dir, phones)
    assert (told.lost, told.doubles, told.findings) == ((), (), ())
    assert (told.records, told.photos) == (3 * len(STEPS), len(STEPS))
    assert incomplete_visits(server.data_dir, phones) == []


def send_until_cut(phone: Phone) -> None:
    """Send the phone's photo, from when the server answers until it does not."""
    photo = photo_bytes(phone)
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        try:
            ask(phone, "GET", "/healthz")
        except requests.ConnectionError:
            time.sleep(0.05)
            continue
        with contextlib.suppress(requests.ConnectionError):
            send_piece(phone, begin_upload(phone, photo).headers["Location"], 0, photo)
            raise AssertionError("the server answered to a photo that it was to die of")
        return
    raise AssertionError("no server came up to die")


def photo_bytes(phone: Phone) -> bytes:
    """The one photo this phone took."""
    (sha256,) = photos_of(phone)
    return (phone.folder / "photos" / sha256).read_bytes()
