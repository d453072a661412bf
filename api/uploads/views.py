"""Photos in pieces, by the tus protocol 1.0.0.

The bytes go from the connection to the evidence store in blocks and are never held as a whole. The rows that say whose
upload it is live in ``visits.intake``; every verb asks them first, and somebody else's upload is no upload.
``docs/uploads.md`` holds the protocol against the tests.
"""

import re
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.exceptions import LengthRequired

from api.http.blueprint import RoomBlueprint
from api.http.errors import BadUpload, UploadTooLarge
from api.http.house import house, now_utc
from api.http.problems import FOREIGN_TUS_VERSION, answer
from api.http.signin import current_actor
from api.uploads.headers import (
    PIECE_TYPE,
    TUS_VERSION,
    check_piece_type,
    checksum,
    describe,
    metadata,
    metadata_of,
    refuse_what_is_not_offered,
    say_expiry,
    whole_number,
)
from media.errors import HashMismatch, OffsetMismatch, UploadNotFound
from visits.intake import (
    PhotoIsEvidence,
    UploadView,
    begin_upload,
    complete_upload,
    mismatched_upload,
    terminate_upload,
    upload,
)

uploads = RoomBlueprint("uploads", "Photos in pieces (tus 1.0.0)")

_SHA256_HEX = re.compile(r"\A[0-9a-f]{64}\Z")
_UUID = re.compile(r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")

_VERSION = {
    "in": "header",
    "name": "Tus-Resumable",
    "required": True,
    "schema": {"type": "string", "enum": [TUS_VERSION]},
}
_OFFSET = {"in": "header", "name": "Upload-Offset", "required": True, "schema": {"type": "integer", "minimum": 0}}
_CREATED_LENGTH = {
    "in": "header",
    "name": "Upload-Length",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_METADATA = {"in": "header", "name": "Upload-Metadata", "required": True, "schema": {"type": "string"}}
_CHECKSUM = {"in": "header", "name": "Upload-Checksum", "required": False, "schema": {"type": "string"}}
_PIECE = {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}


@uploads.before_request
def _check_version() -> Response | None:
    """Refuse a version of tus that is not ours before anything is done."""
    if request.method == "OPTIONS" or request.headers.get("Tus-Resumable") == TUS_VERSION:
        return None
    refused = answer(FOREIGN_TUS_VERSION, f"send Tus-Resumable: {TUS_VERSION}")
    refused.headers["Tus-Version"] = TUS_VERSION
    return refused


@uploads.after_request
def _name_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = TUS_VERSION
    return response


@uploads.route("/uploads", methods=["OPTIONS"])
@uploads.response(204)
def describe_uploads() -> Response:
    """What this server knows of tus."""
    return describe(Response(status=204), max_bytes=house().settings.max_photo_bytes)


@uploads.route("/uploads/<uuid:upload_id>", methods=["OPTIONS"])
@uploads.response(204)
def describe_upload(upload_id: UUID) -> Response:
    """The same for an address below, whether there is an upload or not."""
    return describe(Response(status=204), max_bytes=house().settings.max_photo_bytes)


@uploads.post("/uploads")
@uploads.doc(
    parameters=[_VERSION, _CREATED_LENGTH, _METADATA, _CHECKSUM],
    requestBody={"required": False, "content": _PIECE},
)
@uploads.response(201)
def begin() -> Response:
    """Begin an upload, or find again the one for these bytes; `Upload-Metadata` names `visit_id` and `sha256`.

    A body is the first piece. Of an upload that stands further already it is not taken; `Upload-Offset` says where to
    go on.
    """
    refuse_what_is_not_offered()
    size_bytes = whole_number("Upload-Length")
    _check_size(size_bytes)
    metadata_text, said = metadata()
    visit_id, sha256 = said.get("visit_id", ""), said.get("sha256", "")
    if not _UUID.match(visit_id) or not _SHA256_HEX.match(sha256):
        raise BadUpload("Upload-Metadata names visit_id (a UUID) and sha256 (64 hexadecimal digits), in base64")
    piece_bytes = request.content_length or 0
    if piece_bytes:
        check_piece_type()
        _check_room(piece_bytes, size_bytes, size_bytes)
    with house().store.writing() as uow:
        begun = begin_upload(
            uow,
            current_actor(),
            visit_id=UUID(visit_id),
            sha256=sha256,
            size_bytes=size_bytes,
            metadata=metadata_text,
            at_utc=now_utc(),
        )
        if begun.begun_now:
            # Before the commit: an upload without a place for its bytes then means that they were kept already.
            house().evidence.begin(str(begun.id))
    stands_at_bytes = _stands_at(begun)
    if piece_bytes and stands_at_bytes == 0:
        stands_at_bytes = _take(begun, 0)
    response = _standing(201, begun, stands_at_bytes)
    # Relative, so that a proxy under another name does not send the phone elsewhere.
    response.headers["Location"] = url_for("uploads.show_offset", upload_id=begun.id)
    response.autocorrect_location_header = False
    return response


@uploads.route("/uploads/<uuid:upload_id>", methods=["HEAD"])
@uploads.doc(parameters=[_VERSION])
@uploads.response(200)
def show_offset(upload_id: UUID) -> Response:
    """Where an upload stands."""
    known = _own(upload_id)
    response = _standing(200, known, _stands_at(known))
    response.headers["Upload-Length"] = str(known.size_bytes)
    said = {"visit_id": str(known.visit_id), "sha256": known.sha256}
    response.headers["Upload-Metadata"] = known.metadata or metadata_of(said)
    response.headers["Cache-Control"] = "no-store"
    return response


@uploads.route("/uploads/<uuid:upload_id>", methods=["PATCH"])
@uploads.doc(parameters=[_VERSION, _OFFSET, _CHECKSUM], requestBody={"required": True, "content": _PIECE})
@uploads.response(204)
def append(upload_id: UUID) -> Response:
    """Add a piece; with the last one the whole is hashed and the upload is complete, or begins anew (460)."""
    check_piece_type()
    offset_bytes = whole_number("Upload-Offset")
    known = _own(upload_id)
    stands_at_bytes = _stands_at(known)
    if offset_bytes != stands_at_bytes:
        raise OffsetMismatch(given_bytes=offset_bytes, current_bytes=stands_at_bytes)
    rest_bytes = known.size_bytes - offset_bytes
    if rest_bytes and request.content_length is None:
        raise LengthRequired("a piece says how long it is")
    _check_room(request.content_length or 0, rest_bytes, known.size_bytes)
    if rest_bytes:
        stands_at_bytes = _take(known, offset_bytes)
    return _standing(204, known, stands_at_bytes)


@uploads.delete("/uploads/<uuid:upload_id>")
@uploads.doc(parameters=[_VERSION])
@uploads.response(204)
def terminate(upload_id: UUID) -> Response:
    """Give up an unfinished upload; what has arrived whole is evidence and stays (409)."""
    known = _own(upload_id)
    if _stands_at(known) == known.size_bytes:
        raise PhotoIsEvidence("the photo has arrived whole; it is evidence and stays")
    with house().store.writing() as uow:
        terminate_upload(uow, current_actor(), upload_id, house().evidence, at_utc=now_utc())
    return Response(status=204)


def _own(upload_id: UUID) -> UploadView:
    with house().store.reading() as uow:
        return upload(uow, current_actor(), upload_id)


def _check_size(size_bytes: int) -> None:
    most_bytes = house().settings.max_photo_bytes
    if size_bytes > most_bytes:
        raise UploadTooLarge(f"a photo has at most {most_bytes} bytes", max_bytes=most_bytes)
    if size_bytes == 0:
        raise BadUpload("a photo has at least one byte")


def _check_room(piece_bytes: int, rest_bytes: int, size_bytes: int) -> None:
    if piece_bytes > rest_bytes:
        raise UploadTooLarge(f"{rest_bytes} bytes are left of this upload", max_bytes=size_bytes)


def _standing(status: int, known: UploadView, stands_at_bytes: int) -> Response:
    """An answer that says where the upload stands and, while it is unfinished, how long that is kept."""
    response = Response(status=status)
    response.headers["Upload-Offset"] = str(stands_at_bytes)
    if stands_at_bytes < known.size_bytes:
        say_expiry(response, house().evidence.touched_utc(str(known.id)), house().settings.upload_days)
    return response


def _take(known: UploadView, offset_bytes: int) -> int:
    """Store the body as the next piece; where the upload stands then."""
    # The limit for JSON bodies is far below a photo. One more byte than can come, because the stream answers 413
    # to whoever looks for the end after exactly the limit.
    request.max_content_length = known.size_bytes - offset_bytes + 1
    stands_at_bytes = house().evidence.append(str(known.id), offset_bytes, request.stream, checksum=checksum())
    if stands_at_bytes == known.size_bytes:
        _finish(known)
    return stands_at_bytes


def _finish(known: UploadView) -> None:
    """Check the whole, keep it under its hash, and only then say in the records that it is here."""
    try:
        house().evidence.finish(str(known.id), sha256_hex=known.sha256, size_bytes=known.size_bytes)
    except HashMismatch as reason:
        with house().store.writing() as uow:
            mismatched_upload(uow, current_actor(), known.id, arrived_as=reason.actual_hex, at_utc=now_utc())
        # It begins anew at once: an upload without bytes would look like one that was kept already.
        house().evidence.begin(str(known.id))
        raise
    with house().store.writing() as uow:
        complete_upload(uow, current_actor(), known.id, at_utc=now_utc())
    house().jobs.wake()


def _stands_at(known: UploadView) -> int:
    """How many bytes of an upload are here.

    A crash may have come between the last byte and the mark in the records. Then the bytes are all here, or kept
    already, and the upload is finished now, so that no phone has to send them twice. An upload that was begun
    always has a place for its bytes, so nobody gets there by merely naming the hash of another's photo.
    """
    if known.complete:
        return known.size_bytes
    try:
        received_bytes = house().evidence.received_bytes(str(known.id))
    except UploadNotFound:
        if not house().evidence.has(known.sha256):
            house().evidence.begin(str(known.id))
            return 0
        received_bytes = known.size_bytes
    if received_bytes == known.size_bytes:
        _finish(known)
    return received_bytes
