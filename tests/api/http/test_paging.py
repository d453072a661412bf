"""Cursors: what a key becomes and is read back as, and what was not made by this server."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask

from api.http.errors import BadCursor
from api.http.paging import page, read_cursor, write_cursor

KEY = (datetime(2026, 5, 12, 1, 0, 0, 123456, tzinfo=UTC), UUID("018f0000-0000-7000-8000-000000000001"))


def test_a_key_comes_back_as_it_was() -> None:
    assert read_cursor(write_cursor(*KEY), datetime, UUID) == KEY
    assert read_cursor(write_cursor("350924100201", 7), str, int) == ("350924100201", 7)
    assert read_cursor(None, str) is None


@pytest.mark.parametrize("cursor", ["", "é", "====", "bnVsbA", "W10", "WzFd", "WyJhIl0", "W3RydWVd", "WzFlOTk5XQ"])
def test_what_this_server_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(cursor, datetime)
    with pytest.raises(BadCursor):
        read_cursor(cursor, int, int)


def test_a_page_keeps_the_question_it_answers() -> None:
    app = Flask("pages")
    app.add_url_rule("/things/<kind>", "things", lambda kind: kind)
    with app.test_request_context("/things/red?limit=2&big=yes"):
        more = page(["a", "b", "c"], 2, lambda one: (one,))
        last = page(["a", "b"], 2, lambda one: (one,))
    assert more["items"] == ["a", "b"]
    assert more["next"].startswith("/things/red?")
    assert "big=yes" in more["next"]
    assert "limit=2" in more["next"]
    assert last == {"items": ["a", "b"], "next": None}
