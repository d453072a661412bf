"""What counts, what does not, and when anything may be said at all."""

from datetime import date

import pytest

from visits.presence import Evidence, assess


def seen(outcome: str = "met", **changes: object) -> Evidence:
    values: dict[str, object] = {
        "outcome": outcome,
        "place": "inside",
        "slot": "day",
        "required": True,
        "local_date": date(2026, 3, 4),
        "inspectors": ("a", "b"),
    }
    return Evidence(**{**values, **changes})  # type: ignore[arg-type]


def enough() -> list[Evidence]:
    return [
        seen(slot="day", local_date=date(2026, 3, 4)),
        seen(slot="evening", local_date=date(2026, 4, 4)),
        seen("not_met", slot="day", local_date=date(2026, 5, 4), inspectors=("c",)),
        seen("not_met", slot="dawn", local_date=date(2026, 6, 4)),
    ]


def test_enough_visits_give_counts_and_an_interval() -> None:
    said = assess(enough())
    assert said.enough
    assert (said.visits, said.found) == (4, 2)
    assert said.low95 < 0.5 < said.high95


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        (lambda e: e[:3], {"visits": (3, 4)}),
        (lambda e: [seen(x.outcome, local_date=x.local_date) for x in e], {"slots": (1, 2)}),
        (lambda e: [seen(x.outcome, slot=x.slot) for x in e], {"months": (1, 2)}),
        (
            lambda e: [seen(x.outcome, slot=x.slot, local_date=x.local_date, inspectors=("a",)) for x in e],
            {"inspectors": (1, 2)},
        ),
    ],
)
def test_each_part_of_the_gate_holds_alone(change: object, lacking: dict[str, tuple[int, int]]) -> None:
    said = assess(change(enough()))  # type: ignore[operator]
    assert not said.enough
    assert said.lacking == lacking


@pytest.mark.parametrize(
    "evidence",
    [
        seen("leave"),
        seen("leave_pending"),
        seen("trip"),
        seen("excused"),
        seen("cannot_tell"),
        seen("not_met", required=False),
        seen("not_met", unannounced=False),
        seen("met", place="outside"),
    ],
)
def test_what_explains_or_proves_nothing_counts_on_neither_side(evidence: Evidence) -> None:
    said = assess([evidence])
    assert (said.visits, said.found) == (0, 0)
    assert (said.low95, said.high95) == (0.0, 1.0)


def test_the_table_by_slot_holds_everything_also_what_does_not_count() -> None:
    said = assess([seen("leave", slot="evening"), seen(), seen("not_met")])
    assert said.by_slot == {"evening": {"leave": 1}, "day": {"met": 1, "not_met": 1}}
