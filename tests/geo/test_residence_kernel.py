"""The kernel by itself: doubles, disorder and gaps, counted as they come."""

from functools import cache

import numpy as np

from geo import disc
from geo.cells import REACH_M, cut_into_cells
from geo.residence_kernel import Cells, chances, empty_tally, take_rows

PLACE = (119.5, 27.4)
SLOTS_OF_DAY = np.zeros(96, np.int8)


@cache
def one_disc() -> Cells:
    return cut_into_cells([disc(*PLACE, 500)])


def taken(seconds: list[int], *, postings: list[int] | None = None, accuracy_m: float = 10.0, lon: float = PLACE[0]):
    tally = empty_tally(2)
    count = len(seconds)
    strangers = take_rows(
        tally,
        one_disc(),
        np.zeros(2, np.int32),
        np.array(postings or [0] * count, np.int32),
        np.array(seconds, np.int64),
        np.full(count, lon),
        np.full(count, PLACE[1]),
        np.full(count, accuracy_m),
        0,
        1.0,
        SLOTS_OF_DAY,
        REACH_M,
    )
    return tally, strangers


def test_rows_in_order_are_counted_and_dwelt() -> None:
    tally, strangers = taken([0, 3600, 7200, 20_000])
    assert (tally.fixes[0, 0], tally.leaning[0, 0], tally.dwell_s[0], strangers) == (4, 12.0, 7200.0, 0)
    assert not tally.tangled[0]


def test_doubles_count_once_and_disorder_is_noticed() -> None:
    tally, _ = taken([0, 0, 60])
    assert (tally.fixes[0, 0], tally.doubles[0], bool(tally.tangled[0])) == (2, 1, False)
    tally, _ = taken([60, 0])
    assert bool(tally.tangled[0])


def test_postings_that_take_turns_keep_their_own() -> None:
    tally, strangers = taken([0, 0, 60, 60, 90], postings=[0, 1, 0, 1, -1])
    assert tally.fixes[:, 0].tolist() == [2, 2]
    assert tally.dwell_s.tolist() == [60.0, 60.0]
    assert strangers == 1


def test_what_lies_outside_of_the_time_is_left_out() -> None:
    tally, _ = taken([-1, 86_400, 5])
    assert tally.rows[0] == 1


def test_a_fix_with_a_wide_circle_leans_neither_way() -> None:
    tally, _ = taken([0], accuracy_m=50_000.0)
    assert abs(tally.leaning[0, 0]) < 0.05
    far, _ = taken([0], accuracy_m=3_000.0, lon=PLACE[0] + 0.005)
    assert -0.3 < far.leaning[0, 0] < 0.3


def test_chances_are_the_normal_distribution() -> None:
    assert np.allclose(chances(np.array([-1.0, 0.0, 1.0])), [0.15865525, 0.5, 0.84134475])
