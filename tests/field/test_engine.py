"""The engine in a real browser against a real server: what was saved is kept, sent once, and received whole."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from demo.server import Server
from tests.field.phone import EngineError, PagePhone, sha256_of
from tests.reliability.rig import opened
from visits.intake import Upload

NewPhone = Callable[..., PagePhone]


def sound(server: Server, sha256: str) -> bool:
    """Whether the server has the bytes of a photo, whole."""
    with opened(server.data_dir) as store, store.reading() as uow:
        rows = uow.session.query(Upload).filter_by(sha256=sha256).all()
        return [row.completed_utc is not None for row in rows] == [True]


def test_a_visit_goes_from_the_phone_to_the_server_once(
    new_phone: NewPhone, field_server: Server, next_assignment: Callable[[], str]
) -> None:
    phone = new_phone()
    signed_in = phone.sign_in()
    assert signed_in["online"] and signed_in["account"]["device_id"]
    visit_id = phone.open_visit(next_assignment())
    phone.arrive(visit_id)
    photo = phone.take(visit_id, seed=1)
    assert photo["sha256"] == sha256_of(1, 300_000)
    phone.call("visits", "end", visit_id, {"escorted": False, "warned_beforehand": False, "note": ""})
    shown = phone.sync()
    assert (shown["waiting"], shown["attention"], shown["trouble"]) == (
        {"records": 0, "photos": 0, "bytes": 0},
        0,
        None,
    )
    visit = phone.load(visit_id)
    assert [record["state"] for record in visit["records"]] == ["delivered"] * 3
    assert [record["receipt"]["outcome"] for record in visit["records"]] == ["accepted"] * 3
    assert [p["state"] for p in visit["photos"]] == ["delivered"]
    assert sound(field_server, photo["sha256"])
    assert shown["visits"][0]["state"] == "delivered"


def test_what_is_saved_without_a_network_is_there_after_a_restart_and_goes_later(
    new_phone: NewPhone, next_assignment: Callable[[], str], new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    phone.sync()
    phone.wait_for_worker()
    context.set_offline(True)
    phone.arrive(visit_id)
    photo = phone.take(visit_id, seed=2, draft={"step": "photos"})
    phone.restart()
    assert phone.call("session", "start")["login"] == "lin"
    visit = phone.load(visit_id)
    assert [record["kind"] for record in visit["records"]] == ["arrive", "photo"]
    assert visit["draft"] == {"step": "photos"}
    shown = phone.sync()
    assert shown["trouble"]["kind"] == "no-contact"
    assert shown["next_ms"] is not None
    assert shown["waiting"]["photos"] == 1
    context.set_offline(False)
    assert phone.sync()["waiting"] == {"records": 0, "photos": 0, "bytes": 0}
    assert phone.load(visit_id)["photos"][0]["receipt"]["sha256"] == photo["sha256"]


def test_an_unknown_assignment_raises_what_the_server_says(new_phone: NewPhone) -> None:
    phone = new_phone()
    phone.sign_in()
    with pytest.raises(EngineError) as refused:
        phone.open_visit("0190a000-0000-7000-8000-000000000000")
    assert refused.value.slug == "no-such-assignment"


def test_a_wrong_passphrase_lets_nobody_in(new_phone: NewPhone) -> None:
    phone = new_phone()
    with pytest.raises(EngineError) as refused:
        phone.sign_in(passphrase="not the right one at all")
    assert refused.value.name == "WrongPassphrase"
    assert phone.call("session", "current") is None


def any_problem() -> dict[str, Any]:
    return {
        "item": 13,
        "other_reason": None,
        "kind": 2,
        "text": "公示栏没有公示",
        "place_note": "村部门口",
        "fixed_on_spot": False,
        "fix": None,
    }


def test_a_problem_has_six_photos_and_a_visit_twelve(new_phone: NewPhone, next_assignment: Callable[[], str]) -> None:
    phone = new_phone()
    phone.sign_in()
    visit_id = phone.open_visit(next_assignment())
    problem = phone.add(visit_id, "problem", any_problem())
    for number in range(6):
        phone.take(visit_id, seed=100 + number, size_bytes=2000, ofRecord=problem["id"])
    with pytest.raises(EngineError, match="no more than 6"):
        phone.take(visit_id, seed=106, size_bytes=2000, ofRecord=problem["id"])
    for number in range(6):
        phone.take(visit_id, seed=110 + number, size_bytes=2000)
    with pytest.raises(EngineError, match="no more than 12"):
        phone.take(visit_id, seed=116, size_bytes=2000)
