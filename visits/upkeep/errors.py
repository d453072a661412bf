"""Errors of upkeep."""

from visits.errors import VisitsError


class UpkeepError(VisitsError):
    """Something about keeping the installation cannot be done like this."""


class BadRules(UpkeepError):
    """The file of rules for removal cannot be used."""


class PlanChanged(UpkeepError):
    """What would be removed is not what was looked at."""


class NoBackup(UpkeepError):
    """There is no whole backup in this folder, or none that fits here; the text says what it lacks."""


class BackupBusy(UpkeepError):
    """Somebody else is using the folder of this backup."""


class BackupDisturbed(UpkeepError):
    """Bytes went away by rule while they were to be copied; the backup has to be run again."""


class WrongKey(UpkeepError):
    """A backup was sealed under another master key."""
