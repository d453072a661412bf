"""Decisions: by two where somebody could be hurt, after the person was told and heard, with the evidence named."""

from datetime import date, timedelta

import pytest

from tests.visits.world import NOW, World
from visits import fieldwork, review
from visits.access import NotAllowed
from visits.log import head

TODAY = date(2026, 11, 18)


@pytest.fixture
def missed(world: World) -> fieldwork.SightingView:
    return world.kept(somebody_was_missed)


def somebody_was_missed(world: World) -> fieldwork.SightingView:
    """A visit on which somebody was not met, both books asked and empty."""
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met")
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.ask_books(TODAY)
    world.judge(first.visit_id)
    [sighting] = world.look(first.visit_id).sightings
    assert sighting.now.outcome == "not_met"
    return sighting


def evidence(world: World, sighting: fieldwork.SightingView) -> tuple[str, ...]:
    records = {r.id: r.sha256 for r in world.look(sighting.visit_id).records}
    return tuple(records[i] for i in sighting.record_ids)


def decide(
    world: World, sighting: fieldwork.SightingView, outcome: str = "accept", **more: object
) -> review.DecisionView:
    values = {"reason": "现场核查", "based_on": evidence(world, sighting), "at_utc": NOW, **more}
    with world.store.writing() as uow:
        return review.decide(uow, world.actors["organization"], sighting.id, outcome=outcome, **values)  # type: ignore[arg-type]


def second(
    world: World, made: review.DecisionView, who: str = "second_reviewer", *, agree: bool = True, version: int = 1
) -> review.DecisionView:
    with world.store.writing() as uow:
        return review.confirm(uow, world.actors[who], made.id, agree=agree, reason="同意", version=version, at_utc=NOW)


def tell_and_hear(world: World, sighting: fieldwork.SightingView) -> review.NoticeView:
    with world.store.writing() as uow:
        given = review.give_notice(
            uow, world.actors["organization"], sighting.id, given_on=TODAY, how="paper", at_utc=NOW
        )
        return review.register_reply(
            uow,
            world.actors["organization"],
            given.id,
            text="当日在乡里开会",
            received_on=TODAY,
            how="paper",
            at_utc=NOW,
        )


def test_nothing_is_held_against_somebody_who_was_not_told(world: World, missed: fieldwork.SightingView) -> None:
    with pytest.raises(review.ReplyStillOpen):
        decide(world, missed)


def test_silence_means_nothing_until_the_days_are_over(world: World, missed: fieldwork.SightingView) -> None:
    with world.store.writing() as uow:
        given = review.give_notice(
            uow, world.actors["organization"], missed.id, given_on=TODAY, how="paper", at_utc=NOW
        )
    assert given.reply_until == date(2026, 11, 25)  # five working days after a Wednesday
    with pytest.raises(review.ReplyStillOpen):
        decide(world, missed, at_utc=NOW + timedelta(days=7))
    assert decide(world, missed, at_utc=NOW + timedelta(days=8)).state == "proposed"


def test_two_persons_decide_with_the_reply_beside_it(world: World, missed: fieldwork.SightingView) -> None:
    told = tell_and_hear(world, missed)
    assert [r.text for r in told.replies] == ["当日在乡里开会"]
    made = decide(world, missed)
    assert (made.state, made.second_by) == ("proposed", None)
    with pytest.raises(review.SamePerson):
        second(world, made, "organization")
    done = second(world, made)
    assert (done.state, done.version) == ("standing", 2)
    with world.store.writing() as uow:
        page = review.person_page(uow, world.actors["organization"], missed.posting_id, at_utc=NOW)
    [on_page] = page.sightings
    assert on_page.decisions[0].state == "standing"
    assert on_page.notices[0].replies[0].text == "当日在乡里开会"


def test_a_declined_decision_leaves_room_for_another(world: World, missed: fieldwork.SightingView) -> None:
    tell_and_hear(world, missed)
    made = decide(world, missed)
    with pytest.raises(review.AlreadyDecided):
        decide(world, missed)
    assert second(world, made, agree=False).state == "declined"
    assert decide(world, missed).state == "proposed"


def test_a_second_person_who_read_an_older_version_is_told(world: World, missed: fieldwork.SightingView) -> None:
    tell_and_hear(world, missed)
    made = decide(world, missed)
    with pytest.raises(review.DecisionStale):
        second(world, made, version=7)
    second(world, made)
    with pytest.raises(review.AlreadyDecided):
        second(world, made, version=2)


def test_a_decision_names_evidence_of_this_visit(world: World, missed: fieldwork.SightingView) -> None:
    tell_and_hear(world, missed)
    for based_on in ((), ("0" * 64,), (*evidence(world, missed), "0" * 64)):
        with pytest.raises(review.EvidenceNotNamed):
            decide(world, missed, based_on=based_on)


def test_striking_an_absence_out_needs_two_as_well(world: World, missed: fieldwork.SightingView) -> None:
    made = decide(world, missed, "reject")
    assert made.state == "proposed"
    second(world, made)
    with world.store.writing() as uow:
        review.say_presence(uow, missed.visit_id, at_utc=NOW)
        page = review.person_page(uow, world.actors["organization"], missed.posting_id, at_utc=NOW)
    assert page.presence is not None
    assert (page.presence.visits, page.presence.found) == (0, 0)


def test_a_pending_absence_cannot_be_accepted(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met")
    world.send(first)
    world.judge(first.visit_id)
    [sighting] = world.look(first.visit_id).sightings
    assert sighting.now.outcome == "leave_pending"
    with pytest.raises(review.BooksNotAsked):
        decide(world, sighting)


def test_a_leave_that_comes_in_after_the_proposal_stops_the_second_person(
    world: World, missed: fieldwork.SightingView
) -> None:
    from visits.people import LeaveRow

    tell_and_hear(world, missed)
    made = decide(world, missed)
    leave = LeaveRow(1, "演示李二", "事假", TODAY, TODAY, township_approved_at=TODAY)
    world.ask_books(TODAY, leave, at_utc=NOW + timedelta(hours=1))
    world.judge(missed.visit_id, at_utc=NOW + timedelta(hours=1))
    with pytest.raises(review.DecisionStale):
        second(world, made)


def test_every_step_enters_the_log(world: World, missed: fieldwork.SightingView) -> None:
    with world.store.reading() as uow:
        before = head(uow).size
    tell_and_hear(world, missed)
    second(world, decide(world, missed))
    with world.store.reading() as uow:
        assert head(uow).size == before + 4


@pytest.mark.parametrize("who", ["office", "leader", "first", "admin", "discipline", "oversight"])
def test_only_the_organization_department_decides(world: World, missed: fieldwork.SightingView, who: str) -> None:
    with pytest.raises(NotAllowed), world.store.writing() as uow:
        review.decide(uow, world.actors[who], missed.id, outcome="return", reason="x", based_on=("a",), at_utc=NOW)
    with pytest.raises(NotAllowed), world.store.writing() as uow:
        review.person_page(uow, world.actors[who], missed.posting_id, at_utc=NOW)


def test_another_county_finds_nothing(world: World, missed: fieldwork.SightingView) -> None:
    stranger = world.actors["stranger"]
    tell_and_hear(world, missed)
    made = decide(world, missed)
    with world.store.writing() as uow:
        with pytest.raises(review.NoSuchPosting):
            review.person_page(uow, stranger, missed.posting_id, at_utc=NOW)
        with pytest.raises(fieldwork.NoSuchSighting):
            review.decide(uow, stranger, missed.id, outcome="return", reason="x", based_on=("a",), at_utc=NOW)
        with pytest.raises(review.NoSuchDecision):
            review.decision(uow, stranger, made.id)
        assert review.decisions_waiting(uow, stranger) == []


def test_who_waits_for_a_second_person_is_listed(world: World, missed: fieldwork.SightingView) -> None:
    tell_and_hear(world, missed)
    made = decide(world, missed)
    with world.store.reading() as uow:
        assert [d.id for d in review.decisions_waiting(uow, world.actors["second_reviewer"])] == [made.id]
