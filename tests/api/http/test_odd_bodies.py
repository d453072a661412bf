"""Deep, huge, doubled, half-encoded and wrongly typed bodies: a clear answer to each, never a 5xx."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from api.http.errors import UnreadableBody
from api.http.strict_json import read_json
from tests.api.world import VILLAGE, World

GOOD = {
    "village_code": VILLAGE,
    "announced": False,
    "team": ["00000000-0000-4000-8000-000000000001"],
    "release_utc": "2026-05-12T10:00:00+08:00",
    "expires_utc": "2026-05-13T10:00:00+08:00",
    "reason": "draw",
}
ODD_VALUES = [
    "null",
    "true",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "1.9",
    "9" * 5000,
    "1" * 20,
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00x"',
    '"' + "x" * 100_000 + '"',
    '"１２３４５６７８９０１２"',
    '"350924100201\\n"',
    '"３５０９２４１００２０１"',
    '"0001-01-01T00:00:00+23:59"',
    '"9999-12-31T23:59:59-23:59"',
    '"2026-02-30T00:00:00+08:00"',
    '"2026-05-12T10:00:00"',
    '"2026-05-12"',
    '"{350924100201}"',
    '"urn:uuid:00000000-0000-4000-8000-000000000001"',
    "[]",
    "[[]]",
    "{}",
    '{"a": {"a": {"a": 1}}}',
    "[" * 500 + "]" * 500,
    '["' + '","'.join("abc" for _ in range(500)) + '"]',
]
ODD_DOCUMENTS = [
    b"",
    b" ",
    b"null",
    b"1",
    b'"x"',
    b"[]",
    b"{",
    b'{"a":',
    b"\xff",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b'{"a": "\xed\xa0\x80"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"{" * 100_000 + b"}" * 100_000,
    b"9" * 1_000_000,
    b'{"login": "a", "login": "b"}',
    b'{"team": NaN}',
    "{}".encode("utf-16"),
    b"<xml/>",
    b"%00",
    b'{"' + b"k" * 200_000 + b'": 1}',
]
# Each is sent to all of these; the last takes a raw delivery and keeps it.
PATHS = ["assignments", "accounts", "sightings/00000000-0000-4000-8000-000000000001/decisions"]


def odd_bodies() -> Iterator[bytes]:
    yield from ODD_DOCUMENTS
    for field in GOOD:
        for value in ODD_VALUES:
            rest = {name: kept for name, kept in GOOD.items() if name != field}
            yield json.dumps(rest)[:-1].encode() + f', "{field}": {value}}}'.encode()
    yield json.dumps({**GOOD, "surprise": 1}).encode()
    for field in GOOD:
        yield json.dumps({name: kept for name, kept in GOOD.items() if name != field}).encode()


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(list(odd_bodies())) >= 180


def test_no_odd_body_ends_in_a_server_error(world: World) -> None:
    office = world.phone("office")
    for body in odd_bodies():
        answer = office.ask("POST", "assignments", data=body, content_type="application/json")
        assert 400 <= answer.status_code < 500, body[:80]
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("login", "path"),
    [("admin", "accounts"), ("org", PATHS[2]), ("lin", f"visits/{'0' * 8}-0000-4000-8000-{'0' * 12}/records")],
)
def test_no_odd_document_ends_in_a_server_error_elsewhere(world: World, login: str, path: str) -> None:
    phone = world.phone(login)
    for body in [*ODD_DOCUMENTS, *(value.encode() for value in ODD_VALUES)]:
        answer = phone.ask("POST", path, data=body, content_type="application/json")
        assert 400 <= answer.status_code < 500, body[:80]


def test_random_bytes_in_a_good_body_never_end_in_a_server_error(world: World) -> None:
    office, chance = world.phone("office"), random.Random(20260512)
    good = json.dumps(GOOD).encode()
    for _ in range(400):
        body = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        answer = office.ask("POST", "assignments", data=bytes(body), content_type="application/json")
        assert answer.status_code < 500, bytes(body)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_type_of_body_is_415(world: World, content_type: str | None) -> None:
    answer = world.phone("office").ask("POST", "assignments", data=json.dumps(GOOD), content_type=content_type)
    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_over_the_limit_is_413(world: World) -> None:
    body = b'{"reason": "' + b"x" * world.settings.max_body_bytes + b'"}'
    answer = world.phone("office").ask("POST", "assignments", data=body, content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        "surprise=1",
        "limit=1.9",
        "limit=1_0",
        "limit=１０",
        "limit=0",
        "limit=100000",
        "limit=" + "9" * 5000,
        "limit=",
        "limit=5&limit=6",
        "limit=%00",
        "limit=%FF",
        "cursor=%00",
        "cursor=!!!",
        "cursor=W10",
        "cursor=" + "A" * 401,
        "cursor=WyIxIiwgIjIiXQ",
        "cursor=WyI5OTk5LTAxLTAxVDAwOjAwOjAwLTIzOjU5IiwgIjIiXQ",
    ],
)
def test_an_odd_query_is_refused(world: World, query: str) -> None:
    answer = world.phone("office").get(f"assignments?{query}")
    assert answer.status_code in (400, 422), answer.get_json()
    assert answer.get_json()["type"] in ("/problems/invalid-request", "/problems/bad-cursor")


def test_a_list_without_filters_takes_none(world: World) -> None:
    answer = world.phone("office").get("coverage?slot=night")
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"query": {"slot": ["Unknown field."]}}


@pytest.mark.parametrize(
    "path",
    [
        "villages/abc",
        "villages/３５０９２４１００２０１",
        "villages/350924100201%0a",
        "areas/%00",
        "visits/not-a-uuid",
        "visits/00000000-0000-4000-8000-000000000001/photos/" + "g" * 64 + "/display",
        "log/entries/99999999999999999999/proof",
        "log/entries/-1/proof",
        "nowhere",
        "..%2f..%2fetc%2fpasswd",
    ],
)
def test_an_odd_address_is_not_found(world: World, path: str) -> None:
    answer = world.phone("org").get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "[1, 2.5, -3]", '"张三"', "null", "9223372036854775807", '{"a": {"b": []}}']
)
def test_plain_json_is_read_as_it_is(text: str) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        "NaN",
        "1e999",
        "1" * 20,
        '"\\u0000"',
        '"\\ud800"',
        '{"\\ud800": 1}',
        "[" * 70 + "]" * 70,
        b"\xff",
    ],
)
def test_json_that_leaves_room_for_doubt_is_refused(text: Any) -> None:
    with pytest.raises(UnreadableBody):
        read_json(text)
