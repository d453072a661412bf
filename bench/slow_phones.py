"""Slow phones and cut connections: what becomes of the others, and of the bytes?  Two servers, one run.

``python -m bench.slow_phones`` asks the same of ``shidi serve`` (waitress) and of gunicorn with one process of eight
threads, when that is installed:

* so many phones send at 400 bytes a second, half of them records, half of them pieces of photos; does a good phone get
  its answers within 3 s?
* a piece of a photo is cut by a reset after 200 of 256 kB; how much of it is kept?
* a photo of 3 MB goes through the demo's cutter, which cuts after every 0.3 to 1.5 MB; does it arrive, at what cost?
"""

import argparse
import contextlib
import hashlib
import random
import socket
import statistics
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.clients import TUS, Phone, percentile
from bench.installation import FIX, PASSPHRASE, Inspector, Installation, Visit, delivery, installation, photo_record
from bench.servers import GUNICORN, SHIDI_SERVE, Running, has_gunicorn, server
from demo.cutter import Cutter
from demo.phone import Phone as DemoPhone

SLOW_PHONES = (30, 300)
SLOW_BYTES_PER_S = 400
SLOW_BODY_BYTES = 20_000
PHOTOS_OF_A_VISIT = 12
PATIENCE_S = 3.0
ASKED_TIMES = 40
ASKING_S = 25.0

PIECE_BYTES = 256 * 1024
CUT_AFTER_BYTES = 200 * 1024
CUT_TIMES = 5

PHOTO_BYTES = 3_000_000
CUTS_EVERY_BYTES = (300_000, 1_500_000)
CUTTER_RUNS = 3
SEED = 20


def main() -> None:
    """Print what each server did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", type=int, nargs="+", default=SLOW_PHONES, help="numbers of slow phones")
    asked = parser.parse_args()
    kinds = [SHIDI_SERVE, *([GUNICORN] if has_gunicorn() else [])]
    if len(kinds) == 1:
        print("gunicorn is not installed: its side of the comparison is skipped")
    for kind in kinds:
        print(f"-- {kind}")
        with installation(inspectors=2) as place:
            for count in asked.slow:
                with server(kind, place.data_dir) as running:
                    print(_among_slow_phones(place, running, count), flush=True)
            with server(kind, place.data_dir) as running:
                print(_cut_pieces(place, running), flush=True)
                for number in range(CUTTER_RUNS):
                    print(_through_the_cutter(place, running, seed=SEED + number), flush=True)


# ---- A good phone among slow ones ----


def _among_slow_phones(place: Installation, running: Running, count: int) -> str:
    slow, good = place.inspectors
    requests = _slow_requests(running.port, place, slow, count)
    cpu_before, rss_before = running.cpu_s(), running.rss_bytes()
    with _dribbling(running.port, requests) as connected:
        answered_ms, asked = _ask(running.port, good)
        still_open = connected()
    cpu_s, growth_mb = running.cpu_s() - cpu_before, (running.rss_bytes() - rss_before) / 1e6
    pace = "none in time"
    if answered_ms:
        pace = f"median {statistics.median(answered_ms):.1f} ms, p99 {percentile(answered_ms, 0.99):.1f} ms"
    return (
        f"{count} slow phones ({still_open} still connected at the end): good phone answered {len(answered_ms)} of "
        f"{asked} within {PATIENCE_S:.0f} s, {pace}; server CPU {cpu_s:.2f} s, RSS growth {growth_mb:.1f} MB"
    )


def _ask(port: int, inspector: Inspector) -> tuple[list[float], int]:
    """How long the answers took that came in time, and how often was asked; each time on a new connection."""
    answered_ms: list[float] = []
    asked, give_up_at = 0, time.monotonic() + ASKING_S
    while asked < ASKED_TIMES and time.monotonic() < give_up_at:
        asked += 1
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        started = time.perf_counter()
        try:
            connection.request("GET", "/api/v1/me", headers={"Authorization": f"Bearer {inspector.token}"})
            if connection.getresponse().status == 200:
                answered_ms.append((time.perf_counter() - started) * 1000)
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    return answered_ms, asked


def _slow_requests(port: int, place: Installation, inspector: Inspector, count: int) -> list[tuple[bytes, bytes]]:
    """Head and body of what so many phones send: records, and every second one the only piece of a photo."""
    sent: list[tuple[bytes, bytes]] = []
    for first in range(0, count, 2 * PHOTOS_OF_A_VISIT):
        visit = place.visit(inspector)
        photos = min(PHOTOS_OF_A_VISIT, (count - first) // 2)
        sent += [_slow_records(visit) for _ in range(photos)]
        sent += _slow_pieces(port, visit, photos)
    return sent


def _slow_records(visit: Visit) -> tuple[bytes, bytes]:
    body = delivery(visit, [("arrive", {"fix": FIX, "no_fix_reason": None})])
    # Spaces are allowed between the values of JSON, so a long body needs no more records.
    body = body[:-1] + b" " * (SLOW_BODY_BYTES - len(body)) + body[-1:]
    return _head(visit, f"POST /api/v1/visits/{visit.visit_id}/records", {"Content-Type": "application/json"}), body


def _slow_pieces(port: int, visit: Visit, count: int) -> list[tuple[bytes, bytes]]:
    phone, photos = Phone(visit.inspector, port), [random.randbytes(SLOW_BODY_BYTES) for _ in range(count)]
    records = delivery(visit, [photo_record(photo) for photo in photos])
    path, json_type = f"/api/v1/visits/{visit.visit_id}/records", {"Content-Type": "application/json"}
    phone.ask("POST", path, records, expected=200, headers=json_type)
    piece = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    sent = [(_head(visit, f"PATCH {phone.begin_upload(visit, photo)}", piece), photo) for photo in photos]
    phone.close()
    return sent


def _head(visit: Visit, what: str, headers: dict[str, str]) -> bytes:
    said = {"Host": "127.0.0.1", "Authorization": f"Bearer {visit.inspector.token}", **headers}
    said["Content-Length"] = str(SLOW_BODY_BYTES)
    return "\r\n".join([f"{what} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]).encode()


@contextlib.contextmanager
def _dribbling(port: int, requests: Sequence[tuple[bytes, bytes]]) -> Iterator[Callable[[], int]]:
    """So many phones in the middle of their requests; yields a function that tells how many still are."""
    phones: list[socket.socket] = []
    stop = threading.Event()
    lost: set[int] = set()

    def dribble() -> None:
        sent_bytes = 0
        while not stop.wait(0.25) and sent_bytes < SLOW_BODY_BYTES:
            for number, (phone, (_, body)) in enumerate(zip(phones, requests, strict=False)):
                if number not in lost:
                    try:
                        phone.send(body[sent_bytes : sent_bytes + SLOW_BYTES_PER_S // 4])
                    except OSError:
                        lost.add(number)
            sent_bytes += SLOW_BYTES_PER_S // 4

    thread = threading.Thread(target=dribble)
    try:
        for head, _ in requests:
            with contextlib.suppress(OSError):
                phone = socket.create_connection(("127.0.0.1", port), timeout=2)
                phones.append(phone)
                phone.sendall(head)
                phone.setblocking(False)
        thread.start()
        time.sleep(1.0)
        yield lambda: len(phones) - len(lost)
    finally:
        stop.set()
        if thread.ident is not None:
            thread.join()
        for phone in phones:
            phone.close()


# ---- A piece that is cut ----


def _cut_pieces(place: Installation, running: Running) -> str:
    kept = [_cut_piece(place, running) for _ in range(CUT_TIMES)]
    return (
        f"a piece of {PIECE_BYTES // 1024} kB cut by a reset after {CUT_AFTER_BYTES // 1024} kB, {CUT_TIMES} times: "
        f"kept {', '.join(str(size) for size in kept)} bytes"
    )


def _cut_piece(place: Installation, running: Running) -> int:
    """The offset the server tells after a piece was cut."""
    inspector = place.inspectors[0]
    visit = place.visit(inspector)
    data = random.randbytes(PIECE_BYTES)
    phone = Phone(inspector, running.port)
    json_type = {"Content-Type": "application/json"}
    records = delivery(visit, [photo_record(data)])
    phone.ask("POST", f"/api/v1/visits/{visit.visit_id}/records", records, expected=200, headers=json_type)
    location = phone.begin_upload(visit, data)
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {inspector.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    ).encode()
    line = socket.create_connection(("127.0.0.1", running.port))
    line.sendall(head + data[:CUT_AFTER_BYTES])
    time.sleep(0.5)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()
    time.sleep(0.5)
    answer = phone.ask("HEAD", location, expected=200, headers=TUS)
    phone.close()
    return int(answer.headers["Upload-Offset"])


# ---- A photo over a line that keeps breaking ----


class CountingCutter(Cutter):
    """The demo's cutter, which also says how many bytes of the phone went through."""

    carried_bytes = 0

    def _allow(self, size_bytes: int) -> tuple[int, bool]:
        allowed_bytes, cut = super()._allow(size_bytes)
        self.carried_bytes += allowed_bytes
        return allowed_bytes, cut


def _through_the_cutter(place: Installation, running: Running, *, seed: int) -> str:
    numbers = random.Random(seed)
    data = numbers.randbytes(PHOTO_BYTES)
    cuts = [numbers.randint(*CUTS_EVERY_BYTES) for _ in range(200)]
    inspector = place.inspectors[0]
    visit = place.visit(inspector)
    with tempfile.TemporaryDirectory(prefix="shidi-bench-phone-") as folder:
        phone = DemoPhone(Path(folder), f"http://127.0.0.1:{running.port}")
        phone.sign_in(inspector.login, PASSPHRASE)
        phone.ask_to_open(str(visit.assignment_id))
        photo = phone.photograph(data, "image/jpeg", fixes=[FIX], of_record=None)
        phone.send_records()
        with CountingCutter(running.port, cut_after_bytes=cuts) as cutter:
            phone.base_url = f"http://127.0.0.1:{cutter.port}"
            started = time.monotonic()
            arrived = phone.send_photos()
            seconds = time.monotonic() - started
    told = "arrived whole" if arrived == [photo.sha256] == [hashlib.sha256(data).hexdigest()] else "did not arrive"
    return (
        f"a photo of {PHOTO_BYTES / 1e6:.0f} MB over a line cut every 0.3 to 1.5 MB: {told}, {cutter.cuts} cuts, "
        f"{cutter.carried_bytes / PHOTO_BYTES:.2f} bytes sent for each needed, {seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
