"""Photos in pieces, by the tus protocol 1.0.0: a cut connection costs the piece that was on its way, not the photo.

The bytes go from the connection to the evidence store in blocks and are never held as a whole. The rows that say whose
upload it is live in ``visits.intake``; every verb asks them first, and somebody else's upload is no upload.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.exceptions import LengthRequired

from api.http.blueprint import API_PREFIX, RoomBlueprint
from api.http.errors import BadUpload, NotAPiece, UploadTooLarge
from api.http.house import house, now_utc
from api.http.problems import FOREIGN_TUS_VERSION, answer
from api.http.signin import current_actor
from media.errors import HashMismatch, OffsetMismatch, UploadNotFound
from visits.intake import UploadView, begin_upload, complete_upload, mismatched_upload, upload

uploads = RoomBlueprint("uploads", "Photos in pieces (tus 1.0.0)")

TUS_VERSION = "1.0.0"
EXTENSIONS = "creation"
CHUNK_TYPE = "application/offset+octet-stream"
LONGEST_METADATA = 1000

_LENGTH = re.compile(r"\A[0-9]{1,18}\Z")
_SHA256_HEX = re.compile(r"\A[0-9a-f]{64}\Z")
_UUID = re.compile(r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class MethodOverride:
    """Lets a client behind a proxy that knows neither PATCH nor HEAD send them as POST, for uploads only."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        wanted = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        below_uploads = environ.get("PATH_INFO", "").startswith(f"{API_PREFIX}/uploads")
        if below_uploads and environ.get("REQUEST_METHOD") == "POST" and wanted in {"PATCH", "HEAD", "OPTIONS"}:
            environ["REQUEST_METHOD"] = wanted
        return self._app(environ, start_response)


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
    response = Response(status=204)
    response.headers["Tus-Version"] = TUS_VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(house().settings.max_photo_bytes)
    return response


@uploads.post("/uploads")
@uploads.doc(
    parameters=[
        {
            "in": "header",
            "name": "Tus-Resumable",
            "required": True,
            "schema": {"type": "string", "enum": [TUS_VERSION]},
        },
        {"in": "header", "name": "Upload-Length", "required": True, "schema": {"type": "integer", "minimum": 1}},
        {"in": "header", "name": "Upload-Metadata", "required": True, "schema": {"type": "string"}},
    ]
)
@uploads.response(201)
def begin() -> Response:
    """Begin an upload, or find again the one for these bytes; `Upload-Metadata` names `visit_id` and `sha256`."""
    size_bytes = _whole("Upload-Length")
    most_bytes = house().settings.max_photo_bytes
    if size_bytes > most_bytes:
        raise UploadTooLarge(f"a photo has at most {most_bytes} bytes", max_bytes=most_bytes)
    if size_bytes == 0:
        raise BadUpload("a photo has at least one byte")
    said = _metadata(request.headers.get("Upload-Metadata", ""))
    visit_id, sha256 = said.get("visit_id", ""), said.get("sha256", "")
    if not _UUID.match(visit_id) or not _SHA256_HEX.match(sha256):
        raise BadUpload("Upload-Metadata names visit_id (a UUID) and sha256 (64 hexadecimal digits), in base64")
    with house().store.writing() as uow:
        begun = begin_upload(
            uow, current_actor(), visit_id=UUID(visit_id), sha256=sha256, size_bytes=size_bytes, at_utc=now_utc()
        )
        if begun.begun_now:
            # Before the commit: an upload without a place for its bytes then means that they were kept already.
            house().evidence.begin(str(begun.id))
    response = Response(status=201)
    # Relative, so that a proxy under another name does not send the phone elsewhere.
    response.headers["Location"] = url_for("uploads.show_offset", upload_id=begun.id)
    response.headers["Upload-Offset"] = str(begun.size_bytes if begun.complete else _received_bytes(begun))
    response.autocorrect_location_header = False
    return response


@uploads.route("/uploads/<uuid:upload_id>", methods=["HEAD"])
@uploads.response(200)
def show_offset(upload_id: UUID) -> Response:
    """Where an upload stands."""
    with house().store.reading() as uow:
        known = upload(uow, current_actor(), upload_id)
    response = Response(status=200)
    response.headers["Upload-Offset"] = str(known.size_bytes if known.complete else _received_bytes(known))
    response.headers["Upload-Length"] = str(known.size_bytes)
    response.headers["Upload-Metadata"] = _metadata_of(known)
    response.headers["Cache-Control"] = "no-store"
    return response


@uploads.route("/uploads/<uuid:upload_id>", methods=["PATCH"])
@uploads.doc(
    parameters=[
        {
            "in": "header",
            "name": "Tus-Resumable",
            "required": True,
            "schema": {"type": "string", "enum": [TUS_VERSION]},
        },
        {"in": "header", "name": "Upload-Offset", "required": True, "schema": {"type": "integer", "minimum": 0}},
    ],
    requestBody={"required": True, "content": {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
)
@uploads.response(204)
def append(upload_id: UUID) -> Response:
    """Add a piece; with the last one the whole is hashed and the upload is complete, or begins anew (460)."""
    if request.mimetype != CHUNK_TYPE:
        raise NotAPiece(f"a piece is sent as {CHUNK_TYPE}")
    offset_bytes = _whole("Upload-Offset")
    with house().store.reading() as uow:
        known = upload(uow, current_actor(), upload_id)
    stands_at_bytes = known.size_bytes if known.complete else _received_bytes(known)
    if offset_bytes != stands_at_bytes:
        raise OffsetMismatch(given_bytes=offset_bytes, current_bytes=stands_at_bytes)
    rest_bytes = known.size_bytes - offset_bytes
    if rest_bytes and request.content_length is None:
        raise LengthRequired("a piece says how long it is")
    if (request.content_length or 0) > rest_bytes:
        raise UploadTooLarge(f"{rest_bytes} bytes are left of this upload", max_bytes=known.size_bytes)
    if rest_bytes:
        # The limit for JSON bodies is far below a photo. One more byte than can come, because the stream answers 413
        # to whoever looks for the end after exactly the limit.
        request.max_content_length = rest_bytes + 1
        stands_at_bytes = house().evidence.append(str(upload_id), offset_bytes, request.stream)
        if stands_at_bytes == known.size_bytes:
            _finish(known)
    response = Response(status=204)
    response.headers["Upload-Offset"] = str(stands_at_bytes)
    return response


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


def _received_bytes(known: UploadView) -> int:
    """How many bytes of an unfinished upload are here.

    A crash may have come between the last byte and the mark in the records. Then the bytes are all here, or kept
    already, and the upload is finished now, so that no phone has to send them twice. An upload that was begun
    always has a place for its bytes, so nobody gets there by merely naming the hash of another's photo.
    """
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


def _whole(header: str) -> int:
    text = request.headers.get(header, "")
    if not _LENGTH.match(text):
        raise BadUpload(f"{header} is a whole number of bytes")
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """The pairs of ``Upload-Metadata``; what is not base64 of UTF-8 is left out, and then missed by its reader."""
    found = {}
    for pair in header[:LONGEST_METADATA].split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return found


def _metadata_of(known: UploadView) -> str:
    said = {"visit_id": str(known.visit_id), "sha256": known.sha256}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
