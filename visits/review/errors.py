"""Errors of review."""

from visits.errors import VisitsError


class ReviewError(VisitsError):
    """A decision, notice or reply cannot be taken like this."""


class NoSuchDecision(ReviewError):
    """There is no such decision for the caller."""


class NoSuchNotice(ReviewError):
    """There is no such notice for the caller."""


class NoSuchPosting(ReviewError):
    """There is no such posting for the caller."""


class AlreadyDecided(ReviewError):
    """A decision on this sighting stands or waits for its second person."""


class SamePerson(ReviewError):
    """The second person of a decision must be somebody else."""


class DecisionStale(ReviewError):
    """The decision has changed since it was read."""


class EvidenceNotNamed(ReviewError):
    """A decision names the evidence it rests on, and all of it belongs to this visit."""


class BooksNotAsked(ReviewError):
    """Both leave books must be asked before an absence can be held to be unexplained."""


class ReplyStillOpen(ReviewError):
    """The person has not been told, or may still reply; until then nothing is held against them."""
