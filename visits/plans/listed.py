"""The year's plan from the office's own list (年度检查计划表): one row for each check, or for each of its towns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from visits.access import Actor, Right, require
from visits.places import ImportCount, ImportReport, RowCheck, division_names, tidy_name, town_key
from visits.plans.errors import ApproverMissing, BadPlanLine, NoSuchPlan, ThirdPartyNotApproved
from visits.plans.yearly import TOWN_DIGITS, CheckKind, LineView, NewLine, PlanView, add_line, make_plan, plans_of
from visits.store import UnitOfWork


@dataclass(frozen=True)
class PlanRow:
    """One row: a check and, where it has quotas, one town with the most checks in it."""

    row_number: int
    kind: str
    title: str
    from_date: date
    to_date: date
    approver_name: str = ""
    paper_number: str = ""
    third_party: str = ""
    approval_number: str = ""
    approval_ends_on: date | None = None
    town_name: str | None = None
    town_code: str | None = None
    most: int | None = None


@dataclass
class _Listed:
    """A check as its rows put it together; complaints about the whole of it go to its first row."""

    row_number: int
    line: NewLine
    quotas: dict[str, int]


_REFUSED_ZH: Mapping[type[Exception], tuple[str, str]] = {
    ApproverMissing: ("approver_name", "三项固定检查和暗访以外的检查，须写明批准人"),
    ThirdPartyNotApproved: ("approval_number", "第三方评估须有省级批准文号和截止日期，检查不得晚于该日"),
    BadPlanLine: ("from_date", "起止日期须在计划年度以内，先后不颠倒；文字不得过长"),
}


def import_plan(
    uow: UnitOfWork,
    actor: Actor,
    rows: Sequence[PlanRow],
    *,
    county_code: str,
    year: int,
    most_checks_per_village: int | None,
    at_utc: datetime,
) -> ImportReport:
    """Add the checks of a list to a county's plan, all or none; the plan is begun where the most checks are given.

    What is in the plan already stays as it is: a list that was sent twice changes nothing, and one that says something
    else of a check than the plan does is refused, since lines are withdrawn with a reason and never changed.
    """
    require(actor, Right.ASSIGN)
    check, count = RowCheck(), ImportCount()
    towns = {c: n for c, n in division_names(uow, actor).items() if len(c) == TOWN_DIGITS and c.startswith(county_code)}
    listed = _put_together(check, rows, towns)
    plan = _plan(uow, actor, county_code, year, most_checks_per_village, at_utc)
    if most_checks_per_village not in (None, plan.most_checks_per_village):
        zh = f"计划已经建立，每村上限仍为 {plan.most_checks_per_village} 次"
        check.remark(0, "most", zh, f"the plan is there already, with {plan.most_checks_per_village} checks a village")
    for one in listed:
        plan = _take(uow, actor, check, count, plan, one, at_utc)
    check.done()
    return count.report(check)


def plan_of(uow: UnitOfWork, actor: Actor, county_code: str, year: int) -> PlanView:
    """The plan of a county's year."""
    for one in plans_of(uow, actor):
        if (one.county_code, one.year) == (county_code, year):
            return one
    raise NoSuchPlan(f"{county_code} has no plan for {year} yet")


def _plan(uow: UnitOfWork, actor: Actor, county_code: str, year: int, most: int | None, at_utc: datetime) -> PlanView:
    try:
        return plan_of(uow, actor, county_code, year)
    except NoSuchPlan:
        if most is None:
            raise
    return make_plan(uow, actor, county_code=county_code, year=year, most_checks_per_village=most, at_utc=at_utc)


def _put_together(check: RowCheck, rows: Sequence[PlanRow], towns: Mapping[str, str]) -> list[_Listed]:
    """The checks of a list in its order; rows of one kind, title and period are one check with several towns."""
    found: dict[tuple[str, str, date, date], _Listed] = {}
    for row in rows:
        line = _line(row)
        one = found.setdefault((row.kind, line.title, row.from_date, row.to_date), _Listed(row.row_number, line, {}))
        if one.line != line:
            zh, en = "同一事项各行的批准内容不一致", "rows of one check differ in who approved it"
            check.refuse(row.row_number, "approver_name", zh, en)
        _take_quota(check, one, row, towns)
    return list(found.values())


def _line(row: PlanRow) -> NewLine:
    return NewLine(
        kind=CheckKind(row.kind),
        title=row.title.strip(),
        from_date=row.from_date,
        to_date=row.to_date,
        approver_name=row.approver_name.strip(),
        paper_number=row.paper_number.strip(),
        third_party=row.third_party.strip(),
        approval_number=row.approval_number.strip(),
        approval_ends_on=row.approval_ends_on,
    )


def _take_quota(check: RowCheck, one: _Listed, row: PlanRow, towns: Mapping[str, str]) -> None:
    if row.town_code is None and not row.town_name:
        if row.most is not None:
            zh, en = "有次数而没有乡镇", "a number of checks, but no town"
            check.refuse(row.row_number, "town_name", zh, en)
        return
    code = _town(check, row, towns)
    if code is None:
        return
    if row.most is None:
        check.refuse(row.row_number, "most", "有乡镇而没有次数", "a town, but no number of checks")
    elif code in one.quotas:
        check.refuse(row.row_number, "town_name", "同一事项中乡镇重复", "the check names this town twice")
    else:
        one.quotas[code] = row.most


def _town(check: RowCheck, row: PlanRow, towns: Mapping[str, str]) -> str | None:
    """The one town that a row means, by its code or by its name."""
    if row.town_code is not None:
        fits = [row.town_code] if row.town_code in towns else []
    else:
        wanted = town_key(row.town_name or "")
        fits = [code for code, name in towns.items() if town_key(name) == wanted]
    if len(fits) == 1:
        return fits[0]
    said = row.town_code or tidy_name(row.town_name or "")
    zh, en = f"本县没有乡镇“{said}”", f"the county has no town {said}"
    if fits:
        zh, en = f"有 {len(fits)} 个乡镇叫“{said}”，请填乡镇代码", f"{len(fits)} towns are called {said}; give the code"
    check.refuse(row.row_number, "town_code" if row.town_code else "town_name", zh, en)
    return None


def _take(
    uow: UnitOfWork,
    actor: Actor,
    check: RowCheck,
    count: ImportCount,
    plan: PlanView,
    one: _Listed,
    at_utc: datetime,
) -> PlanView:
    """The plan with this check in it, where nothing speaks against it."""
    new = replace(one.line, quotas=one.quotas)
    in_force = (line for line in plan.lines if line.withdrawn_utc is None)
    alike = [line for line in in_force if (line.kind, line.title) == (new.kind, new.title)]
    same_days = [line for line in alike if (line.from_date, line.to_date) == (new.from_date, new.to_date)]
    if any(_as_new(line) == new for line in same_days):
        count.unchanged += 1
        return plan
    if same_days:
        zh = "计划中已有此项而内容不同：先写明理由撤销，再导入"
        check.refuse(one.row_number, "title", zh, "the plan has this check with other content; withdraw it first")
        return plan
    if alike:
        zh, en = "计划中另有同名事项，起止日期不同", "the plan has a check of this name on other days"
        check.remark(one.row_number, "from_date", zh, en)
    try:
        plan = add_line(uow, actor, plan.id, new, version=plan.version, at_utc=at_utc)
    except tuple(_REFUSED_ZH) as reason:
        field, zh = _REFUSED_ZH[type(reason)]
        check.refuse(one.row_number, field, zh, str(reason))
    else:
        count.created += 1
    return plan


def _as_new(line: LineView) -> NewLine:
    return NewLine(**{field.name: getattr(line, field.name) for field in fields(NewLine)})
