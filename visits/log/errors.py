"""Errors of the log."""

from visits.errors import VisitsError


class NotInLog(VisitsError):
    """There is no such entry, or the tree was smaller than that."""


class NoSuchKey(VisitsError):
    """The server has no key of this name."""
