"""The weeks of the season, and which of its hours nobody has to be there."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from demo.phone import LOCAL
from demo.season.calendar import is_rest, last_quarter, parts, reviewed_at, season_weeks
from visits.review.calendar import newest_review_day


@pytest.mark.parametrize(
    ("now", "quarter"),
    [
        (datetime(2026, 11, 28, 9, tzinfo=LOCAL), date(2026, 9, 30)),
        (datetime(2026, 10, 11, 3, 59, tzinfo=LOCAL), date(2026, 6, 30)),
        (datetime(2026, 10, 11, 4, 0, tzinfo=LOCAL), date(2026, 9, 30)),
        (datetime(2027, 1, 5, tzinfo=LOCAL), date(2026, 9, 30)),
        (datetime(2027, 2, 1, tzinfo=LOCAL), date(2026, 12, 31)),
    ],
)
def test_a_season_ends_with_the_newest_quarter_that_the_software_has_reviewed(now: datetime, quarter: date) -> None:
    assert last_quarter(now) == quarter
    assert newest_review_day(reviewed_at(quarter).astimezone(UTC)) == quarter
    assert newest_review_day(reviewed_at(quarter).astimezone(UTC) - timedelta(hours=2)) < quarter


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
