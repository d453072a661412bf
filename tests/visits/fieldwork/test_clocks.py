"""Clocks of phones: a clock that was set back shows in the counter that only runs; one that slept does not."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.visits.fieldwork.records import some_record
from tests.visits.world import NOW, World
from visits.fieldwork.clocks import odd_clocks


@pytest.mark.parametrize(
    ("clock_s", "counter_s", "back_s"),
    [
        pytest.param((0, 600, 1200), (10, 610, 1210), None, id="an honest phone"),
        pytest.param((0, 600, 7200), (10, 610, 700), None, id="a counter that stood still while the phone slept"),
        pytest.param((0, 600, 660), (10, 610, 1270), 600, id="set back by ten minutes, and still in order"),
        pytest.param((0, 60, 120), (10, 690, 1320), 1190, id="set back twice: the most is told"),
        pytest.param((0, 30, 60), (10, 90, 150), None, id="a difference nobody speaks of"),
        pytest.param((0, 60, 120), (None, None, None), None, id="the page was loaded anew: nothing is known"),
        pytest.param((0, 60, 120), (1000, None, 10), None, id="a counter begun anew says nothing"),
    ],
)
def test_a_clock_that_was_set_back_between_records_is_told(
    clock_s: tuple[int, ...], counter_s: tuple[int | None, ...], back_s: int | None
) -> None:
    assert set_back(clock_s, counter_s, "n") == ([("medium", {"seconds": back_s})] if back_s else [])


def test_under_another_nonce_the_counter_is_another() -> None:
    assert set_back((0, 60), (10, 900), "nm") == []


def set_back(clock_s: Sequence[int], counter_s: Sequence[int | None], nonces: str) -> list[tuple[str, dict[str, Any]]]:
    """What is told of one phone whose records were made at these times of its clock and of its counter."""
    records = [
        replace(
            some_record("arrive", fix=None),
            seq=seq,
            made_at=NOW + timedelta(seconds=clock),
            since_nonce=None if counter is None else timedelta(seconds=counter),
            nonce=nonces[min(seq, len(nonces)) - 1],
        )
        for seq, (clock, counter) in enumerate(zip(clock_s, counter_s, strict=True), start=1)
    ]
    return [(hint.strength, hint.values) for hint in odd_clocks(records, []) if hint.code == "clock_set_back"]


def test_it_is_told_with_the_visit(world: World) -> None:
    [phone] = world.open_visit("first")
    for counter_ms in (1_000, 700_000):
        phone.make("arrive", fix=None, no_fix_reason="山谷无信号")
        phone.texts[-1] = json.dumps(json.loads(phone.texts[-1]) | {"monotonic_ms": counter_ms})
    world.send(phone)
    world.judge(phone.visit_id)
    assert "clock_set_back" in world.hints(phone.visit_id)
