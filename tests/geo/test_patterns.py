"""From counts to patterns: sure only when sure enough, never from nothing, and learned from the log as a whole."""

import numpy as np
import pytest

from geo.patterns import Pattern, Slots, patterns, presence, slots


def counted(*pairs: tuple[float, float]) -> Slots:
    return Slots(np.array([seen for seen, _ in pairs], float), np.array([present for _, present in pairs], float))


NOTHING = counted((0, 0))


@pytest.mark.parametrize(
    ("nights", "days", "pattern", "reason"),
    [
        ((30, 30), (30, 30), Pattern.NIGHTS_HERE, "enough"),
        ((30, 1), (30, 28), Pattern.DAYS_ONLY, "enough"),
        ((30, 0), (30, 0), Pattern.RARELY_HERE, "enough"),
        ((0, 0), (0, 0), Pattern.INSUFFICIENT, "no_fixes"),
        ((0, 0), (30, 30), Pattern.INSUFFICIENT, "no_nights"),
        ((30, 0), (0, 0), Pattern.INSUFFICIENT, "no_days"),
        ((2, 1), (2, 1), Pattern.INSUFFICIENT, "few_slots"),
        ((30, 15), (30, 30), Pattern.INSUFFICIENT, "divided"),
    ],
)
def test_counts_and_what_they_say(
    nights: tuple[float, float], days: tuple[float, float], pattern: Pattern, reason: str
) -> None:
    [said], probability, [why] = patterns(counted(nights), counted(days), NOTHING, need=0.9)
    assert (said, why) == (pattern, reason)
    assert 1 / 3 <= probability[0] <= 1.0


def test_a_log_of_many_like_it_makes_little_enough() -> None:
    alone = patterns(counted((1, 1)), counted((1, 1)), NOTHING, need=0.95)[1][0]
    crowd = [(30.0, 29.0)] * 200
    among = patterns(counted((1, 1), *crowd), counted((1, 1), *crowd), counted((0, 0), *[(0.0, 0.0)] * 200), need=0.95)[
        1
    ][0]
    assert alone < 0.95 < among


def test_one_fix_of_ten_is_outvoted_and_none_says_nothing() -> None:
    fixes = np.array([[1, 10, 10, 0]], np.uint32)
    leaning = np.array([[3.0, 24.0, 0.0, 0.0]], np.float32)
    chance = presence(fixes, leaning)[0]
    assert chance[0] > 0.99 and chance[1] > 0.99 and chance[2] == pytest.approx(0.5) and np.isnan(chance[3])


def test_slots_that_do_not_count_are_not_counted() -> None:
    chance = np.array([[1.0, 1.0, np.nan, 0.0]])
    found = slots(chance, np.array([[True, False, True, True]]))
    assert (found.seen.tolist(), found.present.tolist()) == ([2.0], [1.0])
