"""What a run of the review calendar asks people to look at, and what it says of everybody together."""

from datetime import date
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from visits.people import talks_of_quarter
from visits.places import division_names
from visits.review import LEAST_PAIRS, close_referral, figures_for_leaders, inspectors_looked_at, referrals
from visits.zone import LOCAL_ZONE

ABOUT = ("absence", "nights")


@desk.get("/referrals")
def show_referrals() -> Response:
    """The referrals by village code or by age; the verb notes that they were read."""
    about = request.args.get("about", "")
    by_age, closed = request.args.get("order") == "age", request.args.get("closed") == "1"
    with house().store.writing() as uow:
        found = referrals(
            uow,
            current_actor(),
            closed=closed,
            about=about if about in ABOUT else "",
            by_age=by_age,
            at_utc=now_utc(),
        )
    return page("referrals.html", referrals=found, about=about, by_age=by_age, closed=closed, kinds=ABOUT, said=told())


@desk.post("/referrals/<uuid:referral_id>")
def take_referral_end(referral_id: UUID) -> AnyResponse:
    """Say how a referral ended."""
    actor = current_actor()
    check_csrf()
    reason = request.form.get("reason", "").strip()[:2000]
    if not reason:
        raise BadForm("decision.give_reason")
    with house().store.writing() as uow:
        close_referral(uow, actor, referral_id, reason=reason, at_utc=now_utc())
    return redirect("/desk/referrals?said=referrals.done", 303)


@desk.get("/inspectors")
def show_inspectors() -> Response:
    """What the newest run says of inspectors, for the few who may read it; the verb notes that they did."""
    actor = current_actor()
    with house().store.writing() as uow:
        found = inspectors_looked_at(uow, actor, at_utc=now_utc())
        names = division_names(uow, actor)
    return page("inspectors.html", counties=found, names=names, least_pairs=LEAST_PAIRS)


@desk.get("/talks")
def show_talks() -> Response:
    """With whom somebody talked in a quarter, and with whom not yet; the current one first."""
    actor = current_actor()
    today = now_utc().astimezone(LOCAL_ZONE).date()
    quarters = _quarters(today)
    chosen = request.args.get("quarter", "")
    chosen = chosen if chosen in quarters else quarters[0]
    with house().store.reading() as uow:
        found = talks_of_quarter(uow, actor, int(chosen[:4]), int(chosen[-1]))
    return page("talks.html", talks=found, quarters=quarters, chosen=chosen)


def _quarters(today: date) -> list[str]:
    """The last eight quarters, like ``2026Q4``, the newest first."""
    newest = today.year * 4 + (today.month - 1) // 3
    return [f"{n // 4}Q{n % 4 + 1}" for n in range(newest, newest - 8, -1)]


@desk.get("/figures")
def show_figures() -> Response:
    """Absence, excuses and the funnel of the townships, without names; inspectors for nobody but who decides."""
    actor = current_actor()
    with house().store.reading() as uow:
        runs = figures_for_leaders(uow, actor)
        names = division_names(uow, actor)
    return page("figures.html", runs=runs, names=names)
