"""The phone page's shell below ``/field/``: files that are the same for everybody, and the worker that keeps them.

Nothing here knows who asks. What a phone shows of anybody it asks of the API, with a token.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from posixpath import join, normpath

from flask import Blueprint, Response, abort, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.http.house import house
from api.pages.words import WEB

field = Blueprint("field", __name__, url_prefix="/field")

FIELD = WEB / "field"
STATIC = FIELD / "static"
VENDOR = WEB / "vendor"
# The libraries of the phone page; the desk's stay at the desk.
VENDORED = ("lit-html.js", "idb.js", "qr/index.js", "qr/decode.js")
START = "app.js"
# What whoever signed in sees first: the modules are named in the page, so that a start loads them all at once.
HOME = ("work.js", "screens/home.js")
LANGUAGES = ("zh", "en")
# Spelled out, since a system's own table of types may not know modules or manifests, and a browser then refuses them.
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
PACKED_ALREADY = {".png"}
COMMENTED = {".js", ".css"}
PAGE_SUFFIX = ".html"

# Comments are for whoever reads the source; on a mountain they would be two fifths of what a phone has to load.
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)", re.MULTILINE | re.DOTALL)
_STATIC_IMPORT = re.compile(r"""^(?:import|export)\b[^"';(]*["'](\.[^"']+)["']""", re.MULTILINE)


@dataclass(frozen=True)
class Served:
    """One file as it goes out: its bytes, the same packed, its type and its name for caches."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str


@dataclass(frozen=True)
class Foot:
    """What stands at the foot of every screen: who runs this, and where complaints go."""

    operator_name: str = ""
    complaint_contact: str = ""


@dataclass(frozen=True)
class Shell:
    """All that a phone keeps to start without a network, and one name for exactly this state of it."""

    paths: tuple[str, ...]
    version: str


@field.get("/")
def show_shell() -> Response:
    """The page itself: empty frame, style, the texts of its start, and the modules it will want."""
    words = tuple(_stamp(path) for path in _start_words())
    start = tuple(start_modules())
    work = tuple(name for name in modules_of(*HOME) if name not in start)
    return _answer(_page(_stamp(_page_source()), start, work, words, _foot()))


@field.get("/sw.js")
def service_worker() -> Response:
    """The worker, with the list of files it keeps and the hash of their content."""
    found = shell(_foot())
    kept = json.dumps({"version": found.version, "paths": found.paths}, ensure_ascii=False)
    source = (FIELD / "templates" / "sw.js").read_text("utf-8")
    # A template that is JavaScript as it stands, so that editors and scanners read it like any other file.
    body = source.replace("{ version: '', paths: [] }", kept)
    return _answer(_served(body.encode(), ".js"))


@field.get("/manifest.webmanifest")
def manifest() -> Response:
    """What makes the page installable."""
    return _answer(_file(_stamp(FIELD / "manifest.webmanifest")))


@field.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """Our own scripts, styles, words and icons."""
    return _answer(_file(_stamp(_inside(STATIC, name))))


@field.get("/vendor/<path:name>")
def vendor_file(name: str) -> Response:
    """The few libraries of the phone page as they were vendored."""
    if name not in VENDORED:
        abort(404)
    return _answer(_file(_stamp(VENDOR / name)))


def shell(foot: Foot = Foot()) -> Shell:
    """The list of files and their common hash; it changes when any of them does, and when the page's foot does."""
    files = {
        "/field/": _page_source(),
        "/field/manifest.webmanifest": FIELD / "manifest.webmanifest",
        **{f"/field/static/{path.relative_to(STATIC).as_posix()}": path for path in _static_paths()},
        **{f"/field/vendor/{name}": VENDOR / name for name in VENDORED},
    }
    inside = (FIELD / "templates" / "sw.js", *_start_words())
    return _shell(tuple(files), tuple(_stamp(path) for path in (*files.values(), *inside)), foot)


def start_modules() -> Iterator[str]:
    """The modules the page loads before it shows anything: those that ``app.js`` imports, and what these import."""
    return modules_of(START)


def modules_of(*names: str) -> Iterator[str]:
    """These modules of ours and all they import, as a browser would find them; what is imported later is left out."""
    waiting, seen = [f"static/{name}" for name in names], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        yield f"/field/{name}"
        folder, _, rest = name.partition("/")
        source = (STATIC if folder == "static" else VENDOR) / rest
        waiting += [normpath(join(name, "..", found)) for found in _imports(_stamp(source))]


def without_comments(source: str) -> str:
    """A script or style without the comments on lines of their own, licences apart; other lines keep their numbers.

    >>> without_comments("/** Why.\\n */\\nlet a = 'b'; // c")
    "\\n\\nlet a = 'b'; // c"
    """
    return _COMMENT.sub(lambda found: found[0] if "@license" in found[0] else "\n" * found[0].count("\n"), source)


def _foot() -> Foot:
    settings = house().settings
    return Foot(settings.operator_name, settings.complaint_contact)


def _page_source() -> Path:
    return FIELD / "templates" / "app.html"


Stamp = tuple[Path, int, int]


def _stamp(path: Path) -> Stamp:
    """A file with what changes when it changes; what was worked out from it is kept under this."""
    try:
        found = path.stat()
    except OSError:
        abort(404)
    return path, found.st_mtime_ns, found.st_size


def _inside(folder: Path, name: str) -> Path:
    """A file of this folder and of a type we serve; anything else is not there."""
    if "\0" in name:  # no file system takes it, and asking raises
        abort(404)
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or path.suffix not in TYPES or not path.is_file():
        abort(404)
    return path


def _static_paths() -> list[Path]:
    inside = _start_words()
    return sorted(path for path in STATIC.rglob("*") if path.suffix in TYPES and path not in inside)


def _start_words() -> list[Path]:
    """The texts that the page itself carries; a file of their own would be one more thing to wait for."""
    return [STATIC / "words" / f"{language}.json" for language in LANGUAGES]


@lru_cache(maxsize=256)
def _imports(stamp: Stamp) -> tuple[str, ...]:
    return tuple(_STATIC_IMPORT.findall(stamp[0].read_text("utf-8")))


@lru_cache(maxsize=256)
def _file(stamp: Stamp) -> Served:
    path = stamp[0]
    body = without_comments(path.read_text("utf-8")).encode() if path.suffix in COMMENTED else path.read_bytes()
    return _served(body, path.suffix)


@lru_cache(maxsize=4)
def _page(
    stamp: Stamp, modules: tuple[str, ...], work: tuple[str, ...], words: tuple[Stamp, ...], foot: Foot
) -> Served:
    template = _environment().from_string(stamp[0].read_text("utf-8"))
    texts = {path.stem: json.loads(path.read_text("utf-8")) for path, _, _ in words}
    return _served(template.render(modules=modules, work=work, words=texts, foot=foot).encode(), PAGE_SUFFIX)


@lru_cache(maxsize=4)
def _shell(paths: tuple[str, ...], stamps: tuple[Stamp, ...], foot: Foot) -> Shell:
    digest = hashlib.sha256(repr(foot).encode())
    for path, _, _ in stamps:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return Shell(paths, digest.hexdigest()[:16])


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FIELD / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return made


def _served(body: bytes, suffix: str) -> Served:
    # mtime=0: the same content is packed to the same bytes, whenever it is done.
    packed = None if suffix in PACKED_ALREADY else gzip.compress(body, 9, mtime=0)
    return Served(body, packed, TYPES[suffix], hashlib.sha256(body).hexdigest()[:32])


def _answer(found: Served) -> Response:
    packs = found.packed is not None and request.accept_encodings.quality("gzip") > 0
    response = Response(found.packed if packs else found.body, content_type=found.content_type)
    # The worker keeps the files; whoever has none asks each time whether they changed, and is told in a few bytes.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{found.etag}-gzip" if packs else found.etag)
    return response.make_conditional(request)  # type: ignore[return-value]
