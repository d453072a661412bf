"""A bad network in one piece: a small TCP proxy on this machine that cuts connections after so many bytes.

It cuts as a dead spot does, with a reset in the middle of what is being sent, a set number of times; after that it
lets everything through. It stops when its ``with`` block ends, and by itself after its time is up.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

_PIECE_BYTES = 16 * 1024


class Cutter:
    """Listens on a free port and passes everything on to ``target_port``, except for the cuts.

    Each number of ``cut_after_bytes`` is one cut: so many bytes from the phone go through, counted from the cut
    before and over all connections, then the connection that carries them is reset.
    """

    def __init__(self, target_port: int, *, cut_after_bytes: Sequence[int], lifetime_s: float = 120.0) -> None:
        self.target_port = target_port
        self.cuts = 0
        self._left = list(cut_after_bytes)
        self._passed_bytes = 0
        self._lock = threading.Lock()
        self._ends_at = time.monotonic() + lifetime_s
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)

    @property
    def port(self) -> int:
        """Where the phone connects instead of to the server."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over():
            try:
                phone, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._start(self._carry, phone)

    def _carry(self, phone: socket.socket) -> None:
        """One connection, both ways, until a side ends it or it is cut."""
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
        except OSError:
            _reset(phone)
            return
        for side in (phone, server):
            side.settimeout(10.0)
        done = threading.Event()
        back = threading.Thread(target=self._copy, args=(server, phone, done), daemon=True)
        back.start()
        was_cut = self._copy(phone, server, done, counted=True)
        if was_cut:
            done.set()
        # Who has said everything may still be listening: without a cut the answer gets its time.
        while back.is_alive() and not self._over():
            back.join(timeout=0.2)
        done.set()
        back.join(timeout=5)
        if was_cut:
            _reset(phone)
            _reset(server)
        else:
            phone.close()
            server.close()

    def _copy(
        self, source: socket.socket, target: socket.socket, done: threading.Event, *, counted: bool = False
    ) -> bool:
        """Pass bytes on until an end; True when the connection is to be cut."""
        while not (done.is_set() or self._over()):
            if not select.select([source], [], [], 0.2)[0]:
                continue
            try:
                data = source.recv(_PIECE_BYTES)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return False
                allowed, cut = self._allow(len(data)) if counted else (len(data), False)
                target.sendall(data[:allowed])
            except OSError:
                done.set()
                return False
            if cut:
                return True
        return False

    def _allow(self, size_bytes: int) -> tuple[int, bool]:
        with self._lock:
            if not self._left:
                return size_bytes, False
            room_bytes = self._left[0] - self._passed_bytes
            if size_bytes < room_bytes:
                self._passed_bytes += size_bytes
                return size_bytes, False
            self._left.pop(0)
            self._passed_bytes = 0
            self.cuts += 1
            return room_bytes, True

    def _over(self) -> bool:
        return self._stopped.is_set() or time.monotonic() > self._ends_at


def _reset(connection: socket.socket) -> None:
    """Close with a reset instead of a polite goodbye, as a lost signal looks to the other side."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
