"""Assign a village to a team, and withdraw an assignment nobody has opened."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Account, Actor, Right, Role, note, require, within
from visits.forms import question_set
from visits.log import append
from visits.places import village
from visits.plans.errors import AssignmentWithdrawn, BadReleaseWindow, BadTeam
from visits.plans.limits import check_limits, check_third_party, line_for
from visits.plans.reading import AssignmentView, row_in_reach, view
from visits.plans.recusal import check_recusals
from visits.plans.rows import Assignment, AssignmentMember, Opening
from visits.plans.yearly import require_county
from visits.store import UnitOfWork, lock_for_transaction
from visits.zone import LOCAL_ZONE


@dataclass(frozen=True)
class NewAssignment:
    """What is decided, by the office or by a draw. ``release_utc`` is when the team may learn where it goes.

    A study of one case in depth (解剖麻雀) is made with the village's knowledge: it is announced, and counted apart.
    Where the county has a plan for the year, ``plan_line_id`` names its line; a surprise visit finds its own.
    """

    village_code: str
    announced: bool
    team: tuple[UUID, ...]
    release_utc: datetime
    expires_utc: datetime
    reason: str = ""
    case_study: bool = False
    plan_line_id: UUID | None = None


@dataclass(frozen=True)
class DrawnBy:
    """Which draw an assignment comes from, and how likely its village and slot were to be drawn, in billionths."""

    draw_id: UUID
    number: int
    slot: str
    inclusion_billionths: int
    slot_billionths: int


def assign(
    uow: UnitOfWork, actor: Actor, new: NewAssignment, *, drawn: DrawnBy | None = None, at_utc: datetime
) -> AssignmentView:
    """Assign a village to a team; the log commits to it without telling the village.

    ``actor`` is the office, also where a draw decided: it committed to the draw.
    """
    require(actor, Right.ASSIGN)
    require_county(actor)
    there = village(uow, actor, new.village_code)
    team = _team(uow, actor, new.team)
    if not at_utc < new.expires_utc or not new.release_utc < new.expires_utc:
        raise BadReleaseWindow("the assignment must expire in the future and after its release")
    # What a draw may lead to was looked at before it was committed to: looking again could only undo a draw once drawn.
    line_id = new.plan_line_id if drawn else _under_the_plan(uow, actor, new, team, at_utc)
    row = _made(uow, actor, new, drawn, line_id, at_utc)
    row.log_index = append(
        uow,
        "assignment",
        {
            "assignment_id": str(row.id),
            "visit_id": str(row.visit_id),
            "village_code": there.code,
            "team": sorted(str(member.id) for member in team),
            "release": new.release_utc.isoformat(),
        },
        at_utc=at_utc,
    ).index
    uow.session.add(row)
    uow.session.flush()
    uow.session.add_all(AssignmentMember(assignment_id=row.id, account_id=member.id) for member in team)
    uow.session.flush()
    note(uow, actor, "assignment.make", about=f"assignment:{row.id}", division_code=there.code, at_utc=at_utc)
    return view(uow, actor, row, at_utc)


def withdraw_assignment(
    uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, reason: str, at_utc: datetime
) -> AssignmentView:
    """Withdraw an assignment that nobody has opened; it stays in the list with the reason."""
    require(actor, Right.ASSIGN)
    row = row_in_reach(uow, actor, assignment_id)
    lock_for_transaction(uow, f"assignment:{row.id}")
    uow.session.refresh(row)
    if row.withdrawn_utc is not None:
        raise AssignmentWithdrawn("the assignment was withdrawn already")
    if is_opened(uow, row.id):
        raise AssignmentWithdrawn("the team has opened it; what was begun is broken off on the phone, with a reason")
    row.withdrawn_utc, row.withdrawn_reason = at_utc, reason.strip()[:300]
    said = {"assignment_id": str(row.id), "reason": row.withdrawn_reason}
    append(uow, "assignment.withdraw", said, at_utc=at_utc)
    about = f"assignment:{row.id}"
    note(uow, actor, "assignment.withdraw", about=about, division_code=row.village_code, at_utc=at_utc)
    return view(uow, actor, row, at_utc)


def is_opened(uow: UnitOfWork, assignment_id: UUID) -> bool:
    """Whether somebody of the team has opened an assignment."""
    granted = select(Opening.id).where(Opening.assignment_id == assignment_id, Opening.granted)
    return uow.session.scalar(granted.limit(1)) is not None


def _under_the_plan(
    uow: UnitOfWork, actor: Actor, new: NewAssignment, team: Sequence[Account], at_utc: datetime
) -> UUID | None:
    """The line this falls under, once its limits, the third party's approval and the recusals were looked at."""
    day = new.release_utc.astimezone(LOCAL_ZONE).date()
    announced = new.announced or new.case_study
    line = line_for(uow, actor, village_code=new.village_code, day=day, announced=announced, wanted=new.plan_line_id)
    if line is not None:
        check_limits(uow, line, new.village_code, at_utc=at_utc)
    check_third_party(line, list(team), new.expires_utc)
    check_recusals(uow, team, new.village_code, on=day, at_utc=at_utc)
    return line.id if line is not None else None


def _made(
    uow: UnitOfWork,
    actor: Actor,
    new: NewAssignment,
    drawn: DrawnBy | None,
    line_id: UUID | None,
    at_utc: datetime,
) -> Assignment:
    return Assignment(
        id=uuid4(),
        visit_id=uuid4(),
        village_code=new.village_code,
        announced=new.announced or new.case_study,
        reason=new.reason,
        draw_reference=f"draw:{drawn.draw_id}#{drawn.number}" if drawn else None,
        case_study=new.case_study,
        question_set=question_set().version,
        release_utc=new.release_utc,
        expires_utc=new.expires_utc,
        assigned_by=actor.account_id,
        assigned_utc=at_utc,
        plan_line_id=line_id,
        draw_id=drawn.draw_id if drawn else None,
        drawn_slot=drawn.slot if drawn else None,
        inclusion_billionths=drawn.inclusion_billionths if drawn else None,
        slot_billionths=drawn.slot_billionths if drawn else None,
        withdrawn_utc=None,
        withdrawn_reason="",
        household_seed=secrets.token_hex(16),
    )


def _team(uow: UnitOfWork, actor: Actor, wanted: Sequence[UUID]) -> list[Account]:
    found = uow.session.scalars(
        select(Account).where(
            Account.id.in_(wanted), Account.role == Role.INSPECTOR, within(actor, Account.division_prefix)
        )
    ).all()
    if not wanted or len(set(wanted)) != len(wanted) or len(found) != len(wanted):
        raise BadTeam("a team is one or more different inspectors of your division, usually two")
    return list(found)
