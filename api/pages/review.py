"""Review at the desk: a sighting with its evidence and its forms, and the second person's page."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from visits.access import Actor
from visits.fieldwork import VisitView, sighting, visit
from visits.people import PostingView
from visits.review import (
    ADDRESSEES,
    confirm,
    decide,
    decision,
    decisions_waiting,
    give_notice,
    person_page,
    register_reply,
)
from visits.review.person import SightingOnPage
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

NOTICE_WAYS = ("paper", "in_person", "link")
OUTCOMES = ("accept", "return", "reject")
MOST_EVIDENCE = 40


@dataclass(frozen=True)
class Laid:
    """All that lies on the table when one sighting is reviewed."""

    posting: PostingView
    on_page: SightingOnPage
    visit: VisitView

    def shown(self) -> dict[str, Any]:
        """The same as the values a template takes."""
        numbered = list(enumerate(self.visit.photos, start=1))
        return {
            "posting": self.posting,
            "on_page": self.on_page,
            "visit": self.visit,
            "records": {r.id: r for r in self.visit.records},
            "photos": [(n, p) for n, p in numbered if p.of_record in self.on_page.seen.record_ids],
        }


@desk.get("/decisions")
def show_decisions() -> Response:
    """The decisions that wait for a second person, oldest first."""
    with house().store.reading() as uow:
        waiting = decisions_waiting(uow, current_actor())
    return page("decisions.html", decisions=waiting)


@desk.get("/sightings/<uuid:sighting_id>")
def show_sighting(sighting_id: UUID) -> Response:
    """One sighting: what was seen, what was replied, what was decided, and the forms."""
    with house().store.writing() as uow:
        laid = _lay(uow, current_actor(), sighting_id)
    return page("sighting.html", **laid.shown(), notice_ways=NOTICE_WAYS, today=_today(), said=told())


@desk.post("/sightings/<uuid:sighting_id>/decisions")
def take_decision(sighting_id: UUID) -> AnyResponse:
    """Decide on a sighting; an adverse decision goes on to its second person."""
    actor = current_actor()
    check_csrf()
    outcome, reason = request.form.get("outcome", ""), request.form.get("reason", "").strip()[:2000]
    if outcome not in OUTCOMES:
        raise BadForm("decision.choose")
    if not reason:
        raise BadForm("decision.give_reason")
    based_on = tuple(dict.fromkeys(request.form.getlist("based_on")[:MOST_EVIDENCE]))
    with house().store.writing() as uow:
        decide(uow, actor, sighting_id, outcome=outcome, reason=reason, based_on=based_on, at_utc=now_utc())
    return redirect(f"/desk/sightings/{sighting_id}?said=decision.done", 303)


@desk.post("/sightings/<uuid:sighting_id>/notices")
def take_notice(sighting_id: UUID) -> AnyResponse:
    """Register that the person was told."""
    actor = current_actor()
    check_csrf()
    how = request.form.get("how", "")
    if how not in NOTICE_WAYS:
        raise BadForm("decision.choose")
    with house().store.writing() as uow:
        give_notice(uow, actor, sighting_id, given_on=form_day("given_on"), how=how, at_utc=now_utc())
    return redirect(f"/desk/sightings/{sighting_id}?said=notice.done", 303)


@desk.post("/notices/<uuid:notice_id>/replies")
def take_reply(notice_id: UUID) -> AnyResponse:
    """Register a reply that came on paper."""
    actor = current_actor()
    check_csrf()
    text = request.form.get("text", "").strip()[:4000]
    if not text:
        raise BadForm("reply.empty")
    with house().store.writing() as uow:
        notice = register_reply(
            uow, actor, notice_id, text=text, received_on=form_day("received_on"), how="paper", at_utc=now_utc()
        )
    return redirect(f"/desk/sightings/{notice.sighting_id}?said=reply.done", 303)


@desk.get("/decisions/<uuid:decision_id>")
def show_decision(decision_id: UUID) -> Response:
    """A decision with its evidence, for the second person."""
    actor = current_actor()
    with house().store.writing() as uow:
        found = decision(uow, actor, decision_id)
        laid = _lay(uow, actor, found.sighting_id)
    return page("decision.html", **laid.shown(), decision=found, addressees=ADDRESSEES, today=_today(), said=told())


@desk.post("/decisions/<uuid:decision_id>")
def take_second(decision_id: UUID) -> AnyResponse:
    """Agree or not, as the second person, with the version that was read."""
    actor = current_actor()
    check_csrf()
    agree, version = request.form.get("agree", ""), request.form.get("version", "")
    reason = request.form.get("reason", "").strip()[:2000]
    if agree not in ("yes", "no") or not (version.isascii() and version.isdigit() and len(version) < 10):
        raise BadForm("decision.choose")
    if not reason:
        raise BadForm("decision.give_reason")
    with house().store.writing() as uow:
        confirm(uow, actor, decision_id, agree=agree == "yes", reason=reason, version=int(version), at_utc=now_utc())
    return redirect(f"/desk/decisions/{decision_id}?said=decision.second_done", 303)


def _lay(uow: UnitOfWork, actor: Actor, sighting_id: UUID) -> Laid:
    """The sighting, the visit it belongs to, and what was said of it since."""
    seen = sighting(uow, actor, sighting_id)
    person = person_page(uow, actor, seen.posting_id, at_utc=now_utc())
    on_page = next(s for s in person.sightings if s.seen.id == seen.id)
    return Laid(person.posting, on_page, visit(uow, actor, seen.visit_id, at_utc=now_utc()))


def _today() -> date:
    return now_utc().astimezone(LOCAL_ZONE).date()


def form_day(field: str) -> date:
    """A day from a date field; a day to come cannot have been the day something happened."""
    try:
        day = date.fromisoformat(request.form.get(field, ""))
    except ValueError as reason:
        raise BadForm("form.bad_day") from reason
    if not day.year >= 2000 or day > _today():
        raise BadForm("form.bad_day")
    return day
