"""Pure rules of review: what is adverse, what needs two, and how long a reply is waited for."""

from datetime import date, timedelta

from visits.people import DEFAULT_RULES, holidays_announced

REPLY_WORKING_DAYS = 5
OUTCOMES = ("accept", "return", "reject")


def is_adverse(outcome: str, word: str) -> bool:
    """Whether a decision can be held against the person: accepting that they were not met, unexplained."""
    return outcome == "accept" and word == "not_met"


def needs_second(outcome: str, word: str) -> bool:
    """Whether a second person must agree: to hold an absence against somebody, and to strike one out."""
    return word == "not_met" and outcome in ("accept", "reject")


def reply_until(given_on: date) -> date:
    """The last day of the five working days after a notice, as the holidays were announced.

    Where a year's holidays are not announced yet, Mondays to Fridays are counted.
    """
    day, left = given_on, REPLY_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        known = holidays_announced(day)
        left -= DEFAULT_RULES.is_working_day(day) if known else day.weekday() < 5
    return day
