"""Which visits a caller may see, and what of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select

from visits.access import Actor, Right, require, within
from visits.fieldwork.errors import NoSuchVisit
from visits.fieldwork.records import FieldRecord
from visits.fieldwork.rows import Visit
from visits.fieldwork.rules import LAST_RECORDS
from visits.forms import item, items
from visits.intake import KeptRecord, kind_corrected
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


@dataclass(frozen=True)
class Parted:
    """The records of a visit as one caller sees them, and the names under which the others go."""

    visible: list[FieldRecord]
    hidden_names: frozenset[str]

    def shows(self, about: str) -> bool:
        """Whether what speaks ``about`` something (``record:…``, ``photo:…:…``) speaks of nothing hidden."""
        return self.hidden_names.isdisjoint(about.split(":"))


def parted(actor: Actor, records: Sequence[FieldRecord]) -> Parted:
    """The records this caller may read: meetings are for :func:`sees_people`, and clues of graft travel apart.

    The team that made them sees all of its own; a photo goes with the record it belongs to. A photo that shows
    something else as well stays visible for that. A photo may come before its record, which may turn out to be of
    either sort: until it has come, or the phone has ended without it, the photo is apart.
    """
    if actor.may(Right.RECORD):
        return Parted(list(records), frozenset())
    apart = {r.id for r in records if _is_clue(r) and not actor.may(Right.READ_CLUES)}
    apart |= {r.id for r in records if _is_about_people(r) and not sees_people(actor)}
    apart |= _still_to_come(records)
    visible = [r for r in records if r.id not in apart and _belongs_to(r) not in apart]
    hidden = [r for r in records if r.id in apart or _belongs_to(r) in apart]
    names = {str(r.id) for r in hidden} | {r.body["sha256"] for r in hidden if r.kind == "photo"}
    return Parted(visible, frozenset(names - {r.body["sha256"] for r in visible if r.kind == "photo"}))


def visible_records(actor: Actor, records: Sequence[FieldRecord]) -> list[FieldRecord]:
    """The records this caller may read."""
    return parted(actor, records).visible


def visible_kept(actor: Actor, kept: Sequence[KeptRecord]) -> list[KeptRecord]:
    """What was sent and not taken, as far as this caller may read it.

    It may be any text, whole or torn, so whatever cites an item that is a clue is taken for one.
    """
    if not sees_people(actor):
        return []
    if actor.may(Right.RECORD) or actor.may(Right.READ_CLUES):
        return list(kept)
    return [k for k in kept if not _CITES_A_CLUE.search(k.text)]


_CLUES = "|".join(str(one.number) for one in items() if one.clue)
_CITES_A_CLUE = re.compile(rf"item\W{{1,16}}(?:{_CLUES})(?![0-9])")


def _is_clue(record: FieldRecord) -> bool:
    """Whether a problem cites a clue of graft, or did so before or after any correction."""
    said = [c.body["body"] for c in record.corrections]
    if record.kind == "problem":
        said += [record.body, record.first_body or {}]
    elif record.kind == "correction":
        said.append(record.body["body"])
    numbers = {body.get("item") for body in said}
    return any(number is not None and item(number).clue for number in numbers)


def _is_about_people(record: FieldRecord) -> bool:
    corrected = kind_corrected(record.body["body"]) if record.kind == "correction" else None
    return "sighting" in (record.kind, corrected)


def _still_to_come(records: Sequence[FieldRecord]) -> set[UUID]:
    """The records that photos name already and that their phones may still make."""
    made = {r.id for r in records}
    ended = {r.phone for r in records if r.kind in LAST_RECORDS}
    named = {_belongs_to(r) for r in records if r.kind == "photo" and r.phone not in ended}
    return {record_id for record_id in named if record_id is not None and record_id not in made}


def _belongs_to(record: FieldRecord) -> UUID | None:
    of_record = record.body.get("of_record") if record.kind in ("photo", "correction") else None
    return UUID(of_record) if of_record else None


def visible_visit(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> Visit:
    """The visit, or :class:`NoSuchVisit` for whoever may not see it."""
    row = uow.session.scalar(select(Visit).where(Visit.id == visit_id, reach(actor)))
    if row is None:
        raise NoSuchVisit(f"there is no visit {visit_id}")
    return row
