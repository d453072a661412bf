"""Forms for what follows a standing adverse decision, and for talks and major matters; each goes back to its page."""

from collections.abc import Callable, Collection
from functools import wraps
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page
from api.pages.review import form_day
from visits.access import Actor
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
from visits.store import UnitOfWork


def filed(view: Callable[..., str]) -> Callable[..., AnyResponse]:
    """A view that files one form: signed in, from a page of ours, in one unit of work; it tells where to go then."""

    @wraps(view)
    def take(**named: UUID) -> AnyResponse:
        actor = current_actor()
        check_csrf()
        with house().store.writing() as uow:
            shown_next = view(uow, actor, **named)
        return redirect(shown_next, 303)

    return take


@desk.post("/decisions/<uuid:decision_id>/appeals")
@filed
def take_appeal(uow: UnitOfWork, actor: Actor, decision_id: UUID) -> str:
    """Register an appeal that came on paper."""
    text, received_on = _words("text", 4000), form_day("received_on")
    register_appeal(uow, actor, decision_id, text=text, received_on=received_on, how="paper", at_utc=now_utc())
    return f"/desk/decisions/{decision_id}?said=appeal.done"


@desk.post("/appeals/<uuid:appeal_id>")
@filed
def take_appeal_answer(uow: UnitOfWork, actor: Actor, appeal_id: UUID) -> str:
    """Keep the decision or set it aside, as a third person."""
    answer, set_aside = _words("answer", 4000), _one_of("outcome", ("kept", "set_aside")) == "set_aside"
    answered = answer_appeal(uow, actor, appeal_id, set_aside=set_aside, answer=answer, at_utc=now_utc())
    return f"/desk/decisions/{answered.decision_id}?said=appeal.answered"


@desk.post("/decisions/<uuid:decision_id>/hand-overs")
@filed
def take_hand_over(uow: UnitOfWork, actor: Actor, decision_id: UUID) -> str:
    """Hand a decision to one of its two addressees."""
    addressee, name, sent_on = _one_of("addressee", ADDRESSEES), _words("name", 120), form_day("sent_on")
    hand_over(uow, actor, decision_id, addressee=addressee, name=name, sent_on=sent_on, at_utc=now_utc())
    return f"/desk/decisions/{decision_id}?said=hand_over.done"


@desk.post("/breach-hand-overs/<uuid:hand_over_id>")
@filed
def take_hand_over_step(uow: UnitOfWork, actor: Actor, hand_over_id: UUID) -> str:
    """Write down that the addressee was consulted, or that it was handled; the second needs the first."""
    steps = {"consulted": note_consulted, "handled": note_handled}
    step, note = steps[_one_of("step", steps)], request.form.get("note", "").strip()[:1000]
    done = step(uow, actor, hand_over_id, on=form_day("on"), note=note, at_utc=now_utc())
    return f"/desk/decisions/{done.decision_id}?said=hand_over.step"


@desk.post("/postings/<uuid:posting_id>/talks")
@filed
def take_talk(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> str:
    """Write down that a talk took place; there is no field for what was said."""
    kind, with_whom, talked_on = _one_of("kind", TALK_KINDS), _words("with_whom", 64), form_day("talked_on")
    record_talk(uow, actor, posting_id, talked_on=talked_on, with_whom=with_whom, kind=kind, at_utc=now_utc())
    return f"/desk/postings/{posting_id}#talks"


@desk.post("/postings/<uuid:posting_id>/matters")
@filed
def take_matter(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> str:
    """Write down that a major matter was reported."""
    category, to_whom, day = _one_of("category", MATTER_CATEGORIES), _words("to_whom", 120), form_day("reported_on")
    record_major_matter(uow, actor, posting_id, reported_on=day, category=category, to_whom=to_whom, at_utc=now_utc())
    return f"/desk/postings/{posting_id}#matters"


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


def _one_of(field: str, choices: Collection[str]) -> str:
    chosen = request.form.get(field, "")
    if chosen not in choices:
        raise BadForm("decision.choose")
    return chosen
