"""The code that opens an assignment's sealed packages: made at first need, shown by the office from the release on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from media.proof import code_text, new_code, seal, unseal
from visits.access import Actor, Right, note, require
from visits.plans.errors import AssignmentExpired, AssignmentWithdrawn
from visits.plans.reading import Member, members, row_in_reach
from visits.plans.rows import AssignmentCode
from visits.store import UnitOfWork, insert_unless_there


@dataclass(frozen=True)
class DepartureSlip:
    """What the office hands to the team at departure. It does not tell where the visit goes.

    ``code`` is None when it was asked for before the release: then that was noted, and nothing is shown.
    """

    assignment_id: UUID
    team: tuple[Member, ...]
    release_utc: datetime
    expires_utc: datetime
    code: str | None

    @property
    def qr(self) -> str:
        """What the square code on the slip says."""
        return f"shidi:key:{self.assignment_id}:{(self.code or '').replace('-', '')}"


def show_code(uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, at_utc: datetime) -> DepartureSlip:
    """The slip with the code, for the office; asking before the release is refused and noted, so it is not raised."""
    require(actor, Right.ASSIGN)
    row = row_in_reach(uow, actor, assignment_id)
    if row.withdrawn_utc is not None:
        raise AssignmentWithdrawn("the office has withdrawn this assignment")
    if at_utc >= row.expires_utc:
        raise AssignmentExpired("the assignment has expired; the office can assign it anew")
    released = at_utc >= row.release_utc
    code = code_text(code_of(uow, row.id)) if released else None
    note(
        uow,
        actor,
        "assignment.key",
        about=f"assignment:{row.id}",
        division_code=row.village_code,
        result="done" if released else "refused",
        detail={"release": row.release_utc.isoformat()},
        at_utc=at_utc,
    )
    return DepartureSlip(row.id, members(uow, row.id), row.release_utc, row.expires_utc, code)


def code_of(uow: UnitOfWork, assignment_id: UUID) -> bytes:
    """The code of an assignment, made now if there is none; for this room only."""
    context = f"code:{assignment_id}".encode()
    row = uow.session.get(AssignmentCode, assignment_id)
    if row is None:
        sealed = seal(uow.master_key, new_code(), context)
        insert_unless_there(uow, AssignmentCode, assignment_id=assignment_id, sealed_code=sealed)
        row = uow.session.get_one(AssignmentCode, assignment_id)
    return unseal(uow.master_key, row.sealed_code, context)


def rewrap_codes(uow: UnitOfWork, new_master_key: bytes) -> int:
    """Seal the code of every assignment under another master key; how many there were."""
    rows = uow.session.scalars(select(AssignmentCode)).all()
    for row in rows:
        context = f"code:{row.assignment_id}".encode()
        row.sealed_code = seal(new_master_key, unseal(uow.master_key, row.sealed_code, context), context)
    return len(rows)
