"""Errors of draws."""

from visits.errors import VisitsError


class DrawsError(VisitsError):
    """A draw cannot be made or used like this."""


class NoSuchDraw(DrawsError):
    """There is no such draw for the caller."""


class BadDraw(DrawsError):
    """What is asked for cannot be drawn from this frame; the sentence says why."""


class DrawMoved(DrawsError):
    """The draw is in another state: each step is done once, in its order."""


class NotYetRevealed(DrawsError):
    """The seed is told after the last visit of the batch, and what it leads to with it."""


class SameParty(DrawsError):
    """Who committed to a draw cannot also give the number that decides it."""
