"""Visits as people read them, their receipts, their photos, and where visits have and have not been."""

import io
import json
from datetime import date, datetime
from typing import Any, BinaryIO
from uuid import UUID

import marshmallow as ma
from flask import Response, abort, send_file

from api.http.blueprint import RoomBlueprint
from api.http.fields import Id, Instant
from api.http.gzipped import gzipped_or_unchanged
from api.http.house import house, now_utc
from api.http.paging import PageQuery, page, read_cursor
from api.http.signin import current_actor
from api.jobs import DISPLAY_COPY
from api.resources.forms import QuestionOut
from api.resources.people import PostingOut
from api.resources.places import VillageOut
from api.resources.plans import MemberOut
from media import Box, Inspector
from media.proof import archive_size_bytes, write_archive
from visits.fieldwork import (
    MOST_BOXES,
    cover,
    coverage,
    coverage_status,
    kept_of_visit,
    leaving_copy,
    look_alikes,
    open_photo,
    receipt,
    visit,
    visits,
)
from visits.upkeep import bundle_of_visit
from visits.zone import LOCAL_ZONE

fieldwork = RoomBlueprint("visits", "Visits, their photos, and coverage")

# An original is evidence and may be anything a phone sent: it is saved, never shown, and runs nothing.
SANDBOX_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
SHA256_RULE = "<string(length=64):sha256>"


class VisitSummaryOut(ma.Schema):
    """A visit in a list."""

    id = Id()
    village = ma.fields.Nested(VillageOut)
    announced = ma.fields.Boolean()
    visit_kind = ma.fields.String()
    unannounced_indeed = ma.fields.Boolean()
    state = ma.fields.String()
    complete = ma.fields.Boolean()
    began_utc = Instant()
    slot = ma.fields.String()
    local_date = ma.fields.Date()
    team = ma.fields.List(ma.fields.Nested(MemberOut))
    whereabouts = ma.fields.String()
    hints = ma.fields.Integer()


class VisitListOut(ma.Schema):
    """A page of visits, newest first."""

    items = ma.fields.List(ma.fields.Nested(VisitSummaryOut))
    next = ma.fields.String(allow_none=True)


class FixOut(ma.Schema):
    """A fix as received, its WGS 84 pair, and where it lies; blurred by rule, it has no pair any more."""

    lon_deg = ma.fields.Float(allow_none=True)
    lat_deg = ma.fields.Float(allow_none=True)
    datum = ma.fields.String()
    datum_how = ma.fields.String()
    accuracy_m = ma.fields.Float(allow_none=True)
    fixed_at = ma.fields.String(allow_none=True)
    source = ma.fields.String(allow_none=True)
    wgs84_lon_deg = ma.fields.Float(allow_none=True)
    wgs84_lat_deg = ma.fields.Float(allow_none=True)
    answer = ma.fields.String()
    probability_inside = ma.fields.Float(allow_none=True)
    signed_distance_m = ma.fields.Float(allow_none=True)
    extent_version = ma.fields.String()
    blurred = ma.fields.Boolean()


class CorrectionOut(ma.Schema):
    """A correction of a record by its own account."""

    record_id = Id()
    sha256 = ma.fields.String()
    made_at = ma.fields.DateTime()
    received_utc = Instant()
    reason = ma.fields.String()
    body = ma.fields.Dict()


class RecordOut(ma.Schema):
    """One record; `made_at` is the phone's own clock, `first_body` what was received before any correction."""

    id = Id()
    kind = ma.fields.String()
    seq = ma.fields.Integer()
    made_at = ma.fields.DateTime()
    at_utc = Instant()
    received_utc = Instant()
    by = ma.fields.String()
    device_id = Id(allow_none=True)
    sha256 = ma.fields.String()
    signature_state = ma.fields.String()
    log_index = ma.fields.Integer()
    body = ma.fields.Dict()
    fixes = ma.fields.List(ma.fields.Nested(FixOut))
    first_body = ma.fields.Dict(allow_none=True)
    corrections = ma.fields.List(ma.fields.Nested(CorrectionOut))


class AnswerOut(ma.Schema):
    """An answer under the wording and rule in force when it was given; `before` is what a correction replaced."""

    record_id = Id()
    by = ma.fields.String()
    question_set = ma.fields.String()
    question_id = ma.fields.String()
    question = ma.fields.Nested(QuestionOut, allow_none=True)
    answer = ma.fields.String()
    asked = ma.fields.Integer(allow_none=True)
    know = ma.fields.Integer(allow_none=True)
    note = ma.fields.String()
    before = ma.fields.Dict(allow_none=True)
    household = ma.fields.Integer(allow_none=True)
    deserves_a_look = ma.fields.Boolean()
    cites_nothing = ma.fields.Boolean()


class ProjectSeenOut(ma.Schema):
    """A project as it was seen; `metres` is from its planned place, and `planned_state` what the store says of it."""

    code = ma.fields.String()
    name = ma.fields.String(attribute="project.name", dump_default=None, allow_none=True)
    planned_state = ma.fields.String(attribute="project.state", dump_default=None, allow_none=True)
    seen = ma.fields.String()
    note = ma.fields.String()
    metres = ma.fields.Integer(allow_none=True)


class JudgementOut(ma.Schema):
    """How a sighting read with what was known then."""

    outcome = ma.fields.String()
    place = ma.fields.String()
    met_by = ma.fields.Integer()
    villagers_asked = ma.fields.Integer()
    villagers_know = ma.fields.Integer()
    sign = ma.fields.String(allow_none=True)
    leave_ids = ma.fields.List(ma.fields.String())
    books_asked = ma.fields.List(ma.fields.String())
    approved_late = ma.fields.Boolean()
    reasons = ma.fields.List(ma.fields.String())
    known_utc = Instant()


class SightingOut(ma.Schema):
    """What a visit established about one posting: the judgement now, and the ones before."""

    id = Id()
    visit_id = Id()
    posting_id = Id()
    posting = ma.fields.Nested(PostingOut, allow_none=True)
    village_code = ma.fields.String()
    at_utc = Instant()
    local_date = ma.fields.Date()
    slot = ma.fields.String()
    required = ma.fields.Boolean()
    now = ma.fields.Nested(JudgementOut)
    before = ma.fields.List(ma.fields.Nested(JudgementOut))
    record_ids = ma.fields.List(Id())
    visit_unannounced = ma.fields.Boolean()


class PhotoOut(ma.Schema):
    """A photo: what the phone said at the shutter, when its bytes came, and what it says itself."""

    sha256 = ma.fields.String()
    record_id = Id()
    of_record = Id(allow_none=True)
    after_fixing = ma.fields.Boolean()
    account_id = Id()
    taken_at = ma.fields.String()
    made_at_utc = Instant()
    source = ma.fields.String()
    size_bytes = ma.fields.Integer()
    media_type = ma.fields.String()
    fixes = ma.fields.List(ma.fields.Dict())
    arrived_utc = Instant(allow_none=True)
    log_index = ma.fields.Integer(allow_none=True)
    readable = ma.fields.Boolean(allow_none=True)
    reason = ma.fields.String()
    facts = ma.fields.Dict()


class OtherPhotoOut(ma.Schema):
    """The other photo of a pair, for those who may see it."""

    visit_id = Id()
    village = ma.fields.Nested(VillageOut)
    by = ma.fields.String()
    photo = ma.fields.Nested(PhotoOut)


class LookAlikeOut(ma.Schema):
    """A photo of another visit that looks like this one; `other` is null where it is not the caller's to see."""

    likeness = ma.fields.String(metadata={"enum": ["same", "match", "look"]})
    turn = ma.fields.String(metadata={"enum": ["as_is", "turned", "mirrored"]})
    dhash_bits = ma.fields.Integer(allow_none=True)
    pdq_bits = ma.fields.Integer(allow_none=True)
    other = ma.fields.Nested(OtherPhotoOut, allow_none=True)


class LookAlikeListOut(ma.Schema):
    """The photos that look like one, the same file first, then the nearest."""

    items = ma.fields.List(ma.fields.Nested(LookAlikeOut))
    next = ma.fields.String(allow_none=True)


class BoxSchema(ma.Schema):
    """A part of the photo, as shares of its width and height from the upper left corner."""

    left = ma.fields.Float(required=True, validate=ma.validate.Range(0, 1))
    top = ma.fields.Float(required=True, validate=ma.validate.Range(0, 1))
    right = ma.fields.Float(required=True, validate=ma.validate.Range(0, 1))
    bottom = ma.fields.Float(required=True, validate=ma.validate.Range(0, 1))

    @ma.post_load
    def make(self, said: dict[str, float], **_: Any) -> Box:
        """The box itself."""
        return Box(**said)


class CoverIn(ma.Schema):
    """What is to be covered in every copy of a photo that leaves; an empty list says that nothing is."""

    boxes = ma.fields.List(ma.fields.Nested(BoxSchema), required=True, validate=ma.validate.Length(max=MOST_BOXES))


class CoverOut(ma.Schema):
    """What is covered from now on, and who said so."""

    boxes = ma.fields.List(ma.fields.Nested(BoxSchema))
    by = ma.fields.String()
    covered_utc = Instant()


class HintOut(ma.Schema):
    """A hint for a person; never a verdict."""

    code = ma.fields.String()
    about = ma.fields.String()
    strength = ma.fields.String()
    values = ma.fields.Dict()


class KeptOut(ma.Schema):
    """Something that was sent and not taken."""

    sha256 = ma.fields.String()
    record_id = Id(allow_none=True)
    account_id = Id()
    kind = ma.fields.String()
    outcome = ma.fields.String()
    reason = ma.fields.String()
    received_utc = Instant()
    log_index = ma.fields.Integer(allow_none=True)
    text = ma.fields.String()


class VisitOpeningOut(ma.Schema):
    """How one phone opened the assignment: `online`, or by `key` from the departure slip; and where, if it told."""

    by = ma.fields.String()
    device_id = Id(allow_none=True)
    how = ma.fields.String()
    at_utc = Instant()
    fix = ma.fields.Nested(FixOut, allow_none=True)


class VisitOut(ma.Schema):
    """One visit whole."""

    summary = ma.fields.Nested(VisitSummaryOut)
    assignment_id = Id()
    release_utc = Instant(allow_none=True)
    openings = ma.fields.List(ma.fields.Nested(VisitOpeningOut))
    closed_utc = Instant(allow_none=True)
    closed_by = ma.fields.String(allow_none=True)
    escorted = ma.fields.Boolean(allow_none=True)
    warned_beforehand = ma.fields.Boolean(allow_none=True)
    missing = ma.fields.List(ma.fields.Dict())
    records = ma.fields.List(ma.fields.Nested(RecordOut))
    sightings = ma.fields.List(ma.fields.Nested(SightingOut))
    answers = ma.fields.List(ma.fields.Nested(AnswerOut))
    projects = ma.fields.List(ma.fields.Nested(ProjectSeenOut))
    photos = ma.fields.List(ma.fields.Nested(PhotoOut))
    hints = ma.fields.List(ma.fields.Nested(HintOut))
    kept = ma.fields.List(ma.fields.Nested(KeptOut))
    judged_utc = Instant()
    removed_utc = Instant(allow_none=True)
    removed_by_rule = ma.fields.String()
    blurred_utc = Instant(allow_none=True)
    blurred_after_days = ma.fields.Integer(allow_none=True)


class ReceiptItemOut(ma.Schema):
    """One thing that is safe here, and its place in the log."""

    what = ma.fields.String()
    sha256 = ma.fields.String()
    record_id = Id(allow_none=True)
    received_utc = Instant()
    log_index = ma.fields.Integer()


class ReceiptOut(ma.Schema):
    """What the server has of a visit, and what it lacks."""

    visit_id = Id()
    complete = ma.fields.Boolean()
    state = ma.fields.String()
    missing = ma.fields.List(ma.fields.Dict())
    items = ma.fields.List(ma.fields.Nested(ReceiptItemOut))


class KeptListOut(ma.Schema):
    """What was sent for a visit and not taken, oldest first."""

    items = ma.fields.List(ma.fields.Nested(KeptOut))
    next = ma.fields.String(allow_none=True)


class CoverageOut(ma.Schema):
    """One village and its unannounced visits."""

    village = ma.fields.Nested(VillageOut)
    last_visit_on = ma.fields.Date(allow_none=True)
    visits = ma.fields.Integer()
    by_slot = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class CoverageListOut(ma.Schema):
    """Every village of the division, by code."""

    items = ma.fields.List(ma.fields.Nested(CoverageOut))
    next = ma.fields.String(allow_none=True)


class TileSetNameOut(ma.Schema):
    """Which tiles show a county today."""

    county_code = ma.fields.String()
    sha256 = ma.fields.String()


class DrawnReachOut(ma.Schema):
    """Under which name the tiles of everything in reach are asked for."""

    prefix = ma.fields.String()
    sha256 = ma.fields.String()
    first_zoom = ma.fields.Integer()
    last_zoom = ma.fields.Integer()
    bounds = ma.fields.List(ma.fields.Float())


class CoverageStatusOut(ma.Schema):
    """Villages in the order of map numbers. `numbers` are runs: how many are left out, how many follow: `[[3, 2],
    [1, 1]]` is 3, 4 and 6. `last_day` counts days from `first_day` in base 36: a text for each place, the highest
    first, with a character for each village; `-` is never visited. `slots` has a base 16 digit for each village:
    1 dawn, 2 day, 4 evening, 8 night, added up."""

    first_day = ma.fields.Date(allow_none=True)
    drawn = ma.fields.Nested(DrawnReachOut, allow_none=True)
    tiles = ma.fields.List(ma.fields.Nested(TileSetNameOut))
    numbers = ma.fields.List(ma.fields.List(ma.fields.Integer()))
    last_day = ma.fields.List(ma.fields.String())
    slots = ma.fields.String()


@fieldwork.get("/visits")
@fieldwork.arguments(PageQuery, location="query")
@fieldwork.response(200, VisitListOut)
def list_visits(query: dict[str, Any]) -> dict[str, Any]:
    """The visits in the caller's reach, newest first."""
    before = read_cursor(query["cursor"], datetime, UUID)
    with house().store.reading() as uow:
        found = visits(uow, current_actor(), before=before, limit=query["limit"] + 1)
    return page(found, query["limit"], lambda one: (one.began_utc, one.id))


@fieldwork.get("/visits/<uuid:visit_id>")
@fieldwork.response(200, VisitOut)
def show_visit(visit_id: UUID) -> Any:
    """One visit whole. Reading about people is noted in the audit trail."""
    with house().store.writing() as uow:
        return visit(uow, current_actor(), visit_id, at_utc=now_utc())


@fieldwork.get("/visits/<uuid:visit_id>/receipt")
@fieldwork.response(200, ReceiptOut)
def show_receipt(visit_id: UUID) -> Any:
    """What the server has of a visit; a phone keeps its photos until this names them."""
    with house().store.reading() as uow:
        return receipt(uow, current_actor(), visit_id)


@fieldwork.get("/visits/<uuid:visit_id>/bundle")
@fieldwork.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
def download_bundle(visit_id: UUID) -> Response:
    """The visit's evidence as one file that proves itself: originals, signed records, log proofs, checkpoint, keys."""
    with house().store.writing() as uow:
        members = bundle_of_visit(uow, current_actor(), visit_id, house().evidence, at_utc=now_utc())
    response = Response(write_archive(members), mimetype="application/zip")
    response.headers["Content-Length"] = str(archive_size_bytes(members))
    response.headers["Content-Disposition"] = f'attachment; filename="shidi-{visit_id}.zip"'
    response.headers["Cache-Control"] = "no-store"
    return response


@fieldwork.get("/visits/<uuid:visit_id>/kept")
@fieldwork.response(200, KeptListOut)
def list_kept(visit_id: UUID) -> dict[str, Any]:
    """What was sent for a visit and not taken: conflicts, refusals, what could not be read."""
    with house().store.reading() as uow:
        return {"items": kept_of_visit(uow, current_actor(), visit_id), "next": None}


@fieldwork.get(f"/visits/<uuid:visit_id>/photos/{SHA256_RULE}/display")
@fieldwork.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def show_photo(visit_id: UUID, sha256: str) -> Response:
    """A copy of a photo for looking at: upright, at most 1280 pixels, without metadata."""
    _open(visit_id, sha256, original=False)
    copy = house().evidence.open_derived(sha256, DISPLAY_COPY)
    return _sent(copy, "image/jpeg", None)


@fieldwork.get(f"/visits/<uuid:visit_id>/photos/{SHA256_RULE}/original")
@fieldwork.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def download_photo(visit_id: UUID, sha256: str) -> Response:
    """The camera's own bytes, to be saved."""
    _open(visit_id, sha256, original=True)
    response = _sent(house().evidence.open(sha256), "application/octet-stream", f"{sha256}.bin")
    response.headers["Content-Security-Policy"] = SANDBOX_POLICY
    return response


@fieldwork.get(f"/visits/<uuid:visit_id>/photos/{SHA256_RULE}/alike")
@fieldwork.response(200, LookAlikeListOut)
def list_look_alikes(visit_id: UUID, sha256: str) -> dict[str, Any]:
    """Photos of other visits that look like this one: for a person to compare, never a finding by itself."""
    with house().store.writing() as uow:
        return {"items": look_alikes(uow, current_actor(), visit_id, sha256, at_utc=now_utc()), "next": None}


@fieldwork.post(f"/visits/<uuid:visit_id>/photos/{SHA256_RULE}/covers")
@fieldwork.arguments(CoverIn)
@fieldwork.response(201, CoverOut)
def cover_photo(said: dict[str, Any], visit_id: UUID, sha256: str) -> Any:
    """Say what is covered in every copy of a photo that leaves, be it nothing; what was said before is kept."""
    with house().store.writing() as uow:
        return cover(uow, current_actor(), visit_id, sha256, said["boxes"], at_utc=now_utc())


@fieldwork.get(f"/visits/<uuid:visit_id>/photos/{SHA256_RULE}/leaving")
@fieldwork.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def make_leaving_copy(visit_id: UUID, sha256: str) -> Response:
    """The copy that may leave the house: boxes painted over, place, time, visit and hash on a strip below."""
    with house().store.writing() as uow:
        made_of = leaving_copy(uow, current_actor(), visit_id, sha256, at_utc=now_utc())
    with house().evidence.open_derived(sha256, DISPLAY_COPY) as display, Inspector() as inspector:
        jpeg = inspector.leaving_copy(display.name, made_of.boxes, made_of.lines)
    return _sent(io.BytesIO(jpeg), "image/jpeg", f"{sha256[:16]}.jpg")


@fieldwork.get("/coverage")
@fieldwork.response(200, CoverageListOut)
def show_coverage() -> dict[str, Any]:
    """Where unannounced visits have and have not been: villages by code, never people."""
    with house().store.reading() as uow:
        return {"items": coverage(uow, current_actor(), on=_today()), "next": None}


@fieldwork.get("/coverage/status")
@fieldwork.response(200, CoverageStatusOut)
def show_coverage_status() -> Response:
    """The same in small, for a map: texts in the order of map numbers, with an `ETag` to ask with again."""
    with house().store.reading() as uow:
        status = coverage_status(uow, current_actor(), on=_today())
    told = json.dumps(CoverageStatusOut().dump(status), separators=(",", ":"))
    return gzipped_or_unchanged(Response(told, mimetype="application/json"))


def _today() -> date:
    return now_utc().astimezone(LOCAL_ZONE).date()


def _open(visit_id: UUID, sha256: str, *, original: bool) -> None:
    if not set(sha256) <= set("0123456789abcdef"):
        abort(404)
    with house().store.writing() as uow:
        open_photo(uow, current_actor(), visit_id, sha256, original=original, at_utc=now_utc())


def _sent(file: BinaryIO, mimetype: str, download_name: str | None) -> Response:
    response = send_file(file, mimetype=mimetype, as_attachment=download_name is not None, download_name=download_name)
    # Flask would let the browser keep the bytes as long as it asks before it shows them again.
    response.headers["Cache-Control"] = "no-store"
    return response
