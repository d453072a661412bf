"""Which visits a caller may see."""

from uuid import UUID

from sqlalchemy import ColumnElement, select

from visits.access import Actor, Right, require, within
from visits.fieldwork.errors import NoSuchVisit
from visits.fieldwork.records import FieldRecord
from visits.fieldwork.rows import Visit
from visits.forms import item
from visits.plans import AssignmentMember
from visits.store import UnitOfWork


def reach(actor: Actor) -> ColumnElement[bool]:
    """The visits of the caller's division, or an inspector's own."""
    require(actor, Right.READ_VISITS)
    if actor.may(Right.RECORD):
        own = select(AssignmentMember.assignment_id).where(AssignmentMember.account_id == actor.account_id)
        return Visit.assignment_id.in_(own)
    return within(actor, Visit.village_code)


def sees_people(actor: Actor) -> bool:
    """Whether who was met is for this caller: the organization department, and the team itself."""
    return actor.may(Right.READ_PEOPLE) or actor.may(Right.RECORD)


def visible_records(actor: Actor, records: list[FieldRecord]) -> list[FieldRecord]:
    """The records this caller may read: meetings are for :func:`sees_people`, and clues of graft travel apart.

    The team that made them sees all of its own; a photo goes with the record it belongs to.
    """
    if actor.may(Right.RECORD):
        return records
    hidden = {r.id for r in records if _is_clue(r) and not actor.may(Right.READ_CLUES)}
    hidden |= {r.id for r in records if r.kind == "sighting" and not sees_people(actor)}
    return [r for r in records if r.id not in hidden and _belongs_to(r) not in hidden]


def _is_clue(record: FieldRecord) -> bool:
    number = record.body.get("item") if record.kind == "problem" else None
    return number is not None and item(number).clue


def _belongs_to(record: FieldRecord) -> UUID | None:
    of_record = record.body.get("of_record") if record.kind == "photo" else None
    return UUID(of_record) if of_record else None


def visible_visit(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> Visit:
    """The visit, or :class:`NoSuchVisit` for whoever may not see it."""
    row = uow.session.scalar(select(Visit).where(Visit.id == visit_id, reach(actor)))
    if row is None:
        raise NoSuchVisit(f"there is no visit {visit_id}")
    return row
