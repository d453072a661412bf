"""The headers of tus: what they say, or a refusal that names the header."""

import base64
import binascii
import re
from datetime import datetime, timedelta

from flask import Response, request
from werkzeug.http import http_date

from api.http.errors import BadUpload, NotAPiece
from media.store import CHECKSUM_ALGORITHMS, Checksum

TUS_VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"
LONGEST_METADATA = 1000

_LENGTH = re.compile(r"\A[0-9]{1,18}\Z")
_KEY = re.compile(r"\A[!-+\--~]+\Z")  # ASCII without space and comma


def describe(response: Response, *, max_bytes: int) -> Response:
    """Say what this server knows of tus."""
    response.headers["Tus-Version"] = TUS_VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(max_bytes)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(CHECKSUM_ALGORITHMS)
    return response


def whole_number(header: str) -> int:
    """The number of bytes that a header says."""
    text = request.headers.get(header, "")
    if not _LENGTH.match(text):
        raise BadUpload(f"{header} is a whole number of bytes")
    return int(text)


def refuse_what_is_not_offered() -> None:
    """A length to be told later and uploads in parts are not offered; taken silently, they would be misread."""
    if "Upload-Defer-Length" in request.headers:
        raise BadUpload("Upload-Defer-Length is not offered: the record of the photo has said its length already")
    if "Upload-Concat" in request.headers:
        raise BadUpload("Upload-Concat is not offered: a photo is one upload")


def check_piece_type() -> None:
    """Refuse a body that is no piece."""
    if request.mimetype != PIECE_TYPE:
        raise NotAPiece(f"a piece is sent as {PIECE_TYPE}")


def metadata() -> tuple[str, dict[str, str]]:
    """``Upload-Metadata`` exactly as it came, and the pairs in it that are text."""
    header = request.headers.get("Upload-Metadata", "")
    if len(header) > LONGEST_METADATA or not header.isascii():
        raise BadUpload(f"Upload-Metadata is ASCII, and has at most {LONGEST_METADATA} characters")
    found: dict[str, str] = {}
    for pair in header.split(",") if header else []:
        key, _, value = pair.strip().partition(" ")
        if not _KEY.match(key) or key in found:
            raise BadUpload("each key in Upload-Metadata is ASCII without spaces and commas, and comes once")
        try:
            # What is no text may be anything to its sender; it is told again, and of no use here.
            found[key] = base64.b64decode(value, validate=True).decode(errors="replace")
        except binascii.Error as reason:
            raise BadUpload(f"the value of {key} in Upload-Metadata is not base64") from reason
    return header, found


def metadata_of(said: dict[str, str]) -> str:
    """``Upload-Metadata`` for these pairs, for an upload from before they were kept as they came."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def checksum() -> Checksum | None:
    """What the piece is said to hash to, when its sender says so."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    try:
        return Checksum(algorithm, base64.b64decode(value, validate=True))
    except ValueError as reason:
        raise BadUpload("Upload-Checksum is the name of an algorithm, a space, and the hash in base64") from reason


def say_expiry(response: Response, touched_utc: datetime, kept_days: int) -> None:
    """Say until when a half-arrived upload is kept at least, if nobody goes on with it."""
    response.headers["Upload-Expires"] = http_date(touched_utc + timedelta(days=kept_days))
