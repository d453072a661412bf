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


class BadStandard(ReviewError):
    """A standard that cannot hold: it ends before it begins, or would speak on less evidence than anybody may."""


class NoSuchReferral(ReviewError):
    """There is no such referral for the caller."""


class ReferralClosed(ReviewError):
    """The referral has been dealt with already."""


class NoSuchReplyLink(ReviewError):
    """There is no such way to reply: it never was, was used, has run out, or the code was wrong too often."""


class NotAdverse(ReviewError):
    """Only a standing decision that goes against a person can be appealed, or handed over."""


class ThirdPersonNeeded(ReviewError):
    """An appeal is answered by somebody who was no part of the decision."""


class NoSuchAppeal(ReviewError):
    """There is no such appeal for the caller."""


class NotConsulted(ReviewError):
    """Township committee and sending unit are consulted before anything is handled."""


class AlreadyHandedOver(ReviewError):
    """This decision was handed to this addressee already."""


class NoSuchHandOver(ReviewError):
    """There is no such hand-over for the caller."""


class NoSuchCorrection(ReviewError):
    """There is no such request to correct for whoever asks."""


class CorrectionDecided(ReviewError):
    """The request has its answer already."""
