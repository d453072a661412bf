"""``geo.coverage``: counts that can be made by hand, and spreads of plans regular and drawn."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Season, UnknownName, coverage, timing_spread

CHINA = ZoneInfo("Asia/Shanghai")
SLOTS = ("dawn", "day", "evening", "night")
NOW = datetime(2026, 12, 31, 16, tzinfo=UTC)


def covered(*visits, places=("A", "B"), as_of_utc=NOW):
    """Each visit: place, instant, slot, directed, escorted."""
    columns = [list(column) for column in zip(*visits, strict=True)] or [[], [], [], [], []]
    return {row.place: row for row in coverage(list(places), *columns, slots=SLOTS, zone=CHINA, as_of_utc=as_of_utc)}


def at(month, day, hour=4):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_visits_are_counted_by_slot_season_and_kind():
    rows = covered(
        ("A", at(3, 1), "day", False, False),
        ("A", at(7, 1), "night", True, False),
        ("A", at(1, 9), "day", False, False),
    )
    row = rows["A"]
    assert (row.visits, row.directed, row.random) == (3, 1, 2)
    assert dict(row.by_slot) == {"dawn": 0, "day": 2, "evening": 0, "night": 1}
    assert dict(row.by_season) == {Season.WINTER: 1, Season.SPRING: 1, Season.SUMMER: 1, Season.AUTUMN: 0}
    assert row.never_in == ("dawn", "evening")
    assert (row.last_utc, row.since_last) == (at(7, 1), NOW - at(7, 1))


def test_a_place_never_visited_is_a_row_and_not_a_zero_time():
    row = covered(("A", at(3, 1), "day", False, False))["B"]
    assert (row.visits, row.last_utc, row.since_last, row.never_in) == (0, None, None, SLOTS)
    assert list(covered()) == ["A", "B"]


def test_escorted_and_later_visits_are_left_out():
    rows = covered(
        ("A", at(3, 1), "night", False, True),
        ("A", at(9, 1), "day", False, False),
        ("A", at(2, 1), "dawn", False, False),
        as_of_utc=at(8, 1),
    )
    assert rows["A"].visits == 1 and rows["A"].last_utc == at(2, 1) and "night" in rows["A"].never_in


def test_seasons_are_those_of_the_local_calendar():
    # 28 February, 17:00 UTC, is 1 March in China.
    row = covered(("A", at(2, 28, 17), "night", False, False))["A"]
    assert row.by_season[Season.SPRING] == 1 and row.by_season[Season.WINTER] == 0


@pytest.mark.parametrize("visit", [("C", at(3, 1), "day", False, False), ("A", at(3, 1), "noon", False, False)])
def test_a_name_that_is_not_listed_is_refused(visit):
    with pytest.raises(UnknownName):
        covered(visit)


def test_columns_have_one_length():
    with pytest.raises(ValueError, match="shorter"):
        coverage(["A"], ["A"], [NOW], ["day"], [True], [], slots=SLOTS, zone=CHINA, as_of_utc=NOW)


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.integers(0, 360), st.sampled_from(SLOTS), st.booleans(), st.booleans())
    )
)
def test_every_unescorted_visit_is_counted_once(rows):
    visits = [(place, at(1, 1) + timedelta(days=day), slot, sent, shown) for place, day, slot, sent, shown in rows]
    result = covered(*visits).values()
    counted = sum(not shown for *_, shown in visits)
    assert sum(row.visits for row in result) == counted
    assert all(sum(row.by_slot.values()) == sum(row.by_season.values()) == row.visits for row in result)
    assert all(row.random + row.directed == row.visits for row in result)


def spread(instants, slot=None, places=None, escorted=None):
    count = len(instants)
    return timing_spread(
        places or ["A"] * count, instants, slot or ["day"] * count, escorted or [False] * count, slots=SLOTS, zone=CHINA
    )


def test_a_drawn_plan_is_even_and_a_monthly_one_is_not():
    dice = random.Random(4)
    drawn = [at(1, 1) + timedelta(days=dice.uniform(0, 3000)) for _ in range(60)]
    free = spread(drawn, [dice.choice(SLOTS) for _ in drawn])
    assert min(free.weekday, free.slot, free.gap) > 0.8
    # The first Monday of a month: gaps of 28 and 35 days.
    mondays = [at(1, 5) + timedelta(days=days) for days in (0, 28, 56, 91, 119, 147, 182, 210, 245, 273, 301, 336)]
    fixed = spread(mondays)
    assert fixed.weekday == fixed.slot == 0.0 and fixed.gap < 0.3


def test_few_values_say_nothing():
    nine = spread([at(1, 1) + timedelta(days=day) for day in range(9)])
    assert (nine.visits, nine.weekday, nine.slot, nine.gap) == (9, None, None, None)
    ten = spread([at(1, 1) + timedelta(days=day) for day in range(10)])
    assert ten.weekday > 0.9 and ten.gap is None
    assert spread([]).visits == 0


def test_gaps_are_between_visits_to_the_same_place_and_escorted_visits_make_none():
    days = [at(1, 1) + timedelta(days=7 * count) for count in range(24)]
    assert spread(days, places=["A", "B"] * 12).gap == 0.0
    assert spread(days, places=[str(number) for number in range(24)]).gap is None
    left = spread(days, escorted=[False, True] * 12)
    assert left.visits == 12 and left.gap == 0.0


def test_the_weekday_is_the_local_one():
    # Sunday 17:00 and Monday 10:00 UTC are both Monday in China.
    days = [at(3, 1, 17) + timedelta(weeks=count) for count in range(6)] + [
        at(3, 2, 10) + timedelta(weeks=count) for count in range(6)
    ]
    assert spread(days).weekday == 0.0
