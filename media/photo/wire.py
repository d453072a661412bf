"""How an inspection travels from the worker to its owner: one line of JSON.

Never as a pickle: the worker has just read a stranger's file and may be under its command, so what it says is only
parsed as plain values.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from media.errors import (
    IncompletePhoto,
    MediaError,
    PhotoTooLarge,
    PhotoTooSlow,
    UnreadablePhoto,
    UnsupportedFormat,
)
from media.photo.facts import Fingerprints, Inspection, PhotoFacts

# What a worker says once its libraries are loaded and its limits are set.
READY = b"ready\n"

_ERRORS: dict[str, type[MediaError]] = {
    kind.__name__: kind for kind in (IncompletePhoto, PhotoTooLarge, PhotoTooSlow, UnreadablePhoto, UnsupportedFormat)
}


def to_line(result: Inspection | MediaError) -> bytes:
    """Return one line that holds the result."""
    if isinstance(result, MediaError):
        message: dict[str, Any] = {"error": type(result).__name__, "sentence": str(result)}
    else:
        message = {
            "facts": _facts_to_json(result.facts),
            "prints": _prints_to_json(result.prints),
            "display_jpeg": base64.b64encode(result.display_jpeg).decode("ascii"),
        }
    return json.dumps(message).encode("ascii") + b"\n"


def copy_to_line(jpeg: bytes) -> bytes:
    """Return one line that holds a copy that was asked for."""
    return json.dumps({"copy": base64.b64encode(jpeg).decode("ascii")}).encode("ascii") + b"\n"


def copy_from_line(line: bytes) -> bytes | MediaError:
    """Return the copy a line holds; a line that holds none is an unreadable photo."""
    try:
        message = json.loads(line)
        if "error" in message:
            return _ERRORS[message["error"]](str(message["sentence"]))
        return base64.b64decode(message["copy"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return UnreadablePhoto("the photo could not be copied: its reader gave an answer that makes no sense")


def from_line(line: bytes) -> Inspection | MediaError:
    """Return the result a line holds; a line that holds none is an unreadable photo."""
    try:
        message = json.loads(line)
        if "error" in message:
            return _ERRORS[message["error"]](str(message["sentence"]))
        return Inspection(
            facts=_facts_from_json(message["facts"]),
            prints=_prints_from_json(message["prints"]),
            display_jpeg=base64.b64decode(message["display_jpeg"], validate=True),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return UnreadablePhoto("the photo could not be read: its reader gave an answer that makes no sense")


def _prints_to_json(prints: Fingerprints) -> dict[str, Any]:
    return {
        "dhash64": prints.dhash64.hex() if prints.dhash64 is not None else None,
        "pdq256": prints.pdq256.hex() if prints.pdq256 is not None else None,
        "pdq_quality": prints.pdq_quality,
        "turned": [both.hex() for both in prints.turned],
    }


def _prints_from_json(message: dict[str, Any]) -> Fingerprints:
    return Fingerprints(
        dhash64=_exactly(8, message["dhash64"]) if message["dhash64"] is not None else None,
        pdq256=_exactly(32, message["pdq256"]) if message["pdq256"] is not None else None,
        pdq_quality=int(message["pdq_quality"]),
        turned=tuple(_exactly(40, both) for both in message["turned"]),
    )


def _exactly(size_bytes: int, text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != size_bytes:
        raise ValueError(f"a hash of {len(value)} bytes instead of {size_bytes}")
    return value


def _facts_to_json(facts: PhotoFacts) -> dict[str, Any]:
    return {
        **vars(facts),
        "taken_at": facts.taken_at.isoformat() if facts.taken_at else None,
        "gps_at_utc": facts.gps_at_utc.isoformat() if facts.gps_at_utc else None,
        "utc_offset": facts.utc_offset.total_seconds() if facts.utc_offset is not None else None,
    }


def _facts_from_json(message: dict[str, Any]) -> PhotoFacts:
    offset_s = message["utc_offset"]
    times = {
        name: datetime.fromisoformat(message[name]) if message[name] else None for name in ("taken_at", "gps_at_utc")
    }
    return PhotoFacts(
        **{
            **message,
            **times,
            "utc_offset": timedelta(seconds=offset_s) if offset_s is not None else None,
            "oddities": tuple(message["oddities"]),
        }
    )
