"""Servers as processes of their own on the loopback, and what they take: CPU time and memory, read from Linux."""

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from demo.server import free_port

PROJECT = Path(__file__).resolve().parent.parent
START_S = 60.0
STOP_S = 20.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

SHIDI_SERVE = "shidi serve"
GUNICORN = "gunicorn gthread 1x8"


class Running:
    """A server that answers; ``pid`` is the process that does the work."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port
        self.pid = process.pid

    def cpu_s(self) -> float:
        """CPU seconds of the working process so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def rss_bytes(self) -> int:
        """The memory the working process holds now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_BYTES


def has_gunicorn() -> bool:
    """Whether gunicorn is here; it is no dependency of Shidi, only the other side of a comparison."""
    return importlib.util.find_spec("gunicorn") is not None


@contextlib.contextmanager
def shidi_serve(data_dir: Path) -> Iterator[Running]:
    """``shidi serve`` on a data folder, as in real use."""
    port = free_port()
    with _started([sys.executable, "-m", "wsgi", "serve", "--port", str(port)], data_dir, port) as process:
        yield Running(process, port)


@contextlib.contextmanager
def gunicorn(data_dir: Path) -> Iterator[Running]:
    """gunicorn with one process of eight threads; nobody starts the jobs there."""
    port = free_port()
    options = ["-k", "gthread", "-w", "1", "--threads", "8", "-b", f"127.0.0.1:{port}", "--log-level", "warning"]
    with _started([sys.executable, "-m", "gunicorn", *options, "wsgi:application"], data_dir, port) as process:
        running = Running(process, port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        running.pid = int(children[0])
        yield running


@contextlib.contextmanager
def server(kind: str, data_dir: Path) -> Iterator[Running]:
    """A server of this kind."""
    with {SHIDI_SERVE: shidi_serve, GUNICORN: gunicorn}[kind](data_dir) as running:
        yield running


@contextlib.contextmanager
def _started(command: list[str], data_dir: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIDI_")}
    with (data_dir / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**kept, "SHIDI_DATA": str(data_dir)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port, data_dir)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, data_dir: Path) -> None:
    give_up_at = time.monotonic() + START_S
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > give_up_at:
            said = (data_dir / "server.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the server did not start:\n{said}")
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
