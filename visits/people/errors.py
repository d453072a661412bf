"""Errors of people."""

from visits.errors import VisitsError


class PeopleError(VisitsError):
    """Something about postings and leave."""


class NoSuchPosting(PeopleError):
    """There is no such posting in the caller's division."""
