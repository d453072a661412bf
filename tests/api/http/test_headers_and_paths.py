"""Requests as an attacker writes them by hand: two lengths, forged proxies, and ways out of a folder."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest

from api.cli.serve import _waitress_options
from demo.answering import answering
from tests.api.world import PASSPHRASE, World

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def port(world: World) -> Iterator[int]:
    """The application behind the server that `shidi serve` starts, with its very options."""
    options = _waitress_options(replace(world.settings, port=0))
    with answering(world.app, **{**options, "threads": 2}) as address:
        yield urlsplit(address).port or 0


def said(port: int, request: bytes) -> bytes:
    """Everything the server answers until it closes, or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(request)
        line.settimeout(2)
        heard = b""
        try:
            while piece := line.recv(65536):
                heard += piece
        except TimeoutError:
            pass
    return heard


@pytest.mark.parametrize(
    "request_bytes",
    [
        POST + b"Content-Length: 4\r\nContent-Length: 40\r\n\r\n{}\r\n" + SMUGGLED,
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n{}\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: +4\r\n\r\n{}\r\n" + SMUGGLED,
        POST + b"Content-Length: 0x4\r\n\r\n{}\r\n" + SMUGGLED,
        POST + b"X: y\nContent-Length: 4\r\n\r\n{}\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\n\r\n1;\nxx\r\n{\r\n0\r\n\r\n" + SMUGGLED,
    ],
    ids=["two lengths", "length and chunked", "odd coding", "space", "plus", "hex", "bare LF", "chunk extension"],
)
def test_no_second_request_hides_in_a_first_that_may_be_read_two_ways(port: int, request_bytes: bytes) -> None:
    answers = said(port, request_bytes)
    statuses = [part.split(b" ", 2)[1] for part in answers.split(b"\r\n") if part.startswith(b"HTTP/1.")]
    refused = statuses[:1] in ([b"400"], [b"501"])
    assert refused or (b"/smuggled" not in answers and b"close" in answers.lower()) or len(statuses) <= 1, answers


def test_a_forged_proxy_is_not_believed(port: int, world: World) -> None:
    body = f'{{"login": "lin", "passphrase": "{PASSPHRASE}"}}'.encode()
    forged = b"X-Forwarded-For: 10.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
    forged += b"Forwarded: for=10.9.9.9;proto=https;host=evil.example\r\n"
    answer = said(port, POST + forged + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 201")
    assert b"Strict-Transport-Security" not in answer
    assert b"evil.example" not in answer
    lines = world.phone("discipline").get("audit?about=account:lin").get_json()["items"]
    assert {line["address"] for line in lines if line["address"]} == {"127.0.0.1"}


WAYS_OUT = (
    "../wsgi.py",
    "..%2fwsgi.py",
    "%2e%2e/%2e%2e/wsgi.py",
    "....//wsgi.py",
    "/etc/passwd",
    "..\\wsgi.py",
    "%00",
    "%00.js",
    ".",
)


@pytest.mark.parametrize("folder", ["/desk/static/", "/desk/vendor/", "/field/static/", "/field/vendor/"])
def test_no_path_leads_out_of_a_folder(world: World, folder: str) -> None:
    client = world.client()
    for way in WAYS_OUT:
        for path in (folder + way, folder + "qr/../../" + way, folder + quote(way, safe="")):
            answer = client.get(path)
            assert answer.status_code in (303, 308, 404), path
            assert b"create_app" not in answer.data
            assert b"root:" not in answer.data


def test_tiles_and_photos_are_named_by_hash_and_number_only(world: World) -> None:
    org = world.phone("org")
    for path in (
        "tiles/350924/..%2f..%2fmaster.key",
        "tiles/..%2f..%2f/master.key/1/1/1.mvt",
        "visits/00000000-0000-7000-8000-000000000000/photos/..%2f..%2fmaster.key/display",
        "uploads/..%2f..%2fmaster.key",
    ):
        assert org.get(path).status_code in (400, 404, 405), path
