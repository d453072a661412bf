"""After a decision: the reply by link, the appeal to a third person, and 已沟通 before 已处理."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from tests.visits.review.test_verbs import decide, missed, second, somebody_was_missed, tell_and_hear
from tests.visits.world import NOW, World
from visits import fieldwork, review
from visits.access import NotAllowed
from visits.review.links import MOST_FAILURES
from visits.review.rows import BreachHandOver, ReplyLink

TODAY = date(2026, 11, 18)
__all__ = ["missed"]  # a fixture of the neighbouring file


@pytest.fixture
def adverse(world: World) -> review.DecisionView:
    return world.kept(decided_against_somebody)


def decided_against_somebody(world: World) -> review.DecisionView:
    """A standing decision against somebody, after notice, reply and a second person."""
    missed = world.kept(somebody_was_missed)
    tell_and_hear(world, missed)
    return second(world, decide(world, missed))


def third_person(world: World) -> str:
    """An account of the organization department that had no part in the decision."""
    world.actors["third_reviewer"] = replace(
        world.actors["organization"], account_id=world.actors["leader"].account_id, login="third"
    )
    return "third_reviewer"


def appeal(world: World, decision_id: UUID, who: str = "organization") -> review.AppealView:
    with world.store.writing() as uow:
        return review.register_appeal(
            uow, world.actors[who], decision_id, text="当天在乡里开会", received_on=TODAY, how="paper", at_utc=NOW
        )


def answer(world: World, appeal_id: UUID, who: str, *, set_aside: bool = True) -> review.AppealView:
    with world.store.writing() as uow:
        return review.answer_appeal(
            uow, world.actors[who], appeal_id, set_aside=set_aside, answer="会议签到可证", at_utc=NOW
        )


def page(world: World, posting_id: UUID) -> review.PersonPage:
    with world.store.writing() as uow:
        return review.person_page(uow, world.actors["organization"], posting_id, at_utc=NOW)


# ---- Appeal ----


def test_only_a_standing_adverse_decision_is_appealed(world: World, missed: fieldwork.SightingView) -> None:
    tell_and_hear(world, missed)
    made = decide(world, missed)
    with pytest.raises(review.NotAdverse):
        appeal(world, made.id)


def test_who_decided_does_not_answer_the_appeal(world: World, adverse: review.DecisionView) -> None:
    waiting = appeal(world, adverse.id)
    for who in ("organization", "second_reviewer"):
        with pytest.raises(review.ThirdPersonNeeded):
            answer(world, waiting.id, who)
    with pytest.raises(NotAllowed):
        answer(world, waiting.id, "leader")
    with pytest.raises(review.NoSuchAppeal):
        answer(world, waiting.id, "stranger")


def test_what_is_set_aside_counts_no_longer(world: World, adverse: review.DecisionView) -> None:
    counted = [s.counted for s in page(world, adverse.posting_id).sightings]
    answered = answer(world, appeal(world, adverse.id).id, third_person(world))
    assert answered.outcome == "set_aside"
    found = page(world, adverse.posting_id)
    assert (counted, [s.counted for s in found.sightings]) == ([True], [False])
    assert [a.answer for a in found.sightings[0].appeals] == ["会议签到可证"]
    with pytest.raises(review.NoSuchAppeal):  # answered once
        answer(world, answered.id, third_person(world))


def test_what_is_kept_counts_as_before(world: World, adverse: review.DecisionView) -> None:
    answer(world, appeal(world, adverse.id).id, third_person(world), set_aside=False)
    assert [s.counted for s in page(world, adverse.posting_id).sightings] == [True]


# ---- Hand-over ----


def hand_over(world: World, decision_id: UUID, addressee: str) -> review.HandOverView:
    with world.store.writing() as uow:
        return review.hand_over(
            uow,
            world.actors["organization"],
            decision_id,
            addressee=addressee,
            name="下党乡党委",
            sent_on=TODAY,
            at_utc=NOW,
        )


def step(world: World, verb: str, hand_over_id: UUID, *, on: date = TODAY, who: str = "organization") -> None:
    with world.store.writing() as uow:
        getattr(review, verb)(uow, world.actors[who], hand_over_id, on=on, note="", at_utc=NOW)


def test_consulted_comes_before_handled(world: World, adverse: review.DecisionView) -> None:
    township = hand_over(world, adverse.id, "township")
    with pytest.raises(review.NotConsulted):
        step(world, "note_handled", township.id)
    step(world, "note_consulted", township.id)
    with pytest.raises(review.NotConsulted):  # the sending unit was not asked yet
        step(world, "note_handled", township.id)
    unit = hand_over(world, adverse.id, "sending_unit")
    step(world, "note_consulted", unit.id)
    with pytest.raises(review.NotConsulted):  # nor can it have been handled the day before
        step(world, "note_handled", township.id, on=TODAY - timedelta(days=1))
    step(world, "note_handled", township.id)
    shown = page(world, adverse.posting_id).sightings[0].hand_overs
    assert {h.addressee: h.handled_on for h in shown} == {"township": TODAY, "sending_unit": None}


def test_the_database_keeps_the_order_too(world: World, adverse: review.DecisionView) -> None:
    township = hand_over(world, adverse.id, "township")
    with pytest.raises(Exception, match="consulted_first"), world.store.writing() as uow:
        uow.session.execute(update(BreachHandOver).where(BreachHandOver.id == township.id).values(handled_on=TODAY))


def test_a_decision_is_handed_to_each_once_and_seen_by_nobody_outside(
    world: World, adverse: review.DecisionView
) -> None:
    township = hand_over(world, adverse.id, "township")
    with pytest.raises(review.AlreadyHandedOver):
        hand_over(world, adverse.id, "township")
    with pytest.raises(review.NoSuchDecision):
        step(world, "note_consulted", township.id, who="stranger")


# ---- Reply by link ----


@pytest.fixture
def notice(world: World) -> review.NoticeView:
    return world.kept(told_by_link)


def told_by_link(world: World) -> review.NoticeView:
    missed = world.kept(somebody_was_missed)
    with world.store.writing() as uow:
        return review.give_notice(uow, world.actors["organization"], missed.id, given_on=TODAY, how="link", at_utc=NOW)


def link(world: World, notice: review.NoticeView) -> review.MadeLink:
    with world.store.writing() as uow:
        return review.make_reply_link(uow, world.actors["organization"], notice.id, at_utc=NOW)


def reply(world: World, token: str, code: str, text: str = "在乡里开会", *, days: int = 0) -> bool:
    with world.store.writing() as uow:
        return review.reply_by_link(uow, token, code, text=text, at_utc=NOW + timedelta(days=days))


def test_a_reply_by_link_counts_as_one_on_paper(
    world: World, missed: fieldwork.SightingView, notice: review.NoticeView
) -> None:
    made = link(world, notice)
    with world.store.writing() as uow:
        shown = review.try_reply_code(uow, made.token, made.code, at_utc=NOW)
    assert shown is not None and (shown.name, shown.outcome) == ("演示李二", "not_met")
    assert reply(world, made.token, made.code)
    assert decide(world, missed).state == "proposed"  # the person was heard
    [on_page] = page(world, missed.posting_id).sightings
    assert [(r.text, r.how) for n in on_page.notices for r in n.replies] == [("在乡里开会", "link")]


def test_a_link_is_used_once(world: World, notice: review.NoticeView) -> None:
    made = link(world, notice)
    assert reply(world, made.token, made.code)
    with pytest.raises(review.NoSuchReplyLink):
        reply(world, made.token, made.code, "再说一次")


def test_after_five_wrong_codes_it_is_shut_even_for_the_right_one(world: World, notice: review.NoticeView) -> None:
    made = link(world, notice)
    wrong = "0" * 8 if made.code != "0" * 8 else "1" * 8
    assert [reply(world, made.token, wrong) for _ in range(MOST_FAILURES)] == [False] * MOST_FAILURES
    with pytest.raises(review.NoSuchReplyLink):
        reply(world, made.token, made.code)


def test_a_new_link_ends_the_old_one_and_late_replies_are_heard_for_a_month(
    world: World, notice: review.NoticeView
) -> None:
    old, new = link(world, notice), link(world, notice)
    with pytest.raises(review.NoSuchReplyLink):
        reply(world, old.token, old.code)
    with pytest.raises(review.NoSuchReplyLink):
        reply(world, new.token, new.code, days=60)
    assert reply(world, new.token, new.code, days=20)


def test_neither_address_nor_code_is_kept(world: World, notice: review.NoticeView) -> None:
    made = link(world, notice)
    with world.store.reading() as uow:
        row = uow.session.scalars(select(ReplyLink)).one()
        kept = " ".join(str(getattr(row, c.key)) for c in ReplyLink.__table__.columns)
    assert made.token not in kept and made.code not in kept
    with world.store.reading() as uow:
        assert not review.reply_link_is_open(uow, made.token[:-1] + "x", at_utc=NOW)


def test_only_those_who_decide_in_reach_make_links_and_letters(world: World, notice: review.NoticeView) -> None:
    for who, refused in (("leader", NotAllowed), ("first", NotAllowed), ("stranger", review.NoSuchNotice)):
        with pytest.raises(refused), world.store.writing() as uow:
            review.make_reply_link(uow, world.actors[who], notice.id, at_utc=NOW)
        with pytest.raises(refused), world.store.writing() as uow:
            review.notice_letter(uow, world.actors[who], notice.id, at_utc=NOW)
