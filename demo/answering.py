"""An application behind Waitress in this process, for as long as a ``with`` block lasts.

For a season at another clock, a bench and the tests of pages; ``demo.server`` has the real ``shidi serve`` in a process
of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import create_server

THREADS = 4


@contextmanager
def answering(app: WSGIApplication, **options: Any) -> Iterator[str]:
    """The address at which ``app`` answers; ``options`` are Waitress's. Afterwards nothing of it is open or runs."""
    sockets: dict[int, object] = {}
    usual = {"host": "127.0.0.1", "port": 0, "threads": THREADS, "ident": None}
    server = create_server(app, sockets, **{**usual, **options})
    ended = Event()

    def answer() -> None:
        # Waitress's own loop runs until the process ends.
        while not ended.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=sockets, count=1)

    thread = Thread(target=answer, name="answering", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        ended.set()
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        # Closing the server would leave the connections that clients still keep open.
        wasyncore.close_all(sockets)
