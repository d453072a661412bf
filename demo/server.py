"""The real server as a process of its own, and the real command line: nothing of them is imported here."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from demo.errors import DemoError, ServerDied

_PROJECT = Path(__file__).resolve().parent.parent
_SHIDI = (sys.executable, "-m", "wsgi")
START_S = 60.0
# So that the story can be told on PostgreSQL, and with photos in a bucket.
_KEPT = ("SHIDI_DATABASE_URL", "SHIDI_EVIDENCE_URL", "SHIDI_EVIDENCE_KEY_ID", "SHIDI_EVIDENCE_KEY_SECRET")
STOP_S = 20.0


@dataclass(frozen=True)
class Said:
    """What a command of ``shidi`` answered."""

    exit_code: int
    text: str


def shidi(data_dir: Path, *arguments: str, expected: int = 0) -> Said:
    """Run one command of ``shidi`` on the data folder and return what it said."""
    done = subprocess.run(
        [*_SHIDI, *arguments],
        cwd=_PROJECT,
        env=environment(data_dir),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != expected:
        command = " ".join(("shidi", *arguments))
        said = done.stdout if len(done.stdout) < 2000 else f"{done.stdout[:900]}\n…\n{done.stdout[-900:]}"
        raise DemoError(f"“{command}” ended with {done.returncode} instead of {expected}:\n{said}")
    return Said(done.returncode, done.stdout)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server:
    """``shidi serve`` on one data folder and port; killed and started again as the story asks."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}"
        self.log_path = data_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and return once it answers that it is ready."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*_SHIDI, "serve", "--host", "127.0.0.1", "--port", str(self.port)],
                cwd=_PROJECT,
                env=environment(self.data_dir),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal is for the demo, which then ends this process itself.
                start_new_session=True,
            )
        give_up_at = time.monotonic() + START_S
        while not self._is_ready():
            if self._process.poll() is not None:
                raise ServerDied(f"the server ended with {self._process.returncode}:\n{self._last_words()}")
            if time.monotonic() > give_up_at:
                raise DemoError(f"the server was not ready after {START_S:.0f} s:\n{self._last_words()}")
            time.sleep(0.1)

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    def kill(self) -> int:
        """Kill the process without a warning (SIGKILL); its process id."""
        process = self._running()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return process.pid

    def stop(self) -> None:
        """End the process politely, and by force when it does not listen."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait(self) -> None:
        """Return when the process has ended by itself."""
        self._running().wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServerDied(f"the server is not running:\n{self._last_words()}")
        return self._process

    def _is_ready(self) -> bool:
        try:
            with requests.Session() as http:
                http.trust_env = False
                return http.get(f"{self.base_url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def _last_words(self) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-30:])


def environment(data_dir: Path) -> Mapping[str, str]:
    """This process's environment, without any setting of another installation but where records and photos lie."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or not name.startswith("SHIDI_")}
    return {
        **kept,
        "SHIDI_DATA": str(data_dir),
        # The accounts that are printed at the end work by their passphrases; each may still set up a second factor.
        "SHIDI_SECOND_FACTOR": "offered",
        "SHIDI_OPERATOR": "演示县督查办（演示数据）",
        "SHIDI_COMPLAINTS": "演示电话 0593-0000000",
        "PYTHONUNBUFFERED": "1",
    }
