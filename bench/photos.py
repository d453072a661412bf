"""Visits with a photo, and the server's memory while large photos come in.

``python -m bench.photos`` has 1, 4 and 8 clients each make visits of three records and one photo of about 300 kB, sent
in pieces of 256 kB. A visit counts when its photo is durable, its hash checked and the fact logged. Reading the photos
runs in jobs beside it. Then 8 clients send photos of 20 MB in such pieces, and once more each in one piece, while the
memory of the server process is watched.
"""

import argparse
import random
import statistics
import threading
from datetime import UTC, datetime

from bench.clients import Phone, race
from bench.installation import FIX, Installation, Visit, closing, delivery, installation, photo_record
from bench.records import drain
from bench.servers import Running, shidi_serve
from demo.photos import picture

CLIENTS = (1, 4, 8)
VISITS = 40
RUNS = 3
PIECE_BYTES = 256 * 1024
SMALL_PX = (1630, 1222)

LARGE_BYTES = 20_000_000
LARGE_CLIENTS = 8
WATCH_EVERY_S = 0.05

Work = tuple[Visit, bytes]


def main() -> None:
    """Print one line for each number of clients, then the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=VISITS, help="visits of each run")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each number of clients; medians are told")
    asked = parser.parse_args()
    photo = picture(1, taken_at=datetime.now(UTC), place=None, size_px=SMALL_PX).data
    with installation(inspectors=max(CLIENTS)) as place:
        print(f"photo of {len(photo) / 1000:.0f} kB")
        print("clients  visits/s  p50 ms  p99 ms  CPU ms/visit  photos read after s")
        with shidi_serve(place.data_dir) as server:
            _run(place, server, 1, 2, photo)
            for clients in CLIENTS:
                runs = [_run(place, server, clients, asked.visits, photo) for _ in range(asked.runs)]
                per_s, p50_ms, p99_ms, cpu_ms, drained_s = (
                    statistics.median(column) for column in zip(*runs, strict=True)
                )
                print(
                    f"{clients:7} {per_s:9.1f} {p50_ms:7.1f} {p99_ms:7.1f} {cpu_ms:13.1f} {drained_s:20.1f}", flush=True
                )
        for piece_bytes in (PIECE_BYTES, LARGE_BYTES):
            with shidi_serve(place.data_dir) as server:
                _run(place, server, 1, 2, photo)
                before_mb, peak_mb, after_mb = _memory(place, server, piece_bytes)
            print(
                f"{LARGE_CLIENTS} clients send {LARGE_BYTES / 1e6:.0f} MB each, {piece_bytes / 1e6:.2f} MB a piece: "
                f"server memory {before_mb:.1f} MB before, {peak_mb:.1f} at most, {after_mb:.1f} after; "
                f"growth {peak_mb - before_mb:.1f} MB",
                flush=True,
            )


def _run(
    place: Installation, server: Running, clients: int, visits: int, photo: bytes
) -> tuple[float, float, float, float, float]:
    shares: list[list[Work]] = [[] for _ in range(clients)]
    for number in range(visits):
        visit = place.visit(place.inspectors[number % clients])
        shares[number % clients].append((visit, _another(photo)))
    cpu_before = server.cpu_s()
    pace = race(shares, lambda number: Sender(Phone(place.inspectors[number], server.port), PIECE_BYTES))
    cpu_ms = (server.cpu_s() - cpu_before) * 1000 / visits
    return pace.per_s, pace.p50_ms, pace.p99_ms, cpu_ms, drain(place)


def _memory(place: Installation, server: Running, piece_bytes: int) -> tuple[float, float, float]:
    """The server's memory before, at most, and after, in megabytes."""
    shares = [[(place.visit(inspector), random.randbytes(LARGE_BYTES))] for inspector in place.inspectors]
    before = peak = server.rss_bytes()
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(WATCH_EVERY_S):
            peak = max(peak, server.rss_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        race(shares, lambda number: Sender(Phone(place.inspectors[number], server.port), piece_bytes))
    finally:
        over.set()
        watcher.join()
    return before / 1e6, peak / 1e6, server.rss_bytes() / 1e6


def _another(photo: bytes) -> bytes:
    """The same picture with a comment of its own, so that no two files have the same hash."""
    comment = random.randbytes(16).hex().encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + photo[2:]


class Sender:
    """Makes a visit of three records and one photo, and sends it whole."""

    def __init__(self, phone: Phone, piece_bytes: int) -> None:
        self._phone = phone
        self._piece_bytes = piece_bytes

    def __call__(self, work: Work) -> None:
        visit, data = work
        records = [("arrive", {"fix": FIX, "no_fix_reason": None}), photo_record(data), closing(3)]
        path = f"/api/v1/visits/{visit.visit_id}/records"
        json_type = {"Content-Type": "application/json"}
        self._phone.ask("POST", path, delivery(visit, records), expected=200, headers=json_type)
        location = self._phone.begin_upload(visit, data)
        for start in range(0, len(data), self._piece_bytes):
            self._phone.send_piece(location, start, data[start : start + self._piece_bytes])


if __name__ == "__main__":
    main()
