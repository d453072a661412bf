"""Errors of forms."""

from visits.errors import VisitsError


class FormsError(VisitsError):
    """Something about questions and the items a problem may cite."""


class NoSuchItem(FormsError):
    """There is no problem item of this number."""
