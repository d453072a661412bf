"""Lists by cursor: where the next page begins is the key of the last thing shown, not a count of things skipped."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import request, url_for

from api.http.errors import BadCursor
from api.http.fields import Schema, Text, Whole
from media.proof import b64url_bytes, b64url_text

T = TypeVar("T")

DEFAULT_LIMIT = 50
MOST_PER_PAGE = 200


class PageQuery(Schema):
    """The query parameters of a list."""

    limit = Whole(least=1, most=MOST_PER_PAGE, load_default=DEFAULT_LIMIT)
    cursor = Text(most=400, load_default=None, metadata={"description": "From `next` of the page before."})


def write_cursor(*key: str | int | datetime | UUID) -> str:
    """The key as one opaque word."""
    plain = [
        part if isinstance(part, int) else part.isoformat() if isinstance(part, datetime) else str(part) for part in key
    ]
    return b64url_text(json.dumps(plain).encode())


def read_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The key that a cursor of this server stands for, its parts of the given kinds; None without a cursor."""
    if cursor is None:
        return None
    try:
        parts = json.loads(b64url_bytes(cursor) or b"")
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError("another number of parts")
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, TypeError, RecursionError) as reason:
        raise BadCursor("this cursor was not made by this server; begin the list anew") from reason


def page(found: Sequence[T], limit: int, key: Callable[[T], tuple[str | int | datetime | UUID, ...]]) -> dict[str, Any]:
    """The body of a list. ``found`` holds one thing more than ``limit`` where there is a next page."""
    shown = list(found[:limit])
    more = len(found) > limit
    return {"items": shown, "next": _next_url(write_cursor(*key(shown[-1]))) if more and shown else None}


def _next_url(cursor: str) -> str:
    asked = {**request.args.to_dict(), **(request.view_args or {}), "cursor": cursor}
    return url_for(request.endpoint or "", **asked)


def _part(part: object, kind: type) -> object:
    if kind is int:
        if not isinstance(part, int) or isinstance(part, bool) or abs(part) >= 2**63:
            raise ValueError("not a number")
        return part
    if not isinstance(part, str) or len(part) > 200 or "\0" in part:
        raise ValueError("not a text")
    if kind is datetime:
        instant = datetime.fromisoformat(part)
        if instant.tzinfo is None or not 2000 <= instant.year < 2100:
            raise ValueError("not an instant")
        return instant
    return kind(part)
