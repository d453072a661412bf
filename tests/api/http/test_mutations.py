"""Thousands of deliveries and uploads with bytes changed by chance: a clear answer to each, and nothing lost."""

import base64
import hashlib
import json
import random
from collections import Counter

from tests.api.world import FIX, PROBLEM_BODY, TUS, Phone, World, photo_body, sighting_body
from visits.upkeep import check

PHOTO = bytes(range(256)) * 40
BATCHES, DELIVERIES, TEXTS_OF_A_DELIVERY, HEADERS = 400, 30, 50, 1100
# Bytes that mean something to a parser come more often than chance would have it.
LOADED = b'"\\{}[],:\x00\xff\xed\xa0\x80\xef\xbb\xbf0eE+-.\n'


def a_batch(lin: Phone, visit_id: str, posting_id: object) -> list[dict[str, object]]:
    """One record of each kind that a visit in the middle has."""
    return [
        lin.record(visit_id, "arrive", {"fix": FIX, "no_fix_reason": None}),
        lin.record(visit_id, "sighting", sighting_body(posting_id)),
        lin.record(visit_id, "problem", PROBLEM_BODY),
        lin.record(visit_id, "photo", photo_body(PHOTO)),
    ]


def mutated(chance: random.Random, good: bytes) -> bytes:
    """The bytes with a few changed, doubled, taken out or put in."""
    body = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        if not body:
            break
        at = chance.randrange(len(body))
        some = chance.choice(LOADED) if chance.random() < 0.6 else chance.randrange(256)
        what = chance.randrange(5)
        if what == 0:
            body[at] = some
        elif what == 1:
            body.insert(at, some)
        elif what == 2:
            del body[at : at + chance.randint(1, 8)]
        elif what == 3:
            body[at:at] = body[at : at + chance.randint(1, 40)]
        else:
            body[at : at + 1] = bytes([some]) * chance.randint(1, 30)
    return bytes(body)


def test_deliveries_with_changed_bytes_are_answered_and_kept(world: World) -> None:
    lin, chance = world.phone("lin"), random.Random(350924)
    visit_id = world.opened(lin)
    good = json.dumps({"records": a_batch(lin, visit_id, world.posting_ids[0])}, ensure_ascii=False).encode()
    path, seen = f"visits/{visit_id}/records", Counter[int]()
    for _ in range(BATCHES):
        body = mutated(chance, good)
        answer = lin.ask("POST", path, data=body, content_type="application/json")
        seen[answer.status_code] += 1
        assert answer.status_code in (200, 400, 409, 422), (answer.status_code, body)
        if answer.status_code == 400:
            assert answer.get_json()["kept_sha256"] == hashlib.sha256(body).hexdigest()
    assert min(seen[200], seen[400], seen[422]) > 0, seen
    assert check(world.store, world.house.evidence).findings == ()


def test_records_with_changed_text_are_answered_and_kept(world: World) -> None:
    lin, chance = world.phone("lin"), random.Random(20260512)
    visit_id = world.opened(lin)
    batch, told = a_batch(lin, visit_id, world.posting_ids[0]), set()
    for _ in range(DELIVERIES):
        # NUL does not get through a delivery; it is tried above.
        texts = [
            mutated(chance, str(chance.choice(batch)["record"]).encode()).decode("utf-8", "replace").replace("\0", "?")
            for _ in range(TEXTS_OF_A_DELIVERY)
        ]
        answer = lin.deliver(visit_id, *({"record": text, "signature": lin.signature(text)} for text in texts))
        assert answer.status_code in (200, 409, 422), (answer.status_code, texts)
        results = answer.get_json()["results"]
        assert [r["sha256"] for r in results] == [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        told |= {r["outcome"] for r in results}
    assert {"accepted", "conflict", "refused"} <= told
    world.work()
    assert world.phone("org").get(f"visits/{visit_id}").status_code == 200
    assert check(world.store, world.house.evidence).findings == ()


def test_odd_headers_of_uploads_are_answered(world: World) -> None:
    lin, chance = world.phone("lin"), random.Random(460)
    visit_id = world.opened(lin)
    assert lin.deliver(visit_id, *a_batch(lin, visit_id, world.posting_ids[0])).status_code == 200
    said = {"visit_id": visit_id, "sha256": hashlib.sha256(PHOTO).hexdigest()}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    creation = {**TUS, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata}
    location = lin.ask("POST", "uploads", headers=creation).headers["Location"]
    piece = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for _ in range(HEADERS):
        method, path, good = chance.choice([("POST", "uploads", creation), ("PATCH", location, piece)])
        changed = chance.choice(list(good))
        # A server in front hands on Latin-1 without line ends; everything else never reaches the application.
        odd = mutated(chance, good[changed].encode()).translate(None, b"\r\n\0").decode("latin-1")
        answer = lin.ask(method, path, headers={**good, changed: odd}, data=b"" if method == "POST" else b"x" * 7)
        assert answer.status_code < 500, (method, changed, odd)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
