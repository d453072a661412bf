"""The phone page's shell: complete, packed, the same for everybody, and named by its content."""

import gzip
import json
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.pages import field
from tests.api.world import World


@pytest.fixture
def client(world: World) -> FlaskClient:
    return world.client()


def worker_list(client: FlaskClient) -> dict[str, object]:
    found = re.search(r"const SHELL = (\{.*\});", client.get("/field/sw.js").text)
    assert found
    listed: dict[str, object] = json.loads(found[1])
    return listed


def test_every_file_of_the_worker_s_list_is_there_with_a_type_of_its_own(client: FlaskClient) -> None:
    listed = worker_list(client)
    assert listed["paths"] == list(field.shell().paths)
    for path in field.shell().paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        suffix = path[path.rindex(".") :] if "." in path else ".html"
        assert answer.content_type == field.TYPES[suffix]


def test_the_version_changes_with_any_file_and_with_nothing_else(client: FlaskClient) -> None:
    before = worker_list(client)["version"]
    assert before == worker_list(client)["version"] == field.shell().version
    stamps = [field._stamp(field.STATIC / "app.js")]
    once = field._shell(("/a",), tuple(stamps), field.Foot())
    other = field._shell(("/a",), (field._stamp(field.FIELD / "manifest.webmanifest"),), field.Foot())
    assert once.version != other.version


def test_who_is_responsible_stands_in_the_page_and_changes_its_names(world: World) -> None:
    bare = world.client()
    said = replace(world.settings, operator_name="演示县 <督查办>", complaint_contact='0593-"0000000"')
    named = create_app(said, world.store).test_client()
    page = named.get("/field/")
    assert 'data-operator="演示县 &lt;督查办&gt;" data-complaint="0593-&#34;0000000&#34;"' in page.text
    assert page.headers["ETag"] != bare.get("/field/").headers["ETag"]
    assert worker_list(named)["version"] != worker_list(bare)["version"]


def test_the_page_names_every_module_it_starts_with(client: FlaskClient) -> None:
    page = client.get("/field/").text
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    assert preloaded == list(field.start_modules())
    assert preloaded[0] == "/field/static/app.js"
    assert set(preloaded) <= set(field.shell().paths)


def test_a_file_is_packed_for_whoever_takes_it_and_not_sent_twice(client: FlaskClient) -> None:
    plain = client.get("/field/static/app.js")
    packed = client.get("/field/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    again = client.get("/field/static/app.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert plain.headers["ETag"] != packed.headers["ETag"]


def test_comments_stay_at_home_and_nothing_else_does() -> None:
    for path in [*field.STATIC.rglob("*.js"), *(field.VENDOR / name for name in field.VENDORED)]:
        source = path.read_text("utf-8")
        sent = field.without_comments(source)
        assert sent.count("\n") == source.count("\n"), path
        for found in field._COMMENT.finditer(source):
            # Inside a template literal such a line would be text: an even number of backticks has to lie before it.
            before = re.sub(r"\\.", "", field.without_comments(source[: found.start()]))
            assert before.count("`") % 2 == 0, (path.name, found[0])


@pytest.mark.parametrize(
    "path",
    [
        "/field/static/nothing.js",
        "/field/static/../templates/app.html",
        "/field/static/%2e%2e/%2e%2e/words/zh.json",
        "/field/static/engine",
        "/field/vendor/ol.js",
        "/field/vendor/VENDOR.toml",
    ],
)
def test_nothing_else_can_be_had(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_is_the_same_for_everybody_and_strict(client: FlaskClient, world: World) -> None:
    signed_in = world.phone("lin").get("/field/")
    answer = client.get("/field/")
    assert answer.data == signed_in.data
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def test_the_manifest_points_at_icons_that_are_there(client: FlaskClient) -> None:
    manifest = json.loads(client.get("/field/manifest.webmanifest").data)
    assert manifest["start_url"] == manifest["scope"] == "/field/"
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).status_code == 200
