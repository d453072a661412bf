"""Assign a village to a team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Account, Actor, Right, Role, note, require, within
from visits.forms import question_set
from visits.log import append
from visits.places import village
from visits.plans.errors import BadReleaseWindow, BadTeam
from visits.plans.reading import AssignmentView, Member, view
from visits.plans.rows import Assignment, AssignmentMember
from visits.store import UnitOfWork


@dataclass(frozen=True)
class NewAssignment:
    """What the office decides. ``release_utc`` is when the team may learn where it goes.

    A study of one case in depth (解剖麻雀) is made with the village's knowledge: it is announced, and counted apart.
    """

    village_code: str
    announced: bool
    team: tuple[UUID, ...]
    release_utc: datetime
    expires_utc: datetime
    reason: str = ""
    case_study: bool = False


def assign(uow: UnitOfWork, actor: Actor, new: NewAssignment, *, at_utc: datetime) -> AssignmentView:
    """Assign a village to a team; the log commits to it without telling the village."""
    require(actor, Right.ASSIGN)
    there = village(uow, actor, new.village_code)
    team = _team(uow, actor, new.team)
    if not at_utc < new.expires_utc or not new.release_utc < new.expires_utc:
        raise BadReleaseWindow("the assignment must expire in the future and after its release")
    assignment_id, visit_id = uuid4(), uuid4()
    entry = append(
        uow,
        "assignment",
        {
            "assignment_id": str(assignment_id),
            "visit_id": str(visit_id),
            "village_code": there.code,
            "team": sorted(str(m.account_id) for m in team),
            "release": new.release_utc.isoformat(),
        },
        at_utc=at_utc,
    )
    row = Assignment(
        id=assignment_id,
        visit_id=visit_id,
        village_code=there.code,
        announced=new.announced or new.case_study,
        reason=new.reason,
        draw_reference=None,
        case_study=new.case_study,
        question_set=question_set().version,
        release_utc=new.release_utc,
        expires_utc=new.expires_utc,
        assigned_by=actor.account_id,
        assigned_utc=at_utc,
        log_index=entry.index,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.session.add_all(AssignmentMember(assignment_id=assignment_id, account_id=m.account_id) for m in team)
    uow.session.flush()
    note(uow, actor, "assignment.make", about=f"assignment:{assignment_id}", division_code=there.code, at_utc=at_utc)
    return view(uow, actor, row, at_utc)


def _team(uow: UnitOfWork, actor: Actor, wanted: Sequence[UUID]) -> list[Member]:
    found = uow.session.scalars(
        select(Account).where(
            Account.id.in_(wanted), Account.role == Role.INSPECTOR, within(actor, Account.division_prefix)
        )
    ).all()
    if not wanted or len(set(wanted)) != len(wanted) or len(found) != len(wanted):
        raise BadTeam("a team is one or more different inspectors of your division, usually two")
    return [Member(a.id, a.name) for a in found]
