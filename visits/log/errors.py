"""Errors of the log."""

from visits.errors import VisitsError


class NotInLog(VisitsError):
    """There is no such entry, or the tree was smaller than that."""


class BadCosignature(VisitsError):
    """A witness's signature does not hold, or is the server's own."""


class NoSuchKey(VisitsError):
    """The server has no key of this name."""
