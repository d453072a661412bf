"""Errors of fieldwork."""

from visits.errors import VisitsError


class FieldworkError(VisitsError):
    """Something about a visit cannot be told or done."""


class NoSuchVisit(FieldworkError):
    """There is no such visit for the caller."""


class NoSuchPhoto(FieldworkError):
    """There is no such photo in this visit, or its bytes have not arrived."""


class NoSuchSighting(FieldworkError):
    """There is no such sighting for the caller."""


class NoSuchDevice(FieldworkError):
    """There is no such phone for the caller."""


class CalibrationRefused(FieldworkError):
    """The fixes or the known point are not good enough to say anything about a phone."""


class PhotoNotLookedOver(FieldworkError):
    """Nobody has said yet what is to be covered in this photo, be it nothing; so no copy of it leaves the house."""


class BoxOutsidePhoto(FieldworkError):
    """A box to be covered does not lie in the photo, or there are too many."""
