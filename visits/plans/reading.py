"""Assignments as the caller may see them: the village stays hidden from its team until the release."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from visits.access import Account, Actor, Right, require, within
from visits.places import DrawnHousehold, VillageView, draw_households, villages_coded
from visits.plans.errors import NoSuchAssignment
from visits.plans.rows import Assignment, AssignmentMember, BlindDouble, Opening
from visits.plans.yearly import require_county
from visits.store import UnitOfWork


@dataclass(frozen=True)
class Member:
    """One inspector of a team."""

    account_id: UUID
    name: str


@dataclass(frozen=True)
class AssignmentView:
    """An assignment as the caller may see it: the village stays None while it is sealed.

    For its team until the release; for the office too where a draw decided.
    """

    id: UUID
    visit_id: UUID | None
    village: VillageView | None
    announced: bool
    visit_kind: str
    reason: str
    team: tuple[Member, ...]
    release_utc: datetime
    expires_utc: datetime
    assigned_utc: datetime
    opened: bool
    drawn: bool
    plan_line_id: UUID | None
    withdrawn_utc: datetime | None
    withdrawn_reason: str
    has_double: bool
    is_double: bool


@dataclass(frozen=True)
class AssignedVisit:
    """What other rooms need to know of a visit's assignment."""

    visit_id: UUID
    assignment_id: UUID
    village_code: str
    announced: bool
    team: tuple[Member, ...]
    release_utc: datetime
    visit_kind: str
    question_set: str | None
    draw_reference: str | None
    drawn_slot: str | None
    inclusion_billionths: int | None
    slot_billionths: int | None


def teams_of(actor: Actor) -> Select[UUID]:
    """The ids of the assignments the caller was ever on the team of, to select by; sealed ones are among them."""
    return select(AssignmentMember.assignment_id).where(AssignmentMember.account_id == actor.account_id)


def assignments(
    uow: UnitOfWork, actor: Actor, *, before: tuple[datetime, UUID] | None = None, limit: int = 50, at_utc: datetime
) -> list[AssignmentView]:
    """The office's assignments in its division, or an inspector's own; newest first."""
    query = select(Assignment).where(reach(actor)).order_by(Assignment.assigned_utc.desc(), Assignment.id.desc())
    if before is not None:
        moment, last = before
        query = query.where(
            (Assignment.assigned_utc < moment) | ((Assignment.assigned_utc == moment) & (Assignment.id < last))
        )
    return views(uow, actor, uow.session.scalars(query.limit(limit)).all(), at_utc)


def assignment(uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, at_utc: datetime) -> AssignmentView:
    """One assignment, as the caller may see it."""
    return view(uow, actor, row_in_reach(uow, actor, assignment_id), at_utc)


def assigned_visit(uow: UnitOfWork, visit_id: UUID) -> AssignedVisit | None:
    """The assignment behind a visit; for other rooms, which check the caller's reach themselves."""
    row = uow.session.scalar(select(Assignment).where(Assignment.visit_id == visit_id))
    if row is None:
        return None
    return AssignedVisit(
        visit_id=row.visit_id,
        assignment_id=row.id,
        village_code=row.village_code,
        announced=row.announced,
        team=members(uow, row.id),
        release_utc=row.release_utc,
        visit_kind=visit_kind(row),
        question_set=row.question_set,
        draw_reference=row.draw_reference,
        drawn_slot=row.drawn_slot,
        inclusion_billionths=row.inclusion_billionths,
        slot_billionths=row.slot_billionths,
    )


def villages_visited(uow: UnitOfWork, visit_ids: Collection[UUID]) -> dict[UUID, str]:
    """The code of the village that each of these visits was for; for other rooms, which check reach themselves."""
    query = select(Assignment.visit_id, Assignment.village_code).where(Assignment.visit_id.in_(visit_ids))
    return {visit_id: code for visit_id, code in uow.session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def teams_of_visits(uow: UnitOfWork, visit_ids: Collection[UUID]) -> dict[UUID, tuple[Member, ...]]:
    """The team of each of these visits, in order of their logins; for other rooms, which check reach themselves."""
    query = select(Assignment.visit_id, Assignment.id).where(Assignment.visit_id.in_(visit_ids))
    assigned = {visit_id: assignment_id for visit_id, assignment_id in uow.session.execute(query)}  # noqa: C416 - rows are no pairs to mypy
    teams = _teams(uow, list(assigned.values()))
    return {visit_id: teams.get(assignment_id, ()) for visit_id, assignment_id in assigned.items()}


@dataclass(frozen=True)
class HouseholdOrder:
    """Which households a visit was to ask, in the order of its seed; by their numbers in the list, without names."""

    seed: str
    serials: tuple[str, ...]


def household_order(uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, at_utc: datetime) -> HouseholdOrder:
    """The order in which chance put the households of a released assignment, for the office to draw again."""
    require(actor, Right.ASSIGN)
    row = row_in_reach(uow, actor, assignment_id)
    if at_utc < row.release_utc or row.household_seed is None:
        raise NoSuchAssignment("households are drawn when the assignment is released")
    return HouseholdOrder(row.household_seed, tuple(one.serial for one in households_of(uow, row, at_utc)))


def households_of(uow: UnitOfWork, row: Assignment, at_utc: datetime) -> list[DrawnHousehold]:
    """The households drawn for an assignment, from the list as it stands now, or stood when the assignment ended."""
    if row.household_seed is None:
        return []
    listed_utc = min(at_utc, row.expires_utc)
    return draw_households(uow, row.village_code, row.household_seed, listed_utc=listed_utc)


def reach(actor: Actor) -> ColumnElement[bool]:
    """The SQL condition for the assignments a caller may know of."""
    if actor.may(Right.ASSIGN):
        require_county(actor)
        return within(actor, Assignment.village_code)
    require(actor, Right.RECORD)
    own = select(AssignmentMember.assignment_id).where(AssignmentMember.account_id == actor.account_id)
    return Assignment.id.in_(own)


def row_in_reach(uow: UnitOfWork, actor: Actor, assignment_id: UUID) -> Assignment:
    """The row of an assignment the caller may know of."""
    row = uow.session.scalar(select(Assignment).where(Assignment.id == assignment_id, reach(actor)))
    if row is None:
        raise NoSuchAssignment(f"there is no assignment {assignment_id}")
    return row


def members(uow: UnitOfWork, assignment_id: UUID) -> tuple[Member, ...]:
    """The team, in order of their logins."""
    return _teams(uow, [assignment_id]).get(assignment_id, ())


def view(uow: UnitOfWork, actor: Actor, row: Assignment, at_utc: datetime) -> AssignmentView:
    """A row as the caller may see it."""
    return views(uow, actor, [row], at_utc)[0]


def views(uow: UnitOfWork, actor: Actor, rows: Sequence[Assignment], at_utc: datetime) -> list[AssignmentView]:
    """The rows as the caller may see them; what belongs to them is asked for together."""
    ids = [row.id for row in rows]
    sealed = {row.id for row in rows if _is_sealed(actor, row, at_utc)}
    places = villages_coded(uow, actor, {row.village_code for row in rows if row.id not in sealed})
    teams = _teams(uow, ids)
    opened = set(
        uow.session.scalars(select(Opening.assignment_id).where(Opening.assignment_id.in_(ids), Opening.granted))
    )
    # No team is told whether a second one goes.
    firsts, seconds = _doubles(uow, ids) if actor.may(Right.ASSIGN) else (frozenset[UUID](), frozenset[UUID]())
    return [
        AssignmentView(
            id=row.id,
            visit_id=None if row.id in sealed else row.visit_id,
            village=None if row.id in sealed else places[row.village_code],
            announced=row.announced,
            visit_kind=visit_kind(row),
            reason="" if row.id in sealed else row.reason,
            team=teams.get(row.id, ()),
            release_utc=row.release_utc,
            expires_utc=row.expires_utc,
            assigned_utc=row.assigned_utc,
            opened=row.id in opened,
            drawn=row.draw_id is not None,
            plan_line_id=row.plan_line_id,
            withdrawn_utc=row.withdrawn_utc,
            withdrawn_reason="" if row.id in sealed else row.withdrawn_reason,
            has_double=row.id in firsts,
            is_double=row.id in seconds,
        )
        for row in rows
    ]


def _is_sealed(actor: Actor, row: Assignment, at_utc: datetime) -> bool:
    # What a draw decided nobody is told before its release, the office included: it did not choose, and need not know.
    knows = actor.may(Right.ASSIGN) and (row.draw_id is None or at_utc >= row.release_utc)
    return not knows and (row.withdrawn_utc is not None or at_utc < row.release_utc)


def _teams(uow: UnitOfWork, assignment_ids: Sequence[UUID]) -> dict[UUID, tuple[Member, ...]]:
    """The teams of these assignments, each in order of their logins."""
    query = (
        select(AssignmentMember.assignment_id, Account.id, Account.name)
        .join(Account, AssignmentMember.account_id == Account.id)
        .where(AssignmentMember.assignment_id.in_(assignment_ids))
        .order_by(Account.login)
    )
    found: dict[UUID, list[Member]] = defaultdict(list)
    for assignment_id, account_id, name in uow.session.execute(query):
        found[assignment_id].append(Member(account_id, name))
    return {assignment_id: tuple(team) for assignment_id, team in found.items()}


def _doubles(uow: UnitOfWork, assignment_ids: Sequence[UUID]) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Those of these assignments that a second one followed, and those that are such a second one."""
    query = select(BlindDouble.first_assignment_id, BlindDouble.assignment_id).where(
        BlindDouble.first_assignment_id.in_(assignment_ids) | BlindDouble.assignment_id.in_(assignment_ids)
    )
    pairs = uow.session.execute(query).all()
    return frozenset(first for first, _ in pairs), frozenset(second for _, second in pairs)


def visit_kind(row: Assignment) -> str:
    """Which kind of visit an assignment is for."""
    return "case_study" if row.case_study else "announced" if row.announced else "unannounced"
