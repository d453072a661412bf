"""How many answers of each kind this process gave."""

import threading
from collections import Counter

from flask import Response


class RequestCounter:
    """Counts answers by the first digit of their status."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[str] = Counter()

    def count(self, response: Response) -> None:
        """Remember one answer."""
        with self._lock:
            self._answers[f"{response.status_code // 100}xx"] += 1

    def counts(self) -> dict[str, int]:
        """The answers so far."""
        with self._lock:
            return dict(self._answers)
