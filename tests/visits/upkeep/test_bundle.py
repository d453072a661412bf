"""A bundle of a visit proves itself, and tells what is wrong, withheld or lost."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from media.errors import ProofBroken
from media.proof import archive_size_bytes, verify_bundle, write_checkpoint_file
from media.store import LocalStore
from tests.visits.upkeep.bundles import PHOTOS, as_file, bundle, make_visit
from tests.visits.world import NOW, World
from visits import upkeep
from visits.access import NotAllowed, audit_trail
from visits.fieldwork import NoSuchVisit
from visits.log import checkpoint_file


@pytest.fixture
def evidence(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def test_a_bundle_holds_by_itself_and_says_so_plainly(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    verdict = verify_bundle(as_file(bundle(world, evidence, visit_id)))
    assert (verdict.visit_id, verdict.records, verdict.photos) == (str(visit_id), 7, 2)
    assert (verdict.removed, verdict.withheld) == (0, 0)
    assert [remark.split(",")[0] for remark in verdict.remarks] == [
        "its checkpoint carries no time stamp",
        "held against no checkpoint that somebody outside kept: by itself this shows no change since the export",
    ]


def test_any_unzip_program_reads_it_and_finds_the_very_bytes(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    data = bundle(world, evidence, visit_id)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        found = {name: opened.read(name) for name in opened.namelist()}
    assert {found[f"photos/{hashlib.sha256(one).hexdigest()}.jpg"] for one in PHOTOS[:2]} == set(PHOTOS[:2])
    assert "暗访" in found["README.txt"].decode()
    for name, text in found.items():
        if name.startswith("records/"):
            assert hashlib.sha256(text).hexdigest() == name[8:-5]


def test_its_length_is_known_before_it_is_sent(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    with world.store.writing() as uow:
        members = upkeep.bundle_of_visit(uow, world.actors["organization"], visit_id, evidence, at_utc=NOW)
    assert archive_size_bytes(members) == len(bundle(world, evidence, visit_id))


def test_it_belongs_to_the_log_of_which_a_checkpoint_was_kept(world: World, evidence: LocalStore) -> None:
    with world.store.writing() as uow:
        before = upkeep.checkpoint_now(uow, at_utc=NOW).size
        kept = write_checkpoint_file(checkpoint_file(uow, before))
    visit_id = make_visit(world, evidence)
    data = bundle(world, evidence, visit_id)
    assert verify_bundle(as_file(data), witness_file=kept).compared
    with world.store.writing() as uow:
        later = write_checkpoint_file(checkpoint_file(uow, upkeep.checkpoint_now(uow, at_utc=NOW).size))
    assert verify_bundle(as_file(data), witness_file=later).compared


def test_a_second_bundle_needs_no_second_checkpoint(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    said = [verify_bundle(as_file(bundle(world, evidence, visit_id))).checkpoint for _ in range(2)]
    assert said[0] == said[1]


def test_a_flipped_byte_is_found_wherever_it_is(world: World, evidence: LocalStore) -> None:
    """Each byte class: heads, members, the list, the end."""
    data = bytearray(bundle(world, evidence, make_visit(world, evidence, photos=PHOTOS[:1])))
    verify_bundle(as_file(bytes(data)))
    unseen = []
    for place in [*range(0, 80), *range(80, len(data) - 400, 197), *range(len(data) - 400, len(data))]:
        data[place] ^= 1 << (place % 8)
        try:
            verify_bundle(as_file(bytes(data)))
            unseen.append(place)
        except ProofBroken as reason:
            assert str(reason)
        data[place] ^= 1 << (place % 8)
    assert unseen == []


def test_a_flipped_byte_is_named_by_the_member_it_is_in(world: World, evidence: LocalStore) -> None:
    whole = bundle(world, evidence, make_visit(world, evidence, photos=PHOTOS[:1]))
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        members = {one.filename: (one.header_offset + 30 + len(one.filename), one.file_size) for one in opened.filelist}
    kinds = {name.partition("/")[0] for name in members}
    assert kinds == {
        *("README.txt", "manifest.json", "manifest.sig.json", "visit.json", "log.json", "checkpoint.json"),
        *("records", "photos"),
    }
    for name, (start, size_bytes) in members.items():
        # The list and its signature are one lock: which of the two was changed cannot always be told.
        named = r"manifest(\.sig)?\.json" if name.startswith("manifest") else re.escape(name)
        for place in {start, start + size_bytes // 2, start + size_bytes - 1}:
            flipped = bytearray(whole)
            flipped[place] ^= 0x10
            with pytest.raises(ProofBroken, match=named):
                verify_bundle(as_file(bytes(flipped)))


def test_a_lost_photo_is_missing_and_not_removed_by_rule(world: World, evidence: LocalStore, tmp_path: Path) -> None:
    visit_id = make_visit(world, evidence)
    digest = hashlib.sha256(PHOTOS[0]).hexdigest()
    [path] = [p for p in (tmp_path / "evidence").rglob(digest) if p.is_file()]
    path.unlink()
    with pytest.raises(ProofBroken, match=f"photo {digest} is missing"):
        verify_bundle(as_file(bundle(world, evidence, visit_id)))


def test_a_photo_spoilt_on_the_disk_is_named(world: World, evidence: LocalStore, tmp_path: Path) -> None:
    visit_id = make_visit(world, evidence)
    digest = hashlib.sha256(PHOTOS[0]).hexdigest()
    [path] = [p for p in (tmp_path / "evidence").rglob(digest) if p.is_file()]
    path.chmod(0o600)
    path.write_bytes(PHOTOS[0][:-1] + b"!")
    with pytest.raises(ProofBroken, match=f"photos/{digest}.jpg was changed"):
        verify_bundle(as_file(bundle(world, evidence, visit_id)))


def test_a_record_still_on_the_phone_and_a_photo_on_its_way_are_told(world: World, evidence: LocalStore) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.photo(PHOTOS[0])
    first.sight(world.postings["演示李二"], "met")
    first.close()
    world.send(first, [first.texts[0], first.texts[1], first.texts[3]])
    world.judge(first.visit_id)
    verdict = verify_bundle(as_file(bundle(world, evidence, first.visit_id)))
    assert any("record 3 is missing" in remark for remark in verdict.remarks)
    assert any("had not arrived" in remark for remark in verdict.remarks)


def test_a_clue_is_withheld_in_the_open(world: World, evidence: LocalStore) -> None:
    first, _ = world.open_visit()
    first.arrive()
    clue = first.problem(17)
    first.photo(PHOTOS[0], of_record=clue)
    first.close()
    world.send(first)
    world.judge(first.visit_id)
    data = bundle(world, evidence, first.visit_id)
    assert PHOTOS[0] not in data
    assert hashlib.sha256(PHOTOS[0]).hexdigest().encode() not in data
    verdict = verify_bundle(as_file(data))
    assert (verdict.records, verdict.withheld) == (2, 2)
    assert not any("missing" in remark for remark in verdict.remarks if "perhaps" not in remark)


def test_only_the_organization_department_takes_one_out_and_it_is_noted(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    for who in ("first", "office", "leader", "discipline", "admin"):
        with pytest.raises(NotAllowed):
            bundle(world, evidence, visit_id, who)
    with pytest.raises(NoSuchVisit):
        bundle(world, evidence, visit_id, "stranger")
    bundle(world, evidence, visit_id)
    with world.store.reading() as uow:
        lines = audit_trail(uow, world.actors["discipline"], about=f"visit:{visit_id}")
    assert [line.act for line in lines if line.act == "visit.bundle"] == ["visit.bundle"]


def test_no_name_and_no_village_of_others_is_in_it(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    with zipfile.ZipFile(io.BytesIO(bundle(world, evidence, visit_id))) as opened:
        about = json.loads(opened.read("visit.json"))
        text = b"".join(opened.read(name) for name in opened.namelist()).decode("utf-8", "replace")
    assert set(about) == {
        *("assignment_id", "devices", "made_utc", "notes", "photos", "records", "removal_index", "visit_id")
    }
    assert "演示" not in text
