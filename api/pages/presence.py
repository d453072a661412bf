"""What a run of the review calendar asks people to look at, and what it says of everybody together."""

from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from visits.places import division_names
from visits.review import close_referral, figures_for_leaders, referrals

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


@desk.get("/figures")
def show_figures() -> Response:
    """Absence, excuses and the funnel of the townships, without names; inspectors for nobody but who decides."""
    actor = current_actor()
    with house().store.reading() as uow:
        runs = figures_for_leaders(uow, actor)
        names = division_names(uow, actor)
    return page("figures.html", runs=runs, names=names)
