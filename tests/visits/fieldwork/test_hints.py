"""Hints: raised by what is odd, silent on an honest visit, never in the way."""

import hashlib
import json
from datetime import timedelta

import pytest

from tests.visits.world import NOW, XIPU, Phone, World, fix
from visits import fieldwork, intake

FAR = (119.9, 27.9)


def judged(world: World, *phones: Phone) -> set[str]:
    for phone in phones:
        world.send(phone)
    world.judge(phones[0].visit_id)
    return world.hints(phones[0].visit_id)


def test_one_inspector_is_a_fact_to_see(world: World) -> None:
    [first] = world.open_visit("first")
    first.arrive()
    first.close()
    assert "one_inspector" in judged(world, first)


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"accuracy_m": 500.0}, "poor_accuracy"),
        ({"accuracy_m": None}, "poor_accuracy"),
        ({"mocked": True}, "mocked"),
        ({"datum": "unknown"}, "datum_unknown"),
    ],
)
def test_an_odd_fix_is_told(world: World, odd: dict[str, object], code: str) -> None:
    first, second = world.open_visit()
    first.arrive(fix(**odd))
    second.arrive()
    assert code in judged(world, first, second)


def test_no_fix_is_legal_and_shown(world: World) -> None:
    first, _ = world.open_visit()
    first.make("arrive", fix=None, no_fix_reason="山谷无信号")
    assert {"no_fix", "arrival_cannot_tell"} <= judged(world, first)


def test_an_arrival_outside_and_a_time_still_to_come_are_told(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive(fix(FAR), at=NOW + timedelta(hours=5))
    assert {"arrival_outside", "made_after_received"} <= judged(world, first)


def test_a_person_of_another_village_is_told(world: World) -> None:
    [first] = world.open_visit("first", village_code=XIPU)
    first.sight(world.postings["演示张一"], "cannot_tell")
    assert "posting_of_other_village" in judged(world, first)


def test_a_signature_that_does_not_fit_and_one_that_is_not_there_are_told(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "met")
    second.texts = first.texts
    first.key, second.key = second.key, None
    world.send(first, first.texts[:1])
    with world.store.writing() as uow:
        intake.receive(uow, first.actor, first.visit_id, second.incoming()[1:], at_utc=NOW)
    world.judge(first.visit_id)
    told = {hint.code: (hint.strength, hint.values) for hint in world.look(first.visit_id).hints}
    assert told["signature_bad"] == ("sound", {"records": 1})
    assert told["signature_absent"] == ("weak", {"records": 1})


def test_a_broken_chain_is_told(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "met")
    record = json.loads(first.texts[1]) | {"previous": "0" * 64}
    first.texts[1] = json.dumps(record)
    assert "chain_wrong_previous" in judged(world, first)


def test_a_fork_is_told(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    start = first.texts[:]
    first.sight(world.postings["演示张一"], "met")
    one = first.texts[:]
    first.texts = start
    first.sight(world.postings["演示张一"], "not_met")
    world.send(first, one)
    assert "chain_fork" in judged(world, first)


def test_an_impossible_speed_is_told(world: World) -> None:
    first, _ = world.open_visit()
    first.make("arrive", at=NOW, fix=fix(), no_fix_reason=None)
    first.sight(world.postings["演示张一"], "met", place=fix(FAR), at=NOW + timedelta(minutes=2))
    assert "impossible_speed" in judged(world, first)


def test_b4_the_same_photo_in_two_visits_raises_a_hint_in_both(world: World) -> None:
    one, _ = world.open_visit()
    one.photo(b"the same photo")
    judged(world, one)
    two, _ = world.open_visit()
    two.photo(b"the same photo")
    assert "photo_reused" in judged(world, two)
    world.judge(one.visit_id)
    assert "photo_reused" in world.hints(one.visit_id)


def with_photo(world: World) -> Phone:
    first, _ = world.open_visit()
    first.arrive()
    first.photo(b"a photo")
    world.send(first)
    return first


def test_a_photo_that_cannot_be_read_keeps_its_reason(world: World) -> None:
    first = with_photo(world)
    digest = hashlib.sha256(b"a photo").hexdigest()
    with world.store.writing() as uow:
        fieldwork.reading_failed(uow, first.visit_id, digest, "truncated", at_utc=NOW)
    assert "photo_unreadable" in judged(world, first)
    with world.store.reading() as uow:
        [photo] = fieldwork.photos_of_visit(uow, world.actors["organization"], first.visit_id)
    assert (photo.readable, photo.reason) == (False, "truncated")
