"""Errors of upkeep."""

from visits.errors import VisitsError


class UpkeepError(VisitsError):
    """Something about keeping the installation cannot be done like this."""


class BadRules(UpkeepError):
    """The file of rules for removal cannot be used."""


class PlanChanged(UpkeepError):
    """What would be removed is not what was looked at."""
