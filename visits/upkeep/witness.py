"""Checkpoints day by day, and what outsiders add to them: time stamps and the signatures of witnesses."""

from datetime import datetime, timedelta

from media.proof import Cosignature
from visits.access import Actor, Right, audit_head, note, require
from visits.log import CheckpointView, keep_cosignature, keep_stamp, make_checkpoint, newest_checkpoint
from visits.store import UnitOfWork, enqueue, lock_for_transaction
from visits.zone import LOCAL_ZONE

DAILY = ("make_checkpoint", "daily")
STAMPING = ("stamp_checkpoints", "unstamped")
# A little after midnight, when nobody waits for anything.
AFTER_MIDNIGHT = timedelta(minutes=5)
STAMP_AGAIN_AFTER = timedelta(hours=1)


def checkpoint_now(uow: UnitOfWork, *, at_utc: datetime) -> CheckpointView:
    """Sign the log as it stands, and ask for its time stamp."""
    number, digest_hex = audit_head(uow)
    made = make_checkpoint(uow, {"number": number, "hash": digest_hex}, at_utc=at_utc)
    enqueue(uow, *STAMPING, at_utc=at_utc)
    return made


def checkpoint_by_hand(uow: UnitOfWork, actor: Actor, *, at_utc: datetime) -> CheckpointView:
    """The same, because a person asked for it."""
    require(actor, Right.MAINTAIN)
    made = checkpoint_now(uow, at_utc=at_utc)
    note(uow, actor, "checkpoint.make", about=f"checkpoint:{made.size}", at_utc=at_utc)
    return made


def daily_checkpoint(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """Make the checkpoint of the day unless there is one, and see to the next day's. Runs as a job."""
    # A server that starts puts this job beside one that another process is doing: the second finds what the first made.
    lock_for_transaction(uow, "daily_checkpoint")
    today = at_utc.astimezone(LOCAL_ZONE)
    newest = newest_checkpoint(uow)
    if newest is None or newest.at_utc.astimezone(LOCAL_ZONE).date() < today.date():
        checkpoint_now(uow, at_utc=at_utc)
    midnight = (today + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    enqueue(uow, *DAILY, at_utc=midnight + AFTER_MIDNIGHT)


def begin_daily_checkpoints(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """See to it that the daily job waits; a server says so when it starts."""
    enqueue(uow, *DAILY, at_utc=at_utc)


def stamp_refused(uow: UnitOfWork, size: int, *, authority: str, complaint: str, at_utc: datetime) -> None:
    """Keep why there is no stamp yet, and ask again in an hour."""
    keep_stamp(uow, size, authority=authority, response=None, complaint=complaint, at_utc=at_utc)
    enqueue(uow, *STAMPING, at_utc=at_utc + STAMP_AGAIN_AFTER)


def file_cosignature(uow: UnitOfWork, actor: Actor, size: int, signed: Cosignature, *, at_utc: datetime) -> bool:
    """Keep the signature of a witness over a checkpoint; whether it is new."""
    require(actor, Right.WITNESS)
    is_new = keep_cosignature(uow, size, signed, at_utc=at_utc)
    note(
        uow, actor, "checkpoint.witness", about=f"checkpoint:{size}", detail={"witness": signed.witness}, at_utc=at_utc
    )
    return is_new
