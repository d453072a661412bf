"""Which weeks the season has, and on which of their days and hours people would be there anyhow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar

WEEKS = 14
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Week:
    """One week of visits; ``days`` are the days on which teams go."""

    number: int
    days: tuple[date, ...]

    @property
    def sunday_before(self) -> date:
        return self.days[0] - DAY


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
