"""A visit without a phone: the printable form of it, and what was written on it entered later (补录), labelled."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.assignments import instant_of_form
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page
from api.resources.record_shapes import read_record
from media.proof import record_sha256
from visits.forms import Question, QuestionSet, items, question_set
from visits.intake import Incoming, accepted_records, receive
from visits.plans import Package, paper_form
from visits.zone import LOCAL_ZONE

PROBLEMS_ON_PAPER = 3
SEEN = ("met", "seen_by_others", "said_on_leave", "said_on_trip", "not_met", "cannot_tell")
NO_FIX = "纸质表补录，没有定位 / from paper, no position"


@desk.get("/assignments/<uuid:assignment_id>/paper")
def show_paper(assignment_id: UUID) -> Response:
    """The form, to print before the visit and to fill in afterwards."""
    with house().store.writing() as uow:
        package = paper_form(uow, current_actor(), assignment_id, at_utc=now_utc())
    asked = question_set(package.question_set)
    return page(
        "paper.html",
        package=package,
        script=asked,
        questions=_questions(asked, package),
        items=items(),
        seen=SEEN,
        problems=range(1, PROBLEMS_ON_PAPER + 1),
    )


@desk.post("/assignments/<uuid:assignment_id>/paper")
def take_paper(assignment_id: UUID) -> AnyResponse:
    """Enter what was written on the form, once, as records that say so."""
    actor, at_utc = current_actor(), now_utc()
    check_csrf()
    with house().store.writing() as uow:
        package = paper_form(uow, actor, assignment_id, at_utc=at_utc)
        sent = accepted_records(uow, package.visit_id)
        if any(one.account_id == actor.account_id and one.device_id == actor.device_id for one in sent):
            raise BadForm("paper.twice")
        batch = [Incoming(text, None, read_record(text).parsed, "") for text in _texts(package, at_utc)]
        if any(one.record is None for one in batch):
            raise BadForm("paper.fill")
        receive(uow, actor, package.visit_id, batch, device_utc=None, at_utc=at_utc)
    house().jobs.wake()
    return redirect(f"/desk/visits/{package.visit_id}", 303)


def _questions(asked: QuestionSet, package: Package) -> list[Question]:
    return [q for q in asked.questions if package.visit_kind in q.visit_kinds]


def _texts(package: Package, at_utc: datetime) -> list[str]:
    """The records of the form, numbered and chained like a phone's; nobody signed them."""
    texts: list[str] = []
    bodies = list(_bodies(package))
    for seq, (kind, body) in enumerate(bodies, 1):
        made = body.pop("made_at")
        if kind == "close":
            body["records"] = len(bodies)
        record = {
            "id": str(uuid4()),
            "visit_id": str(package.visit_id),
            "kind": kind,
            "seq": seq,
            "previous": record_sha256(texts[-1]) if texts else None,
            "made_at": at_utc.astimezone(LOCAL_ZONE).isoformat(),
            "monotonic_ms": None,
            "nonce": None,
            "body": {**body, "written_at": made},
        }
        texts.append(json.dumps(record, ensure_ascii=False))
    return texts


def _bodies(package: Package) -> Iterator[tuple[str, dict[str, Any]]]:
    form = request.form
    try:
        arrived, left = (instant_of_form(form[name], LOCAL_ZONE).isoformat() for name in ("arrived", "left"))
    except (KeyError, ValueError) as reason:
        raise BadForm("paper.fill") from reason
    yield "arrive", {"made_at": arrived, "fix": None, "no_fix_reason": NO_FIX}
    for posting in package.postings:
        if form.get(f"seen-{posting.id}") in SEEN:
            yield "sighting", {"made_at": arrived, "posting_id": str(posting.id), **_sighting(str(posting.id))}
    if answers := [one for q in _questions(question_set(package.question_set), package) for one in _answer(q)]:
        yield "answers", {"made_at": arrived, "question_set": package.question_set, "answers": answers}
    for n in range(1, PROBLEMS_ON_PAPER + 1):
        if form.get(f"problem-{n}", "").strip():
            yield "problem", {"made_at": arrived, **_problem(n)}
    ending = {"escorted": form.get("escorted") == "yes", "warned_beforehand": form.get("warned") == "yes"}
    yield "close", {"made_at": left, **ending, "note": form.get("note", "").strip()[:2000]}


def _sighting(posting_id: str) -> dict[str, Any]:
    form = request.form
    asked, know = (_count(form.get(f"{name}-{posting_id}", "")) or 0 for name in ("asked", "know"))
    note = form.get(f"note-{posting_id}", "").strip()[:2000]
    said = {"seen": form[f"seen-{posting_id}"], "met_by_both": False, "fix": None, "note": note}
    return {**said, "villagers_asked": asked, "villagers_know": know}


def _answer(question: Question) -> Iterator[dict[str, Any]]:
    form = request.form
    note = form.get(f"words-{question.id}", "").strip()[:2000]
    said, asked, know = form.get(f"answer-{question.id}", ""), None, None
    if question.answer == "know_of":
        asked, know = (_count(form.get(f"{name}-{question.id}", "")) for name in ("asked", "know"))
        said = "counted" if asked is not None and know is not None else ""
    elif question.answer == "text":
        said = "counted" if note else ""
    if said in ("yes", "no", "cannot_tell", "counted"):
        counted = {"asked": asked, "know": know} if said == "counted" else {"asked": None, "know": None}
        yield {"question_id": question.id, "answer": said, **counted, "note": note, "household": None}


def _problem(n: int) -> dict[str, Any]:
    form = request.form
    item = _count(form.get(f"item-{n}", ""))
    return {
        "item": item,
        "other_reason": None if item else form.get(f"other-{n}", "").strip()[:500],
        "kind": _count(form.get(f"kind-{n}", "")) or 2,
        "text": form[f"problem-{n}"].strip()[:4000],
        "place_note": form.get(f"place-{n}", "").strip()[:500],
        "fixed_on_spot": form.get(f"fixed-{n}") == "yes",
        "fix": None,
    }


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None
