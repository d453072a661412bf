"""Errors of intake."""

from visits.errors import VisitsError


class IntakeError(VisitsError):
    """Something sent cannot be taken like this."""


class NoSuchVisit(IntakeError):
    """There is no such visit for the caller."""


class NoSuchUpload(IntakeError):
    """There is no such upload for the caller."""


class UploadEnded(IntakeError):
    """The upload was given up by its owner, or was left so long that its half-arrived bytes were freed."""


class PhotoIsEvidence(IntakeError):
    """The photo has arrived whole: it can no longer be given up."""


class RemovedByRule(IntakeError):
    """What this visit held was removed by rule; nothing is added to it, and nothing of it can be opened."""


class PhotoNotAnnounced(IntakeError):
    """No photo record of this visit names these bytes: records come first, photos after."""


class NoSuchExport(IntakeError):
    """There is no such import of a phone's work for the caller."""
