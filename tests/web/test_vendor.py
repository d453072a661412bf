"""Browser code by others is what VENDOR.toml says it is, and nothing is loaded from anywhere else."""

import gzip
import hashlib
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Request
from werkzeug.exceptions import NotFound

from api.http.gzipped import gzipped_file, named_by_state
from tests.web.county import Desk

WEB = Path(__file__).parents[2] / "web"
VENDOR = WEB / "vendor"
OURS = {"README.md", "VENDOR.toml"}
ENTRIES: list[dict[str, str]] = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["file"]

# The ways in which a page, a style sheet or a module makes the browser fetch code from another host.
LOADS_FROM_OUTSIDE = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*["']?(?:https?:)?//
      | @import\s+(?:url\()?["']?(?:https?:)?//
      | \burl\(\s*["']?(?:https?:)?//
      | \b(?:from|import|importScripts|import\s*\()\s*\(?\s*["'](?:https?:)?//""",
    re.VERBOSE | re.IGNORECASE,
)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_that_was_recorded(entry: dict[str, str]) -> None:
    assert set(entry) == {"file", "name", "version", "licence", "from", "sha256"}
    content = (VENDOR / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert b"sourceMappingURL" not in content


def test_no_unlisted_file_lies_among_the_vendored_ones() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert present - OURS == {entry["file"] for entry in ENTRIES}


def test_each_vendored_library_has_its_licence_beside_it() -> None:
    licensed = {entry["name"] for entry in ENTRIES if "LICENSE" in entry["file"]}
    assert licensed == {entry["name"] for entry in ENTRIES}


@pytest.mark.parametrize(
    "line",
    [
        '<script src="https://cdn.example/ol.js">',
        '<link rel="stylesheet" href="//cdn.example/ol.css">',
        '@import "https://cdn.example/a.css";',
        "src: url(https://cdn.example/a.woff2)",
        'import {html} from "https://cdn.example/lit.js";',
        'importScripts("https://cdn.example/sw.js")',
        'await import("https://cdn.example/x.js")',
    ],
)
def test_a_load_from_outside_is_recognised(line: str) -> None:
    assert LOADS_FROM_OUTSIDE.search(line)


def test_our_pages_load_nothing_from_outside() -> None:
    kinds = {".html", ".j2", ".js", ".css", ".svg"}
    ours = [path for path in WEB.rglob("*") if path.suffix in kinds and VENDOR not in path.parents]
    offenders = [path.relative_to(WEB) for path in ours if LOADS_FROM_OUTSIDE.search(path.read_text("utf-8"))]
    assert offenders == []


def test_scripts_are_sent_packed_and_only_when_they_changed(desk: Desk) -> None:
    plain = (VENDOR / "ol.js").read_bytes()
    ask = partial(desk.client().get, "/desk/vendor/ol.js", buffered=True)
    packed = ask(headers={"Accept-Encoding": "gzip"})
    assert (packed.status_code, packed.headers["Content-Encoding"]) == (200, "gzip")
    assert packed.headers["Content-Type"].startswith("text/javascript")
    assert len(packed.data) < len(plain) / 3
    assert gzip.decompress(packed.data) == plain
    known = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
    again = ask(headers=known)
    assert (again.status_code, again.data) == (304, b"")
    unpacked = ask()
    assert ("Content-Encoding" in unpacked.headers, unpacked.data) == (False, plain)
    part = ask(headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (206, plain[:10])
    assert {one.headers["Vary"] for one in (packed, unpacked)} == {"Accept-Encoding"}


def test_a_file_is_kept_for_good_under_the_name_of_its_folder_as_it_is(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    for name in ("a.js", "part/b.js"):
        (tmp_path / name).write_text(name)
    before = named_by_state(tmp_path, "a.js")
    assert re.fullmatch(r"v-[0-9a-f]{16}/a\.js", before)
    assert named_by_state(tmp_path, "part/b.js").split("/", 1)[0] == before.split("/")[0]

    def ask(name: str) -> tuple[str, str | None]:
        with desk.app.test_request_context(headers={"Accept-Encoding": "gzip"}):
            answer = gzipped_file(tmp_path, name)
            return gzip.decompress(answer.get_data()).decode(), answer.headers.get("Cache-Control")

    kept, asked_again = "public, max-age=31536000, immutable", ask("a.js")[1]
    assert ask(before) == ("a.js", kept)
    assert "no-cache" in str(asked_again)
    # Scripts ask for each other by their place, so that a change of one is a new name of all.
    (tmp_path / "part" / "b.js").write_text("something else")
    after = named_by_state(tmp_path, "a.js")
    assert after != before
    assert ask(after) == ("a.js", kept)
    assert ask(before) == ("a.js", asked_again)
    with desk.app.test_request_context(), pytest.raises(NotFound):
        gzipped_file(tmp_path, "v-0123456789abcdef/../../etc/passwd")


@pytest.mark.browser
def test_a_map_with_its_usual_controls_asks_no_other_host(new_context: Callable[..., BrowserContext]) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:", "about:")):
            asked.append(request.url)

    page = new_context("desk").new_page()
    page.on("request", note)
    page.set_content('<div id="map" style="width:600px;height:400px"></div>')
    page.add_style_tag(path=VENDOR / "ol.css")
    page.add_script_tag(path=VENDOR / "ol.js")
    drawn = page.evaluate(
        """() => new Promise((done) => {
            const village = new ol.Feature(new ol.geom.Point(ol.proj.fromLonLat([118.1, 25.0])));
            const source = new ol.source.Vector({features: [village], attributions: "县界 2026"});
            const map = new ol.Map({
                target: "map",
                layers: [new ol.layer.Vector({source})],
                controls: ol.control.defaults.defaults().extend([new ol.control.ScaleLine()]),
                view: new ol.View({center: village.getGeometry().getCoordinates(), zoom: 9}),
            });
            map.once("rendercomplete", () => done(document.querySelector(".ol-attribution").textContent));
        })"""
    )
    assert "县界 2026" in drawn
    assert asked == []
