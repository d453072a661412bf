"""The year's plan at the desk, with what villages received and who keeps away from where."""

from datetime import date
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from api.pages.places import every_village
from visits.access import Right, accounts_within
from visits.places import division_names
from visits.plans import (
    CheckKind,
    NewLine,
    RecusalKind,
    add_line,
    burden,
    declare_recusal,
    end_recusal,
    make_plan,
    plans_of,
    recusals,
    register_check,
    villages_without_postings,
    withdraw_line,
)
from visits.zone import LOCAL_ZONE

MOST_QUOTAS = 100


@desk.get("/plans")
def show_plans() -> Response:
    """The plans of the reader's county, each with its lines; for the office also the forms."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.reading() as uow:
        found = plans_of(uow, actor)
        names = division_names(uow, actor)
        villages = every_village(uow, actor) if actor.may(Right.ASSIGN) else []
    return page(
        "plans.html",
        plans=found,
        names=names,
        towns={v.town_code: v.town_name for v in villages},
        counties=sorted({v.county_code for v in villages}),
        villages=villages,
        kinds=list(CheckKind),
        today=at_utc.astimezone(LOCAL_ZONE).date(),
        said=told(),
    )


@desk.post("/plans")
def take_plan() -> AnyResponse:
    """Begin a year's plan from the form."""
    actor = current_actor()
    check_csrf()
    try:
        county, year = request.form["county_code"], int(request.form["year"])
        most = int(request.form["most_checks"])
    except (KeyError, ValueError) as reason:
        raise BadForm("plans.fill") from reason
    with house().store.writing() as uow:
        make_plan(uow, actor, county_code=county, year=year, most_checks_per_village=most, at_utc=now_utc())
    return redirect("/desk/plans?said=plans.done", 303)


@desk.post("/plans/<uuid:plan_id>/lines")
def take_line(plan_id: UUID) -> AnyResponse:
    """Add a check to a plan from the form."""
    actor = current_actor()
    check_csrf()
    new, version = _line()
    with house().store.writing() as uow:
        add_line(uow, actor, plan_id, new, version=version, at_utc=now_utc())
    return redirect("/desk/plans?said=plans.done", 303)


@desk.post("/plan-lines/<uuid:line_id>/withdrawal")
def take_line_back(line_id: UUID) -> AnyResponse:
    """Withdraw a line with a reason."""
    actor = current_actor()
    check_csrf()
    try:
        reason, version = request.form["reason"], int(request.form["version"])
    except (KeyError, ValueError) as error:
        raise BadForm("plans.fill") from error
    with house().store.writing() as uow:
        withdraw_line(uow, actor, line_id, reason=reason, version=version, at_utc=now_utc())
    return redirect("/desk/plans?said=plans.done", 303)


@desk.post("/plan-lines/<uuid:line_id>/checks")
def take_check(line_id: UUID) -> AnyResponse:
    """Register a check that a village received from others."""
    actor = current_actor()
    check_csrf()
    try:
        code, held_on = request.form["village_code"], date.fromisoformat(request.form["held_on"])
    except (KeyError, ValueError) as reason:
        raise BadForm("plans.fill") from reason
    with house().store.writing() as uow:
        register_check(uow, actor, line_id, village_code=code, held_on=held_on, at_utc=now_utc())
    return redirect("/desk/plans?said=plans.done", 303)


@desk.get("/burden")
def show_burden_page() -> Response:
    """How many checks each village received in a year."""
    at_utc = now_utc()
    this_year = at_utc.astimezone(LOCAL_ZONE).year
    asked = request.args.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else this_year
    with house().store.reading() as uow:
        found = burden(uow, current_actor(), year=year, at_utc=at_utc)
        today = at_utc.astimezone(LOCAL_ZONE).date()
        empty = villages_without_postings(uow, current_actor(), on=today, at_utc=at_utc)
    return page("burden.html", villages=found, empty={v.code for v in empty}, year=year, this_year=this_year)


@desk.get("/recusals")
def show_recusals() -> Response:
    """Who keeps away from where: the office's list, or an inspector's own."""
    actor = current_actor()
    with house().store.reading() as uow:
        found = recusals(uow, actor)
        villages = every_village(uow, actor)
        inspectors = accounts_within(uow, actor) if actor.may(Right.ASSIGN) else []
    return page(
        "recusals.html",
        recusals=found,
        inspectors=inspectors,
        villages=[v for v in villages if v.valid_to is None],
        towns={v.town_code: v.town_name for v in villages},
        named={v.town_code: v.town_name for v in villages} | {v.code: f"{v.town_name}{v.name}" for v in villages},
        kinds=list(RecusalKind),
        said=told(),
    )


@desk.post("/recusals")
def take_recusal() -> AnyResponse:
    """Say that an inspector keeps away from a town or village."""
    actor = current_actor()
    check_csrf()
    try:
        account_id = UUID(request.form["account_id"]) if actor.may(Right.ASSIGN) else actor.account_id
        kind, division = RecusalKind(request.form["kind"]), request.form["division_code"]
    except (KeyError, ValueError) as reason:
        raise BadForm("recusals.fill") from reason
    with house().store.writing() as uow:
        declare_recusal(uow, actor, account_id, kind=kind, division_code=division, at_utc=now_utc())
    return redirect("/desk/recusals?said=recusals.done", 303)


@desk.post("/recusals/<uuid:recusal_id>/end")
def take_recusal_end(recusal_id: UUID) -> AnyResponse:
    """Say that a recusal holds no more."""
    actor = current_actor()
    check_csrf()
    with house().store.writing() as uow:
        end_recusal(uow, actor, recusal_id, at_utc=now_utc())
    return redirect("/desk/recusals?said=recusals.done", 303)


def _line() -> tuple[NewLine, int]:
    """Gate 1 of the form: a line, and the version of the plan that the page showed."""
    form = request.form
    try:
        ends = form.get("approval_ends_on", "").strip()
        quotas = {
            name.removeprefix("quota-"): int(value)
            for name, value in list(form.items())[: MOST_QUOTAS + 20]
            if name.startswith("quota-") and value.strip()
        }
        return (
            NewLine(
                kind=CheckKind(form["kind"]),
                title=form["title"].strip()[:120],
                from_date=date.fromisoformat(form["from_date"]),
                to_date=date.fromisoformat(form["to_date"]),
                quotas=quotas,
                approver_name=form.get("approver_name", "").strip()[:64],
                paper_number=form.get("paper_number", "").strip()[:80],
                third_party=form.get("third_party", "").strip()[:120],
                approval_number=form.get("approval_number", "").strip()[:80],
                approval_ends_on=date.fromisoformat(ends) if ends else None,
            ),
            int(form["version"]),
        )
    except (KeyError, ValueError) as reason:
        raise BadForm("plans.fill") from reason
