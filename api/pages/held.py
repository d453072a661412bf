"""What is held about a person, to print or to hand over as a file, and what the person asked to have corrected."""

import json
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from api.pages.review import form_day
from visits.review import answer_correction, ask_correction, corrections_of, held_about
from visits.zone import LOCAL_ZONE

_LONGEST = 2000


@desk.get("/postings/<uuid:posting_id>/held")
def show_held(posting_id: UUID) -> Response:
    """Everything held about the person, to read and print; handing it out is a line of the audit."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.writing() as uow:
        held = held_about(uow, actor, posting_id, at_utc=at_utc)
        asked = corrections_of(uow, actor, posting_id)
    today = at_utc.astimezone(LOCAL_ZONE).date()
    return page("held.html", posting_id=posting_id, held=held, asked=asked, made_utc=at_utc, today=today, said=told())


@desk.get("/postings/<uuid:posting_id>/held.json")
def fetch_held(posting_id: UUID) -> Response:
    """The same as a file that programs read."""
    at_utc = now_utc()
    with house().store.writing() as uow:
        held = held_about(uow, current_actor(), posting_id, at_utc=at_utc)
    body = json.dumps({"made_utc": at_utc.isoformat(), **held}, ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": f'attachment; filename="shidi-held-{posting_id}.json"'}
    return Response(body, content_type="application/json", headers=headers)


@desk.post("/postings/<uuid:posting_id>/corrections")
def take_correction(posting_id: UUID) -> AnyResponse:
    """Register that the person asked for a correction."""
    actor = current_actor()
    check_csrf()
    what = _words("what")
    with house().store.writing() as uow:
        ask_correction(uow, actor, posting_id, what=what, asked_on=form_day("asked_on"), at_utc=now_utc())
    return redirect(f"/desk/postings/{posting_id}/held?said=held.asked", 303)


@desk.post("/corrections/<uuid:correction_id>")
def take_correction_answer(correction_id: UUID) -> AnyResponse:
    """Say what came of it."""
    actor = current_actor()
    check_csrf()
    answer, outcome = _words("answer"), request.form.get("outcome", "")
    if outcome not in ("corrected", "refused"):
        raise BadForm("held.fill")
    with house().store.writing() as uow:
        done = answer_correction(
            uow, actor, correction_id, corrected=outcome == "corrected", answer=answer, at_utc=now_utc()
        )
    return redirect(f"/desk/postings/{done.posting_id}/held?said=held.answered", 303)


def _words(name: str) -> str:
    text = request.form.get(name, "").strip()
    if not 0 < len(text) <= _LONGEST:
        raise BadForm("held.fill")
    return text
