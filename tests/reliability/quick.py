"""The real server, forked from a process that has everything loaded: a start costs a tenth of what it does otherwise.

What is killed is a process that does what ``shidi serve`` does; only that its imports and routes came with its birth.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from demo.server import Server, environment

CHECKOUT = Path(__file__).parents[2]

# Reads a line, forks a server, says its process id, and says again when it has ended.
PARENT = """
import ctypes, importlib, os, signal, sys
from pathlib import Path

DIES_WITH_ITS_PARENT = 1
ctypes.CDLL(None).prctl(DIES_WITH_ITS_PARENT, signal.SIGKILL)
import waitress
import api.app, api.http.house, visits.upkeep
from sqlalchemy.orm import configure_mappers
from api.settings import read_settings
command = importlib.import_module("api.cli.serve")

settings = read_settings(os.environ)
routes = api.app.with_routes()
api.app.with_routes = lambda: routes
configure_mappers()
log = os.open(settings.data_dir / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
for line in sys.stdin:
    child = os.fork()
    if not child:
        ctypes.CDLL(None).prctl(DIES_WITH_ITS_PARENT, signal.SIGKILL)
        os.dup2(log, 1), os.dup2(log, 2)
        command._serve(settings)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class QuickServer(Server):
    """A :class:`~demo.server.Server` that starts quickly, for tests that kill it again and again."""

    def __init__(self, data_dir: Path, port: int) -> None:
        super().__init__(data_dir, port)
        self._parent: subprocess.Popen[str] | None = None
        self._child = 0

    @property
    def pid(self) -> int:
        return self._child

    def start(self) -> None:
        if self._parent is None:
            with self.log_path.open("ab") as log:
                self._parent = subprocess.Popen(
                    [sys.executable, "-c", PARENT],
                    cwd=CHECKOUT,
                    env={**environment(self.data_dir), "SHIDI_PORT": str(self.port), "OPENBLAS_NUM_THREADS": "1"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        self._child = int(self._told("start"))
        give_up_at = time.monotonic() + 300
        while not self._is_ready():
            assert time.monotonic() < give_up_at, f"the server was not ready:\n{self._last_words()}"
            time.sleep(0.02)

    def kill(self) -> int:
        """Kill the server without a warning (SIGKILL); its process id."""
        return self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self._child:
            self._end(signal.SIGTERM)
        parent, self._parent = self._parent, None
        if parent is not None:
            parent.communicate(timeout=20)

    def _end(self, how: signal.Signals) -> int:
        child, self._child = self._child, 0
        os.kill(child, how)
        assert self._told() == "ended"
        return child

    def _told(self, said: str = "") -> str:
        assert self._parent is not None
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        if said:
            self._parent.stdin.write(f"{said}\n")
            self._parent.stdin.flush()
        return self._parent.stdout.readline().strip()
