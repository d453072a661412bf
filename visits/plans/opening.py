"""Open an assignment once it is released; every request is kept, and what phones tell of openings by key."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Actor, Right, note, require
from visits.log import append
from visits.plans.nonces import first_issue, new_nonce
from visits.plans.package import Package, package_of, refuse_ended
from visits.plans.reading import row_in_reach
from visits.plans.rows import Assignment, Opening
from visits.store import UnitOfWork, insert_unless_there, lock_for_transaction


@dataclass(frozen=True)
class OpeningOutcome:
    """A request to open: the package, or None when it came before ``release_utc``. Either way it was noted."""

    package: Package | None
    release_utc: datetime


@dataclass(frozen=True)
class OpenedFor:
    """A granted opening: who opened, on which phone, when by the server's clock, and how (``online`` or ``key``)."""

    account_id: UUID
    device_id: UUID | None
    asked_utc: datetime
    how: str


def open_assignment(
    uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, device_utc: datetime | None, at_utc: datetime
) -> OpeningOutcome:
    """Open an assignment for one of its team; asking too early is refused and noted, so it is not raised."""
    require(actor, Right.RECORD)
    row = row_in_reach(uow, actor, assignment_id)
    refuse_ended(row, at_utc)
    lock_for_transaction(uow, f"assignment:{row.id}")
    known = first_issue(uow, actor, row)
    granted = at_utc >= row.release_utc
    nonce = (known.nonce if known else new_nonce()) if granted else None
    _keep_request(uow, actor, row, nonce, device_utc, at_utc)
    # The log before the audit chain, as everywhere: two locks taken in two orders would be a deadlock on PostgreSQL.
    if nonce is not None:
        said = {"assignment_id": str(row.id), "account_id": str(actor.account_id), "nonce": nonce}
        append(uow, "opening", said, at_utc=at_utc)
    note(
        uow,
        actor,
        "assignment.open",
        about=f"assignment:{row.id}",
        division_code=row.village_code,
        result="done" if granted else "refused",
        detail={"release": row.release_utc.isoformat()},
        at_utc=at_utc,
    )
    package = None if nonce is None else package_of(uow, actor, row, nonce, at_utc)
    return OpeningOutcome(package, row.release_utc)


def keep_opening_by_key(
    uow: UnitOfWork,
    assignment_id: UUID,
    *,
    record_id: UUID,
    account_id: UUID,
    device_id: UUID | None,
    nonce: str | None,
    device_utc: datetime,
    opened_utc: datetime,
) -> None:
    """Keep that a phone opened by key, as its record tells; telling it again changes nothing."""
    insert_unless_there(
        uow,
        Opening,
        id=record_id,
        assignment_id=assignment_id,
        account_id=account_id,
        device_id=device_id,
        granted=True,
        asked_utc=opened_utc,
        device_utc=device_utc,
        nonce=(nonce or "")[:64] or None,
        how="key",
    )


def openings_of(uow: UnitOfWork, assignment_id: UUID) -> list[OpenedFor]:
    """The granted openings, online and by key, in the order they happened."""
    query = select(Opening).where(Opening.assignment_id == assignment_id, Opening.granted).order_by(Opening.asked_utc)
    return [OpenedFor(o.account_id, o.device_id, o.asked_utc, o.how) for o in uow.session.scalars(query)]


def _keep_request(
    uow: UnitOfWork, actor: Actor, row: Assignment, nonce: str | None, device_utc: datetime | None, at_utc: datetime
) -> None:
    uow.session.add(
        Opening(
            id=uuid4(),
            assignment_id=row.id,
            account_id=actor.account_id,
            device_id=actor.device_id,
            granted=nonce is not None,
            asked_utc=at_utc,
            device_utc=device_utc,
            nonce=nonce,
            how="online",
        )
    )
    uow.session.flush()
