"""What reviewers give back: told to the inspectors, waited for, and decided anew once it was corrected."""

from datetime import date, timedelta

import pytest

from tests.visits.review.test_verbs import evidence, tell_and_hear
from tests.visits.world import NOW, Phone, World
from visits import fieldwork, review
from visits.access import NotAllowed

LATER = NOW + timedelta(hours=1)
LATER_STILL = NOW + timedelta(hours=2)


@pytest.fixture
def phones(world: World) -> tuple[Phone, Phone]:
    return world.kept(not_met_by_either)


def not_met_by_either(world: World) -> tuple[Phone, Phone]:
    """A visit on which two inspectors did not meet somebody; both leave books asked and empty."""
    first, second = world.open_visit()
    for phone in (first, second):
        phone.arrive()
        phone.sight(world.postings["演示李二"], "not_met")
        phone.finish()
        world.send(phone)
    world.ask_books(date(2026, 11, 18))
    world.judge(first.visit_id)
    return first, second


def the_sighting(world: World, phones: tuple[Phone, Phone]) -> fieldwork.SightingView:
    [sighting] = world.look(phones[0].visit_id).sightings
    return sighting


def decide(world: World, phones: tuple[Phone, Phone], outcome: str, at_utc=LATER) -> review.DecisionView:  # type: ignore[no-untyped-def]
    sighting = the_sighting(world, phones)
    based_on = evidence(world, sighting)
    with world.store.writing() as uow:
        return review.decide(
            uow,
            world.actors["organization"],
            sighting.id,
            outcome=outcome,
            reason="请写明几点敲门",
            based_on=based_on,
            at_utc=at_utc,
        )


def correct(world: World, phone: Phone, **changes: object) -> None:
    phone.correct(next(m["id"] for m in phone.made if m["kind"] == "sighting"), **{"note": "早六点敲门无人", **changes})
    world.send(phone, at_utc=LATER_STILL)
    world.judge(phone.visit_id, at_utc=LATER_STILL)


def returned(world: World, who: str = "first") -> list[review.ReturnedRecord]:
    with world.store.reading() as uow:
        return review.returned_records(uow, world.actors[who])


def agree(world: World, made: review.DecisionView, *, agree: bool = True) -> review.DecisionView:
    with world.store.writing() as uow:
        return review.confirm(
            uow, world.actors["second_reviewer"], made.id, agree=agree, reason="已看", version=1, at_utc=LATER_STILL
        )


def test_a_returned_record_comes_back_to_each_who_made_it_with_the_reason(
    world: World, phones: tuple[Phone, Phone]
) -> None:
    assert returned(world) == []
    decide(world, phones, "return")
    for phone, who in zip(phones, ("first", "second"), strict=True):
        [one] = returned(world, who)
        assert str(one.record_id) == next(m["id"] for m in phone.made if m["kind"] == "sighting")
        assert (one.about, one.reason, one.kind) == ("演示李二", "请写明几点敲门", "sighting")
        assert (one.village.name, one.decided_utc, one.visit_id) == ("下党村", LATER, phone.visit_id)
        assert one.record_sha256 in {r.sha256 for r in world.look(phone.visit_id).records}
    assert returned(world, "third") == []
    with pytest.raises(NotAllowed):
        returned(world, "organization")


def test_once_one_of_the_team_corrected_nobody_is_waited_for(world: World, phones: tuple[Phone, Phone]) -> None:
    made = decide(world, phones, "return")
    correct(world, phones[0])
    assert returned(world, "first") == returned(world, "second") == []
    with world.store.reading() as uow:
        assert len(review.decision(uow, world.actors["organization"], made.id).corrected_since) == 1


def test_a_return_settles_nothing_but_is_not_said_twice(world: World, phones: tuple[Phone, Phone]) -> None:
    decide(world, phones, "return")
    with pytest.raises(review.AlreadyDecided):
        decide(world, phones, "return")
    correct(world, phones[0])
    decide(world, phones, "return", at_utc=LATER_STILL + timedelta(hours=1))
    assert len(returned(world)) == 1


def test_after_a_return_the_sighting_can_be_decided(world: World, phones: tuple[Phone, Phone]) -> None:
    decide(world, phones, "return")
    tell_and_hear(world, the_sighting(world, phones))
    assert decide(world, phones, "accept", LATER + timedelta(minutes=1)).state == "proposed"
    assert returned(world) == [], "what was decided since is waited for no longer"


def test_nobody_agrees_to_evidence_that_was_corrected_since(world: World, phones: tuple[Phone, Phone]) -> None:
    tell_and_hear(world, the_sighting(world, phones))
    made = decide(world, phones, "accept")
    correct(world, phones[0])  # the word stays the same: only the note was changed
    assert the_sighting(world, phones).now.outcome == "not_met"
    with pytest.raises(review.DecisionStale):
        agree(world, made)
    with world.store.reading() as uow:
        shown = review.decision(uow, world.actors["second_reviewer"], made.id)
    assert shown.based_on == made.based_on and len(shown.corrected_since) == 1
    assert agree(world, made, agree=False).state == "declined"
    assert decide(world, phones, "accept", LATER_STILL + timedelta(minutes=1)).corrected_since == ()


def test_a_correction_known_when_it_was_proposed_bars_nothing(world: World, phones: tuple[Phone, Phone]) -> None:
    tell_and_hear(world, the_sighting(world, phones))
    correct(world, phones[0])
    made = decide(world, phones, "accept", LATER_STILL)
    assert made.corrected_since == ()
    assert agree(world, made).state == "standing"


def test_a_standing_decision_keeps_its_basis_and_says_what_was_corrected_later(
    world: World, phones: tuple[Phone, Phone]
) -> None:
    tell_and_hear(world, the_sighting(world, phones))
    made = agree(world, decide(world, phones, "accept"))
    correct(world, phones[1], seen="met")
    with world.store.reading() as uow:
        later = review.decision(uow, world.actors["organization"], made.id)
    assert (later.state, later.on_word, later.based_on) == ("standing", "not_met", made.based_on)
    assert len(later.corrected_since) == 1
