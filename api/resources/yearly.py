"""The year's plan, recusals, and how many checks each village received."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, jsonify

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, DivisionCode, Id, Instant, Schema, Text, VillageCode, Whole, word
from api.http.house import house, now_utc
from api.http.if_match import version_edited, with_version
from api.http.signin import current_actor
from api.resources.places import VillageOut
from visits.plans import (
    CheckKind,
    NewLine,
    PlanView,
    RecusalKind,
    add_line,
    burden,
    declare_recusal,
    end_recusal,
    make_plan,
    plan,
    plans_of,
    recusals,
    register_check,
    withdraw_line,
)
from visits.zone import LOCAL_ZONE

yearly = RoomBlueprint("plans", "The year's plan, recusals, and what villages received")

MOST_TOWNS = 100


class PlanIn(Schema):
    """A county's year."""

    county_code = Text(least=6, most=6, pattern=r"\A[0-9]{6}\Z", required=True)
    year = Whole(least=2000, most=2099, required=True)
    most_checks_per_village = Whole(least=1, most=100, required=True)


class LineIn(Schema):
    """One check of a plan; a kind of `other` needs an approver, a third party its approval number and last day."""

    kind = word(*CheckKind, required=True)
    title = Text(least=1, most=120, required=True)
    from_date = Day(required=True)
    to_date = Day(required=True)
    quotas = ma.fields.Dict(
        keys=DivisionCode(),
        values=Whole(least=0, most=10_000),
        load_default=dict,
        validate=ma.validate.Length(max=MOST_TOWNS),
    )
    approver_name = Text(most=64, load_default="")
    paper_number = Text(most=80, load_default="")
    third_party = Text(most=120, load_default="")
    approval_number = Text(most=80, load_default="")
    approval_ends_on = Day(load_default=None, allow_none=True)


class LineOut(ma.Schema):
    """One check of a plan; `conflicts` are fixed checks whose period it runs into."""

    id = Id()
    kind = ma.fields.String()
    title = ma.fields.String()
    from_date = ma.fields.Date()
    to_date = ma.fields.Date()
    quotas = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    approver_name = ma.fields.String()
    paper_number = ma.fields.String()
    third_party = ma.fields.String()
    approval_number = ma.fields.String()
    approval_ends_on = ma.fields.Date(allow_none=True)
    added_utc = Instant()
    withdrawn_utc = Instant(allow_none=True)
    withdrawn_reason = ma.fields.String()
    conflicts = ma.fields.List(ma.fields.String())


class PlanOut(ma.Schema):
    """A county's plan of one year; its `version` is what `If-Match` names."""

    id = Id()
    county_code = ma.fields.String()
    year = ma.fields.Integer()
    most_checks_per_village = ma.fields.Integer()
    version = ma.fields.Integer()
    made_utc = Instant()
    lines = ma.fields.List(ma.fields.Nested(LineOut))


class PlanListOut(ma.Schema):
    """Plans, the newest year first."""

    items = ma.fields.List(ma.fields.Nested(PlanOut))
    next = ma.fields.String(allow_none=True)


class ReasonIn(Schema):
    """Why something is withdrawn; it stays visible."""

    reason = Text(least=1, most=300, required=True)


class CheckIn(Schema):
    """A check that a village received from others."""

    village_code = VillageCode(required=True)
    held_on = Day(required=True)


class BurdenQuery(Schema):
    """Which year."""

    year = Whole(least=2000, most=2099, load_default=None)


class VillageBurdenOut(ma.Schema):
    """What one village received so far; `minutes_asked` is 0, since no village is asked to type."""

    village = ma.fields.Nested(VillageOut)
    checks = ma.fields.Integer()
    by_kind = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    most_allowed = ma.fields.Integer(allow_none=True)
    minutes_asked = ma.fields.Integer()


class BurdenOut(ma.Schema):
    """Every village of the caller's division, by code."""

    year = ma.fields.Integer()
    items = ma.fields.List(ma.fields.Nested(VillageBurdenOut))
    next = ma.fields.String(allow_none=True)


class RecusalIn(Schema):
    """Who keeps away from which town or village. An inspector can say it of themself only."""

    account_id = Id(load_default=None, allow_none=True)
    kind = word(*RecusalKind, required=True)
    division_code = Text(least=9, most=12, pattern=r"\A(?:[0-9]{9}|[0-9]{12})\Z", required=True)


class RecusalOut(ma.Schema):
    """That an inspector keeps away from a town or village; whose kin it is, is not written down."""

    id = Id()
    account_id = Id()
    name = ma.fields.String()
    kind = ma.fields.String()
    division_code = ma.fields.String()
    declared_utc = Instant()
    ended_utc = Instant(allow_none=True)


class RecusalListOut(ma.Schema):
    """The recusals that hold."""

    items = ma.fields.List(ma.fields.Nested(RecusalOut))
    next = ma.fields.String(allow_none=True)


_PLAN = PlanOut()


@yearly.get("/plans")
@yearly.response(200, PlanListOut)
def list_plans() -> dict[str, Any]:
    """The plans of the caller's county, the newest year first."""
    with house().store.reading() as uow:
        return {"items": plans_of(uow, current_actor()), "next": None}


@yearly.post("/plans")
@yearly.arguments(PlanIn)
@yearly.response(201, PlanOut)
def add_plan(new: dict[str, Any]) -> Response:
    """Begin a year's plan."""
    with house().store.writing() as uow:
        made = make_plan(uow, current_actor(), **new, at_utc=now_utc())
    return _told(made, 201)


@yearly.get("/plans/<uuid:plan_id>")
@yearly.response(200, PlanOut)
def show_plan(plan_id: UUID) -> Response:
    """One plan with every line it ever had."""
    with house().store.reading() as uow:
        found = plan(uow, current_actor(), plan_id)
    return _told(found, 200)


@yearly.post("/plans/<uuid:plan_id>/lines")
@yearly.arguments(LineIn)
@yearly.response(201, PlanOut)
def add_plan_line(new: dict[str, Any], plan_id: UUID) -> Response:
    """Add a check to a plan; `If-Match` names the version it is based on."""
    line = NewLine(**{**new, "kind": CheckKind(new["kind"])})
    with house().store.writing() as uow:
        made = add_line(uow, current_actor(), plan_id, line, version=version_edited(), at_utc=now_utc())
    return _told(made, 201)


@yearly.post("/plan-lines/<uuid:line_id>/withdrawal")
@yearly.arguments(ReasonIn)
@yearly.response(200, PlanOut)
def withdraw_plan_line(said: dict[str, Any], line_id: UUID) -> Response:
    """Withdraw a line with a reason; `If-Match` names the plan's version."""
    with house().store.writing() as uow:
        made = withdraw_line(
            uow, current_actor(), line_id, reason=said["reason"], version=version_edited(), at_utc=now_utc()
        )
    return _told(made, 200)


@yearly.post("/plan-lines/<uuid:line_id>/checks")
@yearly.arguments(CheckIn)
@yearly.response(204)
def add_outside_check(said: dict[str, Any], line_id: UUID) -> None:
    """Register a check that a village received and that was not made with this system."""
    with house().store.writing() as uow:
        register_check(uow, current_actor(), line_id, **said, at_utc=now_utc())


@yearly.get("/burden")
@yearly.arguments(BurdenQuery, location="query")
@yearly.response(200, BurdenOut)
def show_burden(query: dict[str, Any]) -> dict[str, Any]:
    """How many checks each village received in a year; nothing that is still sealed is counted."""
    at_utc = now_utc()
    year = query["year"] or at_utc.astimezone(LOCAL_ZONE).year
    with house().store.reading() as uow:
        return {"year": year, "items": burden(uow, current_actor(), year=year, at_utc=at_utc), "next": None}


@yearly.get("/recusals")
@yearly.response(200, RecusalListOut)
def list_recusals() -> dict[str, Any]:
    """The recusals that hold: the office's list, or an inspector's own."""
    with house().store.reading() as uow:
        return {"items": recusals(uow, current_actor()), "next": None}


@yearly.post("/recusals")
@yearly.arguments(RecusalIn)
@yearly.response(201, RecusalOut)
def add_recusal(said: dict[str, Any]) -> Any:
    """Say that an inspector keeps away from a town or village."""
    actor = current_actor()
    with house().store.writing() as uow:
        return declare_recusal(
            uow,
            actor,
            said["account_id"] or actor.account_id,
            kind=RecusalKind(said["kind"]),
            division_code=said["division_code"],
            at_utc=now_utc(),
        )


@yearly.post("/recusals/<uuid:recusal_id>/end")
@yearly.response(200, RecusalOut)
def stop_recusal(recusal_id: UUID) -> Any:
    """Say that a recusal holds no more; the office's alone."""
    with house().store.writing() as uow:
        return end_recusal(uow, current_actor(), recusal_id, at_utc=now_utc())


def _told(found: PlanView, status: int) -> Response:
    response = jsonify(_PLAN.dump(found))
    response.status_code = status
    return with_version(response, found.version)
