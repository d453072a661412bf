"""Errors of forms."""

from visits.errors import VisitsError


class FormsError(VisitsError):
    """Something about questions and the items a problem may cite."""


class NoSuchItem(FormsError):
    """There is no problem item of this number."""


class NoSuchQuestionSet(FormsError):
    """No set of questions was published under this version."""


class BadQuestionSet(FormsError):
    """A set of questions asks what may not be asked, or rests on no rule."""
