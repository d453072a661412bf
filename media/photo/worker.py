"""The process that decodes strangers' pictures: little memory, little time, and nothing it could write to.

It reads one JSON line per photo, ``{"path": …}``, and answers each with one line, until its input ends; with ``covers``
and ``lines`` it makes the copy that leaves the house instead. It is started by
:class:`media.photo.inspector.Inspector`; when a picture exhausts a limit the kernel ends this process and no other.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from media.errors import MediaError
from media.photo.facts import Box
from media.photo.leaving import leaving_copy
from media.photo.picture import inspect_here
from media.photo.reader import register_heif
from media.photo.wire import READY, copy_to_line, to_line


def main(memory_bytes: int, cpu_s: int) -> None:
    """Answer every photo named on standard input, under the given limits for each."""
    register_heif()
    _limit_process(memory_bytes)
    _say(READY)
    for line in sys.stdin.buffer:
        _limit_next_photo(cpu_s)
        _say(_answer(json.loads(line)))


def _answer(question: dict[str, Any]) -> bytes:
    path = Path(question["path"])
    try:
        if "covers" in question:
            return copy_to_line(leaving_copy(path, [Box(*box) for box in question["covers"]], question["lines"]))
        return to_line(inspect_here(path))
    except MediaError as error:
        return to_line(error)


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _limit_process(memory_bytes: int) -> None:
    """Allow ``memory_bytes`` beyond what the libraries, now loaded, already map; forbid files and core dumps."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        mapped_bytes = int(statm.read().split()[0]) * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, mapped_bytes + memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _limit_next_photo(cpu_s: int) -> None:
    """Allow at most ``cpu_s`` more seconds of processor time; the kernel counts in whole seconds of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard_s = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + cpu_s, hard_s))


if __name__ == "__main__":
    main(memory_bytes=int(sys.argv[1]), cpu_s=int(sys.argv[2]))
