"""Blind double visits: a second team sees the same village within days, and neither is told of the other.

How far two teams agree on the same people says how far any sighting can be trusted. It says so only of teams that could
not agree beforehand, so the link stands in a table of its own and in nothing that a phone is given.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from visits.access import Actor, Right, note, require
from visits.plans.assign import NewAssignment, assign
from visits.plans.errors import BadReleaseWindow, BadTeam, NotForADouble
from visits.plans.reading import AssignmentView, row_in_reach
from visits.plans.rows import Assignment, AssignmentMember, BlindDouble
from visits.store import UnitOfWork, insert_unless_there

# People move: what two teams saw further apart says little of the teams.
LATEST_AFTER = timedelta(days=3)


def order_blind_double(
    uow: UnitOfWork,
    actor: Actor,
    first_id: UUID,
    *,
    team: tuple[UUID, ...],
    release_utc: datetime,
    expires_utc: datetime,
    at_utc: datetime,
) -> AssignmentView:
    """Send a second team to the village of a surprise visit whose release has come; within the plan and its caps.

    It is chosen by a person, so like all such visits it never counts towards what is said of presence.
    """
    require(actor, Right.ASSIGN)
    first = row_in_reach(uow, actor, first_id)
    _refuse_unfit(uow, first, at_utc)
    if not first.release_utc <= release_utc <= first.release_utc + LATEST_AFTER:
        raise BadReleaseWindow("the second team goes within three days of the first, and not before it")
    of_first = uow.session.scalars(
        select(AssignmentMember.account_id).where(AssignmentMember.assignment_id == first.id)
    ).all()
    if set(of_first) & set(team):
        raise BadTeam("nobody of the first team goes a second time")
    # A reason would be shown to the team, and tell it what it must not know.
    new = NewAssignment(first.village_code, False, team, release_utc, expires_utc)
    made = assign(uow, actor, new, at_utc=at_utc)
    linked = insert_unless_there(
        uow,
        BlindDouble,
        assignment_id=made.id,
        first_assignment_id=first.id,
        ordered_by=actor.account_id,
        ordered_utc=at_utc,
    )
    if not linked:  # two of the office in one moment
        raise NotForADouble("this visit has its second team already")
    note(
        uow, actor, "assignment.double", about=f"assignment:{first.id}", division_code=first.village_code, at_utc=at_utc
    )
    return made


def blind_doubles(uow: UnitOfWork, division_prefix: str, *, known_at_utc: datetime) -> dict[UUID, UUID]:
    """Of each second visit, the first one; callers check their reach."""
    first = aliased(Assignment)
    query = (
        select(Assignment.visit_id, first.visit_id)
        .join(BlindDouble, BlindDouble.assignment_id == Assignment.id)
        .join(first, first.id == BlindDouble.first_assignment_id)
        .where(Assignment.village_code.startswith(division_prefix), BlindDouble.ordered_utc <= known_at_utc)
    )
    return {second: earlier for second, earlier in uow.session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _refuse_unfit(uow: UnitOfWork, first: Assignment, at_utc: datetime) -> None:
    if first.announced or first.withdrawn_utc is not None:
        raise NotForADouble("only a surprise visit that was not withdrawn can have a second team")
    if at_utc < first.release_utc:
        raise NotForADouble("where it leads is sealed until its release; order the second team after that")
    of_this = (BlindDouble.first_assignment_id == first.id) | (BlindDouble.assignment_id == first.id)
    if uow.session.scalar(select(BlindDouble.assignment_id).where(of_this)) is not None:
        raise NotForADouble("this visit has its second team already, or is one")
