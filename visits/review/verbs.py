"""Give notice, register a reply, decide, and have a second person decide."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Account, Actor, Right, note, require, within
from visits.fieldwork import Sighting, SightingJudgement, SightingView, field_records, sighting
from visits.intake import corrections_received
from visits.log import append
from visits.review.errors import (
    AlreadyDecided,
    BooksNotAsked,
    DecisionStale,
    EvidenceNotNamed,
    NoSuchDecision,
    NoSuchNotice,
    ReplyStillOpen,
    SamePerson,
)
from visits.review.rows import Decision, Notice, Reply
from visits.review.rules import is_adverse, needs_second, reply_until
from visits.store import UnitOfWork, enqueue, lock_for_transaction
from visits.zone import LOCAL_ZONE


@dataclass(frozen=True)
class ReplyView:
    """A reply, word for word."""

    id: UUID
    text: str
    received_on: date
    how: str


@dataclass(frozen=True)
class NoticeView:
    """A notice with the replies that came."""

    id: UUID
    sighting_id: UUID
    given_on: date
    how: str
    reply_until: date
    replies: tuple[ReplyView, ...]


@dataclass(frozen=True)
class DecisionView:
    """A decision. ``state``: proposed (waits for the second person), standing, or declined by them.

    ``corrected_since`` names the corrections of what it rests on, and of what was said of the sighting, that came after
    it was proposed. The decision keeps what it was based on.
    """

    id: UUID
    sighting_id: UUID
    posting_id: UUID
    visit_id: UUID
    outcome: str
    on_word: str
    reason: str
    based_on: tuple[str, ...]
    state: str
    proposed_by: str
    proposed_utc: datetime
    second_by: str | None
    second_utc: datetime | None
    second_reason: str
    version: int
    proposed_by_caller: bool
    corrected_since: tuple[str, ...]


def give_notice(
    uow: UnitOfWork, actor: Actor, sighting_id: UUID, *, given_on: date, how: str, at_utc: datetime
) -> NoticeView:
    """Register that the person was told what the visit found and how to answer."""
    require(actor, Right.DECIDE)
    seen = sighting(uow, actor, sighting_id)
    row = Notice(
        id=uuid4(),
        sighting_id=seen.id,
        given_on=given_on,
        how=how,
        reply_until=reply_until(given_on),
        given_by=actor.account_id,
        recorded_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    remember(uow, actor, "notice.give", seen, {"notice_id": str(row.id)}, at_utc)
    return _notice(uow, row)


def register_reply(
    uow: UnitOfWork,
    actor: Actor,
    notice_id: UUID,
    *,
    text: str,
    received_on: date,
    how: str,
    at_utc: datetime,
) -> NoticeView:
    """Register what the person answered; it travels with every decision on the sighting."""
    require(actor, Right.DECIDE)
    row = uow.session.scalar(
        select(Notice)
        .join(Sighting, Sighting.id == Notice.sighting_id)
        .where(Notice.id == notice_id, within(actor, Sighting.village_code))
    )
    if row is None:
        raise NoSuchNotice(f"there is no notice {notice_id}")
    reply = Reply(
        id=uuid4(),
        notice_id=row.id,
        text=text,
        received_on=received_on,
        how=how,
        registered_by=actor.account_id,
        registered_utc=at_utc,
    )
    uow.session.add(reply)
    uow.session.flush()
    seen = sighting(uow, actor, row.sighting_id)
    remember(uow, actor, "reply.register", seen, {"reply_id": str(reply.id)}, at_utc)
    return _notice(uow, row)


def notices_of(uow: UnitOfWork, sighting_id: UUID) -> list[NoticeView]:
    """The notices of one sighting; callers check their reach."""
    rows = uow.session.scalars(select(Notice).where(Notice.sighting_id == sighting_id).order_by(Notice.recorded_utc))
    return [_notice(uow, row) for row in rows]


def decide(
    uow: UnitOfWork,
    actor: Actor,
    sighting_id: UUID,
    *,
    outcome: str,
    reason: str,
    based_on: tuple[str, ...],
    at_utc: datetime,
) -> DecisionView:
    """Decide on a sighting: accept, return or reject it.

    Holding an unexplained absence against somebody needs both leave books asked, the person told and heard (or the
    days for a reply over), the evidence named, and a second person.
    """
    require(actor, Right.DECIDE)
    lock_for_transaction(uow, f"sighting:{sighting_id}")
    seen = sighting(uow, actor, sighting_id)
    _check_evidence(uow, seen, based_on)
    if outcome == "accept" and seen.now.outcome == "leave_pending":
        raise BooksNotAsked("the leave books have not both been asked since the visit; import them first")
    if is_adverse(outcome, seen.now.outcome):
        _check_heard(uow, seen, at_utc)
    _check_undecided(uow, sighting_id, outcome)
    row = Decision(
        id=uuid4(),
        sighting_id=sighting_id,
        outcome=outcome,
        on_word=seen.now.outcome,
        reason=reason,
        based_on=list(based_on),
        state="proposed" if needs_second(outcome, seen.now.outcome) else "standing",
        proposed_by=actor.account_id,
        proposed_utc=at_utc,
        second_by=None,
        second_utc=None,
        second_reason="",
        version=1,
    )
    uow.session.add(row)
    uow.session.flush()
    remember(uow, actor, "decision.propose", seen, {"decision_id": str(row.id), "outcome": outcome}, at_utc)
    enqueue(uow, "say_presence", str(seen.visit_id), at_utc=at_utc)
    return _view(uow, actor, row)


def confirm(
    uow: UnitOfWork,
    actor: Actor,
    decision_id: UUID,
    *,
    agree: bool,
    reason: str,
    version: int,
    at_utc: datetime,
) -> DecisionView:
    """Agree or not, as the second person. ``version`` is the one that was read."""
    require(actor, Right.DECIDE)
    row = decision_in_reach(uow, actor, decision_id, lock=True)
    if row.version != version:
        raise DecisionStale("the decision has changed since you opened it; please look again")
    if row.state != "proposed":
        raise AlreadyDecided("this decision waits for nobody")
    if row.proposed_by == actor.account_id:
        raise SamePerson("the second person must be somebody other than the one who proposed the decision")
    seen = sighting(uow, actor, row.sighting_id)
    if agree and seen.now.outcome != row.on_word:
        raise DecisionStale("the leave books say something else by now; decline this decision and look again")
    if agree and corrected_since(uow, row):
        raise DecisionStale("a record it rests on was corrected since; decline this decision and look again")
    row.state = "standing" if agree else "declined"
    row.second_by = actor.account_id
    row.second_utc = at_utc
    row.second_reason = reason
    row.version += 1
    uow.session.flush()
    remember(uow, actor, "decision.second", seen, {"decision_id": str(row.id), "agree": agree}, at_utc)
    enqueue(uow, "say_presence", str(seen.visit_id), at_utc=at_utc)
    return _view(uow, actor, row)


def decision(uow: UnitOfWork, actor: Actor, decision_id: UUID) -> DecisionView:
    """One decision."""
    require(actor, Right.DECIDE)
    return _view(uow, actor, decision_in_reach(uow, actor, decision_id))


def decisions_waiting(uow: UnitOfWork, actor: Actor) -> list[DecisionView]:
    """The decisions that wait for a second person, oldest first."""
    require(actor, Right.DECIDE)
    rows = uow.session.scalars(
        select(Decision)
        .join(Sighting, Sighting.id == Decision.sighting_id)
        .where(Decision.state == "proposed", within(actor, Sighting.village_code))
        .order_by(Decision.proposed_utc)
    )
    return [_view(uow, actor, row) for row in rows]


def decisions_of(uow: UnitOfWork, actor: Actor, sighting_id: UUID) -> list[DecisionView]:
    """The decisions on one sighting, oldest first; callers check their reach."""
    rows = uow.session.scalars(
        select(Decision).where(Decision.sighting_id == sighting_id).order_by(Decision.proposed_utc)
    )
    return [_view(uow, actor, row) for row in rows]


def _check_evidence(uow: UnitOfWork, seen: SightingView, based_on: tuple[str, ...]) -> None:
    records = field_records(uow, seen.visit_id, [])
    of_visit = {r.sha256 for r in records} | {r.body["sha256"] for r in records if r.kind == "photo"}
    if not based_on or not set(based_on) <= of_visit:
        raise EvidenceNotNamed("name the records or photos of this visit that the decision rests on")


def _check_heard(uow: UnitOfWork, seen: SightingView, at_utc: datetime) -> None:
    notices = notices_of(uow, seen.id)
    today = at_utc.astimezone(LOCAL_ZONE).date()
    if not any(n.replies or n.reply_until < today for n in notices):
        raise ReplyStillOpen("the person must have been told, and have replied or let five working days pass")


def _check_undecided(uow: UnitOfWork, sighting_id: UUID, outcome: str) -> None:
    """A return settles nothing and bars nothing but another return before the inspectors have answered it."""
    for row in uow.session.scalars(
        select(Decision).where(Decision.sighting_id == sighting_id, Decision.state != "declined")
    ):
        if row.outcome != "return":
            raise AlreadyDecided("a decision on this sighting stands or waits for its second person")
        if outcome == "return" and not corrected_since(uow, row):
            raise AlreadyDecided("this sighting was returned already and waits for its inspectors")


def corrected_since(uow: UnitOfWork, row: Decision) -> tuple[str, ...]:
    """Hashes of the corrections, received after a decision was proposed, of what it rests on or is about."""
    of = uow.session.get_one(Sighting, row.sighting_id)
    about = records_about(uow, row.sighting_id)
    return tuple(
        c.sha256
        for c in corrections_received(uow, of.visit_id)
        if c.received_utc > row.proposed_utc and (c.of_sha256 in row.based_on or c.of_record in about)
    )


def records_about(uow: UnitOfWork, sighting_id: UUID) -> set[UUID]:
    """The records a sighting rests on, or ever rested on."""
    judged = uow.session.scalars(
        select(SightingJudgement.record_ids).where(SightingJudgement.sighting_id == sighting_id)
    )
    return {UUID(record_id) for ids in judged for record_id in ids}


def decision_in_reach(uow: UnitOfWork, actor: Actor, decision_id: UUID, *, lock: bool = False) -> Decision:
    """The decision's row, for the other files of this room, or :class:`NoSuchDecision`."""
    query = (
        select(Decision)
        .join(Sighting, Sighting.id == Decision.sighting_id)
        .where(Decision.id == decision_id, within(actor, Sighting.village_code))
    )
    row = uow.session.scalar(query.with_for_update(of=Decision) if lock else query)
    if row is None:
        raise NoSuchDecision(f"there is no decision {decision_id}")
    return row


def remember(
    uow: UnitOfWork, actor: Actor, act: str, seen: SightingView, payload: dict[str, object], at_utc: datetime
) -> None:
    """Every step of a review is committed to by the log and noted in the audit chain."""
    append(uow, act, {"sighting_id": str(seen.id), **payload}, at_utc=at_utc)
    note(
        uow,
        actor,
        act,
        about=f"posting:{seen.posting_id}",
        division_code=seen.village_code,
        detail=payload,
        at_utc=at_utc,
    )


def _notice(uow: UnitOfWork, row: Notice) -> NoticeView:
    replies = uow.session.scalars(select(Reply).where(Reply.notice_id == row.id).order_by(Reply.registered_utc))
    return NoticeView(
        row.id,
        row.sighting_id,
        row.given_on,
        row.how,
        row.reply_until,
        tuple(ReplyView(r.id, r.text, r.received_on, r.how) for r in replies),
    )


def _view(uow: UnitOfWork, actor: Actor, row: Decision) -> DecisionView:
    of = uow.session.get_one(Sighting, row.sighting_id)
    names = {
        a.id: a.name
        for a in uow.session.scalars(select(Account).where(Account.id.in_([row.proposed_by, row.second_by])))
    }
    return DecisionView(
        id=row.id,
        sighting_id=row.sighting_id,
        posting_id=of.posting_id,
        visit_id=of.visit_id,
        outcome=row.outcome,
        on_word=row.on_word,
        reason=row.reason,
        based_on=tuple(row.based_on),
        state=row.state,
        proposed_by=names[row.proposed_by],
        proposed_utc=row.proposed_utc,
        second_by=names.get(row.second_by) if row.second_by else None,
        second_utc=row.second_utc,
        second_reason=row.second_reason,
        version=row.version,
        proposed_by_caller=row.proposed_by == actor.account_id,
        corrected_since=corrected_since(uow, row),
    )
