"""Forms for what follows a standing adverse decision, and for talks and major matters; each goes back to its page."""

from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page
from api.pages.review import form_day
from visits.people import MATTER_CATEGORIES, TALK_KINDS, record_major_matter, record_talk
from visits.places import village
from visits.review import (
    ADDRESSEES,
    answer_appeal,
    hand_over,
    note_consulted,
    note_handled,
    person_page,
    register_appeal,
)


@desk.post("/decisions/<uuid:decision_id>/appeals")
def take_appeal(decision_id: UUID) -> AnyResponse:
    """Register an appeal that came on paper."""
    actor = current_actor()
    check_csrf()
    text = _words("text", 4000)
    with house().store.writing() as uow:
        register_appeal(
            uow, actor, decision_id, text=text, received_on=form_day("received_on"), how="paper", at_utc=now_utc()
        )
    return redirect(f"/desk/decisions/{decision_id}?said=appeal.done", 303)


@desk.post("/appeals/<uuid:appeal_id>")
def take_appeal_answer(appeal_id: UUID) -> AnyResponse:
    """Keep the decision or set it aside, as a third person."""
    actor = current_actor()
    check_csrf()
    answer, outcome = _words("answer", 4000), request.form.get("outcome", "")
    if outcome not in ("kept", "set_aside"):
        raise BadForm("decision.choose")
    with house().store.writing() as uow:
        answered = answer_appeal(
            uow, actor, appeal_id, set_aside=outcome == "set_aside", answer=answer, at_utc=now_utc()
        )
    return redirect(f"/desk/decisions/{answered.decision_id}?said=appeal.answered", 303)


@desk.post("/decisions/<uuid:decision_id>/hand-overs")
def take_hand_over(decision_id: UUID) -> AnyResponse:
    """Hand a decision to one of its two addressees."""
    actor = current_actor()
    check_csrf()
    addressee, name = request.form.get("addressee", ""), _words("name", 120)
    if addressee not in ADDRESSEES:
        raise BadForm("decision.choose")
    with house().store.writing() as uow:
        hand_over(
            uow, actor, decision_id, addressee=addressee, name=name, sent_on=form_day("sent_on"), at_utc=now_utc()
        )
    return redirect(f"/desk/decisions/{decision_id}?said=hand_over.done", 303)


@desk.post("/breach-hand-overs/<uuid:hand_over_id>")
def take_hand_over_step(hand_over_id: UUID) -> AnyResponse:
    """Write down that the addressee was consulted, or that it was handled; the second needs the first."""
    actor = current_actor()
    check_csrf()
    steps = {"consulted": note_consulted, "handled": note_handled}
    step = steps.get(request.form.get("step", ""))
    if step is None:
        raise BadForm("decision.choose")
    note = request.form.get("note", "").strip()[:1000]
    with house().store.writing() as uow:
        done = step(uow, actor, hand_over_id, on=form_day("on"), note=note, at_utc=now_utc())
    return redirect(f"/desk/decisions/{done.decision_id}?said=hand_over.step", 303)


@desk.post("/postings/<uuid:posting_id>/talks")
def take_talk(posting_id: UUID) -> AnyResponse:
    """Write down that a talk took place; there is no field for what was said."""
    actor = current_actor()
    check_csrf()
    kind, with_whom = request.form.get("kind", ""), _words("with_whom", 64)
    if kind not in TALK_KINDS:
        raise BadForm("decision.choose")
    with house().store.writing() as uow:
        record_talk(
            uow, actor, posting_id, talked_on=form_day("talked_on"), with_whom=with_whom, kind=kind, at_utc=now_utc()
        )
    return redirect(f"/desk/postings/{posting_id}#talks", 303)


@desk.post("/postings/<uuid:posting_id>/matters")
def take_matter(posting_id: UUID) -> AnyResponse:
    """Write down that a major matter was reported."""
    actor = current_actor()
    check_csrf()
    category, to_whom = request.form.get("category", ""), _words("to_whom", 120)
    if category not in MATTER_CATEGORIES:
        raise BadForm("decision.choose")
    with house().store.writing() as uow:
        record_major_matter(
            uow,
            actor,
            posting_id,
            reported_on=form_day("reported_on"),
            category=category,
            to_whom=to_whom,
            at_utc=now_utc(),
        )
    return redirect(f"/desk/postings/{posting_id}#matters", 303)


@desk.get("/postings/<uuid:posting_id>/extract")
def show_extract(posting_id: UUID) -> Response:
    """The facts of one posting to print: counts with their intervals, replies beside them, and the printed line."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.writing() as uow:
        person = person_page(uow, actor, posting_id, at_utc=at_utc)
        there = village(uow, actor, person.posting.village_code)
    return page("extract.html", person=person, village=there, made_utc=at_utc)


def _words(field: str, most: int) -> str:
    text = request.form.get(field, "").strip()[:most]
    if not text:
        raise BadForm("form.say_it")
    return text
