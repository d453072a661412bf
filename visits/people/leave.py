"""Leave as it was known at any time, and what it says of an absence."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from visits.access import Actor, Right, require, within
from visits.people.errors import NoSuchPosting
from visits.people.rows import Leave, LeaveBookImport, Person, Posting, PostingVersion
from visits.people.rules import Half, LeaveSpan
from visits.places import known_at
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE


class Book(StrEnum):
    """The two leave books that exist: the township's, and the organization department's."""

    TOWNSHIP = "township"
    DEPARTMENT = "department"


class LeaveKind(StrEnum):
    """Why somebody was away; reasons of leave and illness are never taken in."""

    LEAVE = "leave"
    TRIP = "trip"
    TRAINING = "training"
    MEETING = "meeting"
    REST = "rest"


class Explained(StrEnum):
    """What the books say of an absence. ``none`` is 暂未说明, and no more than that."""

    LEAVE = "leave"
    TRIP = "trip"
    EXCUSED = "excused"
    PENDING = "pending"
    NONE = "none"


_EXPLAINS = {
    LeaveKind.LEAVE: Explained.LEAVE,
    LeaveKind.TRIP: Explained.TRIP,
    LeaveKind.TRAINING: Explained.TRIP,
    LeaveKind.MEETING: Explained.TRIP,
    LeaveKind.REST: Explained.EXCUSED,
}
_STRONGEST_FIRST = (Explained.LEAVE, Explained.TRIP, Explained.EXCUSED)


@dataclass(frozen=True)
class LeaveView:
    """One leave as it was known at some instant."""

    id: UUID
    version: int
    person_id: UUID
    person_number: str
    name: str
    book: Book
    kind: LeaveKind
    from_date: date
    from_half: Half
    to_date: date
    to_half: Half
    approved_level: Book | None
    approved_on: date | None
    approved_utc: datetime | None
    extended_to: date | None
    returned_on: date | None
    recorded_late_on: date | None
    recorded_utc: datetime

    @property
    def due_back(self) -> date:
        """The last day away that was granted, extensions included."""
        return max(self.to_date, self.extended_to or self.to_date)

    @property
    def span(self) -> LeaveSpan:
        """The half days away: to the end that was granted, or to the day of an earlier return, all of it."""
        last, half = self.to_date, self.to_half
        if self.extended_to is not None and self.extended_to > last:
            last, half = self.extended_to, Half.PM
        if self.returned_on is not None and self.returned_on < last:
            last, half = self.returned_on, Half.PM
        return LeaveSpan(self.from_date, self.from_half, last, half)

    def was_approved_after(self, instant: datetime) -> bool:
        """Whether it was approved, or written down (补办), only after that instant; a same day is not after."""
        if self.approved_utc is not None and self.approved_utc > instant:
            return True
        local_date = instant.astimezone(LOCAL_ZONE).date()
        return any(day is not None and day > local_date for day in (self.approved_on, self.recorded_late_on))


@dataclass(frozen=True)
class AbsenceExplanation:
    """What both books say of one absence, as known at some instant.

    ``pending`` (请假待核) as long as a book was not asked up to that day, or a leave in it is not approved yet.
    Reasons: ``return_evening``, ``approved_late``, ``not_approved``, ``overdue_return``, ``township_not_asked``,
    ``department_not_asked``.
    """

    outcome: Explained
    leave_ids: tuple[UUID, ...]
    books_asked: tuple[Book, ...]
    approved_late: bool
    reasons: tuple[str, ...]


def explain_absences(
    uow: UnitOfWork, absences: Mapping[UUID, datetime], *, known_at_utc: datetime | None = None
) -> dict[UUID, AbsenceExplanation]:
    """What the books, as known at that instant (now, when not said), say of people not being there.

    ``absences`` has the local time for each posting. See :class:`visits.people.rules.LeaveSpan` for what a half day
    covers. A leave approved after the visit explains it all the same and is marked; what to make of that is the
    place's rule and a person's decision.
    """
    posted = _posted(uow, absences)
    asked = _days_asked(uow, {village_code for _, village_code in posted.values()}, known_at_utc)
    leaves: dict[UUID, list[LeaveView]] = defaultdict(list)
    for leave in _views(
        uow, _query(known_at_utc).where(Leave.person_id.in_({person for person, _ in posted.values()}))
    ):
        leaves[leave.person_id].append(leave)
    found = {}
    for posting_id, at_local in absences.items():
        person_id, village_code = posted[posting_id]
        on = at_local.astimezone(LOCAL_ZONE).date()
        books = tuple(book for book in Book if any(asked.get((p, book), date.min) >= on for p in _above(village_code)))
        found[posting_id] = _explain(leaves[person_id], at_local, books)
    return found


def leave_of(uow: UnitOfWork, posting_id: UUID, *, known_at_utc: datetime | None = None) -> list[LeaveView]:
    """All leave of the person of a posting, from both books, as known at that instant; the oldest first."""
    query = (
        _query(known_at_utc)
        .join(Posting, Posting.person_id == Person.id)
        .where(Posting.id == posting_id)
        .order_by(Leave.from_date, Leave.from_half, Leave.leave_id)
    )
    return _views(uow, query)


def leave_changes(uow: UnitOfWork, division_prefix: str) -> dict[UUID, datetime]:
    """When a leave was last written down or rewritten, by posting of the division; for jobs, which check no reach."""
    newest = func.max(func.coalesce(Leave.superseded_utc, Leave.recorded_utc), type_=Leave.recorded_utc.type)
    query = (
        select(PostingVersion.posting_id, newest)
        .join(Posting, Posting.id == PostingVersion.posting_id)
        .join(Leave, Leave.person_id == Posting.person_id)
        .where(PostingVersion.village_code.startswith(division_prefix, autoescape=True))
        .group_by(PostingVersion.posting_id)
    )
    return {posting_id: changed_utc for posting_id, changed_utc in uow.session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def overdue_returns(uow: UnitOfWork, actor: Actor, on: date) -> list[LeaveView]:
    """Leave in the actor's division that ended before that day with no return written down; the oldest end first."""
    require(actor, Right.READ_PEOPLE)
    posted_here = (
        exists()
        .where(Posting.person_id == Leave.person_id, PostingVersion.posting_id == Posting.id)
        .where(known_at(PostingVersion, None), within(actor, PostingVersion.village_code))
    )
    query = _query(None).where(posted_here, Leave.to_date < on, Leave.returned_on.is_(None))
    overdue = [leave for leave in _views(uow, query) if leave.due_back < on]
    return sorted(overdue, key=lambda leave: (leave.due_back, leave.person_number, leave.book))


def _explain(leaves: Sequence[LeaveView], at_local: datetime, asked: tuple[Book, ...]) -> AbsenceExplanation:
    covering = [leave for leave in leaves if leave.span.covers(at_local)]
    approved = [leave for leave in covering if leave.approved_on is not None]
    reasons: list[str] = []
    if approved:
        outcome = next(word for word in _STRONGEST_FIRST if word in {_EXPLAINS[leave.kind] for leave in approved})
        approved_late = all(leave.was_approved_after(at_local) for leave in approved)
        if all(leave.span.is_return_evening(at_local) for leave in approved):
            reasons.append("return_evening")
        if approved_late:
            reasons.append("approved_late")
        return AbsenceExplanation(outcome, _ids(approved), asked, approved_late, tuple(reasons))
    if covering:
        reasons.append("not_approved")
    local_date = at_local.astimezone(LOCAL_ZONE).date()
    ended = [leave for leave in leaves if leave.due_back < local_date]
    if ended and max(ended, key=lambda leave: leave.due_back).returned_on is None:
        reasons.append("overdue_return")
    reasons += [f"{book}_not_asked" for book in Book if book not in asked]
    pending = bool(covering) or len(asked) < len(Book)
    return AbsenceExplanation(
        Explained.PENDING if pending else Explained.NONE, _ids(covering), asked, False, tuple(reasons)
    )


def _ids(leaves: Sequence[LeaveView]) -> tuple[UUID, ...]:
    return tuple(sorted(leave.id for leave in leaves))


def _posted(uow: UnitOfWork, posting_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """Person and village of each posting by its newest version."""
    query = (
        select(Posting.id, Posting.person_id, PostingVersion.village_code)
        .join(PostingVersion, PostingVersion.posting_id == Posting.id)
        .where(Posting.id.in_(posting_ids))
        .order_by(PostingVersion.superseded_utc.is_(None), PostingVersion.version)
    )
    found = {
        posting_id: (person_id, village_code) for posting_id, person_id, village_code in uow.session.execute(query)
    }
    for posting_id in posting_ids:
        if posting_id not in found:
            raise NoSuchPosting(f"there is no posting {posting_id}")
    return found


def _days_asked(
    uow: UnitOfWork, village_codes: Collection[str], known_at_utc: datetime | None
) -> dict[tuple[str, str], date]:
    """The last day as of which each book was known for each division that one of these villages lies in."""
    above = {prefix for code in village_codes for prefix in _above(code)}
    query = (
        select(LeaveBookImport.division_prefix, LeaveBookImport.book, func.max(LeaveBookImport.as_of_date))
        .where(LeaveBookImport.division_prefix.in_(above))
        .group_by(LeaveBookImport.division_prefix, LeaveBookImport.book)
    )
    if known_at_utc is not None:
        query = query.where(LeaveBookImport.imported_utc <= known_at_utc)
    return {(prefix, book): last for prefix, book, last in uow.session.execute(query)}


def _above(village_code: str) -> list[str]:
    """Every division a village may lie in, by its prefix, itself included."""
    return [village_code[:length] for length in range(2, 13)]


def _query(known_at_utc: datetime | None) -> Select[Leave, Person]:
    return select(Leave, Person).join(Person, Person.id == Leave.person_id).where(known_at(Leave, known_at_utc))


def _views(uow: UnitOfWork, query: Select[Leave, Person]) -> list[LeaveView]:
    return [
        LeaveView(
            id=leave.leave_id,
            version=leave.version,
            person_id=person.id,
            person_number=person.person_number,
            name=person.name,
            book=Book(leave.book),
            kind=LeaveKind(leave.kind),
            from_date=leave.from_date,
            from_half=Half(leave.from_half),
            to_date=leave.to_date,
            to_half=Half(leave.to_half),
            approved_level=Book(leave.approved_level) if leave.approved_level else None,
            approved_on=leave.approved_on,
            approved_utc=leave.approved_utc,
            extended_to=leave.extended_to,
            returned_on=leave.returned_on,
            recorded_late_on=leave.recorded_late_on,
            recorded_utc=leave.recorded_utc,
        )
        for leave, person in uow.session.execute(query)
    ]
