"""Commit to a draw, mix in the second party's number, withdraw it with a reason, reveal it after its last visit."""

import secrets
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import select

from media.proof import seal
from visits.access import Account, Actor, Right, actor_named, note, require
from visits.draws.draw import DrawnVisit, draw, frame_text, read_frame, seed_of
from visits.draws.errors import BadDraw, DrawMoved, NotYetRevealed, SameParty
from visits.draws.framing import Framed, NewDraw, earliest_release, make_frame, slot_window
from visits.draws.reading import DrawView, batch, draw_row, secret_of, view
from visits.draws.rows import Draw
from visits.fieldwork import Visit
from visits.log import append
from visits.people import Slot
from visits.plans import (
    CheckKind,
    DrawnBy,
    NewAssignment,
    Plan,
    PlanLine,
    assign,
    is_opened,
    line_in_reach,
    require_county,
    withdraw_assignment,
)
from visits.store import UnitOfWork, lock_for_transaction

SECRET_BYTES = 32
SHORTEST_NONCE = 16
# A visit whose phones never said that it ended keeps nobody from the reveal for longer than this.
PATIENCE = timedelta(days=3)


def commit_draw(uow: UnitOfWork, actor: Actor, new: NewDraw, *, at_utc: datetime) -> DrawView:
    """Fix frame, weights, recusals and a secret, and commit to them in the log; nothing is drawn yet.

    After a draw of the same line was withdrawn this one is its redraw, and says so.
    """
    require(actor, Right.ASSIGN)
    line = line_in_reach(uow, actor, new.plan_line_id)
    if line.withdrawn_utc is not None:
        raise BadDraw("this line of the plan was withdrawn")
    plan = uow.session.get_one(Plan, line.plan_id)
    lock_for_transaction(uow, f"draws:{plan.county_code}")
    _check_nothing_waits(uow, line)
    before = _last_withdrawn(uow, line)
    draw_id = uuid4()
    framed = make_frame(
        uow,
        actor,
        line,
        new,
        draw_id=draw_id,
        county_code=plan.county_code,
        most_checks=plan.most_checks_per_village,
        redraw=(before.id, before.withdrawn_reason) if before else None,
        at_utc=at_utc,
    )
    if earliest_release(framed.frame) <= at_utc:
        raise BadDraw("the first day is too near: the second party still has to give its number")
    row = _committed(uow, actor, draw_id, line, framed, at_utc)
    note(uow, actor, "draw.commit", about=f"draw:{draw_id}", division_code=plan.county_code, at_utc=at_utc)
    return view(uow, actor, row)


def mix_draw(uow: UnitOfWork, actor: Actor, draw_id: UUID, *, nonce: str, source: str, at_utc: datetime) -> DrawView:
    """Mix in the second party's number: with it the draw is decided, and its assignments are made, sealed.

    The number is any text of 16 characters or more that nobody could know before; ``source`` says where it is from.
    """
    require(actor, Right.MIX_DRAW)
    require_county(actor)
    row = _held(uow, actor, draw_id, "committed")
    if row.committed_by == actor.account_id:
        raise SameParty("who committed to a draw cannot give the number that decides it")
    nonce = nonce.strip()
    if len(nonce) < SHORTEST_NONCE:
        raise BadDraw(f"the number has {SHORTEST_NONCE} characters or more, so that nobody could have known it")
    frame = read_frame(row.frame)
    if earliest_release(frame) <= at_utc:
        raise DrawMoved("the first visits should be released by now; withdraw this draw and commit to another")
    said = {"draw_id": str(row.id), "nonce": nonce, "source": source, "account_id": str(actor.account_id)}
    row.mix_log_index = append(uow, "draw.mix", said, at_utc=at_utc).index
    row.nonce, row.nonce_source, row.mixed_by, row.mixed_utc = nonce, source, actor.account_id, at_utc
    row.state = "drawn"
    uow.session.flush()
    for place, drawn in enumerate(draw(frame, seed_of(row.frame_sha256, secret_of(uow, row).hex(), nonce)), 1):
        _assign(uow, row, place, drawn, at_utc)
    note(uow, actor, "draw.mix", about=f"draw:{row.id}", division_code=row.county_code, at_utc=at_utc)
    return view(uow, actor, row)


def withdraw_draw(uow: UnitOfWork, actor: Actor, draw_id: UUID, *, reason: str, at_utc: datetime) -> DrawView:
    """Withdraw a draw with a reason that stays: what of it nobody has opened is not visited."""
    require(actor, Right.ASSIGN)
    row = _held(uow, actor, draw_id, "committed", "drawn")
    if not reason.strip():
        raise BadDraw("a draw is withdrawn with a reason")
    row.state, row.withdrawn_utc, row.withdrawn_reason = "withdrawn", at_utc, reason.strip()[:300]
    uow.session.flush()
    append(uow, "draw.withdraw", {"draw_id": str(row.id), "reason": row.withdrawn_reason}, at_utc=at_utc)
    for assigned in batch(uow, row.id):
        if assigned.withdrawn_utc is None and not is_opened(uow, assigned.id):
            withdraw_assignment(uow, actor, assigned.id, reason=row.withdrawn_reason, at_utc=at_utc)
    note(uow, actor, "draw.withdraw", about=f"draw:{row.id}", division_code=row.county_code, at_utc=at_utc)
    return view(uow, actor, row)


def reveal_draw(uow: UnitOfWork, actor: Actor, draw_id: UUID, *, at_utc: datetime) -> DrawView:
    """Tell the secret once the batch's last visit is over; either party may, so that neither can keep it back."""
    if not actor.may(Right.MIX_DRAW):
        require(actor, Right.ASSIGN)
    row = _held(uow, actor, draw_id, "drawn", "withdrawn")
    _check_over(uow, row, at_utc)
    said = {"draw_id": str(row.id), "secret": secret_of(uow, row).hex()}
    row.reveal_log_index = append(uow, "draw.reveal", said, at_utc=at_utc).index
    row.state, row.revealed_utc = "revealed", at_utc
    uow.session.flush()
    note(uow, actor, "draw.reveal", about=f"draw:{row.id}", division_code=row.county_code, at_utc=at_utc)
    return view(uow, actor, row)


def _committed(uow: UnitOfWork, actor: Actor, draw_id: UUID, line: PlanLine, framed: Framed, at_utc: datetime) -> Draw:
    """The row of a draw that was just committed to: frame and secret are fixed, and their hashes are in the log."""
    text, secret = frame_text(framed.frame), secrets.token_bytes(SECRET_BYTES)
    said = {"draw_id": str(draw_id), "frame_sha256": _digest(text), "secret_sha256": sha256(secret).hexdigest()}
    row = Draw(
        id=draw_id,
        county_code=framed.frame.county_code,
        plan_line_id=line.id,
        state="committed",
        frame=text,
        frame_sha256=said["frame_sha256"],
        secret_sha256=said["secret_sha256"],
        sealed_secret=seal(uow.master_key, secret, f"draw:{draw_id}".encode()),
        people=dict(framed.people),
        committed_by=actor.account_id,
        committed_utc=at_utc,
        commit_log_index=append(uow, "draw.commit", said, at_utc=at_utc).index,
        nonce=None,
        nonce_source="",
        mixed_by=None,
        mixed_utc=None,
        mix_log_index=None,
        withdrawn_utc=None,
        withdrawn_reason="",
        redraw_of=UUID(framed.frame.redraw_of) if framed.frame.redraw_of else None,
        revealed_utc=None,
        reveal_log_index=None,
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _assign(uow: UnitOfWork, row: Draw, place: int, drawn: DrawnVisit, at_utc: datetime) -> None:
    """One sealed assignment, as the office's, which committed to whatever would be drawn."""
    office = actor_named(uow, uow.session.get_one(Account, row.committed_by).login)
    line = uow.session.get_one(PlanLine, row.plan_line_id)
    begins, ends = slot_window(date.fromisoformat(drawn.day), Slot(drawn.slot))
    new = NewAssignment(
        village_code=drawn.village_code,
        announced=line.kind != CheckKind.UNANNOUNCED,
        team=tuple(UUID(row.people[label]) for label in drawn.team),
        release_utc=begins - timedelta(hours=read_frame(row.frame).lead_hours),
        expires_utc=ends,
        plan_line_id=line.id,
    )
    by = DrawnBy(row.id, place, drawn.slot, drawn.inclusion_billionths, drawn.slot_billionths)
    assign(uow, office, new, drawn=by, at_utc=at_utc)


def _held(uow: UnitOfWork, actor: Actor, draw_id: UUID, *states: str) -> Draw:
    """The row of a draw, held until the transaction's end, in one of the states in which this step is due."""
    row = draw_row(uow, actor, draw_id)
    lock_for_transaction(uow, f"draws:{row.county_code}")
    uow.session.refresh(row)
    if row.state not in states:
        raise DrawMoved(f"the draw is {row.state}")
    return row


def _check_nothing_waits(uow: UnitOfWork, line: PlanLine) -> None:
    """One commitment at a time: of several that lie ready somebody could choose which one gets its number."""
    waiting = select(Draw.id).where(Draw.plan_line_id == line.id, Draw.state == "committed")
    if uow.session.scalar(waiting.limit(1)) is not None:
        raise DrawMoved("a draw of this line waits for its number; withdraw it first, with a reason")


def _last_withdrawn(uow: UnitOfWork, line: PlanLine) -> Draw | None:
    """The withdrawn draw that a new one of the same line takes the place of."""
    taken = select(Draw.redraw_of).where(Draw.redraw_of.is_not(None))
    query = select(Draw).where(Draw.plan_line_id == line.id, Draw.withdrawn_utc.is_not(None), Draw.id.not_in(taken))
    return uow.session.scalars(query.order_by(Draw.withdrawn_utc.desc()).limit(1)).first()


def _check_over(uow: UnitOfWork, row: Draw, at_utc: datetime) -> None:
    """Raise while a visit of the batch may still be made, or goes on."""
    kept = [assigned for assigned in batch(uow, row.id) if assigned.withdrawn_utc is None]
    last = max((assigned.expires_utc for assigned in kept), default=at_utc)
    if at_utc < last:
        raise NotYetRevealed("the batch has visits still to be made; the seed is told after the last")
    going_on = select(Visit.id).where(
        Visit.assignment_id.in_([assigned.id for assigned in kept]), Visit.state == "open"
    )
    if at_utc < last + PATIENCE and uow.session.scalar(going_on.limit(1)) is not None:
        raise NotYetRevealed("a visit of the batch goes on; the seed is told when it has ended")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
