"""Slots, nights, rest days and half days, on and beside their borders."""

from datetime import date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visits.people import (
    DEFAULT_RULES,
    Half,
    LeaveSpan,
    PostingKind,
    RuleSet,
    Slot,
    night_date,
    presence_required,
    slot_of,
)
from visits.zone import LOCAL_ZONE

days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
moments = st.builds(lambda day, clock: datetime.combine(day, clock, tzinfo=LOCAL_ZONE), days, st.times())
halves = st.sampled_from(Half)
kinds = st.sampled_from(PostingKind)
MONDAY = date(2026, 3, 2)


def local(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, second), tzinfo=LOCAL_ZONE)


@pytest.mark.parametrize(
    ("clock", "slot"),
    [
        ((0, 0), Slot.NIGHT),
        ((5, 59, 59), Slot.NIGHT),
        ((6, 0), Slot.DAWN),
        ((8, 29, 59), Slot.DAWN),
        ((8, 30), Slot.DAY),
        ((17, 29, 59), Slot.DAY),
        ((17, 30), Slot.EVENING),
        ((21, 59, 59), Slot.EVENING),
        ((22, 0), Slot.NIGHT),
    ],
)
def test_a_slot_begins_on_its_minute(clock: tuple[int, ...], slot: Slot) -> None:
    assert slot_of(local(MONDAY, *clock)) is slot


def test_slots_are_local_whatever_zone_the_instant_is_told_in() -> None:
    utc_noon = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
    assert slot_of(utc_noon) is Slot.EVENING
    assert night_date(datetime.fromisoformat("2026-03-02T21:59:00+00:00")) == date(2026, 3, 2)


@pytest.mark.parametrize("ask", [slot_of, night_date])
def test_an_instant_without_a_zone_is_refused(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ValueError, match="time zone"):
        ask(local(MONDAY, 12).replace(tzinfo=None))


@given(moments)
def test_a_night_is_one_night(moment: datetime) -> None:
    """From 22:00 to 06:00 slot and date stay the same, so that one night is asked about once."""
    if slot_of(moment) is Slot.NIGHT:
        evening = night_date(moment)
        assert local(evening, 22) <= moment < local(evening + timedelta(days=1), 6)
    else:
        assert night_date(moment) == moment.date()


@given(kinds, st.booleans(), st.sampled_from(Slot), days)
def test_nothing_is_required_of_linked_helpers_and_no_nights_of_who_lives_elsewhere(
    kind: PostingKind, must_live_in: bool, slot: Slot, day: date
) -> None:
    required = presence_required(kind, must_live_in, slot, day)
    if kind is PostingKind.LINKED_HELPER:
        assert not required
    if required and slot is not Slot.DAY:
        assert must_live_in


@given(kinds, st.sampled_from([Slot.DAY, Slot.EVENING, Slot.NIGHT]), days)
def test_weekends_are_free(kind: PostingKind, slot: Slot, day: date) -> None:
    worked_instead = day in chinese_calendar.workdays
    if day.weekday() >= 5 and not worked_instead:
        assert not presence_required(kind, True, slot, day)


@given(days)
def test_dawn_asks_for_the_night_before(day: date) -> None:
    before = day - timedelta(days=1)
    night = presence_required(PostingKind.TEAM_MEMBER, True, Slot.NIGHT, before)
    assert presence_required(PostingKind.TEAM_MEMBER, True, Slot.DAWN, day) is night


def test_five_days_and_four_nights_are_asked() -> None:
    week = [MONDAY + timedelta(days=n) for n in range(7)]
    for slot, expected in [(Slot.DAY, 5), (Slot.EVENING, 4), (Slot.NIGHT, 4), (Slot.DAWN, 4)]:
        assert sum(presence_required(PostingKind.FIRST_SECRETARY, True, slot, d) for d in week) == expected
    assert not presence_required(PostingKind.FIRST_SECRETARY, True, Slot.EVENING, MONDAY + timedelta(days=4))
    assert not presence_required(PostingKind.FIRST_SECRETARY, True, Slot.EVENING, MONDAY - timedelta(days=1))


def test_two_in_the_morning_is_asked_about_by_the_evening_before() -> None:
    """By its own date the small hours of Monday would count against people who come back on Monday morning."""
    asked = {}
    for weekday, name in [(0, "monday"), (1, "tuesday"), (5, "saturday")]:
        moment = local(MONDAY + timedelta(days=weekday), 2)
        kind = PostingKind.TEAM_MEMBER
        asked[name] = presence_required(kind, True, slot_of(moment), night_date(moment))
    assert asked == {"monday": False, "tuesday": True, "saturday": False}


def test_holidays_free_their_eve_and_a_worked_sunday_counts() -> None:
    wednesday, sunday = MONDAY + timedelta(days=2), MONDAY + timedelta(days=6)
    rules = RuleSet(free_days=frozenset({wednesday}), working_days=frozenset({sunday}))
    asked = {
        (slot, day): presence_required(PostingKind.TEAM_LEADER, True, slot, day, rules=rules)
        for slot in (Slot.DAY, Slot.EVENING)
        for day in (wednesday - timedelta(days=1), wednesday, sunday)
    }
    assert asked == {
        (Slot.DAY, MONDAY + timedelta(days=1)): True,
        (Slot.EVENING, MONDAY + timedelta(days=1)): False,
        (Slot.DAY, wednesday): False,
        (Slot.EVENING, wednesday): False,
        (Slot.DAY, sunday): True,
        (Slot.EVENING, sunday): True,
    }


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 2, 14), True),  # a Saturday worked instead
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2026, 3, 4), True),
        (date(2031, 3, 5), False),  # a Wednesday of a year whose holidays nobody has announced
    ],
)
def test_public_holidays_are_the_announced_ones(day: date, works: bool) -> None:
    assert DEFAULT_RULES.is_working_day(day) is works


def test_only_linked_helpers_live_elsewhere_by_default() -> None:
    assert [kind for kind in PostingKind if not kind.must_live_in] == [PostingKind.LINKED_HELPER]


@pytest.mark.parametrize(
    ("moment", "covered"),
    [
        (local(date(2026, 3, 10), 11, 59, 59), False),
        (local(date(2026, 3, 10), 12), True),
        (local(date(2026, 3, 12), 11, 59, 59), True),
        (local(date(2026, 3, 12), 12), False),
    ],
)
def test_half_days_turn_at_noon(moment: datetime, covered: bool) -> None:
    span = LeaveSpan(date(2026, 3, 10), Half.PM, date(2026, 3, 12), Half.AM)
    assert span.covers(moment) is covered


@pytest.mark.parametrize(
    ("moment", "covered", "return_evening"),
    [
        (local(date(2026, 3, 9), 23, 59, 59), False, False),
        (local(date(2026, 3, 10), 0), True, False),
        (local(date(2026, 3, 12), 17, 29, 59), True, False),
        (local(date(2026, 3, 12), 17, 30), True, True),
        (local(date(2026, 3, 13), 5, 59, 59), True, True),
        (local(date(2026, 3, 13), 6), False, False),
    ],
)
def test_the_evening_of_a_last_afternoon_is_the_way_back(moment: datetime, covered: bool, return_evening: bool) -> None:
    span = LeaveSpan(date(2026, 3, 10), Half.AM, date(2026, 3, 12), Half.PM)
    assert (span.covers(moment), span.is_return_evening(moment)) == (covered, return_evening)


@given(days, halves, st.integers(0, 30), halves, moments)
def test_a_longer_leave_never_covers_less(
    first: date, from_half: Half, length: int, to_half: Half, moment: datetime
) -> None:
    last = first + timedelta(days=length)
    span = LeaveSpan(first, from_half, last, to_half)
    longer = LeaveSpan(first, Half.AM, last + timedelta(days=1), Half.PM)
    if span.covers(moment):
        assert longer.covers(moment)
    if span.is_return_evening(moment) and not span.is_reversed():
        assert span.covers(moment)


def test_a_leave_from_afternoon_to_morning_of_one_day_is_reversed() -> None:
    day = date(2026, 3, 10)
    assert LeaveSpan(day, Half.PM, day, Half.AM).is_reversed()
    assert not LeaveSpan(day, Half.AM, day, Half.AM).is_reversed()
