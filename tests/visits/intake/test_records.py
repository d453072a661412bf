"""Intake: everything is kept, a repeat changes nothing, a refusal is a stored outcome."""

import hashlib
import json
from collections import Counter

import pytest
from sqlalchemy import func, select

from tests.visits.world import NOW, Phone, World, fix, uuid7
from visits import intake
from visits.intake import ReceivedRecord
from visits.log import head


def outcomes(reception: intake.Reception) -> list[str]:
    return [r.outcome for r in reception.receipts]


def rows(world: World) -> int:
    with world.store.reading() as uow:
        return uow.session.scalar(select(func.count()).select_from(ReceivedRecord)) or 0


def test_what_is_new_is_accepted_with_a_receipt_that_names_its_hash(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    reception = world.send(phone)
    receipt = reception.receipts[0]
    assert (receipt.outcome, receipt.reason) == ("accepted", "")
    assert receipt.sha256 == hashlib.sha256(phone.texts[0].encode()).hexdigest()
    with world.store.reading() as uow:
        assert receipt.log_index == head(uow).size - 1


def test_the_same_batch_again_changes_nothing_and_gets_the_same_receipts(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    phone.sight(world.postings["演示张一"], "met")
    first = world.send(phone)
    with world.store.reading() as uow:
        size = head(uow).size
    again = world.send(phone)
    assert outcomes(again) == ["same", "same"]
    assert [(r.received_utc, r.log_index) for r in again.receipts] == [
        (r.received_utc, r.log_index) for r in first.receipts
    ]
    assert rows(world) == 2
    with world.store.reading() as uow:
        assert head(uow).size == size


def test_one_batch_may_hold_the_same_record_twice(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    assert outcomes(world.send(phone, [phone.texts[0], phone.texts[0]])) == ["accepted", "accepted"]
    assert rows(world) == 1


def test_same_id_and_other_content_is_a_conflict_and_both_are_kept(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    world.send(phone)
    other = phone.texts[0].replace("12.0", "13.0")
    for _ in range(2):
        assert outcomes(world.send(phone, [other])) == ["conflict"]
    with world.store.reading() as uow:
        kept = intake.kept_records(uow, phone.visit_id)
        assert [(k.outcome, k.reason, k.text) for k in kept] == [("conflict", "same_id_other_content", other)]
        assert [r.sha256 for r in intake.accepted_records(uow, phone.visit_id)] == [
            hashlib.sha256(phone.texts[0].encode()).hexdigest()
        ]


def test_the_thirteenth_photo_is_kept_out_of_the_visit_and_shown(world: World) -> None:
    phone = world.open_visit()[0]
    for number in range(13):
        phone.photo(b"photo %d" % number)
    reception = world.send(phone)
    assert Counter(outcomes(reception)) == {"accepted": 12, "refused": 1}
    assert reception.receipts[12].reason == "photo_cap_visit"
    with world.store.reading() as uow:
        assert [k.reason for k in intake.kept_records(uow, phone.visit_id)] == ["photo_cap_visit"]


def test_the_seventh_photo_of_one_problem_is_refused_over_several_batches(world: World) -> None:
    phone = world.open_visit()[0]
    problem = phone.problem()
    for number in range(7):
        phone.photo(b"photo %d" % number, of_record=problem)
    found = [outcomes(world.send(phone, [text]))[0] for text in phone.texts]
    assert found == ["accepted"] * 7 + ["refused"]


def test_a_photo_may_come_before_the_problem_it_shows(world: World) -> None:
    phone = world.open_visit()[0]
    problem = uuid7()
    for number in range(7):
        phone.photo(b"photo %d" % number, of_record=problem)
    phone.problem(record_id=problem)
    assert outcomes(world.send(phone)) == ["accepted"] * 6 + ["refused", "accepted"]


def test_a_refused_record_stays_refused_when_it_is_sent_again(world: World) -> None:
    phone = world.open_visit()[0]
    for number in range(13):
        phone.photo(b"photo %d" % number)
    world.send(phone)
    assert outcomes(world.send(phone))[12] == "refused"


def test_a_record_of_another_visit_is_refused_and_kept(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    elsewhere = json.loads(phone.texts[0])
    elsewhere["visit_id"] = str(uuid7())
    reception = world.send(phone, [json.dumps(elsewhere)])
    assert [(r.outcome, r.reason) for r in reception.receipts] == [("refused", "other_visit")]


def test_what_gate_one_could_not_read_is_kept_with_its_complaint(world: World) -> None:
    phone = world.open_visit()[0]
    with world.store.writing() as uow:
        bad = intake.Incoming('{"id": 7}', None, None, "id: not a valid UUID")
        reception = intake.receive(uow, phone.actor, phone.visit_id, [bad], at_utc=NOW)
    assert outcomes(reception) == ["refused"]
    with world.store.reading() as uow:
        kept = intake.kept_records(uow, phone.visit_id)
    assert [(k.text, k.reason) for k in kept] == [('{"id": 7}', "id: not a valid UUID")]


def test_somebody_outside_the_team_learns_nothing_and_loses_nothing(world: World) -> None:
    phone = world.open_visit("first", "second")[0]
    third = Phone(world.actors["third"], None, phone.visit_id)
    third.arrive()
    reception = world.send(third)
    assert reception == intake.Reception(False, ())
    with world.store.reading() as uow:
        assert [(k.outcome, k.reason) for k in intake.kept_records(uow, phone.visit_id)] == [
            ("unreadable", "not_of_the_team")
        ]
        assert intake.accepted_records(uow, phone.visit_id) == []


def test_an_unreadable_body_is_kept_once(world: World) -> None:
    phone = world.open_visit()[0]
    for _ in range(3):
        with world.store.writing() as uow:
            intake.keep_unreadable(uow, phone.actor, phone.visit_id, b"\xff{", "no JSON", at_utc=NOW)
    with world.store.reading() as uow:
        assert [k.reason for k in intake.kept_records(uow, phone.visit_id)] == ["no JSON"]


def test_positions_are_sealed_at_rest(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive(fix((119.123456, 27.654321)))
    world.send(phone)
    with world.store.reading() as uow:
        row = uow.session.scalars(select(ReceivedRecord)).one()
        assert b"119.123456" not in row.sealed_text
        assert intake.record_text(uow, row) == phone.texts[0]
    with world.store.writing() as uow:
        uow.master_key = bytes(32)  # another installation's key
        with pytest.raises(Exception, match=r"seal|open|key"):
            intake.accepted_records(uow, phone.visit_id)


def test_a_signature_is_checked_against_the_phones_own_key(world: World) -> None:
    first, second = world.open_visit()
    for _ in range(4):
        first.arrive()
    good = first.incoming()
    by_other_phone = second.incoming(first.texts)[1]
    garbage = intake.Incoming(good[2].text, "AAAA", good[2].record)
    unsigned = intake.Incoming(good[3].text, None, good[3].record)
    with world.store.writing() as uow:
        batch = [good[0], by_other_phone, garbage, unsigned]
        intake.receive(uow, first.actor, first.visit_id, batch, at_utc=NOW)
    with world.store.reading() as uow:
        states = uow.session.scalars(select(ReceivedRecord.signature_state).order_by(ReceivedRecord.number)).all()
    assert states == ["good", "bad", "bad", "absent"]


def test_no_record_can_be_changed_or_deleted(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    world.send(phone)
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.scalars(select(ReceivedRecord)).one().outcome = "refused"
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.delete(uow.session.scalars(select(ReceivedRecord)).one())
