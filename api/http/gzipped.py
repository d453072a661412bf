"""Answers that go out gzipped: those that are kept so, and those large enough for it to matter on a thin line."""

import gzip

from flask import Response, request


def already_gzipped(response: Response) -> Response:
    """The response whose bytes are gzipped, named so; unpacked for the rare caller that does not take gzip."""
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.set_data(gzip.decompress(response.get_data()))
    return response


def gzipped(response: Response) -> Response:
    """The response with its bytes gzipped; the same bytes always give the same."""
    response.set_data(gzip.compress(response.get_data(), mtime=0))
    return already_gzipped(response)
