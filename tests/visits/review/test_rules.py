"""What is adverse, what needs two, and how long a reply is waited for."""

from datetime import date

import pytest

from visits.review.rules import is_adverse, needs_second, reply_until


@pytest.mark.parametrize(
    ("outcome", "word", "adverse", "two"),
    [
        ("accept", "not_met", True, True),
        ("reject", "not_met", False, True),
        ("return", "not_met", False, False),
        ("accept", "met", False, False),
        ("accept", "leave", False, False),
        ("reject", "met", False, False),
    ],
)
def test_two_persons_wherever_an_absence_is_held_or_struck_out(
    outcome: str, word: str, adverse: bool, two: bool
) -> None:
    assert (is_adverse(outcome, word), needs_second(outcome, word)) == (adverse, two)


@pytest.mark.parametrize(
    ("given", "until"),
    [
        (date(2026, 11, 18), date(2026, 11, 25)),
        (date(2026, 11, 20), date(2026, 11, 27)),
        (date(2026, 11, 21), date(2026, 11, 27)),
        (date(2026, 9, 30), date(2026, 10, 13)),  # over the National Day holiday, with a worked Saturday
    ],
)
def test_five_working_days_are_waited_for(given: date, until: date) -> None:
    assert reply_until(given) == until
