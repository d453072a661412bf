"""The year's plan: the three fixed checks, the surprise visits, and what else a named person approved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Actor, NotAllowed, Right, in_scope, note, require, within
from visits.log import append
from visits.plans.errors import (
    ApproverMissing,
    BadPlanLine,
    NoSuchPlan,
    PlanExists,
    PlanStale,
    ThirdPartyNotApproved,
)
from visits.plans.rows import Plan, PlanLine
from visits.store import UnitOfWork, lock_for_transaction

COUNTY_DIGITS = 6
TOWN_DIGITS = 9


class CheckKind(StrEnum):
    """The three fixed checks (年中督查, 年度考核, 财政专项扶贫资金绩效评价), surprise visits, and anything else."""

    MID_YEAR = "mid_year"
    ANNUAL_APPRAISAL = "annual_appraisal"
    FUND_PERFORMANCE = "fund_performance"
    UNANNOUNCED = "unannounced"
    OTHER = "other"


_LONGEST = {"title": 120, "approver_name": 64, "paper_number": 80, "third_party": 120, "approval_number": 80}
FIXED = frozenset({CheckKind.MID_YEAR, CheckKind.ANNUAL_APPRAISAL, CheckKind.FUND_PERFORMANCE})


@dataclass(frozen=True)
class NewLine:
    """One check as the office plans it; ``quotas`` are the most checks in each town, by its nine digits."""

    kind: CheckKind
    title: str
    from_date: date
    to_date: date
    quotas: Mapping[str, int] = field(default_factory=dict)
    approver_name: str = ""
    paper_number: str = ""
    third_party: str = ""
    approval_number: str = ""
    approval_ends_on: date | None = None


@dataclass(frozen=True)
class LineView:
    """One line of a plan. ``conflicts`` are the titles of fixed checks whose period it runs into."""

    id: UUID
    plan_id: UUID
    kind: CheckKind
    title: str
    from_date: date
    to_date: date
    quotas: Mapping[str, int]
    approver_name: str
    paper_number: str
    third_party: str
    approval_number: str
    approval_ends_on: date | None
    added_utc: datetime
    withdrawn_utc: datetime | None
    withdrawn_reason: str
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class PlanView:
    """A county's plan of one year, with every line it ever had."""

    id: UUID
    county_code: str
    year: int
    most_checks_per_village: int
    version: int
    made_utc: datetime
    lines: tuple[LineView, ...]


def require_county(actor: Actor) -> None:
    """Raise for a township's account: townships neither plan nor draw, and see no draw."""
    if len(actor.division_prefix) > COUNTY_DIGITS:
        raise NotAllowed("plans and draws are the county's; townships take no part in them")


def make_plan(
    uow: UnitOfWork, actor: Actor, *, county_code: str, year: int, most_checks_per_village: int, at_utc: datetime
) -> PlanView:
    """Begin the plan of a county's year; there is one, and every check is a line of it."""
    require(actor, Right.ASSIGN)
    require_county(actor)
    if not in_scope(actor, county_code) or len(county_code) != COUNTY_DIGITS:
        raise NoSuchPlan(f"there is no county {county_code} in your division")
    if most_checks_per_village < 1:
        raise BadPlanLine("a village may receive one check at least, or there is nothing to plan")
    lock_for_transaction(uow, f"plan:{county_code}")
    if plan_row(uow, county_code, year) is not None:
        raise PlanExists(f"{county_code} has a plan for {year}; add lines to it")
    row = Plan(
        id=uuid4(),
        county_code=county_code,
        year=year,
        most_checks_per_village=most_checks_per_village,
        version=1,
        made_by=actor.account_id,
        made_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    said = {"plan_id": str(row.id), "county_code": county_code, "year": year, "most": most_checks_per_village}
    append(uow, "plan.make", said, at_utc=at_utc)
    note(uow, actor, "plan.make", about=f"plan:{row.id}", division_code=county_code, at_utc=at_utc)
    return _view(uow, row)


def add_line(uow: UnitOfWork, actor: Actor, plan_id: UUID, new: NewLine, *, version: int, at_utc: datetime) -> PlanView:
    """Add a check to a plan, based on the version the caller read; a fourth kind needs somebody who approved it."""
    require(actor, Right.ASSIGN)
    row = _row(uow, actor, plan_id)
    _check_version(uow, row, version)
    _check_line(row, new)
    line = PlanLine(
        id=uuid4(),
        plan_id=row.id,
        kind=new.kind.value,
        title=new.title.strip(),
        from_date=new.from_date,
        to_date=new.to_date,
        quotas=dict(new.quotas),
        approver_name=new.approver_name.strip(),
        paper_number=new.paper_number.strip(),
        third_party=new.third_party.strip(),
        approval_number=new.approval_number.strip(),
        approval_ends_on=new.approval_ends_on,
        added_by=actor.account_id,
        added_utc=at_utc,
        withdrawn_utc=None,
        withdrawn_reason="",
    )
    uow.session.add(line)
    row.version += 1
    uow.session.flush()
    said = {"plan_id": str(row.id), "line_id": str(line.id), "kind": line.kind, "approver": line.approver_name}
    append(uow, "plan.line", said, at_utc=at_utc)
    note(uow, actor, "plan.line", about=f"plan:{row.id}", division_code=row.county_code, at_utc=at_utc)
    return _view(uow, row)


def withdraw_line(
    uow: UnitOfWork, actor: Actor, line_id: UUID, *, reason: str, version: int, at_utc: datetime
) -> PlanView:
    """Withdraw a line; it stays in the plan with the reason, and nothing new is assigned under it."""
    require(actor, Right.ASSIGN)
    line = line_in_reach(uow, actor, line_id)
    row = _row(uow, actor, line.plan_id)
    _check_version(uow, row, version)
    if line.withdrawn_utc is not None:
        raise BadPlanLine("this line was withdrawn already")
    if not reason.strip():
        raise BadPlanLine("a line is withdrawn with a reason")
    line.withdrawn_utc, line.withdrawn_reason = at_utc, reason.strip()
    row.version += 1
    uow.session.flush()
    append(uow, "plan.withdraw", {"line_id": str(line.id), "reason": line.withdrawn_reason}, at_utc=at_utc)
    note(uow, actor, "plan.withdraw", about=f"plan:{row.id}", division_code=row.county_code, at_utc=at_utc)
    return _view(uow, row)


def plans_of(uow: UnitOfWork, actor: Actor) -> list[PlanView]:
    """The plans of the caller's counties, the newest year first."""
    require(actor, Right.READ_PLANS)
    require_county(actor)
    query = select(Plan).where(within(actor, Plan.county_code)).order_by(Plan.year.desc(), Plan.county_code)
    return [_view(uow, row) for row in uow.session.scalars(query)]


def plan(uow: UnitOfWork, actor: Actor, plan_id: UUID) -> PlanView:
    """One plan."""
    require(actor, Right.READ_PLANS)
    return _view(uow, _row(uow, actor, plan_id))


def plan_row(uow: UnitOfWork, county_code: str, year: int) -> Plan | None:
    """The plan of a county's year; for this room only."""
    return uow.session.scalar(select(Plan).where(Plan.county_code == county_code, Plan.year == year))


def line_in_reach(uow: UnitOfWork, actor: Actor, line_id: UUID) -> PlanLine:
    """The row of a line that the caller's county planned."""
    require_county(actor)
    row = uow.session.scalar(
        select(PlanLine)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .where(PlanLine.id == line_id, within(actor, Plan.county_code))
    )
    if row is None:
        raise NoSuchPlan(f"there is no line {line_id} in a plan of your division")
    return row


def _check_line(row: Plan, new: NewLine) -> None:
    if not new.title.strip():
        raise BadPlanLine("a line says what is checked")
    for name, longest in _LONGEST.items():
        if len(getattr(new, name).strip()) > longest:
            raise BadPlanLine(f"{name} is longer than {longest} characters")
    if not new.from_date <= new.to_date or {new.from_date.year, new.to_date.year} != {row.year}:
        raise BadPlanLine(f"a line begins and ends in {row.year}, in that order")
    if new.kind is CheckKind.OTHER and not new.approver_name.strip():
        raise ApproverMissing(
            "beside the three fixed checks and the surprise visits nothing is planned without somebody who approved it"
        )
    if new.third_party.strip():
        if not new.approval_number.strip() or new.approval_ends_on is None:
            raise ThirdPartyNotApproved("a third party needs the province's approval number and its last day")
        if new.to_date > new.approval_ends_on:
            raise ThirdPartyNotApproved("the line goes on after the province's approval has ended")
    for town_code, most in new.quotas.items():
        if len(town_code) != TOWN_DIGITS or not town_code.startswith(row.county_code) or most < 0:
            raise BadPlanLine(f"a quota names a town of {row.county_code} by nine digits and is no less than nothing")


def _check_version(uow: UnitOfWork, row: Plan, version: int) -> None:
    lock_for_transaction(uow, f"plan:{row.county_code}")
    uow.session.refresh(row)
    if row.version != version:
        raise PlanStale(f"the plan has become version {row.version}, please look at it again")


def _row(uow: UnitOfWork, actor: Actor, plan_id: UUID) -> Plan:
    require_county(actor)
    row = uow.session.scalar(select(Plan).where(Plan.id == plan_id, within(actor, Plan.county_code)))
    if row is None:
        raise NoSuchPlan(f"there is no plan {plan_id} in your division")
    return row


def _view(uow: UnitOfWork, row: Plan) -> PlanView:
    query = select(PlanLine).where(PlanLine.plan_id == row.id).order_by(PlanLine.from_date, PlanLine.added_utc)
    lines = uow.session.scalars(query).all()
    fixed = [line for line in lines if CheckKind(line.kind) in FIXED and line.withdrawn_utc is None]
    return PlanView(
        id=row.id,
        county_code=row.county_code,
        year=row.year,
        most_checks_per_village=row.most_checks_per_village,
        version=row.version,
        made_utc=row.made_utc,
        lines=tuple(line_view(line, fixed) for line in lines),
    )


def line_view(line: PlanLine, fixed: list[PlanLine]) -> LineView:
    """A line as others see it, beside the fixed checks of its plan."""
    met = [one.title for one in fixed if one.id != line.id and _overlap(one, line)]
    return LineView(
        id=line.id,
        plan_id=line.plan_id,
        kind=CheckKind(line.kind),
        title=line.title,
        from_date=line.from_date,
        to_date=line.to_date,
        quotas=line.quotas,
        approver_name=line.approver_name,
        paper_number=line.paper_number,
        third_party=line.third_party,
        approval_number=line.approval_number,
        approval_ends_on=line.approval_ends_on,
        added_utc=line.added_utc,
        withdrawn_utc=line.withdrawn_utc,
        withdrawn_reason=line.withdrawn_reason,
        conflicts=tuple(met) if line.withdrawn_utc is None else (),
    )


def _overlap(one: PlanLine, other: PlanLine) -> bool:
    return one.from_date <= other.to_date and other.from_date <= one.to_date
