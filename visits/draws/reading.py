"""Draws as the caller may see them, and the file that lets anybody draw again."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from media.proof import seal, unseal
from visits.access import Account, Actor, Right, require, within
from visits.draws.draw import FORMAT, Frame, draw, inclusion, read_frame, seed_of
from visits.draws.errors import NoSuchDraw, NotYetRevealed
from visits.draws.framing import earliest_release
from visits.draws.rows import Draw
from visits.log import opening, prove
from visits.plans import Assignment, PlanLine, require_county
from visits.store import UnitOfWork


@dataclass(frozen=True)
class DrawView:
    """A draw. Before the reveal ``frame`` is for the office that committed to it, and holds no outcome for anybody.

    ``number_until_utc`` is when the second party's number must be here.
    """

    id: UUID
    county_code: str
    plan_line_id: UUID
    line_title: str
    state: str
    visits: int
    villages: int
    days: tuple[str, ...]
    frame: Frame | None
    frame_sha256: str
    secret_sha256: str
    committed_by: str
    committed_utc: datetime
    commit_log_index: int
    number_until_utc: datetime
    nonce: str | None
    nonce_source: str
    mixed_by: str | None
    mixed_utc: datetime | None
    mix_log_index: int | None
    withdrawn_utc: datetime | None
    withdrawn_reason: str
    redraw_of: UUID | None
    redraw_reason: str
    over_utc: datetime | None
    revealed_utc: datetime | None
    reveal_log_index: int | None


def draws(
    uow: UnitOfWork, actor: Actor, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[DrawView]:
    """The draws of the caller's county, newest first."""
    query = select(Draw).where(_reach(actor)).order_by(Draw.committed_utc.desc(), Draw.id.desc())
    if before is not None:
        moment, last = before
        query = query.where((Draw.committed_utc < moment) | ((Draw.committed_utc == moment) & (Draw.id < last)))
    return [view(uow, actor, row) for row in uow.session.scalars(query.limit(limit))]


def draw_of(uow: UnitOfWork, actor: Actor, draw_id: UUID) -> DrawView:
    """One draw."""
    return view(uow, actor, draw_row(uow, actor, draw_id))


def published(uow: UnitOfWork, actor: Actor, draw_id: UUID) -> dict[str, Any]:
    """The file by which a stranger draws again: frame, secret, number, chances, outcome, and what the log holds."""
    require(actor, Right.READ_LOG)
    require_county(actor)
    row = uow.session.scalar(select(Draw).where(Draw.id == draw_id, within(actor, Draw.county_code)))
    if row is None:
        raise NoSuchDraw(f"there is no draw {draw_id}")
    if row.state != "revealed":
        raise NotYetRevealed("the seed is told after the batch's last visit")
    frame, secret_hex = read_frame(row.frame), secret_of(uow, row).hex()
    seed = seed_of(row.frame_sha256, secret_hex, row.nonce) if row.nonce else None
    return {
        "format": FORMAT,
        "frame_text": row.frame,
        "secret_hex": secret_hex,
        "nonce": row.nonce,
        "nonce_source": row.nonce_source,
        "seed_hex": seed,
        "inclusion_billionths": inclusion(frame),
        "outcome": [asdict(one) for one in draw(frame, seed)] if seed else [],
        "withdrawn_reason": row.withdrawn_reason,
        "committed_at": row.committed_utc.isoformat(),
        "log": [
            _logged(uow, index)
            for index in (row.commit_log_index, row.mix_log_index, row.reveal_log_index)
            if index is not None
        ],
        "draws_of_the_line": [_beside(one) for one in _of_line(uow, row.plan_line_id)],
    }


def draw_row(uow: UnitOfWork, actor: Actor, draw_id: UUID) -> Draw:
    """The row of a draw the caller may know of."""
    row = uow.session.scalar(select(Draw).where(Draw.id == draw_id, _reach(actor)))
    if row is None:
        raise NoSuchDraw(f"there is no draw {draw_id}")
    return row


def batch(uow: UnitOfWork, draw_id: UUID) -> list[Assignment]:
    """The assignments that a draw made, in the order in which it made them."""
    rows = uow.session.scalars(select(Assignment).where(Assignment.draw_id == draw_id)).all()
    return sorted(rows, key=lambda a: int((a.draw_reference or "#0").rpartition("#")[2]))


def view(uow: UnitOfWork, actor: Actor, row: Draw) -> DrawView:
    """A row as the caller may see it."""
    frame = read_frame(row.frame)
    names = {
        account.id: account.name
        for account in uow.session.scalars(select(Account).where(Account.id.in_([row.committed_by, row.mixed_by])))
    }
    told = row.state == "revealed" or actor.may(Right.ASSIGN)
    return DrawView(
        id=row.id,
        county_code=row.county_code,
        plan_line_id=row.plan_line_id,
        line_title=uow.session.get_one(PlanLine, row.plan_line_id).title,
        state=row.state,
        visits=frame.visits,
        villages=len(frame.villages),
        days=frame.days,
        frame=frame if told else None,
        frame_sha256=row.frame_sha256,
        secret_sha256=row.secret_sha256,
        committed_by=names[row.committed_by],
        committed_utc=row.committed_utc,
        commit_log_index=row.commit_log_index,
        number_until_utc=earliest_release(frame),
        nonce=row.nonce,
        nonce_source=row.nonce_source,
        mixed_by=names.get(row.mixed_by) if row.mixed_by else None,
        mixed_utc=row.mixed_utc,
        mix_log_index=row.mix_log_index,
        withdrawn_utc=row.withdrawn_utc,
        withdrawn_reason=row.withdrawn_reason,
        redraw_of=row.redraw_of,
        redraw_reason=frame.redraw_reason,
        over_utc=max((a.expires_utc for a in batch(uow, row.id) if a.withdrawn_utc is None), default=None),
        revealed_utc=row.revealed_utc,
        reveal_log_index=row.reveal_log_index,
    )


def _reach(actor: Actor) -> Any:
    if not actor.may(Right.MIX_DRAW):
        require(actor, Right.ASSIGN)
    require_county(actor)
    return within(actor, Draw.county_code)


def rewrap_draw_secrets(uow: UnitOfWork, new_master_key: bytes) -> int:
    """Seal the secret of every draw under another master key; how many there were."""
    rows = uow.session.scalars(select(Draw)).all()
    for row in rows:
        row.sealed_secret = seal(new_master_key, secret_of(uow, row), f"draw:{row.id}".encode())
    return len(rows)


def secret_of(uow: UnitOfWork, row: Draw) -> bytes:
    """The secret of a draw, for this room only."""
    return unseal(uow.master_key, row.sealed_secret, f"draw:{row.id}".encode())


def _logged(uow: UnitOfWork, index: int) -> dict[str, Any]:
    """What an entry says, and how its leaf is made of it; the proof that the leaf is in the log is for everybody."""
    said, leaf = opening(uow, index), prove(uow, index).leaf_hash_hex
    if said is None:
        return {"index": index, "leaf_hash_hex": leaf, "salt_hex": None, "payload": None}
    return {"index": index, "leaf_hash_hex": leaf, "salt_hex": said.salt_hex, "payload": said.payload}


def _of_line(uow: UnitOfWork, line_id: UUID) -> list[Draw]:
    return list(uow.session.scalars(select(Draw).where(Draw.plan_line_id == line_id).order_by(Draw.committed_utc)))


def _beside(row: Draw) -> dict[str, Any]:
    """Another draw of the same line, so that a redraw cannot be left out of the story."""
    return {
        "draw_id": str(row.id),
        "state": row.state,
        "committed_at": row.committed_utc.isoformat(),
        "commit_log_index": row.commit_log_index,
        "frame_sha256": row.frame_sha256,
        "secret_sha256": row.secret_sha256,
        "redraw_of": str(row.redraw_of) if row.redraw_of else None,
        "withdrawn_reason": row.withdrawn_reason,
    }
