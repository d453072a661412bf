"""What the server does by rule each night, and only that: positions blurred, and what old tip-offs said removed."""

from dataclasses import dataclass
from datetime import datetime

from visits.store import Store
from visits.tipoffs import remove_tip_offs
from visits.upkeep.blurring import blur_visits


@dataclass(frozen=True)
class NightRules:
    """After how many days what goes; None where nothing does."""

    blur_days: int = 90
    tip_off_days: int | None = None


def by_night(store: Store, rules: NightRules, *, at_utc: datetime) -> None:
    """Do all that is due by these rules; safe to repeat, and a run that was cut off is finished by the next one.

    Blurring comes last, as it sees to the next night's run.
    """
    if rules.tip_off_days is not None:
        remove_tip_offs(store, days=rules.tip_off_days, at_utc=at_utc)
    blur_visits(store, days=rules.blur_days, at_utc=at_utc)
