"""Errors of the ledger."""

from visits.errors import VisitsError


class LedgerError(VisitsError):
    """A problem in the ledger cannot be moved like this."""


class NoSuchProblem(LedgerError):
    """There is no such problem for the caller."""


class AlreadyWithdrawn(LedgerError):
    """The problem was withdrawn already."""
