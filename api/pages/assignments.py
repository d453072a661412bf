"""Assignments at the desk: the list, and the form by which the office sends a team to a village."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.paging import read_cursor, write_cursor
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, spoken, told
from api.pages.places import every_village
from visits.access import Right, accounts_within, require
from visits.fieldwork import ended_assignments
from visits.plans import (
    LATEST_AFTER,
    NewAssignment,
    assign,
    assignment,
    assignments,
    household_order,
    order_blind_double,
    plans_of,
    route_of_day,
    show_code,
    withdraw_assignment,
)
from visits.zone import LOCAL_ZONE

PER_PAGE = 50
USUAL_LEAD = timedelta(hours=2)
USUAL_WINDOW = timedelta(hours=12)
# Longer than this between release and the end, and "only hours before" is not kept.
LONG_WINDOW = timedelta(hours=24)
MOST_TEAM = 20
LEG = re.compile(r"minutes-([0-9]{12})-([0-9]{12})")
MOST_LEGS, MOST_MINUTES = 40, 1440


@desk.get("/assignments")
def show_assignments() -> Response:
    """The assignments in the reader's reach; for the office also the form for a new one."""
    return _assignments({})


@desk.post("/day-route")
def show_route_by_minutes() -> Response:
    """An inspector's list again, its route by the minutes they know; they are kept nowhere."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.RECORD)
    known = {}
    for name, said in list(request.form.items())[:MOST_LEGS]:
        pair = LEG.fullmatch(name)
        if pair and said.strip().isascii() and said.strip().isdigit() and int(said) <= MOST_MINUTES:
            known[pair[1], pair[2]] = float(said)
    return _assignments(known)


def _assignments(minutes: Mapping[tuple[str, str], float]) -> Response:
    actor, at_utc = current_actor(), now_utc()
    before = read_cursor(request.args.get("cursor"), datetime, UUID)
    with house().store.reading() as uow:
        found = assignments(uow, actor, before=before, limit=PER_PAGE + 1, at_utc=at_utc)
        may_assign = actor.may(Right.ASSIGN)
        places = every_village(uow, actor) if may_assign else []
        inspectors = accounts_within(uow, actor) if may_assign else []
        day = at_utc.astimezone(LOCAL_ZONE).date()
        done = [] if may_assign else ended_assignments(uow, actor, on=day)
        route = [] if may_assign else route_of_day(uow, actor, day=day, done=done, minutes=minutes, at_utc=at_utc)
        planned = plans_of(uow, actor) if may_assign else []
    shown = found[:PER_PAGE]
    zone = LOCAL_ZONE
    return page(
        "assignments.html",
        assignments=shown,
        next_cursor=write_cursor(shown[-1].assigned_utc, shown[-1].id) if len(found) > PER_PAGE else None,
        villages=places,
        inspectors=inspectors,
        route=route,
        legs=[*combinations(sorted({s.village.code: s.village for s in route}.items()), 2)],
        minutes=minutes,
        lines=[line for one in planned for line in one.lines if line.withdrawn_utc is None],
        release=form_time(at_utc + USUAL_LEAD, zone),
        expires=form_time(at_utc + USUAL_LEAD + USUAL_WINDOW, zone),
        said=told(),
        at_utc=at_utc,
        long_window=LONG_WINDOW,
        latest_double=LATEST_AFTER,
    )


@desk.post("/assignments")
def take_assignment() -> AnyResponse:
    """Make an assignment from the form."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.ASSIGN)
    wanted = _wanted()
    with house().store.writing() as uow:
        assign(uow, actor, wanted, at_utc=now_utc())
    return redirect("/desk/assignments?said=assignments.done", 303)


@desk.post("/assignments/<uuid:assignment_id>/key")
def show_slip(assignment_id: UUID) -> Response:
    """The departure slip to print; each showing is noted, so it is asked for by a form and never by a link."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.ASSIGN)
    with house().store.writing() as uow:
        slip = show_code(uow, actor, assignment_id, at_utc=now_utc())
    if slip.code is None:
        return page("error.html", status=409, code="409", reason=spoken().t("slip.sealed"), request_id="")
    return page("slip.html", slip=slip)


@desk.get("/assignments/<uuid:assignment_id>/households")
def show_households(assignment_id: UUID) -> Response:
    """In which order chance put the households of a released assignment, to be looked up and drawn again."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.reading() as uow:
        order = household_order(uow, actor, assignment_id, at_utc=at_utc)
        found = assignment(uow, actor, assignment_id, at_utc=at_utc)
    return page("households.html", order=order, assignment=found)


@desk.post("/assignments/<uuid:assignment_id>/double")
def take_double(assignment_id: UUID) -> AnyResponse:
    """Order a blind second team after a surprise visit."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.ASSIGN)
    team, release_utc, expires_utc = _team_and_times()
    with house().store.writing() as uow:
        order_blind_double(
            uow,
            actor,
            assignment_id,
            team=team,
            release_utc=release_utc,
            expires_utc=expires_utc,
            at_utc=now_utc(),
        )
    return redirect("/desk/assignments?said=double.done", 303)


@desk.post("/assignments/<uuid:assignment_id>/withdrawal")
def take_assignment_withdrawal(assignment_id: UUID) -> AnyResponse:
    """Withdraw an assignment that nobody has opened, with a reason."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.ASSIGN)
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise BadForm("plans.fill")
    with house().store.writing() as uow:
        withdraw_assignment(uow, actor, assignment_id, reason=reason, at_utc=now_utc())
    return redirect("/desk/assignments?said=assignments.withdrawn_done", 303)


def _team_and_times() -> tuple[tuple[UUID, ...], datetime, datetime]:
    """Who goes, from when on, and until when."""
    form = request.form
    try:
        team = tuple(UUID(member) for member in form.getlist("team")[:MOST_TEAM])
        return team, instant_of_form(form["release"], LOCAL_ZONE), instant_of_form(form["expires"], LOCAL_ZONE)
    except (KeyError, ValueError) as reason:
        raise BadForm("assignments.fill") from reason


def _wanted() -> NewAssignment:
    """Gate 1 of the form: what a browser sends from it, in the right types."""
    form = request.form
    team, release_utc, expires_utc = _team_and_times()
    try:
        return NewAssignment(
            village_code=form["village_code"],
            announced=form["announced"] == "yes",
            team=team,
            release_utc=release_utc,
            expires_utc=expires_utc,
            reason=form.get("reason", "").strip()[:200],
            case_study=form["announced"] == "case_study",
            plan_line_id=UUID(form["plan_line_id"]) if form.get("plan_line_id") else None,
        )
    except (KeyError, ValueError) as reason:
        raise BadForm("assignments.fill") from reason


def form_time(at_utc: datetime, zone: ZoneInfo) -> str:
    """An instant as a ``datetime-local`` field takes it, on the minute."""
    return at_utc.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def instant_of_form(text: str, zone: ZoneInfo) -> datetime:
    """The instant a ``datetime-local`` field means in the county's time."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=zone).astimezone(UTC)
