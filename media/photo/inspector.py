"""Inspect photos in a subprocess of little memory and time, so that no picture can harm the server."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from media.errors import InspectionUnavailable, MediaError, PhotoTooSlow, UnreadablePhoto
from media.photo.facts import Box, Inspection
from media.photo.wire import READY, copy_from_line, from_line

T = TypeVar("T")

_PACKAGE_PARENT = Path(__file__).resolve().parent.parent.parent
_MAX_ANSWER_BYTES = 8 * 1024 * 1024
# A HEIC decoder takes and gives back large blocks again and again. Fetched anew from the kernel each time, filling
# them with zeros costs a fifth of the whole; kept, they count against the same limit. Other C libraries ignore this.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
_START_S = 30.0
_END_S = 2.0
_TOO_SLOW = "the photo takes too long to read; its bytes are kept, please send an ordinary photo"


@dataclass(frozen=True)
class Limits:
    """What one photo may cost: memory beyond the reader's own, processor time, and time on the clock.

    The kernel counts processor time in whole seconds, so a photo gets at least ``cpu_s - 1`` of them and at most
    ``cpu_s``. The memory is just enough for the 48 million pixels an iPhone writes as HEIC (370 MB resident, all told).
    """

    memory_bytes: int = 370 * 1024 * 1024
    cpu_s: int = 3
    wall_s: float = 20.0


DEFAULT_LIMITS = Limits()


def inspect(path: str | Path) -> Inspection:
    """Return facts, fingerprints and display copy of the photo at ``path``, or raise :class:`MediaError`."""
    with Inspector() as inspector:
        return inspector.inspect(path)


def inspect_all(paths: Iterable[str | Path]) -> Iterator[Inspection | MediaError]:
    """Yield for each photo its inspection, or the reason why there is none; one process serves them all."""
    with Inspector() as inspector:
        for path in paths:
            try:
                yield inspector.inspect(path)
            except MediaError as reason:
                yield reason


class Inspector:
    """Owns one worker process, and starts another after a photo has ended it. Threads take turns.

    Use it in a ``with`` block, or call ``close`` at the end.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._turn = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def inspect(self, path: str | Path) -> Inspection:
        """Return facts, fingerprints and display copy of the photo at ``path``, or raise :class:`MediaError`."""
        return self._told({"path": _absolute(path)}, from_line)

    def leaving_copy(self, display_copy: str | Path, covers: Sequence[Box], lines: Sequence[str]) -> bytes:
        """Return the copy of a photo that may leave the house: boxes painted over, lines of origin below."""
        boxes = [astuple(box) for box in covers]
        return self._told({"path": _absolute(display_copy), "covers": boxes, "lines": list(lines)}, copy_from_line)

    def close(self) -> None:
        """Return once the worker has ended."""
        with self._turn:
            self._end()

    def _told(self, question: dict[str, Any], read: Callable[[bytes], T | MediaError]) -> T:
        with self._turn:
            answer = self._ask(json.dumps(question).encode("ascii") + b"\n")
        result = answer if isinstance(answer, MediaError) else read(answer)
        if isinstance(result, MediaError):
            raise result
        return result

    def _ask(self, question: bytes) -> bytes | MediaError:
        worker = self._running()
        try:
            assert worker.stdin is not None
            worker.stdin.write(question)
            line = _read_line(worker, self._limits.wall_s)
        except TimeoutError:
            self._end()
            return PhotoTooSlow(_TOO_SLOW)
        except BrokenPipeError:
            line = b""
        if line.endswith(b"\n"):
            return line
        self._end()
        if worker.returncode == -signal.SIGXCPU:
            return PhotoTooSlow(_TOO_SLOW)
        return UnreadablePhoto("the photo cannot be read; its bytes are kept, please take it again")

    def _running(self) -> subprocess.Popen[bytes]:
        """Return a worker that has said it is ready, so that its own troubles are never blamed on a photo."""
        if self._worker is not None and self._worker.poll() is not None:
            self._end()
        if self._worker is None:
            self._worker = _start(self._limits)
            try:
                ready = _read_line(self._worker, _START_S) == READY
            except TimeoutError:
                ready = False
            if not ready:
                self._end()
                raise InspectionUnavailable("the reader of photos does not start; nothing is wrong with the photo")
        return self._worker

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        # A worker whose output has ended is about to exit by itself, and its exit tells why.
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert worker.stdin is not None
            worker.stdin.close()
            worker.wait(_END_S)
        if worker.poll() is None:
            worker.kill()
        with worker:
            pass


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "media.photo.worker", str(limits.memory_bytes), str(limits.cpu_s)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # Nothing of the server's environment, where passwords may lie, reaches the process.
            env={"PYTHONPATH": str(_PACKAGE_PARENT), "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1", **_KEEP_MEMORY},
        )
    except OSError as error:
        raise InspectionUnavailable("the reader of photos does not start; nothing is wrong with the photo") from error


def _read_line(worker: subprocess.Popen[bytes], wall_s: float) -> bytes:
    """Return the worker's next line; less than a line when it ended, TimeoutError when time did."""
    assert worker.stdout is not None
    deadline_s = time.monotonic() + wall_s
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while not answer.endswith(b"\n") and len(answer) < _MAX_ANSWER_BYTES:
            if not selector.select(max(0.0, deadline_s - time.monotonic())):
                raise TimeoutError
            block = os.read(worker.stdout.fileno(), 1 << 16)
            if not block:
                break
            answer += block
    return bytes(answer)
