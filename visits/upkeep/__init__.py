"""Whether everything that was promised is still there and unchanged, and what the log says of it."""

from visits.upkeep.bundle import bundle_of_visit
from visits.upkeep.check import Finding, Report, check
from visits.upkeep.keys import rotate_server_key
from visits.upkeep.opening import CONCERNED, open_entry
from visits.upkeep.sweep import Swept, sweep
from visits.upkeep.witness import (
    begin_daily_checkpoints,
    checkpoint_by_hand,
    checkpoint_now,
    daily_checkpoint,
    file_cosignature,
    stamp_refused,
)

__all__ = [
    "CONCERNED",
    "Finding",
    "Report",
    "Swept",
    "begin_daily_checkpoints",
    "bundle_of_visit",
    "check",
    "checkpoint_by_hand",
    "checkpoint_now",
    "daily_checkpoint",
    "file_cosignature",
    "open_entry",
    "rotate_server_key",
    "stamp_refused",
    "sweep",
]
