"""The ledger of problems, and one problem."""

from datetime import datetime
from uuid import UUID

from flask import Response, request

from api.http.house import house
from api.http.paging import read_cursor, write_cursor
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.frame import page
from visits.ledger import problem, problems

PER_PAGE = 50


@desk.get("/ledger")
def show_ledger() -> Response:
    """The problems in the reader's reach, the newest first."""
    before = read_cursor(request.args.get("cursor"), datetime, UUID)
    with house().store.reading() as uow:
        found = problems(uow, current_actor(), before=before, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    next_cursor = write_cursor(shown[-1].found_utc, shown[-1].id) if len(found) > PER_PAGE else None
    return page("ledger.html", problems=shown, next_cursor=next_cursor)


@desk.get("/ledger/<uuid:problem_id>")
def show_problem(problem_id: UUID) -> Response:
    """One problem."""
    with house().store.reading() as uow:
        found = problem(uow, current_actor(), problem_id)
    return page("problem.html", problem=found)
