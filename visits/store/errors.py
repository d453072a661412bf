"""Errors of the store."""

from visits.errors import VisitsError


class StoreError(VisitsError):
    """The record store cannot do what was asked."""


class StoreBusy(StoreError):
    """The write lock was not free in time; nothing was written, and asking again is right."""


class AlreadyServed(StoreError):
    """Another server process already serves this SQLite file."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or cannot write (disk full, server away); nothing was written."""


class NotEmpty(StoreError):
    """Copied records are to go where there are records already."""


class CopyFailed(StoreError):
    """The records could not be copied, or not put back; the text names the tool and what it said."""
