"""Answers that go out gzipped: those that are kept so, and those large enough for it to matter on a thin line."""

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import Response, request, send_from_directory

# Pictures and fonts are packed already.
PACKED_SUFFIXES = {".css", ".js", ".json", ".svg", ".txt"}
_STATE = re.compile(r"v-[0-9a-f]{16}")
_ONE_YEAR_S = 365 * 24 * 3600


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
    """A file of a folder, texts gzipped.

    Under the name that :func:`named_by_state` gives it a browser keeps it for good; under its plain name the browser
    asks each time, and gets it only when it changed.
    """
    state, _, rest = name.partition("/")
    if not (rest and _STATE.fullmatch(state)):
        return _sent(folder, name)
    response = _sent(folder, rest)
    # A page from before an update may still ask for what stood there then: it gets what stands there now, for once.
    if state == _state_of(folder):
        response.headers["Cache-Control"] = f"public, max-age={_ONE_YEAR_S}, immutable"
    return response


def named_by_state(folder: Path, name: str) -> str:
    """The name under which a file of a folder is kept for good: another one once any file of the folder changes, since
    scripts ask for each other by their place beside them."""
    return f"{_state_of(folder)}/{name}"


def _sent(folder: Path, name: str) -> Response:
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


def _state_of(folder: Path) -> str:
    """What is in a folder now, as a word."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return _state(tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=8)
def _state(files: tuple[tuple[Path, int], ...]) -> str:
    """The same for files as they were at some moments. By content: several servers of one release must say the same."""
    said = hashlib.sha256()
    for path, _ in files:
        said.update(hashlib.sha256(path.read_bytes()).digest())
    return f"v-{said.hexdigest()[:16]}"


@lru_cache(maxsize=64)
def _packed(path: Path, changed_ns: int) -> bytes:
    """The bytes of a file as they were at that moment, gzipped; once for all who ask."""
    return gzip.compress(path.read_bytes(), mtime=0)
