"""The page of a person, notices, replies, and decisions of two people."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, jsonify

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, Id, Instant, Schema, Sha256Hex, Text, YesNo, word
from api.http.house import house, now_utc
from api.http.if_match import version_edited, with_version
from api.http.signin import current_actor
from api.resources.fieldwork import SightingOut
from api.resources.people import PostingOut
from visits.review import (
    DecisionView,
    confirm,
    decide,
    decision,
    decisions_waiting,
    give_notice,
    person_page,
    register_reply,
    returned_records,
)

review = RoomBlueprint("review", "Reviewing sightings, by two people and with the reply beside it")

MOST_EVIDENCE = 200


class ReplyOut(ma.Schema):
    """A reply, word for word."""

    id = Id()
    text = ma.fields.String()
    received_on = ma.fields.Date()
    how = ma.fields.String()


class NoticeOut(ma.Schema):
    """A notice with the replies that came."""

    id = Id()
    sighting_id = Id()
    given_on = ma.fields.Date()
    how = ma.fields.String()
    reply_until = ma.fields.Date()
    replies = ma.fields.List(ma.fields.Nested(ReplyOut))


class DecisionOut(ma.Schema):
    """A decision; its version is the ETag."""

    id = Id()
    sighting_id = Id()
    posting_id = Id()
    visit_id = Id()
    outcome = ma.fields.String()
    on_word = ma.fields.String()
    reason = ma.fields.String()
    based_on = ma.fields.List(ma.fields.String())
    state = ma.fields.String()
    proposed_by = ma.fields.String()
    proposed_utc = Instant()
    second_by = ma.fields.String(allow_none=True)
    second_utc = Instant(allow_none=True)
    second_reason = ma.fields.String()
    version = ma.fields.Integer()
    proposed_by_caller = ma.fields.Boolean()
    corrected_since = ma.fields.List(ma.fields.String())


class DecisionListOut(ma.Schema):
    """Decisions that wait for a second person, oldest first."""

    items = ma.fields.List(ma.fields.Nested(DecisionOut))
    next = ma.fields.String(allow_none=True)


class ReturnedVillageOut(ma.Schema):
    """Where a returned record was made."""

    code = ma.fields.String()
    name = ma.fields.String()


class ReturnedOut(ma.Schema):
    """A record of the caller's that a reviewer returned, and why."""

    visit_id = Id()
    village = ma.fields.Nested(ReturnedVillageOut)
    record_id = Id()
    record_sha256 = ma.fields.String()
    kind = ma.fields.String()
    about = ma.fields.String()
    reason = ma.fields.String()
    decided_utc = Instant()


class ReturnedListOut(ma.Schema):
    """What waits for the caller's correction, oldest first."""

    items = ma.fields.List(ma.fields.Nested(ReturnedOut))
    next = ma.fields.String(allow_none=True)


class LeaveOut(ma.Schema):
    """One leave as it is known now."""

    id = Id()
    version = ma.fields.Integer()
    book = ma.fields.String()
    kind = ma.fields.String()
    from_date = ma.fields.Date()
    from_half = ma.fields.String()
    to_date = ma.fields.Date()
    to_half = ma.fields.String()
    approved_level = ma.fields.String(allow_none=True)
    approved_on = ma.fields.Date(allow_none=True)
    extended_to = ma.fields.Date(allow_none=True)
    returned_on = ma.fields.Date(allow_none=True)
    recorded_late_on = ma.fields.Date(allow_none=True)
    recorded_utc = Instant()


class PresenceOut(ma.Schema):
    """What the visits amount to, with its interval, and what is lacking before more may be said."""

    visits = ma.fields.Integer()
    found = ma.fields.Integer()
    low95 = ma.fields.Float()
    high95 = ma.fields.Float()
    by_slot = ma.fields.Dict()
    lacking = ma.fields.Dict()
    enough = ma.fields.Boolean()
    model_version = ma.fields.String()
    input_sha256 = ma.fields.String()
    as_of_utc = Instant()


class FindingOut(ma.Schema):
    """What the newest run of the review calendar says: insufficient, watch or refer, and on what."""

    run_number = ma.fields.Integer()
    as_of = ma.fields.Date()
    known_utc = Instant()
    model_version = ma.fields.String()
    input_sha256 = ma.fields.String()
    says = ma.fields.String()
    about = ma.fields.String()
    visits = ma.fields.Integer()
    found = ma.fields.Integer()
    days = ma.fields.Integer()
    days_found = ma.fields.Integer()
    nights = ma.fields.Integer()
    nights_found = ma.fields.Integer()
    directed = ma.fields.Integer()
    not_counted = ma.fields.Integer()
    mean = ma.fields.Float(allow_none=True)
    low80 = ma.fields.Float(allow_none=True)
    high80 = ma.fields.Float(allow_none=True)
    posterior = ma.fields.Float(allow_none=True)
    lacking = ma.fields.Dict()
    reason = ma.fields.String()
    standard_name = ma.fields.String()
    rate = ma.fields.Float()


class TalkOut(ma.Schema):
    """That a talk took place; there is no content field."""

    id = Id()
    talked_on = ma.fields.Date()
    with_whom = ma.fields.String()
    kind = ma.fields.String()


class MajorMatterOut(ma.Schema):
    """That a major matter was reported."""

    id = Id()
    reported_on = ma.fields.Date()
    category = ma.fields.String()
    to_whom = ma.fields.String()


class AppealOut(ma.Schema):
    """An appeal, and what a third person answered; the outcome is empty until then."""

    id = Id()
    decision_id = Id()
    text = ma.fields.String()
    received_on = ma.fields.Date()
    how = ma.fields.String()
    outcome = ma.fields.String()
    answer = ma.fields.String()
    answered_by = ma.fields.String(allow_none=True)
    answered_utc = Instant(allow_none=True)


class HandOverOut(ma.Schema):
    """A decision handed to one addressee, and how far that has come."""

    id = Id()
    decision_id = Id()
    addressee = ma.fields.String()
    name = ma.fields.String()
    sent_on = ma.fields.Date()
    consulted_on = ma.fields.Date(allow_none=True)
    consulted_note = ma.fields.String()
    handled_on = ma.fields.Date(allow_none=True)
    handled_note = ma.fields.String()


class SightingOnPageOut(ma.Schema):
    """A sighting with all that was said about it since."""

    seen = ma.fields.Nested(SightingOut)
    notices = ma.fields.List(ma.fields.Nested(NoticeOut))
    decisions = ma.fields.List(ma.fields.Nested(DecisionOut))
    appeals = ma.fields.List(ma.fields.Nested(AppealOut))
    hand_overs = ma.fields.List(ma.fields.Nested(HandOverOut))


class PersonPageOut(ma.Schema):
    """One posting: the sum of its records."""

    posting = ma.fields.Nested(PostingOut)
    sightings = ma.fields.List(ma.fields.Nested(SightingOnPageOut))
    leave = ma.fields.List(ma.fields.Nested(LeaveOut))
    presence = ma.fields.Nested(PresenceOut, allow_none=True)
    finding = ma.fields.Nested(FindingOut, allow_none=True)
    talks = ma.fields.List(ma.fields.Nested(TalkOut))
    major_matters = ma.fields.List(ma.fields.Nested(MajorMatterOut))


class DecisionIn(Schema):
    """What is decided on a sighting, why, and on which evidence."""

    outcome = word("accept", "return", "reject", required=True)
    reason = Text(least=1, most=2000, required=True)
    based_on = ma.fields.List(Sha256Hex(), required=True, validate=ma.validate.Length(max=MOST_EVIDENCE))


class ConfirmationIn(Schema):
    """What the second person says."""

    agree = YesNo(required=True)
    reason = Text(least=1, most=2000, required=True)


class NoticeIn(Schema):
    """How and when the person was told."""

    given_on = Day(required=True)
    how = Text(least=1, most=40, required=True)


class ReplyIn(Schema):
    """What the person answered."""

    text = Text(least=1, most=8000, required=True)
    received_on = Day(required=True)
    how = word("paper", "link", required=True)


_DECISION = DecisionOut()


@review.get("/postings/<uuid:posting_id>")
@review.response(200, PersonPageOut)
def show_person(posting_id: UUID) -> Any:
    """The page of one posting; each reading goes to the audit trail."""
    with house().store.writing() as uow:
        return person_page(uow, current_actor(), posting_id, at_utc=now_utc())


@review.post("/sightings/<uuid:sighting_id>/decisions")
@review.arguments(DecisionIn)
@review.response(201, DecisionOut)
def add_decision(wanted: dict[str, Any], sighting_id: UUID) -> Response:
    """Decide on a sighting; what goes against a person waits for a second one."""
    with house().store.writing() as uow:
        made = decide(
            uow,
            current_actor(),
            sighting_id,
            outcome=wanted["outcome"],
            reason=wanted["reason"],
            based_on=tuple(wanted["based_on"]),
            at_utc=now_utc(),
        )
    return _told(made, 201)


@review.get("/decisions")
@review.response(200, DecisionListOut)
def list_decisions() -> dict[str, Any]:
    """The decisions that wait for a second person, oldest first."""
    with house().store.reading() as uow:
        return {"items": decisions_waiting(uow, current_actor()), "next": None}


@review.get("/returns")
@review.response(200, ReturnedListOut)
def list_returned() -> dict[str, Any]:
    """The caller's own records that a reviewer returned and nobody of the team corrected since."""
    with house().store.reading() as uow:
        return {"items": returned_records(uow, current_actor()), "next": None}


@review.get("/decisions/<uuid:decision_id>")
@review.response(200, DecisionOut)
def show_decision(decision_id: UUID) -> Response:
    """One decision; the ETag is what its confirmation names as If-Match."""
    with house().store.reading() as uow:
        return _told(decision(uow, current_actor(), decision_id), 200)


@review.post("/decisions/<uuid:decision_id>/confirmation")
@review.arguments(ConfirmationIn)
@review.doc(parameters=[{"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}])
@review.response(200, DecisionOut)
def confirm_decision(wanted: dict[str, Any], decision_id: UUID) -> Response:
    """Agree or not, as the second person; names the version that was read."""
    version = version_edited()
    with house().store.writing() as uow:
        made = confirm(
            uow,
            current_actor(),
            decision_id,
            agree=wanted["agree"],
            reason=wanted["reason"],
            version=version,
            at_utc=now_utc(),
        )
    return _told(made, 200)


@review.post("/sightings/<uuid:sighting_id>/notices")
@review.arguments(NoticeIn)
@review.response(201, NoticeOut)
def add_notice(wanted: dict[str, Any], sighting_id: UUID) -> Any:
    """Register that the person was told what the visit found and how to answer."""
    with house().store.writing() as uow:
        return give_notice(uow, current_actor(), sighting_id, **wanted, at_utc=now_utc())


@review.post("/notices/<uuid:notice_id>/replies")
@review.arguments(ReplyIn)
@review.response(201, NoticeOut)
def add_reply(wanted: dict[str, Any], notice_id: UUID) -> Any:
    """Register what the person answered, word for word."""
    with house().store.writing() as uow:
        return register_reply(uow, current_actor(), notice_id, **wanted, at_utc=now_utc())


def _told(made: DecisionView, status: int) -> Response:
    response = jsonify(_DECISION.dump(made))
    response.status_code = status
    return with_version(response, made.version)
