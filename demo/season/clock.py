"""The time of the season: one clock for server, desks and phones, which only the season moves."""

from datetime import UTC, datetime, timedelta

from demo.phone import LOCAL


class SeasonClock:
    """Stands still until it is moved, and never goes back."""

    def __init__(self, begins: datetime) -> None:
        self._now = begins.astimezone(UTC)

    def utc(self) -> datetime:
        """The time as a server takes it."""
        return self._now

    def local(self) -> datetime:
        """The time as a phone in the village shows it."""
        return self._now.astimezone(LOCAL)

    def move_to(self, at: datetime) -> None:
        """Let it be that late; an earlier moment changes nothing."""
        self._now = max(self._now, at.astimezone(UTC))

    def let_pass(self, span: timedelta) -> None:
        """Let so much time go by."""
        self._now += span
