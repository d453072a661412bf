"""Edits say which version they began with, so that the later of two learns that it is late."""

import re

from flask import Response, request

from api.http.errors import VersionMissing

_ETAG = re.compile(r'\A"([0-9]{1,18})"\Z')


def version_edited() -> int:
    """The version in ``If-Match``; raises ``VersionMissing`` without one, or with one this server never gave."""
    given = _ETAG.match(request.headers.get("If-Match", ""))
    if given is None:
        raise VersionMissing('say which version you began with, as If-Match: "3"; the last answer carried it as ETag')
    return int(given.group(1))


def with_version(response: Response, version: int) -> Response:
    """The response with its version, for the edit that may follow."""
    response.headers["ETag"] = f'"{version}"'
    return response
