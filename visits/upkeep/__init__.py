"""Whether everything that was promised is still there and unchanged, and what the log says of it."""

from visits.upkeep.check import Finding, Report, check
from visits.upkeep.keys import rotate_server_key
from visits.upkeep.opening import CONCERNED, open_entry

__all__ = ["CONCERNED", "Finding", "Report", "check", "open_entry", "rotate_server_key"]
