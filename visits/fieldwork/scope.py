"""Which visits a caller may see."""

from uuid import UUID

from sqlalchemy import ColumnElement, select

from visits.access import Actor, Right, require, within
from visits.fieldwork.errors import NoSuchVisit
from visits.fieldwork.rows import Visit
from visits.plans import AssignmentMember
from visits.store import UnitOfWork


def reach(actor: Actor) -> ColumnElement[bool]:
    """The visits of the caller's division, or an inspector's own."""
    require(actor, Right.READ_VISITS)
    if actor.may(Right.RECORD):
        own = select(AssignmentMember.assignment_id).where(AssignmentMember.account_id == actor.account_id)
        return Visit.assignment_id.in_(own)
    return within(actor, Visit.village_code)


def visible_visit(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> Visit:
    """The visit, or :class:`NoSuchVisit` for whoever may not see it."""
    row = uow.session.scalar(select(Visit).where(Visit.id == visit_id, reach(actor)))
    if row is None:
        raise NoSuchVisit(f"there is no visit {visit_id}")
    return row
