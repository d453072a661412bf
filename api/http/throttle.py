"""Slow down guessing: after some wrong passphrases a login has to wait, per caller's address."""

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from api.http.errors import TooManySignIns

WRONG_BEFORE_WAIT = 8
WINDOW = timedelta(minutes=15)
MOST_REMEMBERED = 10_000


class SignInThrottle:
    """Counts wrong passphrases of one server process.

    The login alone is not locked: whoever knows an inspector's name could keep them out of their own visit.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: dict[tuple[str, str], deque[datetime]] = {}

    def check(self, login: str, address: str, at_utc: datetime) -> None:
        """Raise ``TooManySignIns`` while this caller has to wait."""
        with self._lock:
            wrong = self._recent((login, address), at_utc)
            if len(wrong) >= WRONG_BEFORE_WAIT:
                raise TooManySignIns(math.ceil((wrong[0] + WINDOW - at_utc).total_seconds()))

    def count_wrong(self, login: str, address: str, at_utc: datetime) -> None:
        """Remember one wrong passphrase."""
        with self._lock:
            if len(self._wrong) >= MOST_REMEMBERED:
                self._wrong.pop(next(iter(self._wrong)))
            self._wrong.setdefault((login, address), deque(maxlen=WRONG_BEFORE_WAIT)).append(at_utc)

    def forget(self, login: str, address: str) -> None:
        """A right passphrase clears the count."""
        with self._lock:
            self._wrong.pop((login, address), None)

    def _recent(self, key: tuple[str, str], at_utc: datetime) -> deque[datetime]:
        wrong = self._wrong.get(key, deque())
        while wrong and wrong[0] <= at_utc - WINDOW:
            wrong.popleft()
        return wrong
