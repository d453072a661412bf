"""Figures about people are told of groups only."""

import pytest

from visits.access import large_enough


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ("AAABB", True),
        ("AABBC", True),
        ("AAAAAAAA", False),  # one unit
        ("AABB", False),  # four people
        ("AAAAAB", False),  # the one of B would stand alone
        ("ABCDE", True),
        ("", False),
    ],
)
def test_a_group_is_of_five_people_from_two_units_and_nobody_stands_alone(units: str, told: bool) -> None:
    assert large_enough((n, unit) for n, unit in enumerate(units)) is told


def test_one_person_posted_five_times_is_one_person() -> None:
    assert not large_enough(("the same", f"unit {n}") for n in range(5))
