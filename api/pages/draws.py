"""Draws at the desk: committed to by the office, decided by the second party's number, told after the last visit."""

from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.paging import read_cursor, write_cursor
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from api.pages.places import every_village
from visits.access import Right, accounts_within
from visits.draws import (
    USUAL_SLOTS,
    NewDraw,
    commit_draw,
    draw_of,
    draws,
    leak_signs,
    mix_draw,
    reveal_draw,
    withdraw_draw,
)
from visits.plans import plans_of
from visits.zone import LOCAL_ZONE

PER_PAGE = 50
MOST_DAYS = 62
MOST_AWAY = 500


@desk.get("/draws")
def show_draws() -> Response:
    """The draws of the reader's county; for the office also the form for a new one."""
    actor, at_utc = current_actor(), now_utc()
    before = read_cursor(request.args.get("cursor"), datetime, UUID)
    today = at_utc.astimezone(LOCAL_ZONE).date()
    with house().store.reading() as uow:
        found = draws(uow, actor, before=before, limit=PER_PAGE + 1)
        may_draw = actor.may(Right.ASSIGN)
        lines = [
            line
            for plan in (plans_of(uow, actor) if may_draw else [])
            for line in plan.lines
            if line.withdrawn_utc is None and line.to_date >= today
        ]
        inspectors = accounts_within(uow, actor) if may_draw else []
    shown = found[:PER_PAGE]
    return page(
        "draws.html",
        draws=shown,
        next_cursor=write_cursor(shown[-1].committed_utc, shown[-1].id) if len(found) > PER_PAGE else None,
        lines=lines,
        inspectors=inspectors,
        slots=USUAL_SLOTS,
        first_day=today + timedelta(days=2),
        last_day=today + timedelta(days=8),
        said=told(),
    )


@desk.get("/draws/<uuid:draw_id>")
def show_draw_page(draw_id: UUID) -> Response:
    """One draw, and the step that is due."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.reading() as uow:
        found = draw_of(uow, actor, draw_id)
        names = {v.code: f"{v.town_name}{v.name}" for v in every_village(uow, actor)} if found.frame else {}
    over = found.over_utc is None or found.over_utc <= at_utc
    return page("draw.html", draw=found, names=names, over=over, at_utc=at_utc, said=told())


@desk.get("/leak-signs")
def show_leak_signs_page() -> Response:
    """What a leak would look like from outside, for discipline to weigh."""
    with house().store.reading() as uow:
        found = leak_signs(uow, current_actor())
    return page("leaks.html", signs=found)


@desk.post("/draws")
def take_draw() -> AnyResponse:
    """Commit to a draw from the form."""
    actor = current_actor()
    check_csrf()
    wanted = _wanted()
    with house().store.writing() as uow:
        made = commit_draw(uow, actor, wanted, at_utc=now_utc())
    return redirect(f"/desk/draws/{made.id}?said=draws.committed", 303)


@desk.post("/draws/<uuid:draw_id>/number")
def take_number(draw_id: UUID) -> AnyResponse:
    """Take the second party's number from the form."""
    actor = current_actor()
    check_csrf()
    nonce, source = (request.form.get(name, "").strip()[:200] for name in ("nonce", "source"))
    if not nonce or not source:
        raise BadForm("draws.fill_number")
    with house().store.writing() as uow:
        mix_draw(uow, actor, draw_id, nonce=nonce, source=source, at_utc=now_utc())
    return redirect(f"/desk/draws/{draw_id}?said=draws.drawn", 303)


@desk.post("/draws/<uuid:draw_id>/withdrawal")
def take_draw_withdrawal(draw_id: UUID) -> AnyResponse:
    """Withdraw a draw with a reason."""
    actor = current_actor()
    check_csrf()
    with house().store.writing() as uow:
        withdraw_draw(uow, actor, draw_id, reason=request.form.get("reason", ""), at_utc=now_utc())
    return redirect(f"/desk/draws/{draw_id}?said=draws.withdrawn", 303)


@desk.post("/draws/<uuid:draw_id>/reveal")
def take_reveal(draw_id: UUID) -> AnyResponse:
    """Tell the secret."""
    actor = current_actor()
    check_csrf()
    with house().store.writing() as uow:
        reveal_draw(uow, actor, draw_id, at_utc=now_utc())
    return redirect(f"/desk/draws/{draw_id}?said=draws.revealed", 303)


def _wanted() -> NewDraw:
    """Gate 1 of the form: what a browser sends from it, in the right types; the days are all between two."""
    form = request.form
    try:
        first, last = (date.fromisoformat(form[name]) for name in ("first_day", "last_day"))
        if not 0 <= (last - first).days < MOST_DAYS:
            raise BadForm("draws.fill")
        return NewDraw(
            plan_line_id=UUID(form["plan_line_id"]),
            visits=int(form["visits"]),
            days=tuple(first + timedelta(days=n) for n in range((last - first).days + 1)),
            slots={slot: int(form[f"slot-{slot}"]) for slot in USUAL_SLOTS if form.get(f"slot-{slot}", "0") != "0"},
            team_size=int(form["team_size"]),
            most_per_day=int(form["most_per_day"]),
            floor_percent=int(form["floor_percent"]),
            lead_hours=int(form["lead_hours"]),
            not_available=tuple(UUID(one) for one in form.getlist("not_available")[:MOST_AWAY]),
        )
    except (KeyError, ValueError) as reason:
        raise BadForm("draws.fill") from reason
