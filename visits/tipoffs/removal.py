"""Removal by rule of what tip-offs said: some days after the outcome the words go; that one came, stays."""

from datetime import datetime, timedelta

from sqlalchemy import select

from visits.access import note
from visits.log import append
from visits.store import Store, UnitOfWork
from visits.tipoffs.rows import REMOVED, TipOff

# Where a run overwrites.
_WIPED = ("tip_off",)


def remove_tip_offs(store: Store, *, days: int, at_utc: datetime) -> int:
    """Remove text, outcome and sealed reporter of each tip-off ended ``days`` ago or earlier; how many went.

    Each is a transaction of its own with an entry of the log, so a run that was cut off is finished by the next one.
    """
    ended_before = at_utc - timedelta(days=days)
    with store.reading() as uow:
        due = list(
            uow.session.scalars(
                select(TipOff.id)
                .where(TipOff.outcome_utc <= ended_before, TipOff.removed_utc.is_(None))
                .order_by(TipOff.outcome_utc, TipOff.id)
            )
        )
    done = 0
    for tip_off_id in due:
        with store.writing() as uow:
            done += _remove(uow, uow.session.get_one(TipOff, tip_off_id, with_for_update=True), days, at_utc)
    if done and not store.is_sqlite:
        store.wipe(*_WIPED)
    return done


def _remove(uow: UnitOfWork, row: TipOff, days: int, at_utc: datetime) -> bool:
    """Empty one, unless another run was first; whether it went.

    The entries of the log stay open: they name the tip-off by its id and say nothing of what it told.
    """
    if row.removed_utc is not None:
        return False
    if row.sealed_identity:
        row.sealed_identity, row.identity_destroyed_utc = "", at_utc
    row.text, row.outcome = "", REMOVED
    row.removed_utc, row.removed_after_days = at_utc, days
    uow.session.flush()
    append(uow, "tip_off.removal", {"tip_off_id": str(row.id), "days": days}, at_utc=at_utc)
    note(
        uow,
        None,
        "tip_off.remove",
        about=f"tip_off:{row.id}",
        division_code=row.division_code,
        detail={"days": days},
        at_utc=at_utc,
    )
    return True
