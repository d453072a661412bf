"""Answers that go out gzipped: those that are kept so, and those large enough for it to matter on a thin line."""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Response, request, send_from_directory

# Pictures and fonts are packed already.
PACKED_SUFFIXES = {".css", ".js", ".json", ".svg", ".txt"}


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
    # From 5 to 9 it takes five times as long and saves a hundredth.
    response.set_data(gzip.compress(response.get_data(), compresslevel=5, mtime=0))
    return already_gzipped(response)


def gzipped_or_unchanged(response: Response) -> Response:
    """The response gzipped, under a tag by which a caller asks again; without its bytes when the caller has them."""
    # Weak, because the bytes differ with the encoding and the content does not.
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest(), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    response.headers["Vary"] = "Accept-Encoding"
    return response if response.status_code == 304 else gzipped(response)


def gzipped_file(folder: Path, name: str) -> Response:
    """A file that a browser asks for anew each time, and gets only when it changed; texts go gzipped."""
    response = send_from_directory(folder, name, max_age=0)
    if Path(name).suffix not in PACKED_SUFFIXES:
        return response
    response.headers["Vary"] = "Accept-Encoding"
    # A file that did not change has no body, and a part of one is a part of its plain bytes.
    if response.status_code == 200 and request.accept_encodings["gzip"] > 0:
        path = folder / name
        response.close()
        response.direct_passthrough = False
        response.set_data(_packed(path, path.stat().st_mtime_ns))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("Accept-Ranges", None)
        response.set_etag(response.get_etag()[0] or "", weak=True)
    return response


@lru_cache(maxsize=64)
def _packed(path: Path, changed_ns: int) -> bytes:
    """The bytes of a file as they were at that moment, gzipped; once for all who ask."""
    return gzip.compress(path.read_bytes(), mtime=0)
