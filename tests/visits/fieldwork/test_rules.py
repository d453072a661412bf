"""Pure rules: union, outcome, completeness."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visits.fieldwork.records import FieldRecord
from visits.fieldwork.rules import STRENGTH, missing, outcome, unions
from visits.people import AbsenceExplanation, Book, Explained

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
POSTING = uuid4()


def record(kind: str, seq: int = 1, *, account: int = 1, **body: Any) -> FieldRecord:
    return FieldRecord(
        id=uuid4(),
        kind=kind,
        seq=seq,
        previous_sha256=None,
        made_at=NOW,
        at_utc=NOW,
        nonce=None,
        body=body,
        sha256=f"{seq:064x}",
        account_id=UUID(int=account),
        device_id=UUID(int=100 + account),
        signature_state="good",
        received_utc=NOW,
        log_index=0,
    )


def sighting(seen: str, *, account: int = 1, both: bool = False, **more: str | None) -> FieldRecord:
    return record(
        "sighting",
        account=account,
        posting_id=str(POSTING),
        seen=seen,
        met_by_both=both,
        villagers_asked=3,
        villagers_know=1,
        **more,
    )


def test_the_stronger_sign_of_two_inspectors_counts_and_old_records_have_none() -> None:
    room = sighting("seen_by_others", sign="room_in_use")
    call = sighting("seen_by_others", account=2, sign="landline")
    for said, sign in (([room, call], "landline"), ([room, sighting("not_met", account=2)], "room_in_use")):
        assert [u.sign for u in unions(said)] == [sign]
    assert [u.sign for u in unions([sighting("seen_by_others"), sighting("not_met", sign=None)])] == [None]


def explained(word: Explained) -> AbsenceExplanation:
    return AbsenceExplanation(word, (), tuple(Book), False, ())


@given(st.lists(st.sampled_from(STRENGTH), min_size=1, max_size=4))
def test_the_strongest_word_for_the_person_stands(words: list[str]) -> None:
    [union] = unions([sighting(word, account=n) for n, word in enumerate(words)])
    assert union.seen == min(words, key=STRENGTH.index)
    assert union.met_by == words.count("met")
    assert union.differ == ("met" in words and "not_met" in words)


def test_met_by_both_counts_two_though_one_recorded() -> None:
    [union] = unions([sighting("met", both=True)])
    assert union.met_by == 2


@pytest.mark.parametrize(
    ("seen", "books", "required", "word"),
    [
        ("met", Explained.LEAVE, True, "met"),
        ("seen_by_others", Explained.NONE, True, "seen_by_others"),
        ("cannot_tell", Explained.NONE, True, "cannot_tell"),
        ("not_met", Explained.LEAVE, True, "leave"),
        ("not_met", Explained.TRIP, True, "trip"),
        ("not_met", Explained.EXCUSED, True, "excused"),
        ("not_met", Explained.PENDING, True, "leave_pending"),
        ("not_met", Explained.PENDING, False, "excused"),
        ("not_met", Explained.NONE, False, "excused"),
        ("not_met", Explained.NONE, True, "not_met"),
        ("said_on_leave", Explained.PENDING, True, "leave_pending"),
        ("said_on_leave", Explained.LEAVE, True, "leave"),
        ("said_on_trip", Explained.NONE, True, "not_met"),
    ],
)
def test_absent_is_not_guilty(seen: str, books: Explained, required: bool, word: str) -> None:
    [union] = unions([sighting(seen)])
    found, reasons = outcome(union, explained(books), required=required)
    assert found == word
    assert (seen in reasons) == seen.startswith("said_")


def test_what_is_missing_is_named() -> None:
    phone = str(UUID(int=101))
    records = [record("arrive", 1), record("photo", 3, sha256="a" * 64), record("close", 5, records=5)]
    lacking = missing(records, opened_by=[UUID(int=1)], refused=[(phone, 4)], arrived={}, state="closed")
    assert [(m["what"], m.get("numbers"), m.get("sha256")) for m in lacking] == [
        ("records", [2], None),
        ("photo", None, "a" * 64),
    ]
    open_still = missing(records[:1], opened_by=[], refused=[], arrived={}, state="open")
    assert open_still[0] == {"what": "closing"}


@pytest.mark.parametrize(("state", "waited_for"), [("closed", 1), ("open", 1), ("aborted", 0)])
def test_who_opened_and_was_never_heard_of_is_waited_for(state: str, waited_for: int) -> None:
    whole = [record("arrive", 1), record("close", 2, records=2)]
    lacking = missing(whole, opened_by=[UUID(int=1), UUID(int=2)], refused=[], arrived={}, state=state)
    silent = [m for m in lacking if m.get("account_id") == str(UUID(int=2))]
    assert len(silent) == waited_for
