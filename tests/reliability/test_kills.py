"""The server is killed again and again while two phones send: nothing acknowledged is lost, nothing is there twice."""

import base64
import contextlib
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
import requests

from demo.phone import TUS, Phone
from demo.server import Server, environment, shidi
from tests.buckets import bucket_url, new_bucket, object_store
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
from waitress import serve
from api.app import furnish, open_store, with_routes
from api.http.house import EXTENSION
from api.settings import read_settings
from media.store import LocalStore, S3Store, read_address

port, steps = int(sys.argv[1]), sys.argv[2:]
settings = read_settings(os.environ)
folder = settings.data_dir / "evidence"
app = with_routes()

def evidence(step):
    if not settings.evidence_url:
        return LocalStore(folder, step=step)
    key = {"key_id": settings.evidence_key_id, "secret": settings.evidence_key_secret}
    return S3Store(read_address(settings.evidence_url, **key), folder / "uploads", step=step)

def serve_until(last_step):
    def die_after(name):
        if name == last_step:
            os._exit(9)

    furnish(app, settings, open_store(settings))
    house = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = dataclasses.replace(house, evidence=evidence(die_after))
    serve(app, host="127.0.0.1", port=port)

for step in steps:
    if not os.fork():
        serve_until(step)
    print(step, os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


@pytest.fixture(params=["local", "bucket"])
def kept_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Photos in the data folder, and once more in an object store that does not die with the server."""
    if request.param == "local":
        yield
        return
    with object_store() as endpoint:
        monkeypatch.setenv("SHIDI_EVIDENCE_URL", bucket_url(endpoint, new_bucket(endpoint)))
        monkeypatch.setenv("SHIDI_EVIDENCE_KEY_ID", "tests")
        monkeypatch.setenv("SHIDI_EVIDENCE_KEY_SECRET", "secret")
        yield


def test_a_server_that_dies_at_any_step_of_storing_a_photo_loses_and_doubles_nothing(
    kept_in: None, server: Server, tmp_path: Path
) -> None:
    """One photo for each step, sent to a server that dies there, and again to the real one."""
    phones = phones_with_a_photo(server, tmp_path, len(STEPS))
    server.stop()
    with dying_server(server, STEPS) as told:
        for phone, step in zip(phones, STEPS, strict=True):
            send_until_cut(phone)
            assert told.readline() == f"{step} 9\n"
    assert half_visits(server.data_dir, phones) == []
    server.start()
    for phone, step in zip(phones, STEPS, strict=True):
        photo = photo_bytes(phone)
        if step not in ("begun", "written"):
            stands_at = begin_upload(phone, photo).headers["Upload-Offset"]
            assert stands_at == str(len(photo)), f"nothing is to be sent again after {step!r}"
        phone.sync()
    wait_until_judged(server.data_dir)
    whole = tally(server.data_dir, phones)
    assert (whole.lost, whole.doubles, whole.findings) == ((), (), ())
    assert (whole.records, whole.photos) == (3 * len(STEPS), len(STEPS))
    assert incomplete_visits(server.data_dir, phones) == []


def create_with_photo(phone: Phone, photo: bytes) -> None:
    """The whole photo with the creation of its upload."""
    begin_upload(phone, photo, piece=photo)


def send_spoiled(phone: Phone, photo: bytes) -> None:
    """A good half, and a second half that is not what its checksum says."""
    half = len(photo) // 2
    location = begin_upload(phone, photo, piece=photo[:half]).headers["Location"]
    checksum = f"sha256 {base64.b64encode(hashlib.sha256(photo[half:]).digest()).decode()}"
    send_piece(phone, location, half, photo[half:][::-1], checksum=checksum)


def give_up(phone: Phone, photo: bytes) -> None:
    """Half of the photo, and then the wish to be rid of it."""
    location = begin_upload(phone, photo, piece=photo[: len(photo) // 2]).headers["Location"]
    ask(phone, "DELETE", location, headers=TUS)


# What else the server does with a photo, and the step of it at which it dies.
OTHER_WAYS = [
    (create_with_photo, "written"),
    (create_with_photo, "appended"),
    (create_with_photo, "linked"),
    (create_with_photo, "finished"),
    (send_spoiled, "cut back"),
    (give_up, "discarded"),
]


def test_a_server_that_dies_while_a_photo_comes_or_goes_in_another_way_loses_and_doubles_nothing(
    server: Server, tmp_path: Path
) -> None:
    phones = phones_with_a_photo(server, tmp_path, len(OTHER_WAYS))
    server.stop()
    with dying_server(server, [step for _, step in OTHER_WAYS]) as told:
        for phone, (send, step) in zip(phones, OTHER_WAYS, strict=True):
            send_until_cut(phone, send)
            assert told.readline() == f"{step} 9\n"
    assert half_visits(server.data_dir, phones) == []
    server.start()
    for phone, (send, step) in zip(phones, OTHER_WAYS, strict=True):
        stands_at = int(begin_upload(phone, photo_bytes(phone)).headers["Upload-Offset"])
        if send is create_with_photo and step != "written":
            assert stands_at == len(photo_bytes(phone)), f"nothing is to be sent again after {step!r}"
        if send is send_spoiled:
            assert stands_at == len(photo_bytes(phone)) // 2, "nothing of the spoiled half is kept"
        phone.sync()
    wait_until_judged(server.data_dir)
    whole = tally(server.data_dir, phones)
    assert (whole.lost, whole.doubles, whole.findings) == ((), (), ())
    assert (whole.records, whole.photos) == (3 * len(OTHER_WAYS), len(OTHER_WAYS))
    assert incomplete_visits(server.data_dir, phones) == []


def phones_with_a_photo(server: Server, tmp_path: Path, count: int) -> list[Phone]:
    """Phones that have each sent the records of a visit with one photo, and not the photo."""
    signed_in = sign_in(tmp_path / "lin", server.base_url, INSPECTORS[0])
    assignments = (server.data_dir / "assignments").read_text().split()
    phones = []
    for number, assignment_id in enumerate(assignments[:count]):
        phone = open_visit(signed_in, tmp_path / f"visit-{number}", assignment_id)
        phone.record("arrive", {"fix": None, "no_fix_reason": "no signal"})
        phone.photograph(a_photo(number), "image/jpeg", fixes=[], of_record=None)
        phone.record("close", {"records": 3, "escorted": False, "warned_beforehand": False, "note": ""})
        phone.send_records()
        phones.append(phone)
    return phones


@contextlib.contextmanager
def dying_server(server: Server, steps: list[str]) -> Iterator[IO[str]]:
    """Servers that die one after the other, each at the next step; yields what is told of their deaths."""
    with subprocess.Popen(
        [sys.executable, "-c", DIE_AT_EACH_STEP, str(server.port), *steps],
        cwd=CHECKOUT,
        env=environment(server.data_dir),
        stdout=subprocess.PIPE,
        text=True,
    ) as dying:
        assert dying.stdout is not None
        yield dying.stdout


def send_in_one_piece(phone: Phone, photo: bytes) -> None:
    """The creation of the upload, then the photo as one piece."""
    send_piece(phone, begin_upload(phone, photo).headers["Location"], 0, photo)


def send_until_cut(phone: Phone, send: Callable[[Phone, bytes], None] = send_in_one_piece) -> None:
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
            send(phone, photo)
            raise AssertionError("the server answered to a photo that it was to die of")
        return
    raise AssertionError("no server came up to die")


def photo_bytes(phone: Phone) -> bytes:
    """The one photo this phone took."""
    (sha256,) = photos_of(phone)
    return (phone.folder / "photos" / sha256).read_bytes()
