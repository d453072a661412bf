"""Unsent work by cable or stick: sealed in a real browser, opened by the server, and settled by its receipt."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext

from demo.server import Server
from media.proof import b64url_text
from tests.field.phone import EngineError, PagePhone, sha256_of
from tests.field.test_engine import NOTHING_WAITS, NewPhone, Next, arrived_once
from tests.reliability.rig import PASSPHRASE

_EXPORT = """async () => {
    const {exportUnsent} = await import('/field/static/engine/stick.js');
    const made = await exportUnsent();
    if (!made) return null;
    const bytes = new Uint8Array(await made.file.arrayBuffer());
    return {...made, text: Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')};
}"""

_LOAD = """async (text) => {
    const {loadReceipt} = await import('/field/static/engine/stick.js');
    try {
        return {value: await loadReceipt(new File([text], 'receipt.json'))};
    } catch (error) {
        return {error: error.constructor.name};
    }
}"""


def bring_in(server: Server, file: str) -> dict[str, Any]:
    """The receipt file that the office's desk gives for a phone's file."""
    with requests.Session() as http:
        http.trust_env = False
        api = f"{server.base_url}/api/v1"
        signed_in = http.post(f"{api}/sessions", json={"login": "office", "passphrase": PASSPHRASE}, timeout=30)
        headers = {
            "Authorization": f"Bearer {signed_in.json()['token']}",
            "Content-Type": "application/octet-stream",
        }
        answer = http.post(f"{api}/phone-exports", data=file.encode(), headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
def stranded(
    new_phone: NewPhone, new_context: Callable[..., BrowserContext], next_of_zhou: Next
) -> tuple[PagePhone, str]:
    """A phone that made a visit and has no network for it."""
    context = new_context("phone")
    phone = new_phone(context=context)
    phone.sign_in("zhou")
    phone.call("assignments", "refresh")
    visit_id = phone.open_visit(next_of_zhou())
    context.set_offline(True)
    phone.arrive(visit_id)
    for seed in (20, 21):
        phone.take(visit_id, seed=seed, size_bytes=200_001)
    return phone, visit_id


def test_unsent_work_goes_by_stick_and_the_receipt_settles_it(
    stranded: tuple[PagePhone, str], field_server: Server
) -> None:
    phone, visit_id = stranded
    made = phone.page.evaluate(_EXPORT)
    assert (made["records"], made["photos"], made["photos_left"]) == (4, 2, 0)
    assert made["name"].endswith(".shidi")
    assert "室内" not in made["text"]
    receipt = bring_in(field_server, made["text"])
    counts = phone.page.evaluate(_LOAD, json.dumps(receipt))["value"]
    assert counts == {"records": 4, "photos": 2, "refused": 0}
    assert phone.outbox()["waiting"] == NOTHING_WAITS
    assert phone.page.evaluate(_EXPORT) is None
    assert [record["receipt"]["outcome"] for record in phone.load(visit_id)["records"]] == ["accepted"] * 4
    assert all(arrived_once(field_server, sha256_of(seed, 200_001)) for seed in (20, 21))


def test_a_receipt_that_is_not_ours_settles_nothing(stranded: tuple[PagePhone, str], field_server: Server) -> None:
    phone, _ = stranded
    receipt = bring_in(field_server, phone.page.evaluate(_EXPORT)["text"])
    forged = b64url_text(bytes(64))
    wrong = [
        json.dumps({**receipt, "receipts": receipt["receipts"].replace("accepted", "same", 1)}),
        json.dumps({**receipt, "signature": forged}),
        json.dumps({**receipt, "signature": "…"}),
        json.dumps([]),
        "null",
        "not JSON",
    ]
    for text in wrong:
        assert phone.page.evaluate(_LOAD, text) == {"error": "BadReceipt"}
    assert phone.outbox()["waiting"]["records"] == 4


def test_a_phone_that_never_fetched_the_key_says_so(new_phone: NewPhone, next_assignment: Next) -> None:
    phone = new_phone()
    phone.sign_in()
    phone.open_visit(next_assignment())
    with pytest.raises(EngineError) as none:
        phone.call("stick", "exportUnsent")
    assert none.value.name == "NoExportKey"
