"""The review calendar: the ends of the quarters, once the leave books of the quarter have had time to come in."""

from datetime import date, datetime, time, timedelta

from visits.store import UnitOfWork, enqueue
from visits.zone import LOCAL_ZONE

REVIEW_MONTHS = (3, 6, 9, 12)
REVIEWED_AFTER = timedelta(days=10, hours=3)
REVIEWING = ("review_presence", "")


def review_days(first: date, last: date) -> list[date]:
    """The days of the review calendar from ``first`` to ``last``."""
    days = []
    for year in range(first.year, last.year + 1):
        for month in REVIEW_MONTHS:
            end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            if first <= end <= last:
                days.append(end)
    return days


def newest_review_day(at_utc: datetime) -> date:
    """The newest day of the calendar whose leave books have had their ten days to come in."""
    today = (at_utc - REVIEWED_AFTER).astimezone(LOCAL_ZONE).date()
    return review_days(today - timedelta(days=370), today - timedelta(days=1))[-1]


def end_of(day: date) -> datetime:
    """The instant at which a local day ends."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL_ZONE)


def begin_reviews(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """See to it that the job of the review calendar waits; a server says so when it starts."""
    enqueue(uow, *REVIEWING, at_utc=at_utc)


def begin_next_review(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """See to it that the job waits for the day of the calendar after the newest one."""
    as_of = newest_review_day(at_utc)
    following = review_days(as_of + timedelta(days=1), as_of + timedelta(days=100))[0]
    enqueue(uow, *REVIEWING, at_utc=end_of(following) + REVIEWED_AFTER)
