"""The ledger of problems: read, and withdrawn with a reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma

from api.http.blueprint import RoomBlueprint
from api.http.fields import Id, Instant, Schema, Text
from api.http.house import house, now_utc
from api.http.paging import PageQuery, page, read_cursor
from api.http.signin import current_actor
from api.resources.forms import ItemOut
from api.resources.places import VillageOut
from visits.ledger import problem, problems, withdraw

ledger = RoomBlueprint("problems", "The ledger of problems")


class EarlierWordingOut(ma.Schema):
    """What a problem said until whoever found it corrected it."""

    item = ma.fields.Nested(ItemOut, allow_none=True)
    other_reason = ma.fields.String()
    kind = ma.fields.Integer()
    text = ma.fields.String()
    place_note = ma.fields.String()
    corrected_utc = Instant()
    reason = ma.fields.String()


class ProblemOut(ma.Schema):
    """One problem of the ledger."""

    id = Id()
    number = ma.fields.String()
    visit_id = Id()
    village = ma.fields.Nested(VillageOut)
    item = ma.fields.Nested(ItemOut, allow_none=True)
    items_version = ma.fields.String()
    other_reason = ma.fields.String()
    kind = ma.fields.Integer()
    clue = ma.fields.Boolean()
    text = ma.fields.String()
    place_note = ma.fields.String()
    state = ma.fields.String()
    found_utc = Instant()
    entered_utc = Instant()
    withdrawn_utc = Instant(allow_none=True)
    withdrawn_reason = ma.fields.String()
    version = ma.fields.Integer()
    earlier = ma.fields.List(ma.fields.Nested(EarlierWordingOut))


class ProblemListOut(ma.Schema):
    """A page of the ledger, newest first."""

    items = ma.fields.List(ma.fields.Nested(ProblemOut))
    next = ma.fields.String(allow_none=True)


class WithdrawalIn(Schema):
    """Why a problem is withdrawn."""

    reason = Text(least=1, most=2000, required=True)


@ledger.get("/problems")
@ledger.arguments(PageQuery, location="query")
@ledger.response(200, ProblemListOut)
def list_problems(query: dict[str, Any]) -> dict[str, Any]:
    """The ledger of the own division, newest first."""
    before = read_cursor(query["cursor"], datetime, UUID)
    with house().store.reading() as uow:
        found = problems(uow, current_actor(), before=before, limit=query["limit"] + 1)
    return page(found, query["limit"], lambda one: (one.found_utc, one.id))


@ledger.get("/problems/<uuid:problem_id>")
@ledger.response(200, ProblemOut)
def show_problem(problem_id: UUID) -> Any:
    """One problem."""
    with house().store.reading() as uow:
        return problem(uow, current_actor(), problem_id)


@ledger.post("/problems/<uuid:problem_id>/withdrawal")
@ledger.arguments(WithdrawalIn)
@ledger.response(200, ProblemOut)
def withdraw_problem(wanted: dict[str, Any], problem_id: UUID) -> Any:
    """Withdraw a problem; it stays in the ledger with its number and the reason."""
    with house().store.writing() as uow:
        return withdraw(uow, current_actor(), problem_id, reason=wanted["reason"], at_utc=now_utc())
