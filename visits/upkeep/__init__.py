"""Whether everything that was promised is still there and unchanged, and what the log says of it."""

from visits.upkeep.check import Finding, Report, check
from visits.upkeep.opening import CONCERNED, open_entry

__all__ = ["CONCERNED", "Finding", "Report", "check", "open_entry"]
