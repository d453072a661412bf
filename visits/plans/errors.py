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


class AssignmentWithdrawn(PlansError):
    """The office withdrew the assignment; nobody goes there for it."""


class PlanExists(PlansError):
    """The county has a plan for that year; lines are added to it."""


class NoSuchPlan(PlansError):
    """There is no such plan, or line of a plan, for the caller."""


class PlanStale(PlansError):
    """The plan has changed since the caller read it."""


class BadPlanLine(PlansError):
    """A line of a plan lacks what it needs, or contradicts itself."""


class ApproverMissing(PlansError):
    """A check beside the three fixed ones and the surprise visits needs somebody by name who approved it."""


class ThirdPartyNotApproved(PlansError):
    """A third party checks only with a number of the province's approval and until its end."""


class NotPlanned(PlansError):
    """No line of the year's plan covers this check."""


class OverQuota(PlansError):
    """The town has received as many checks under this line as the plan allows."""


class OverCap(PlansError):
    """The village has received as many checks as the plan allows it in this year."""


class Recused(PlansError):
    """Somebody of the team has to keep away from this village."""


class NoSuchRecusal(PlansError):
    """There is no such recusal for the caller."""


class NotForADouble(PlansError):
    """This visit cannot have a blind second team."""
