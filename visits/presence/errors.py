"""Errors of the presence statistics. They are raised in commands and jobs only and never reach a request."""


class PresenceError(ValueError):
    """Something the presence statistics cannot work with."""


class NoVisits(PresenceError):
    """There is not one visit to learn from."""


class BadCounts(PresenceError):
    """Counts of found and of visits that cannot be."""
