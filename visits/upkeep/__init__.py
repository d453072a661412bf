"""Whether everything that was promised is still there and unchanged, and what the log says of it."""

from visits.upkeep.backup import Copied, back_up, restore
from visits.upkeep.backup_folder import Manifest, read_manifest
from visits.upkeep.blurring import Held, begin_blurring, blur_visit, blur_visits, held_back
from visits.upkeep.bundle import bundle_of_visit
from visits.upkeep.check import Finding, Report, check
from visits.upkeep.errors import (
    BackupBusy,
    BackupDisturbed,
    BadRules,
    NoBackup,
    PlanChanged,
    UpkeepError,
    WrongKey,
)
from visits.upkeep.keys import UNDER_THE_MASTER_KEY, exchange_master_key, opens, rotate_server_key
from visits.upkeep.night import NightRules, by_night
from visits.upkeep.opening import CONCERNED, open_entry
from visits.upkeep.retention import (
    Due,
    RetentionPlan,
    Rule,
    carry_out,
    count_due,
    name_due,
    plan_retention,
    read_rules,
    remove_unneeded_bytes,
)
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
    "UNDER_THE_MASTER_KEY",
    "BackupBusy",
    "BackupDisturbed",
    "BadRules",
    "Copied",
    "Due",
    "Finding",
    "Held",
    "Manifest",
    "NightRules",
    "NoBackup",
    "PlanChanged",
    "Report",
    "RetentionPlan",
    "Rule",
    "Swept",
    "UpkeepError",
    "WrongKey",
    "back_up",
    "begin_blurring",
    "begin_daily_checkpoints",
    "blur_visit",
    "blur_visits",
    "bundle_of_visit",
    "by_night",
    "carry_out",
    "check",
    "checkpoint_by_hand",
    "checkpoint_now",
    "count_due",
    "daily_checkpoint",
    "exchange_master_key",
    "file_cosignature",
    "held_back",
    "name_due",
    "open_entry",
    "opens",
    "plan_retention",
    "read_manifest",
    "read_rules",
    "remove_unneeded_bytes",
    "restore",
    "rotate_server_key",
    "stamp_refused",
    "sweep",
]
