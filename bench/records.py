"""Batches of 50 signed records, each a visit of its own: how many a second become durable, and what that costs?

``python -m bench.records`` sends them from 1, 4 and 8 clients to ``shidi serve`` on SQLite. Each batch is checked,
verified, sealed, logged and committed with ``synchronous=FULL`` before it is answered. Judging runs in jobs beside it
and shares the processor, as in real use; the time it needs until nothing waits is told too.
"""

import argparse
import statistics
import time

from bench.clients import Pace, Phone, race
from bench.installation import Installation, Visit, a_visit_of, delivery, installation
from bench.servers import Running, shidi_serve

CLIENTS = (1, 4, 8)
RECORDS_OF_A_BATCH = 50
BATCHES = 160
RUNS = 3
PATIENCE_S = 120.0


def main() -> None:
    """Print one line for each number of clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=BATCHES, help="batches of each run")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each number of clients; medians are told")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    asked = parser.parse_args()
    print("clients  records/s  p50 ms  p99 ms  CPU us/record  drained after s  RSS growth MB")
    with installation(inspectors=max(asked.clients)) as place, shidi_serve(place.data_dir) as server:
        _run(place, server, 1, 5)
        for clients in asked.clients:
            rss_before = server.rss_bytes()
            runs = [_run(place, server, clients, asked.batches) for _ in range(asked.runs)]
            growth_mb = (server.rss_bytes() - rss_before) / 1e6
            print(
                f"{clients:7} {statistics.median(p.per_s * RECORDS_OF_A_BATCH for p, _, _ in runs):10,.0f}"
                f" {statistics.median(p.p50_ms for p, _, _ in runs):7.1f}"
                f" {statistics.median(p.p99_ms for p, _, _ in runs):7.1f}"
                f" {statistics.median(cpu_us for _, cpu_us, _ in runs):14.0f}"
                f" {statistics.median(drained_s for _, _, drained_s in runs):16.1f}"
                f" {growth_mb:14.1f}",
                flush=True,
            )


def _run(place: Installation, server: Running, clients: int, batches: int) -> tuple[Pace, float, float]:
    """The pace, the server's CPU microseconds for a record, and the seconds until all was judged."""
    shares: list[list[tuple[Visit, bytes]]] = [[] for _ in range(clients)]
    for number in range(batches):
        visit = place.visit(place.inspectors[number % clients])
        shares[number % clients].append((visit, delivery(visit, a_visit_of(RECORDS_OF_A_BATCH))))
    cpu_before = server.cpu_s()

    def begin(number: int) -> Sender:
        return Sender(Phone(place.inspectors[number], server.port))

    pace = race(shares, begin)
    cpu_us = (server.cpu_s() - cpu_before) * 1e6 / (batches * RECORDS_OF_A_BATCH)
    return pace, cpu_us, drain(place)


class Sender:
    """Delivers the records of a visit and has every one accepted."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def __call__(self, work: tuple[Visit, bytes]) -> None:
        visit, body = work
        path = f"/api/v1/visits/{visit.visit_id}/records"
        self._phone.ask("POST", path, body, expected=200, headers={"Content-Type": "application/json"})


def drain(place: Installation) -> float:
    """Seconds until no job waits."""
    started = time.monotonic()
    while any(place.jobs().get(state) for state in ("waiting", "leased")):
        if time.monotonic() - started > PATIENCE_S:
            raise RuntimeError(f"jobs still wait after {PATIENCE_S:.0f} s: {place.jobs()}")
        time.sleep(0.2)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
