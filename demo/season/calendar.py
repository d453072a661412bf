"""Which weeks the season has, when what it showed is reviewed, and when people need not be there anyhow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import chinese_calendar

from demo.phone import LOCAL

WEEKS = 14
DAY = timedelta(days=1)
# The review of a quarter waits ten days for its leave books, and is made in the night after them.
BOOKS_COME_IN, REVIEWED_AFTER = 6 * DAY, timedelta(days=11, hours=4)


@dataclass(frozen=True)
class Week:
    """One week of visits; ``days`` are the days on which teams go."""

    number: int
    days: tuple[date, ...]

    @property
    def sunday_before(self) -> date:
        return self.days[0] - DAY


def last_quarter(now: datetime) -> date:
    """The last day of the newest quarter that has been reviewed by now."""
    month = now.astimezone(LOCAL).date().replace(day=1)
    while month.month not in (1, 4, 7, 10) or reviewed_at(month - DAY) > now:
        month = (month - DAY).replace(day=1)
    return month - DAY


def reviewed_at(quarter_end: date) -> datetime:
    """A moment by which the quarter that ended on that day has been reviewed."""
    return datetime.combine(quarter_end, time(), LOCAL) + REVIEWED_AFTER


def season_weeks(last: date, count: int) -> list[Week]:
    """``count`` of the fourteen weeks that ended by the day ``last``, spread evenly over them.

    Teams go from Monday to Friday, and on the Saturday of every fifth week: rest days are visited too.
    """
    last_monday = last - timedelta(days=(last.weekday() - 5) % 7 + 5)
    chosen = sorted({round(place * (WEEKS - 1) / max(count - 1, 1)) for place in range(count)})
    weeks = []
    for number in chosen:
        monday = last_monday - (WEEKS - 1 - number) * 7 * DAY
        days = [monday + n * DAY for n in range(6 if number % 5 == 2 else 5)]
        # A draw lies in one year, as the plan does.
        weeks.append(Week(number, tuple(day for day in days if day.year == monday.year)))
    return weeks


def parts(total: int, among: int) -> Iterator[int]:
    """``total`` in so many whole parts that differ by one at most."""
    for place in range(among):
        yield total * (place + 1) // among - total * place // among


def is_rest(slot: str, day: date) -> bool:
    """Whether nobody has to be there: a free day, or a night that touches one."""
    if slot == "day":
        return not _works(day)
    evening = day - DAY if slot == "dawn" else day
    return not (_works(evening) and _works(evening + DAY))


def _works(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
