"""Corrections as pure values: the last one of the same account decides, whatever order things arrive in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visits.fieldwork.records import FieldRecord, as_corrected, idle_corrections
from visits.fieldwork.rules import missing, unions

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
WORDS = ("met", "seen_by_others", "not_met", "cannot_tell")


def record(
    number: int, kind: str, body: dict[str, Any], *, account: int = 1, phone: int = 1, at: int = 0
) -> FieldRecord:
    at_utc = NOW + timedelta(minutes=at)
    return FieldRecord(
        id=UUID(int=number),
        kind=kind,
        seq=number,
        previous_sha256=None,
        made_at=at_utc,
        at_utc=at_utc,
        body=body,
        nonce="",
        sha256=f"{number:064x}",
        account_id=UUID(int=account),
        device_id=UUID(int=100 + phone),
        signature_state="good",
        received_utc=NOW,
        log_index=0,
    )


def said(seen: str, **more: Any) -> dict[str, Any]:
    body = {"posting_id": str(UUID(int=7)), "seen": seen, "met_by_both": False, "note": ""}
    return {**body, "villagers_asked": 0, "villagers_know": 0, "fix": {"lon_deg": 119.4}, **more}


def correction(number: int, of: FieldRecord, body: dict[str, Any], **more: Any) -> FieldRecord:
    told = {"of_record": str(of.id), "of_sha256": of.sha256, "reason": "看错了", "body": body}
    return record(number, "correction", told, **more)


FIRST = record(1, "sighting", said("not_met"))


@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 2), st.integers(0, 5)), max_size=5),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_makes_no_difference(told: list[tuple[str, int, int]], random: Any) -> None:
    corrections = [
        correction(number, FIRST, said(word, note=str(number)), phone=phone, at=at)
        for number, (word, phone, at) in enumerate(told, start=2)
    ]
    other = record(50, "sighting", said("met"), account=2, phone=5)
    sent = [FIRST, other, *corrections]
    expected = {r.id: r for r in as_corrected(sent)}
    random.shuffle(sent)
    assert {r.id: r for r in as_corrected(sent)} == expected
    assert expected[other.id] == other
    now = expected[FIRST.id]
    assert len(now.corrections) == len(corrections)
    if corrections:
        assert now.body == {**now.corrections[-1].body["body"], "fix": FIRST.body["fix"]}
        assert now.first_body == FIRST.body
        assert max(unions(as_corrected(sent)), key=lambda u: u.met_by).records


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 5)), min_size=1, max_size=5))
def test_on_one_phone_the_last_number_decides_whatever_its_clock_says(told: list[tuple[str, int]]) -> None:
    corrections = [correction(n, FIRST, said(word), at=at) for n, (word, at) in enumerate(told, start=2)]
    assert as_corrected([FIRST, *reversed(corrections)])[0].body["seen"] == told[-1][0]


def test_between_two_phones_of_one_account_the_time_decides() -> None:
    early = correction(9, FIRST, said("met"), phone=2, at=1)
    late = correction(2, FIRST, said("seen_by_others"), phone=1, at=2)
    assert as_corrected([FIRST, early, late])[0].body["seen"] == "seen_by_others"


@pytest.mark.parametrize(
    "idle",
    [
        correction(2, FIRST, said("met"), account=2),
        correction(2, replace(FIRST, sha256="f" * 64), said("met")),
        correction(2, record(9, "sighting", said("met")), said("met")),
        correction(2, FIRST, {"question_set": "x", "answers": []}),
        correction(2, record(1, "photo", {}), said("met"), account=2),
    ],
    ids=["somebody else's", "another text", "no such record", "another kind", "a photo"],
)
def test_what_matches_no_record_of_ones_own_changes_nothing(idle: FieldRecord) -> None:
    assert as_corrected([FIRST, idle]) == [FIRST, idle]
    assert idle_corrections(as_corrected([FIRST, idle])) == [idle]


def test_a_correction_that_counts_is_not_idle() -> None:
    assert idle_corrections(as_corrected([FIRST, correction(2, FIRST, said("met"))])) == []


def test_where_a_phone_stood_and_what_it_promised_are_never_corrected() -> None:
    closing = record(3, "close", {"records": 3, "escorted": False, "warned_beforehand": False, "note": ""})
    wrong = {"records": 99, "escorted": True, "warned_beforehand": False, "note": "县里来人"}
    moved = correction(4, FIRST, said("met", fix={"lon_deg": 0.0}))
    now = as_corrected([FIRST, record(2, "all_in_order", {}), closing, moved, correction(5, closing, wrong)])
    assert now[0].fixes == FIRST.fixes
    assert (now[2].body["records"], now[2].body["escorted"]) == (3, True)
    # What comes after the last record is not missing, and does not open a visit that was complete.
    assert missing(now, opened_by=[], refused=[], arrived={}, state="closed") == []
