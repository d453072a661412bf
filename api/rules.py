"""The county's own rules of removal, from the file that the settings name."""

from api.settings import BadSetting, Settings
from visits.upkeep import BadRules, Rule, read_rules


def rules_of_removal(settings: Settings) -> tuple[Rule, ...]:
    """The rules, none where no file is named; raises :class:`BadSetting` for a file that cannot be used."""
    path = settings.retention_rules
    if path is None:
        return ()
    try:
        return tuple(read_rules(path.read_text("utf-8")))
    except (OSError, UnicodeError, BadRules) as reason:
        raise BadSetting(f"SHIDI_RETENTION_RULES names {path}, which cannot be used: {reason}") from reason
