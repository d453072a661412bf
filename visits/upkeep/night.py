"""What the server does by rule each night: positions blurred, old tip-offs emptied, what is due to go counted."""

from dataclasses import dataclass
from datetime import datetime

from visits.store import Store
from visits.tipoffs import remove_tip_offs
from visits.upkeep.blurring import blur_visits
from visits.upkeep.retention import Rule, name_due


@dataclass(frozen=True)
class NightRules:
    """After how many days what goes, None where nothing does; and the rules by which evidence is due to be removed.

    Evidence itself goes only when somebody orders it; the night says how much waits for that.
    """

    blur_days: int = 90
    tip_off_days: int | None = None
    removal: tuple[Rule, ...] = ()


def by_night(store: Store, rules: NightRules, *, at_utc: datetime) -> None:
    """Do all that is due by these rules; safe to repeat, and a run that was cut off is finished by the next one.

    Blurring comes last, as it sees to the next night's run.
    """
    if rules.tip_off_days is not None:
        remove_tip_offs(store, days=rules.tip_off_days, at_utc=at_utc)
    if rules.removal:
        name_due(store, rules.removal, at_utc=at_utc)
    blur_visits(store, days=rules.blur_days, at_utc=at_utc)
