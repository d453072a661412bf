"""Clients that others wrote, and our own phone, on a line that keeps breaking; and others beside many slow ones."""

import base64
import hashlib
import io
import json
import random
import socket
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext
from tusclient.client import TusClient

from api.evidence import open_evidence
from demo.cutter import Cutter
from demo.phone import SMALLEST_CHUNK_BYTES, Phone
from demo.server import Server
from tests.reliability.rig import ask, begin_upload, send_piece, settings_of, some_record

NewPhone = Callable[[], Phone]

VENDOR = Path(__file__).parent / "vendor"
PHOTO_BYTES = 4_600_000
PIECE_BYTES = 256 * 1024
SLOW_PHONES = 40
SLOW_BODY_BYTES = 4000

# The upload of one photo by tus-js-client, from a page of the same origin.
SEND = """
({data, token, metadata, chunkSize, withCreation}) => new Promise((done, failed) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const upload = new tus.Upload(new Blob([bytes]), {
        endpoint: location.origin + "/api/v1/uploads",
        headers: {Authorization: "Bearer " + token},
        metadata, chunkSize: chunkSize || Infinity, uploadDataDuringCreation: withCreation,
        retryDelays: Array(20).fill(50), storeFingerprintForResuming: false,
        onError: (reason) => failed(new Error(String(reason))), onSuccess: () => done(upload.url),
    });
    upload.start();
})
"""


def a_line_that_breaks(server: Server, seed: int) -> Cutter:
    """The way to the server, cut after every 0.3 to 1.5 MB, three times."""
    numbers = random.Random(seed)
    return Cutter(server.port, cut_after_bytes=[numbers.randint(300_000, 1_500_000) for _ in range(3)])


def announce(phone: Phone, seed: int) -> tuple[bytes, dict[str, str]]:
    """A photo whose record the server has, and how an upload of it is described."""
    data = random.Random(seed).randbytes(PHOTO_BYTES)
    photo = phone.photograph(data, "image/jpeg", fixes=[], of_record=None)
    phone.send_records()
    return data, {"visit_id": phone.visit_id, "sha256": photo.sha256}


def arrived(server: Server, data: bytes) -> bool:
    """Whether the server keeps exactly these bytes as an original."""
    digest = hashlib.sha256(data).hexdigest()
    evidence = open_evidence(settings_of(server.data_dir))
    return evidence.has(digest) and evidence.verify(digest)


def test_the_browser_client_is_the_file_it_is_said_to_be() -> None:
    listed = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["file"]
    assert {one["file"] for one in listed} == {p.name for p in VENDOR.iterdir()} - {"VENDOR.toml"}
    for one in listed:
        assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("chunk_bytes", "with_creation"), [(PIECE_BYTES, False), (PIECE_BYTES, True), (None, False), (None, True)]
)
def test_tus_js_client_in_a_browser_gets_a_photo_through(
    shared_server: Server,
    new_phone: NewPhone,
    new_context: Callable[..., BrowserContext],
    chunk_bytes: int | None,
    with_creation: bool,
) -> None:
    phone = new_phone()
    seed = (chunk_bytes or 1) + with_creation
    data, metadata = announce(phone, seed)
    page = new_context("phone").new_page()
    with a_line_that_breaks(shared_server, seed) as cutter:
        through_the_cutter = f"http://127.0.0.1:{cutter.port}"
        page.goto(f"{through_the_cutter}/desk/sign-in")
        page.evaluate((VENDOR / "tus.min.js").read_text("utf-8"))
        said: dict[str, Any] = {
            "data": base64.b64encode(data).decode(),
            "token": phone.state["token"],
            "metadata": {**metadata, "filename": "照片.jpg"},
            "chunkSize": chunk_bytes,
            "withCreation": with_creation,
        }
        url = page.evaluate(SEND, said)
    assert cutter.cuts == 3
    assert url.startswith(f"{through_the_cutter}/api/v1/uploads/"), "the address given is relative"
    assert arrived(shared_server, data)


@pytest.mark.parametrize(
    ("chunk_bytes", "with_checksum"), [(PIECE_BYTES, False), (PIECE_BYTES, True), (PHOTO_BYTES, False)]
)
def test_tuspy_gets_a_photo_through(
    shared_server: Server,
    new_phone: NewPhone,
    monkeypatch: pytest.MonkeyPatch,
    chunk_bytes: int,
    with_checksum: bool,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    phone = new_phone()
    seed = 7 * chunk_bytes + with_checksum
    data, metadata = announce(phone, seed)
    with a_line_that_breaks(shared_server, seed) as cutter:
        client = TusClient(
            f"http://127.0.0.1:{cutter.port}/api/v1/uploads",
            headers={"Authorization": f"Bearer {phone.state['token']}"},
        )
        uploader = client.uploader(
            file_stream=io.BytesIO(data),
            chunk_size=chunk_bytes,
            metadata=metadata,
            retries=20,
            retry_delay=0,
            upload_checksum=with_checksum,
        )
        uploader.upload()
    assert cutter.cuts == 3
    assert arrived(shared_server, data)


def test_our_phone_halves_its_pieces_and_gets_a_photo_through(shared_server: Server, new_phone: NewPhone) -> None:
    phone = new_phone()
    phone.chunk_bytes = 4 * SMALLEST_CHUNK_BYTES
    data, metadata = announce(phone, 3)
    with a_line_that_breaks(shared_server, 3) as cutter:
        phone.base_url = f"http://127.0.0.1:{cutter.port}"
        assert phone.send_photos() == [metadata["sha256"]]
    assert cutter.cuts == 3
    assert phone.traffic.cuts >= 3
    assert phone.chunk_bytes == SMALLEST_CHUNK_BYTES, "halved twice, and no further"
    assert arrived(shared_server, data)


def test_others_are_answered_and_get_photos_through_while_many_phones_send_slowly(
    shared_server: Server, new_phone: NewPhone
) -> None:
    slow, quick, cut_off = new_phone(), new_phone(), new_phone()
    data, _ = announce(quick, 5)
    location = begin_upload(quick, data).headers["Location"]
    photo, _ = announce(cut_off, 6)
    requests = [*(slow_records(slow) for _ in range(SLOW_PHONES // 2)), *slow_pieces(slow, SLOW_PHONES // 2)]
    with ExitStack() as lines:
        phones = [
            (lines.enter_context(socket.create_connection(("127.0.0.1", shared_server.port), timeout=60)), body)
            for _, body in requests
        ]
        for (line, _), (head, _) in zip(phones, requests, strict=True):
            line.sendall(head)
        for start in range(0, SLOW_BODY_BYTES, 400):
            for line, body in phones:
                line.sendall(body[start : start + 400])
            if start + 400 < SLOW_BODY_BYTES:  # while every one of them is in the middle of its request
                assert ask(quick, "GET", "/api/v1/me").status_code == 200
                assert send_piece(quick, location, start * 10, data[start * 10 : start * 10 + 4000]).status_code == 204
            if start == SLOW_BODY_BYTES // 2:
                with a_line_that_breaks(shared_server, 6) as cutter:
                    cut_off.base_url = f"http://127.0.0.1:{cutter.port}"
                    cut_off.send_photos()
                assert cutter.cuts == 3
        answers = [line.recv(12) for line, _ in phones]
    assert answers == [b"HTTP/1.1 200"] * (SLOW_PHONES // 2) + [b"HTTP/1.1 204"] * (SLOW_PHONES // 2)
    assert arrived(shared_server, photo)
    assert all(arrived(shared_server, body) for _, body in requests[SLOW_PHONES // 2 :])


def slow_records(phone: Phone) -> tuple[bytes, bytes]:
    """Head and body of a delivery of records that is as long as it takes to be slow."""
    body = json.dumps({"records": [some_record(phone)]}).encode()
    # Spaces are allowed between the values of JSON, so a long body needs no more records.
    body = body[:-1] + b" " * (SLOW_BODY_BYTES - len(body)) + body[-1:]
    return head_of(phone, f"POST /api/v1/visits/{phone.visit_id}/records", {"Content-Type": "application/json"}), body


def slow_pieces(phone: Phone, count: int) -> list[tuple[bytes, bytes]]:
    """Head and body of the only piece of a photo, for so many photos."""
    bodies = [random.Random(f"slow {number}").randbytes(SLOW_BODY_BYTES) for number in range(count)]
    for body in bodies:
        phone.photograph(body, "image/jpeg", fixes=[], of_record=None)
    phone.send_records()
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Tus-Resumable": "1.0.0"}
    places = [begin_upload(phone, body).headers["Location"] for body in bodies]
    return [(head_of(phone, f"PATCH {place}", headers), body) for place, body in zip(places, bodies, strict=True)]


def head_of(phone: Phone, what: str, headers: dict[str, str]) -> bytes:
    """The head of a request whose body of ``SLOW_BODY_BYTES`` is still to come."""
    said = {
        "Host": "127.0.0.1",
        "Authorization": f"Bearer {phone.state['token']}",
        "Content-Length": str(SLOW_BODY_BYTES),
        "Connection": "close",
        **headers,
    }
    return "\r\n".join([f"{what} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]).encode()
