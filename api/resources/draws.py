"""Draws: committed to by the office, decided by a second party's number, told after the last visit."""

from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, jsonify

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, Id, Instant, Schema, Text, Whole, word
from api.http.house import house, now_utc
from api.http.paging import PageQuery, page, read_cursor
from api.http.signin import current_actor
from api.resources.places import VillageOut
from api.resources.yearly import ReasonIn
from visits.draws import (
    USUAL_SLOTS,
    NewDraw,
    commit_draw,
    draw_of,
    draws,
    leak_signs,
    mix_draw,
    published,
    reveal_draw,
    withdraw_draw,
)

drawing = RoomBlueprint("draws", "Draws nobody can steer")

MOST_DAYS = 62
MOST_AWAY = 500


class DrawIn(Schema):
    """What the office decides of a draw. Which villages stand in its frame is decided by rule."""

    plan_line_id = Id(required=True)
    visits = Whole(least=1, most=500, required=True)
    days = ma.fields.List(Day(), required=True, validate=ma.validate.Length(min=1, max=MOST_DAYS))
    slots = ma.fields.Dict(
        keys=word(*USUAL_SLOTS), values=Whole(least=0, most=100), load_default=lambda: dict(USUAL_SLOTS)
    )
    team_size = Whole(least=2, most=6, load_default=2)
    most_per_day = Whole(least=1, most=6, load_default=4)
    floor_percent = Whole(least=1, most=100, load_default=50)
    lead_hours = Whole(least=1, most=12, load_default=3)
    not_available = ma.fields.List(Id(), load_default=list, validate=ma.validate.Length(max=MOST_AWAY))


class NumberIn(Schema):
    """The second party's number: any text of 16 characters or more that nobody could know before."""

    nonce = Text(least=16, most=200, required=True)
    source = Text(least=1, most=200, required=True)


class FrameVillageOut(ma.Schema):
    """A village that may be drawn, with its town and its risk weight."""

    code = ma.fields.String()
    stratum = ma.fields.String()
    weight = ma.fields.Integer()


class FrameOut(ma.Schema):
    """What the draw depends on beside chance, as far as people read it; the whole text is in the published file."""

    team_size = ma.fields.Integer()
    most_per_day = ma.fields.Integer()
    floor_percent = ma.fields.Integer()
    lead_hours = ma.fields.Integer()
    slots = ma.fields.List(ma.fields.List(ma.fields.Raw()))
    villages = ma.fields.List(ma.fields.Nested(FrameVillageOut))
    left_out = ma.fields.List(ma.fields.List(ma.fields.String()))


class DrawOut(ma.Schema):
    """A draw; `frame` is null for the second party until the reveal, and no view of it holds the outcome."""

    id = Id()
    county_code = ma.fields.String()
    plan_line_id = Id()
    line_title = ma.fields.String()
    state = ma.fields.String()
    visits = ma.fields.Integer()
    villages = ma.fields.Integer()
    days = ma.fields.List(ma.fields.String())
    frame = ma.fields.Nested(FrameOut, allow_none=True)
    frame_sha256 = ma.fields.String()
    secret_sha256 = ma.fields.String()
    committed_by = ma.fields.String()
    committed_utc = Instant()
    commit_log_index = ma.fields.Integer()
    number_until_utc = Instant()
    nonce = ma.fields.String(allow_none=True)
    nonce_source = ma.fields.String()
    mixed_by = ma.fields.String(allow_none=True)
    mixed_utc = Instant(allow_none=True)
    mix_log_index = ma.fields.Integer(allow_none=True)
    withdrawn_utc = Instant(allow_none=True)
    withdrawn_reason = ma.fields.String()
    redraw_of = Id(allow_none=True)
    redraw_reason = ma.fields.String()
    over_utc = Instant(allow_none=True)
    revealed_utc = Instant(allow_none=True)
    reveal_log_index = ma.fields.Integer(allow_none=True)


class DrawListOut(ma.Schema):
    """A page of draws, newest first."""

    items = ma.fields.List(ma.fields.Nested(DrawOut))
    next = ma.fields.String(allow_none=True)


class FoundRateOut(ma.Schema):
    """Of so many unannounced visits of one sort, so many found something.

    `rate` and `interval95` (its lower and upper end) are null for too few.
    """

    sort = ma.fields.String()
    visits = ma.fields.Integer()
    found = ma.fields.Integer()
    rate = ma.fields.Float(allow_none=True)
    interval95 = ma.fields.List(ma.fields.Float(), allow_none=True)


class NearBeforeOut(ma.Schema):
    """A visit of whose team somebody was at or near the village in the week before."""

    visit_id = Id()
    village = ma.fields.Nested(VillageOut)
    began_utc = Instant()
    earlier_visit_id = Id()
    earlier_village = ma.fields.Nested(VillageOut)
    earlier_began_utc = Instant()
    metres = ma.fields.Integer()
    days_before = ma.fields.Integer()
    inspectors = ma.fields.List(ma.fields.String())


class LeakSignsOut(ma.Schema):
    """Signs to look at, of a whole county; no verdict on anybody."""

    by_lead = ma.fields.List(ma.fields.Nested(FoundRateOut))
    by_knew = ma.fields.List(ma.fields.Nested(FoundRateOut))
    by_origin = ma.fields.List(ma.fields.Nested(FoundRateOut))
    near_before = ma.fields.List(ma.fields.Nested(NearBeforeOut))


@drawing.get("/leak-signs")
@drawing.response(200, LeakSignsOut)
def show_leak_signs() -> Any:
    """Found-rates by lead time and by how many knew, and inspectors near a village the week before."""
    with house().store.reading() as uow:
        return leak_signs(uow, current_actor())


@drawing.get("/draws")
@drawing.arguments(PageQuery, location="query")
@drawing.response(200, DrawListOut)
def list_draws(query: dict[str, Any]) -> dict[str, Any]:
    """The draws of the caller's county, newest first."""
    before = read_cursor(query["cursor"], datetime, UUID)
    with house().store.reading() as uow:
        found = draws(uow, current_actor(), before=before, limit=query["limit"] + 1)
    return page(found, query["limit"], lambda one: (one.committed_utc, one.id))


@drawing.post("/draws")
@drawing.arguments(DrawIn)
@drawing.response(201, DrawOut)
def add_draw(new: dict[str, Any]) -> Any:
    """Commit to a draw: frame, weights, recusals and a secret are fixed and logged, nothing is drawn yet."""
    wanted = NewDraw(**{**new, "days": tuple(new["days"]), "not_available": tuple(new["not_available"])})
    with house().store.writing() as uow:
        return commit_draw(uow, current_actor(), wanted, at_utc=now_utc())


@drawing.get("/draws/<uuid:draw_id>")
@drawing.response(200, DrawOut)
def show_draw(draw_id: UUID) -> Any:
    """One draw."""
    with house().store.reading() as uow:
        return draw_of(uow, current_actor(), draw_id)


@drawing.post("/draws/<uuid:draw_id>/number")
@drawing.arguments(NumberIn)
@drawing.response(200, DrawOut)
def give_number(said: dict[str, Any], draw_id: UUID) -> Any:
    """Give the second party's number: it decides the draw, whose assignments are made, sealed."""
    with house().store.writing() as uow:
        return mix_draw(uow, current_actor(), draw_id, **said, at_utc=now_utc())


@drawing.post("/draws/<uuid:draw_id>/withdrawal")
@drawing.arguments(ReasonIn)
@drawing.response(200, DrawOut)
def take_draw_back(said: dict[str, Any], draw_id: UUID) -> Any:
    """Withdraw a draw with a reason that stays; the next draw of its line is its redraw and says so."""
    with house().store.writing() as uow:
        return withdraw_draw(uow, current_actor(), draw_id, reason=said["reason"], at_utc=now_utc())


@drawing.post("/draws/<uuid:draw_id>/reveal")
@drawing.response(200, DrawOut)
def tell_secret(draw_id: UUID) -> Any:
    """Tell the secret after the batch's last visit; either party may."""
    with house().store.writing() as uow:
        return reveal_draw(uow, current_actor(), draw_id, at_utc=now_utc())


@drawing.get("/draws/<uuid:draw_id>/published")
@drawing.response(200, {"type": "object"})
def show_published(draw_id: UUID) -> Response:
    """The file from which anybody draws again (`docs/draws.md`), once the draw is revealed."""
    with house().store.reading() as uow:
        file = published(uow, current_actor(), draw_id)
    response = jsonify(file)
    response.headers["Content-Disposition"] = f'attachment; filename="shidi-draw-{draw_id}.json"'
    return response
