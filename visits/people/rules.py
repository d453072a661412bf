"""When somebody posted to a village has to be there, and which half days a leave covers. Pure.

A rule set is a value: places differ (days a month, five days and four nights, shift rest), so what is here is the one
that asks least, and an unset place never counts an evening that somewhere is free.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

import chinese_calendar

from visits.zone import LOCAL_ZONE


class PostingKind(StrEnum):
    """What somebody is posted as; the rules hang on it."""

    FIRST_SECRETARY = "first_secretary"
    TEAM_LEADER = "team_leader"
    TEAM_MEMBER = "team_member"
    BRANCH_SECRETARY = "branch_secretary"
    PROVINCIAL = "provincial"
    LINKED_HELPER = "linked_helper"

    @property
    def must_live_in(self) -> bool:
        """Whether one of this kind lives in the village unless the roster says otherwise."""
        return self is not PostingKind.LINKED_HELPER


class Slot(StrEnum):
    """The time of day of a visit."""

    DAWN = "dawn"
    DAY = "day"
    EVENING = "evening"
    NIGHT = "night"


class Half(StrEnum):
    """Half a day."""

    AM = "am"
    PM = "pm"


DAWN_BEGINS, DAY_BEGINS, EVENING_BEGINS, NIGHT_BEGINS = time(6), time(8, 30), time(17, 30), time(22)
NOON = time(12)


def slot_of(local_datetime: datetime, *, zone: tzinfo = LOCAL_ZONE) -> Slot:
    """The slot of an instant: dawn from 06:00, day from 08:30, evening from 17:30, night from 22:00, local time."""
    clock = _local(local_datetime, zone).time()
    if clock < DAWN_BEGINS or clock >= NIGHT_BEGINS:
        return Slot.NIGHT
    if clock < DAY_BEGINS:
        return Slot.DAWN
    return Slot.DAY if clock < EVENING_BEGINS else Slot.EVENING


def night_date(local_datetime: datetime, *, zone: tzinfo = LOCAL_ZONE) -> date:
    """The date a visit belongs to: its own, but before 06:00 that of the evening the night began with."""
    local = _local(local_datetime, zone)
    return local.date() - timedelta(days=1) if local.time() < DAWN_BEGINS else local.date()


def holidays_announced(day: date) -> bool:
    """Whether the holidays of that day's year are known to the ``chinesecalendar`` package of this release."""
    return bool(min(chinese_calendar.holidays).year <= day.year <= max(chinese_calendar.holidays).year)


@dataclass(frozen=True)
class RuleSet:
    """When presence is required in one place.

    Free are weekends and public holidays as the State Council announced them, less the weekend days worked instead
    (调休), and so is every evening that touches a free day: Friday's, when people go home, and Sunday's, when they come
    back. That leaves five days and four nights of a plain week. In a year whose holidays have not been announced to
    the ``chinesecalendar`` package nobody can be said to have been required, so nobody is.

    ``free_days`` and ``working_days`` are a place's own exceptions and come first.
    """

    name: str = "five days, four nights"
    free_days: frozenset[date] = field(default_factory=frozenset)
    working_days: frozenset[date] = field(default_factory=frozenset)
    free_kinds: frozenset[PostingKind] = frozenset({PostingKind.LINKED_HELPER})

    def is_working_day(self, day: date) -> bool:
        """Whether people are known to work on this day."""
        if day in self.working_days:
            return True
        if day in self.free_days:
            return False
        return holidays_announced(day) and bool(chinese_calendar.is_workday(day))

    def is_required_night(self, evening: date) -> bool:
        """Whether the night that begins on this evening lies between two working days."""
        return self.is_working_day(evening) and self.is_working_day(evening + timedelta(days=1))


DEFAULT_RULES = RuleSet()


def presence_required(
    kind: PostingKind, must_live_in: bool, slot: Slot, local_date: date, *, rules: RuleSet = DEFAULT_RULES
) -> bool:
    """Whether one posted like this had to be in the village in that slot.

    ``local_date`` is what :func:`night_date` gives: a night belongs to the date of its evening. Dawn asks for the
    night before it. A linked helper keeps the post at home and comes as the work needs it, so is required in no slot,
    whatever the roster says about living there.
    """
    if kind in rules.free_kinds:
        return False
    if slot is Slot.DAY:
        return rules.is_working_day(local_date)
    if not must_live_in:
        return False
    return rules.is_required_night(local_date - timedelta(days=1) if slot is Slot.DAWN else local_date)


@dataclass(frozen=True)
class LeaveSpan:
    """A leave as half days, first and last included.

    It begins at midnight when it begins in the morning, else at noon. It ends at noon when its last half day is a
    morning. When that is an afternoon, the evening and night of that day are still covered, until 06:00: it is the
    evening on which people travel back, and who is still on the way is not missing.
    """

    from_date: date
    from_half: Half
    to_date: date
    to_half: Half

    def covers(self, at_local: datetime, *, zone: tzinfo = LOCAL_ZONE) -> bool:
        """Whether somebody on this leave need not be there at that instant."""
        local = _local(at_local, zone).replace(tzinfo=None)
        return self._begins() <= local < self._ends()

    def is_return_evening(self, at_local: datetime, *, zone: tzinfo = LOCAL_ZONE) -> bool:
        """Whether that instant is the evening or night on which the leave's last afternoon ends."""
        local = _local(at_local, zone).replace(tzinfo=None)
        return self.to_half is Half.PM and datetime.combine(self.to_date, EVENING_BEGINS) <= local < self._ends()

    def is_reversed(self) -> bool:
        """Whether it ends before it begins."""
        first, last = (self.from_date, self.from_half is Half.PM), (self.to_date, self.to_half is Half.PM)
        return last < first

    def _begins(self) -> datetime:
        return datetime.combine(self.from_date, time(0) if self.from_half is Half.AM else NOON)

    def _ends(self) -> datetime:
        if self.to_half is Half.AM:
            return datetime.combine(self.to_date, NOON)
        return datetime.combine(self.to_date + timedelta(days=1), DAWN_BEGINS)


def _local(instant: datetime, zone: tzinfo) -> datetime:
    """The wall clock there. An instant without a zone is refused: it would be a guess."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no slot")
    return instant.astimezone(zone)
