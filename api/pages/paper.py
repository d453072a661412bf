"""A visit without a phone: the printable form of it, and what was written on it entered later (补录), labelled."""

from datetime import datetime
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, spoken
from api.pages.written import HOUSEHOLDS_ON_PAPER, PROBLEMS_ON_PAPER, PROJECT_SEEN, SEEN, asked_of_all, texts_written
from api.resources.record_shapes import read_record
from visits.access import NotAllowed, Right
from visits.forms import QuestionSet, VisitKind, items, question_set
from visits.intake import Incoming, accepted_records, receive
from visits.plans import Package, open_assignment, paper_form

ROWS_OF_A_BLANK = 4


@desk.post("/assignments/<uuid:assignment_id>/opening")
def open_at_desk(assignment_id: UUID) -> AnyResponse:
    """Open a released assignment for somebody without a phone: the form to print is what they get."""
    actor = current_actor()
    check_csrf()
    with house().store.writing() as uow:
        outcome = open_assignment(uow, actor, assignment_id, device_utc=None, at_utc=now_utc())
    if outcome.package is None:
        return page("error.html", status=409, code="409", reason=spoken().t("paper.sealed"), request_id="")
    return redirect(f"/desk/assignments/{assignment_id}/paper", 303)


@desk.get("/assignments/<uuid:assignment_id>/paper")
def show_paper(assignment_id: UUID) -> Response:
    """The form, to print before the visit and to fill in afterwards."""
    with house().store.writing() as uow:
        package = paper_form(uow, current_actor(), assignment_id, at_utc=now_utc())
    return _form(package, VisitKind(package.visit_kind), question_set(package.question_set))


@desk.get("/paper")
def show_blank_paper() -> Response:
    """An empty form to take along where nothing can be printed once the village is known; it names no village."""
    actor = current_actor()
    if not (actor.may(Right.RECORD) or actor.may(Right.ASSIGN)):
        raise NotAllowed("the form is for who makes visits, and for who sends them")
    asked = request.args.get("kind", "")
    kind = VisitKind(asked) if asked in set(VisitKind) else VisitKind.UNANNOUNCED
    return _form(None, kind, question_set())


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
        batch = [Incoming(text, None, read_record(text).parsed, "") for text in _written(package, at_utc)]
        if any(one.record is None for one in batch):
            raise BadForm("paper.fill")
        receive(uow, actor, package.visit_id, batch, device_utc=None, at_utc=at_utc)
    house().jobs.wake()
    return redirect(f"/desk/visits/{package.visit_id}", 303)


def _written(package: Package, at_utc: datetime) -> list[str]:
    try:
        return texts_written(request.form, package, at_utc)
    except ValueError as reason:
        raise BadForm("paper.fill") from reason


def _form(package: Package | None, kind: VisitKind, asked: QuestionSet) -> Response:
    mine = [q for q in asked.questions if kind in q.visit_kinds]
    # Without a list of households what is asked of each of them is asked by whom one meets, as on the phone.
    has_list = package is None or bool(package.households)
    return page(
        "paper.html",
        package=package,
        kind=kind,
        kinds=tuple(VisitKind),
        script=asked,
        questions=asked_of_all(mine, has_list=has_list),
        of_household=[q for q in mine if q.per_household] if has_list else [],
        households=range(1, HOUSEHOLDS_ON_PAPER + 1),
        items=items(),
        seen=SEEN,
        project_seen=PROJECT_SEEN,
        problems=range(1, PROBLEMS_ON_PAPER + 1),
        rows=range(1, ROWS_OF_A_BLANK + 1),
    )
