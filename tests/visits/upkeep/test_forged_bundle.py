"""Whoever makes a bundle up anew, with a list and a signature of their own, is told by the log and by phones' keys."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from media.errors import ProofBroken
from media.proof import canonical, key_id, new_device_key, record_sha256, sign_p256, verify_bundle, whole, write_archive
from media.proof.bundle import MANIFEST, SIGNATURE, manifest
from media.store import LocalStore
from tests.visits.stories import Stories
from tests.visits.upkeep.bundles import as_file, bundle, make_visit

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def data(sqlite_stories: Stories, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bundle of a visit."""
    evidence = LocalStore(tmp_path_factory.mktemp("bundle") / "evidence")
    with sqlite_stories.world() as world:
        return bundle(world, evidence, make_visit(world, evidence))


def forged(data: bytes, edit: Callable[[Members], object]) -> bytes:
    """The bundle with its members edited, listed anew and signed with the forger's own key."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        members = {name: opened.read(name) for name in opened.namelist() if name not in (MANIFEST, SIGNATURE)}
    edit(members)
    packed = [whole(name, content) for name, content in members.items()]
    listed = manifest(json.loads(members["visit.json"])["visit_id"], packed, {})
    key = new_device_key()
    signed = {
        "kid": key_id(key.public_jwk),
        "algorithm": "ES256",
        "public_jwk": key.public_jwk,
        "signature": sign_p256(key, listed).hex(),
    }
    return b"".join(write_archive([whole(MANIFEST, listed), whole(SIGNATURE, canonical(signed)), *packed]))


def about(members: Members, change: Callable[[dict[str, Any]], object]) -> None:
    said = json.loads(members["visit.json"])
    change(said)
    members["visit.json"] = canonical(said)


def of_kind(members: Members, kind: str) -> str:
    """The hash of a record of this kind."""
    return next(name[8:-5] for name, text in members.items() if name.startswith("records/") and kind in text.decode())


def leave_out_a_record(members: Members) -> None:
    sha256 = of_kind(members, '"sighting"')
    del members[f"records/{sha256}.json"]
    about(members, lambda said: said.update(records=[one for one in said["records"] if one["sha256"] != sha256]))


def leave_out_a_photo(members: Members) -> None:
    def drop(said: dict[str, Any]) -> None:
        gone = said["photos"].pop()
        del members[f"photos/{gone['sha256']}.jpg"]

    about(members, drop)


def say_a_record_was_removed(members: Members) -> None:
    sha256 = of_kind(members, '"sighting"')
    del members[f"records/{sha256}.json"]
    about(
        members,
        lambda said: [one.update(state="removed_by_rule") for one in said["records"] if one["sha256"] == sha256],
    )


def say_a_photo_was_removed(members: Members) -> None:
    def remove(said: dict[str, Any]) -> None:
        said["photos"][0]["state"] = "removed_by_rule"
        del members[f"photos/{said['photos'][0]['sha256']}.jpg"]

    about(members, remove)


def change_what_a_record_says(members: Members) -> None:
    sha256 = of_kind(members, '"sighting"')
    text = members.pop(f"records/{sha256}.json").decode().replace('"met"', '"not_met"', 1)
    new = record_sha256(text)
    members[f"records/{new}.json"] = text.encode()
    about(members, lambda said: [one.update(sha256=new) for one in said["records"] if one["sha256"] == sha256])


def put_another_photo(members: Members) -> None:
    name = next(name for name in members if name.startswith("photos/"))
    members[name] = b"another picture!!!!!"


def give_the_phone_another_key(members: Members) -> None:
    about(members, lambda said: [one.update(public_jwk=new_device_key().public_jwk) for one in said["devices"]])


def forget_the_signatures(members: Members) -> None:
    about(members, lambda said: [one.update(signature=None) for one in said["records"]])


def change_what_the_log_says(members: Members) -> None:
    entries = json.loads(members["log.json"])
    entries[0]["payload"] = entries[0]["payload"].replace("350924", "350925")
    members["log.json"] = canonical(entries)


def move_an_entry(members: Members) -> None:
    entries = json.loads(members["log.json"])
    entries[-1]["index"] += 1
    members["log.json"] = canonical(entries)


def leave_out_the_log(members: Members) -> None:
    members["log.json"] = canonical([])


def change_the_checkpoint(members: Members) -> None:
    members["checkpoint.json"] = members["checkpoint.json"].replace(b"size ", b"size 1", 1)


def add_a_member(members: Members) -> None:
    about(members, lambda said: said.update(records=[*said["records"], dict(said["records"][0], sha256="00" * 32)]))


def put_nonsense(members: Members) -> None:
    about(members, lambda said: said.update(records=[{"sha256": 7}], photos={"a": None}))


def put_nonsense_of_the_right_shape(members: Members) -> None:
    about(members, lambda said: [one.update(log_index=None, device_id=["x"], signature=5) for one in said["records"]])


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (leave_out_a_record, "is missing: log entry"),
        (leave_out_a_photo, "is missing"),
        (say_a_record_was_removed, "the log knows no such removal"),
        (say_a_photo_was_removed, "the log knows no such removal"),
        (change_what_a_record_says, "does not name record"),
        (put_another_photo, "was changed"),
        (give_the_phone_another_key, "signature over record"),
        (forget_the_signatures, "is said to be signed"),
        (change_what_the_log_says, "says something else"),
        (move_an_entry, "is not in the log"),
        (leave_out_the_log, "no log entry"),
        (change_the_checkpoint, "checkpoint"),
        (add_a_member, "is missing from the bundle"),
        (put_nonsense, "is not written as one"),
        (put_nonsense_of_the_right_shape, "bundle"),
    ],
)
def test_a_bundle_made_up_anew_is_told(data: bytes, edit: Callable[[Members], object], named: str) -> None:
    with pytest.raises(ProofBroken, match=named):
        verify_bundle(as_file(forged(data, edit)))


def test_signed_anew_and_otherwise_as_it_was_it_holds(data: bytes) -> None:
    """The signature over the list keeps accidents away; what convinces is the log, held against a kept checkpoint."""
    verify_bundle(as_file(forged(data, lambda members: members)))
