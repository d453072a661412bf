"""Whether everything that was promised is still there and unchanged."""

from visits.upkeep.check import Finding, Report, check

__all__ = ["Finding", "Report", "check"]
