"""The weeks of the season, and which of its hours nobody has to be there."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from demo.season.calendar import is_rest, parts, season_weeks


@pytest.mark.parametrize("offset", range(7))
def test_the_season_is_over_by_its_last_day_whatever_weekday_that_is(offset: int) -> None:
    last = date(2026, 11, 23) + timedelta(days=offset)
    weeks = season_weeks(last, 14)
    assert len(weeks) == 14
    assert weeks[-1].days[-1] <= last < weeks[-1].days[-1] + timedelta(days=9)
    assert all(week.days[0].weekday() == 0 for week in weeks)
    assert any(day.weekday() == 5 for week in weeks for day in week.days)


def test_a_short_season_is_as_long_as_a_whole_one() -> None:
    whole, short = season_weeks(date(2026, 11, 27), 14), season_weeks(date(2026, 11, 27), 5)
    assert len(short) == 5
    assert (short[0], short[-1]) == (whole[0], whole[-1])
    gaps = {(later.days[0] - earlier.days[0]).days for earlier, later in pairwise(short)}
    assert max(gaps) < 30, "a phone that looks for work each week of visits stays signed in"


def test_parts_add_up_and_differ_by_one_at_most() -> None:
    assert sum(parts(885, 14)) == 885
    assert set(parts(885, 14)) == {63, 64}


@pytest.mark.parametrize(
    ("slot", "day", "rests"),
    [
        ("day", date(2026, 11, 25), False),
        ("night", date(2026, 11, 25), False),
        ("night", date(2026, 11, 27), True),  # Friday's night touches a free day.
        ("dawn", date(2026, 11, 30), True),  # Monday's dawn belongs to Sunday's night.
        ("day", date(2026, 11, 28), True),
        ("day", date(2026, 10, 1), True),
        ("day", date(2026, 10, 10), False),  # A Saturday worked instead of a holiday.
    ],
)
def test_rest_days_are_free_days_and_the_nights_that_touch_them(slot: str, day: date, rests: bool) -> None:
    assert is_rest(slot, day) is rests
