"""What a village has received in a year, and what the plan still allows it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, exists, or_, select

from visits.access import Account, Actor, Right, note, require, within
from visits.people import postings_expected
from visits.places import VillageView, village, villages
from visits.plans.errors import BadPlanLine, NotPlanned, OverCap, OverQuota, ThirdPartyNotApproved
from visits.plans.rows import Assignment, Opening, OutsideCheck, Plan, PlanLine
from visits.plans.yearly import COUNTY_DIGITS, TOWN_DIGITS, CheckKind, line_in_reach, plan_row, require_county
from visits.store import UnitOfWork, insert_unless_there, lock_for_transaction
from visits.zone import LOCAL_ZONE

MINUTES_ASKED_OF_A_VILLAGE = 0
"""No village has an account, a form or an upload, so none is asked for a minute; a test walks every route for it."""


@dataclass(frozen=True)
class VillageBurden:
    """What one village received in a year: checks by kind, and the minutes of typing asked of it."""

    village: VillageView
    checks: int
    by_kind: Mapping[str, int]
    most_allowed: int | None
    minutes_asked: int = MINUTES_ASKED_OF_A_VILLAGE


def burden(uow: UnitOfWork, actor: Actor, *, year: int, at_utc: datetime) -> list[VillageBurden]:
    """Every village of the caller's division by its code, with the checks it received in that year so far.

    A check is received when its team knew where to go, or when one from outside was registered. What is still sealed
    is not told: the figures must not say where somebody goes tomorrow.
    """
    require(actor, Right.READ_PLANS)
    require_county(actor)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    seen = select(Assignment, PlanLine.kind).outerjoin(PlanLine, PlanLine.id == Assignment.plan_line_id)
    for row, kind in uow.session.execute(
        seen.where(within(actor, Assignment.village_code), _in_year(year), was_received(at_utc))
    ):
        kinds[row.village_code][kind or ("other" if row.announced else "unannounced")] += 1
    outside = select(OutsideCheck.village_code, PlanLine.kind).join(PlanLine, PlanLine.id == OutsideCheck.plan_line_id)
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    held = and_(OutsideCheck.held_on >= first, OutsideCheck.held_on < after)
    for code, kind in uow.session.execute(outside.where(within(actor, OutsideCheck.village_code), held)):
        kinds[code][kind] += 1
    of_year = select(Plan).where(within(actor, Plan.county_code), Plan.year == year)
    caps = {one.county_code: one.most_checks_per_village for one in uow.session.scalars(of_year)}
    return [
        VillageBurden(v, kinds[v.code].total(), dict(kinds[v.code]), caps.get(v.county_code))
        for v in villages(uow, actor, limit=100_000)
        if v.valid_to is None or v.valid_to >= first
    ]


def villages_without_postings(uow: UnitOfWork, actor: Actor, *, on: date, at_utc: datetime) -> list[VillageView]:
    """The villages where nobody is posted on a day (空岗村), by code: they stay in every draw like the others."""
    require(actor, Right.READ_PLANS)
    require_county(actor)
    there = (v for v in villages(uow, actor, limit=100_000) if v.valid_to is None or v.valid_to >= on)
    return [v for v in there if not postings_expected(uow, v.code, on, known_at_utc=at_utc)]


def register_check(
    uow: UnitOfWork, actor: Actor, line_id: UUID, *, village_code: str, held_on: date, at_utc: datetime
) -> None:
    """Register a check that a village received and that was not made with this system; twice is once."""
    require(actor, Right.ASSIGN)
    line = line_in_reach(uow, actor, line_id)
    there = village(uow, actor, village_code)
    if not line.from_date <= held_on <= line.to_date or held_on > at_utc.astimezone(LOCAL_ZONE).date():
        raise BadPlanLine("the day lies outside of the line's period, or is still to come")
    insert_unless_there(
        uow,
        OutsideCheck,
        id=uuid4(),
        plan_line_id=line.id,
        village_code=there.code,
        held_on=held_on,
        registered_by=actor.account_id,
        registered_utc=at_utc,
    )
    detail = {"line": str(line.id), "held_on": held_on.isoformat()}
    about = f"village:{there.code}"
    note(uow, actor, "plan.check", about=about, division_code=there.code, detail=detail, at_utc=at_utc)


def line_for(
    uow: UnitOfWork, actor: Actor, *, village_code: str, day: date, announced: bool, wanted: UUID | None
) -> PlanLine | None:
    """The line of the plan that a check falls under; ``None`` only where the county has no plan for that year.

    A surprise visit falls under the one line of surprise visits of that day when none is named.
    """
    year_plan = plan_row(uow, village_code[:COUNTY_DIGITS], day.year)
    if year_plan is None:
        if wanted is not None:
            raise NotPlanned("there is no plan for that county and year")
        return None
    query = select(PlanLine).where(
        PlanLine.plan_id == year_plan.id,
        PlanLine.withdrawn_utc.is_(None),
        PlanLine.from_date <= day,
        PlanLine.to_date >= day,
    )
    if wanted is not None:
        found = uow.session.scalars(query.where(PlanLine.id == wanted)).all()
    else:
        of_kind = PlanLine.kind != CheckKind.UNANNOUNCED if announced else PlanLine.kind == CheckKind.UNANNOUNCED
        found = uow.session.scalars(query.where(of_kind)).all()
    if len(found) != 1:
        raise NotPlanned(
            "no line of the year's plan covers this check on that day"
            if not found
            else "several lines of the year's plan cover this check; name one"
        )
    return found[0]


def check_limits(uow: UnitOfWork, line: PlanLine, village_code: str, *, at_utc: datetime) -> None:
    """Raise when the village's year or the town's quota is full; holds the plan until the transaction's end."""
    lock_for_transaction(uow, f"plan:{village_code[:COUNTY_DIGITS]}")
    year_plan = uow.session.get_one(Plan, line.plan_id)
    received = checks_counted(uow, village_code[:COUNTY_DIGITS], year_plan.year, at_utc=at_utc)
    if received[village_code] >= year_plan.most_checks_per_village:
        most = year_plan.most_checks_per_village
        raise OverCap(f"the village has its {most} checks of {year_plan.year}, or they are on their way")
    left = quota_left(uow, line, at_utc=at_utc).get(village_code[:TOWN_DIGITS])
    if left is not None and left < 1:
        raise OverQuota("the town has as many checks under this line as the plan allows")


def checks_counted(uow: UnitOfWork, county_code: str, year: int, *, at_utc: datetime) -> Counter[str]:
    """By village: checks received in a year under whatever line, and those that are on their way."""
    mine = Assignment.village_code.startswith(county_code, autoescape=True)
    live = select(Assignment.village_code).where(mine, _in_year(year), is_live(at_utc))
    held = and_(OutsideCheck.held_on >= date(year, 1, 1), OutsideCheck.held_on < date(year + 1, 1, 1))
    outside = select(OutsideCheck.village_code).where(
        OutsideCheck.village_code.startswith(county_code, autoescape=True), held
    )
    return Counter([*uow.session.scalars(live), *uow.session.scalars(outside)])


def quota_left(uow: UnitOfWork, line: PlanLine, *, at_utc: datetime) -> dict[str, int]:
    """How many more checks each town may receive under a line; towns without a quota are left out."""
    live = select(Assignment.village_code).where(Assignment.plan_line_id == line.id, is_live(at_utc))
    outside = select(OutsideCheck.village_code).where(OutsideCheck.plan_line_id == line.id)
    used = Counter(code[:TOWN_DIGITS] for code in (*uow.session.scalars(live), *uow.session.scalars(outside)))
    return {town: max(0, most - used[town]) for town, most in line.quotas.items()}


def check_third_party(line: PlanLine | None, team: list[Account], expires_utc: datetime) -> None:
    """Raise unless a third party's people go under a line with their approval number, while it lasts."""
    last_day = expires_utc.astimezone(LOCAL_ZONE).date()
    for member in team:
        number = member.approval_number or ""
        if number and (line is None or line.approval_number != number):
            raise ThirdPartyNotApproved("a third party's inspectors go only under the line that their approval is for")
        if number and member.ends_on is not None and last_day > member.ends_on:
            raise ThirdPartyNotApproved("the third party's approval ends before the assignment does")
    if line is not None and line.approval_ends_on is not None and last_day > line.approval_ends_on:
        raise ThirdPartyNotApproved("the third party's approval ends before the assignment does")


def is_live(at_utc: datetime) -> ColumnElement[bool]:
    """The SQL condition that an assignment was opened, or may still be: not withdrawn, and not expired unopened."""
    return and_(Assignment.withdrawn_utc.is_(None), or_(Assignment.expires_utc > at_utc, _was_opened()))


def _was_opened() -> ColumnElement[bool]:
    return exists().where(Opening.assignment_id == Assignment.id, Opening.granted)


def was_received(at_utc: datetime) -> ColumnElement[bool]:
    """The SQL condition that an assignment's team knows where to go: released, and opened by one of them."""
    return and_(Assignment.release_utc <= at_utc, _was_opened())


def _in_year(year: int) -> ColumnElement[bool]:
    first, after = (datetime(y, 1, 1, tzinfo=LOCAL_ZONE).astimezone(UTC) for y in (year, year + 1))
    return and_(Assignment.release_utc >= first, Assignment.release_utc < after)
