"""What follows a standing adverse decision: appeal, and hand-over to the two who must know, 已沟通 before 已处理."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Account, Actor, Right, require, within
from visits.fieldwork import Sighting, sighting
from visits.review.errors import (
    AlreadyHandedOver,
    NoSuchAppeal,
    NoSuchHandOver,
    NotAdverse,
    NotConsulted,
    ThirdPersonNeeded,
)
from visits.review.rows import Appeal, BreachHandOver, Decision
from visits.review.rules import is_adverse
from visits.review.verbs import decision_in_reach, remember
from visits.store import UnitOfWork, enqueue

ADDRESSEES = ("township", "sending_unit")


@dataclass(frozen=True)
class AppealView:
    """An appeal; ``outcome`` is empty until a third person has answered it, then kept or set_aside."""

    id: UUID
    decision_id: UUID
    text: str
    received_on: date
    how: str
    outcome: str
    answer: str
    answered_by: str | None
    answered_utc: datetime | None


@dataclass(frozen=True)
class HandOverView:
    """A decision handed to one addressee, and what came of it."""

    id: UUID
    decision_id: UUID
    addressee: str
    name: str
    sent_on: date
    consulted_on: date | None
    consulted_note: str
    handled_on: date | None
    handled_note: str


def register_appeal(
    uow: UnitOfWork, actor: Actor, decision_id: UUID, *, text: str, received_on: date, how: str, at_utc: datetime
) -> AppealView:
    """Register that the person asks for a standing adverse decision to be looked at again."""
    require(actor, Right.DECIDE)
    decided = _adverse(uow, actor, decision_id)
    row = Appeal(
        id=uuid4(),
        decision_id=decided.id,
        text=text,
        received_on=received_on,
        how=how,
        registered_by=actor.account_id,
        registered_utc=at_utc,
        outcome="",
        answer="",
        answered_by=None,
        answered_utc=None,
    )
    uow.session.add(row)
    uow.session.flush()
    _remember(uow, actor, "appeal.register", decided, {"appeal_id": str(row.id)}, at_utc)
    return _appeal(uow, row)


def answer_appeal(
    uow: UnitOfWork, actor: Actor, appeal_id: UUID, *, set_aside: bool, answer: str, at_utc: datetime
) -> AppealView:
    """Keep the decision or set it aside; by somebody who was no part of it. What is set aside counts for nothing."""
    require(actor, Right.DECIDE)
    row = uow.session.scalar(
        select(Appeal)
        .join(Decision, Decision.id == Appeal.decision_id)
        .join(Sighting, Sighting.id == Decision.sighting_id)
        .where(Appeal.id == appeal_id, Appeal.outcome == "", within(actor, Sighting.village_code))
        .with_for_update(of=Appeal)
    )
    if row is None:
        raise NoSuchAppeal(f"there is no appeal {appeal_id} that waits")
    decided = uow.session.get_one(Decision, row.decision_id)
    if actor.account_id in (decided.proposed_by, decided.second_by):
        raise ThirdPersonNeeded("an appeal is answered by somebody who neither proposed nor confirmed the decision")
    row.outcome = "set_aside" if set_aside else "kept"
    row.answer, row.answered_by, row.answered_utc = answer, actor.account_id, at_utc
    uow.session.flush()
    _remember(uow, actor, "appeal.answer", decided, {"appeal_id": str(row.id), "set_aside": set_aside}, at_utc)
    enqueue(uow, "say_presence", str(uow.session.get_one(Sighting, decided.sighting_id).visit_id), at_utc=at_utc)
    return _appeal(uow, row)


def appeals_of(uow: UnitOfWork, decision_id: UUID) -> list[AppealView]:
    """The appeals against one decision, oldest first; callers check their reach."""
    rows = uow.session.scalars(select(Appeal).where(Appeal.decision_id == decision_id).order_by(Appeal.registered_utc))
    return [_appeal(uow, row) for row in rows]


def hand_over(
    uow: UnitOfWork, actor: Actor, decision_id: UUID, *, addressee: str, name: str, sent_on: date, at_utc: datetime
) -> HandOverView:
    """Hand a standing adverse decision to the township Party committee, or to the unit that sent the person."""
    require(actor, Right.DECIDE)
    decided = _adverse(uow, actor, decision_id)
    if any(h.addressee == addressee for h in hand_overs_of(uow, decision_id)):
        raise AlreadyHandedOver("this decision was handed to this addressee already")
    row = BreachHandOver(
        id=uuid4(),
        decision_id=decided.id,
        addressee=addressee,
        name=name,
        sent_on=sent_on,
        consulted_on=None,
        consulted_note="",
        handled_on=None,
        handled_note="",
        recorded_by=actor.account_id,
        recorded_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    _remember(uow, actor, "breach.hand_over", decided, {"addressee": addressee}, at_utc)
    return _hand_over(row)


def note_consulted(
    uow: UnitOfWork, actor: Actor, hand_over_id: UUID, *, on: date, note: str, at_utc: datetime
) -> HandOverView:
    """Write down that the addressee was consulted (已沟通)."""
    row, decided = _handed_over(uow, actor, hand_over_id)
    row.consulted_on, row.consulted_note = on, note
    uow.session.flush()
    _remember(uow, actor, "breach.consulted", decided, {"addressee": row.addressee}, at_utc)
    return _hand_over(row)


def note_handled(
    uow: UnitOfWork, actor: Actor, hand_over_id: UUID, *, on: date, note: str, at_utc: datetime
) -> HandOverView:
    """Write down that it was handled (已处理); refused before both addressees were consulted."""
    row, decided = _handed_over(uow, actor, hand_over_id)
    consulted = [h.consulted_on for h in hand_overs_of(uow, decided.id) if h.consulted_on is not None]
    if len(consulted) < len(ADDRESSEES) or max(consulted) > on:
        raise NotConsulted("township committee and sending unit are both consulted before it is handled")
    row.handled_on, row.handled_note = on, note
    uow.session.flush()
    _remember(uow, actor, "breach.handled", decided, {"addressee": row.addressee}, at_utc)
    return _hand_over(row)


def hand_overs_of(uow: UnitOfWork, decision_id: UUID) -> list[HandOverView]:
    """The hand-overs of one decision; callers check their reach."""
    rows = uow.session.scalars(
        select(BreachHandOver).where(BreachHandOver.decision_id == decision_id).order_by(BreachHandOver.addressee)
    )
    return [_hand_over(row) for row in rows]


def _adverse(uow: UnitOfWork, actor: Actor, decision_id: UUID) -> Decision:
    decided = decision_in_reach(uow, actor, decision_id)
    if decided.state != "standing" or not is_adverse(decided.outcome, decided.on_word):
        raise NotAdverse("only a standing decision that goes against the person can be appealed or handed over")
    return decided


def _handed_over(uow: UnitOfWork, actor: Actor, hand_over_id: UUID) -> tuple[BreachHandOver, Decision]:
    require(actor, Right.DECIDE)
    row = uow.session.get(BreachHandOver, hand_over_id, with_for_update=True)
    if row is None:
        raise NoSuchHandOver(f"there is no hand-over {hand_over_id}")
    return row, decision_in_reach(uow, actor, row.decision_id)


def _remember(
    uow: UnitOfWork, actor: Actor, act: str, decided: Decision, payload: dict[str, object], at_utc: datetime
) -> None:
    seen = sighting(uow, actor, decided.sighting_id)
    remember(uow, actor, act, seen, {"decision_id": str(decided.id), **payload}, at_utc)


def _appeal(uow: UnitOfWork, row: Appeal) -> AppealView:
    answered_by = uow.session.get(Account, row.answered_by) if row.answered_by else None
    return AppealView(
        row.id,
        row.decision_id,
        row.text,
        row.received_on,
        row.how,
        row.outcome,
        row.answer,
        answered_by.name if answered_by else None,
        row.answered_utc,
    )


def _hand_over(row: BreachHandOver) -> HandOverView:
    return HandOverView(
        row.id,
        row.decision_id,
        row.addressee,
        row.name,
        row.sent_on,
        row.consulted_on,
        row.consulted_note,
        row.handled_on,
        row.handled_note,
    )
