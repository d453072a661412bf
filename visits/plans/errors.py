"""Errors of plans."""

from visits.errors import VisitsError


class PlansError(VisitsError):
    """An assignment cannot be made or used like this."""


class NoSuchAssignment(PlansError):
    """There is no such assignment for the caller."""


class BadTeam(PlansError):
    """The team holds somebody who is not an inspector of this division, or nobody."""


class BadReleaseWindow(PlansError):
    """Release and expiry do not make a window in the future."""


class AssignmentExpired(PlansError):
    """The assignment was not opened in time; the office assigns anew."""
