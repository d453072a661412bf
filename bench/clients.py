"""Phones that send at full speed, each in a thread with a connection of its own, and how long each answer took."""

import base64
import hashlib
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import TypeVar

from bench.installation import Inspector, Visit

TIMEOUT_S = 60.0
TUS = {"Tus-Resumable": "1.0.0"}

Work = TypeVar("Work")


class Phone:
    """One connection of an inspector's phone, kept open."""

    def __init__(self, inspector: Inspector, port: int) -> None:
        self._token = inspector.token
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)

    def ask(
        self, method: str, path: str, body: bytes = b"", *, expected: int, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        """One answer, read to its end; it must have this status."""
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        self._connection.request(method, path, body=body, headers=sent)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {said[:300].decode(errors='replace')}")
        return answer

    def begin_upload(self, visit: Visit, data: bytes) -> str:
        """Where the photo with these bytes goes; its record was sent before."""
        said = {"visit_id": str(visit.visit_id), "sha256": hashlib.sha256(data).hexdigest()}
        pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
        headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": ",".join(pairs)}
        return str(self.ask("POST", "/api/v1/uploads", expected=201, headers=headers).headers["Location"])

    def send_piece(self, location: str, offset_bytes: int, piece: bytes) -> None:
        """Send one piece of a photo."""
        headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset_bytes)}
        self.ask("PATCH", location, piece, expected=204, headers=headers)

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Pace:
    """How a number of clients fared."""

    done: int
    seconds: float
    latencies_ms: tuple[float, ...]

    @property
    def per_s(self) -> float:
        return self.done / self.seconds

    @property
    def p50_ms(self) -> float:
        return statistics.median(self.latencies_ms)

    @property
    def p99_ms(self) -> float:
        return percentile(self.latencies_ms, 0.99)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of ``values`` does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def race(shares: Sequence[Sequence[Work]], begin: Callable[[int], Callable[[Work], None]]) -> Pace:
    """Have one thread work through each share, all starting together; ``begin`` makes a thread's own worker."""
    gate = threading.Barrier(len(shares) + 1)
    latencies_ms: list[float] = []
    failures: list[BaseException] = []

    def run(number: int) -> None:
        work = begin(number)
        gate.wait()
        try:
            for item in shares[number]:
                started = time.perf_counter()
                work(item)
                latencies_ms.append((time.perf_counter() - started) * 1000)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(shares))]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise failures[0]
    return Pace(sum(map(len, shares)), seconds, tuple(latencies_ms))
