"""How much of each line of the plans was used, town by town: what was received, never what is still to come."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from visits.access import Actor, Right, require, within
from visits.plans.limits import was_received
from visits.plans.rows import Assignment, OutsideCheck, Plan, PlanLine
from visits.plans.yearly import COUNTY_DIGITS, TOWN_DIGITS, require_county
from visits.store import UnitOfWork


@dataclass(frozen=True)
class Quota:
    """The most checks of a town under a line, and how many it received so far."""

    most: int
    received: int


@dataclass(frozen=True)
class LineUse:
    """A line of a county's plan, and the quotas it sets, by the code of the town."""

    id: UUID
    county_code: str
    title: str
    from_date: date
    to_date: date
    withdrawn: bool
    quotas: Mapping[str, Quota]


def may_see_lines(actor: Actor) -> bool:
    """Whether the caller may know under which line of a plan a visit was made; townships may not."""
    return actor.may(Right.READ_PLANS) and len(actor.division_prefix) <= COUNTY_DIGITS


def quota_use(uow: UnitOfWork, actor: Actor, *, at_utc: datetime) -> list[LineUse]:
    """The lines of the plans in the caller's division by their first day, with what each town received under them.

    What a town received is what :func:`visits.plans.burden` counts: a team knew where to go, or a check from outside
    was registered. What is still sealed is not in it, although it holds its place in the quota: the figures must not
    say where somebody goes tomorrow.
    """
    require(actor, Right.READ_PLANS)
    require_county(actor)
    received = _received(uow, actor, at_utc)
    query = (
        select(PlanLine, Plan.county_code)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .where(within(actor, Plan.county_code))
        .order_by(PlanLine.from_date, PlanLine.to_date, Plan.county_code, PlanLine.id)
    )
    return [
        LineUse(
            id=line.id,
            county_code=county_code,
            title=line.title,
            from_date=line.from_date,
            to_date=line.to_date,
            withdrawn=line.withdrawn_utc is not None,
            quotas={town: Quota(most, received[line.id][town]) for town, most in sorted(line.quotas.items())},
        )
        for line, county_code in uow.session.execute(query)
    ]


def _received(uow: UnitOfWork, actor: Actor, at_utc: datetime) -> dict[UUID | None, Counter[str]]:
    """How many checks each town received, by the line they fell under."""
    made = select(Assignment.plan_line_id, Assignment.village_code).where(
        Assignment.plan_line_id.is_not(None), within(actor, Assignment.village_code), was_received(at_utc)
    )
    outside = select(OutsideCheck.plan_line_id, OutsideCheck.village_code).where(
        within(actor, OutsideCheck.village_code)
    )
    found: dict[UUID | None, Counter[str]] = defaultdict(Counter)
    for query in (made, outside):
        for line_id, code in uow.session.execute(query):
            found[line_id][code[:TOWN_DIGITS]] += 1
    return found
