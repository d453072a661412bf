"""Of a visit that was removed by rule nothing can be opened: not in the database, its file or the data folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from media import SeenPhotos
from media.errors import HashMismatch, SealBroken
from media.store import LocalStore
from tests.visits.fieldwork.test_resemblance import prints, read
from tests.visits.upkeep.bundles import arrive_with
from tests.visits.world import NOW, Phone, World
from visits import fieldwork, intake, upkeep
from visits.fieldwork.rows import PhotoPrint
from visits.intake import KeptDelivery, NewExport, VisitKey
from visits.log import LogLeaf
from visits.store import Base, UnitOfWork
from visits.upkeep import Rule

MARK = "heron-7731-marker"
PHOTO, WRONG, FILE = (f"{what} {MARK}".encode() for what in ("a photo", "other...", "a phone's file"))
RULES = [Rule("正常满一年", "in_order", 365)]
LATER = NOW + timedelta(days=400)


@pytest.fixture
def evidence(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def closed_visit(world: World, evidence: LocalStore, photo: bytes) -> Phone:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "met", note=MARK)
    first.photo(photo)
    first.close(note=MARK)
    second.arrive()
    second.finish()
    world.send(first)
    world.send(second)
    arrive_with(world, evidence, first, photo)
    world.judge(first.visit_id)
    return first


def leave_traces(world: World, evidence: LocalStore, seen: SeenPhotos, phone: Phone) -> None:
    """Everything else that can come for a visit, each with the marker in it."""
    visit_id, actor, digest = phone.visit_id, phone.actor, sha256_of(PHOTO)
    other = world.actors["second"]
    torn = f"torn {MARK}".encode()
    with world.store.writing() as uow:
        intake.keep_unreadable(uow, actor, visit_id, torn, "unreadable", at_utc=NOW)
        uow.session.add(
            KeptDelivery(
                id=uuid4(),
                account_id=other.account_id,
                visit_id=visit_id,
                sha256=sha256_of(torn),
                size_bytes=len(torn),
                reason="not_of_the_team",
                sealed_body=intake.seal_for_visit(uow, other.account_id, torn, sha256_of(torn)),
                received_utc=NOW,
                sealed_under=other.account_id,
            )
        )
        keep_file(uow, world, FILE, visit_id)
        fieldwork.record_inspection(uow, visit_id, digest, facts={"make": MARK}, at_utc=NOW)
        fieldwork.keep_prints(uow, seen, visit_id, digest, prints(1), at_utc=NOW)
        half = intake.begin_upload(uow, other, visit_id=visit_id, sha256=digest, size_bytes=len(PHOTO), at_utc=NOW)
    evidence.put(FILE)
    evidence.put_derived(digest, "display.jpg", PHOTO)
    evidence.begin("00000000-0000-4000-8000-000000000001")
    evidence.append("00000000-0000-4000-8000-000000000001", 0, WRONG)
    with pytest.raises(HashMismatch) as mismatch:
        evidence.finish("00000000-0000-4000-8000-000000000001", sha256_hex=digest, size_bytes=len(WRONG))
    with world.store.writing() as uow:
        intake.mismatched_upload(uow, other, half.id, arrived_as=mismatch.value.actual_hex, at_utc=NOW)
    evidence.begin(str(half.id))
    evidence.append(str(half.id), 0, PHOTO)


def keep_file(uow: UnitOfWork, world: World, file: bytes, *visit_ids: UUID) -> None:
    said = {"results": [{"visit_id": str(one), "records": [], "photos": []} for one in visit_ids]}
    receipt = {"receipts": json.dumps(said), "signature": "", "kid": ""}
    new = NewExport(sha256_of(file), len(file), None, True, "", receipt)
    intake.keep_export(uow, world.actors["office"], new, at_utc=NOW)


def remove(world: World, evidence: LocalStore, *, at_utc: Any = LATER) -> set[UUID]:
    actor = world.actors["organization"]
    with world.store.reading() as uow:
        plan = upkeep.plan_retention(uow, actor, RULES, at_utc=at_utc)
    done = upkeep.carry_out(world.store, evidence, actor, RULES, digest=plan.digest, at_utc=at_utc)
    return {one.visit_id for one in done.removes}


def where_marked(world: World, folder: Path) -> set[str]:
    """Where the marker can be read: in a table, in the clear or under any key that is left, and in any file."""
    with world.store.reading() as uow:
        seals = [(row.visit_id, row.wrapped_key) for row in uow.session.scalars(select(VisitKey))]
        cells = list(_cells(uow))
        contexts = {value for _, value in cells if isinstance(value, str) and len(value) == 64}
        found = {place for place, value in cells if MARK.encode() in _as_bytes(value)}
        for place, value in cells:
            if isinstance(value, bytes) and len(value) > 28:
                for visit_id, _ in seals:
                    for context in (one for name in contexts for one in (name, f"facts:{name}")):
                        try:
                            opened = intake.open_for_visit(uow, visit_id, value, context)
                        except SealBroken:
                            continue
                        found |= {place} if MARK.encode() in opened else set()
    files = (path for path in folder.rglob("*") if path.is_file())
    found |= {path.relative_to(folder).parts[1] for path in files if MARK.encode() in path.read_bytes()}
    return found | {path.name for path in files_of(world) if MARK.encode() in path.read_bytes()}


def files_of(world: World) -> list[Path]:
    """What SQLite keeps of the world on the disk; of PostgreSQL's files nobody is told."""
    return list(Path(str(world.store.engine.url.database)).parent.iterdir()) if world.store.is_sqlite else []


def _cells(uow: UnitOfWork) -> Iterator[tuple[str, object]]:
    for table in Base.metadata.sorted_tables:
        for row in uow.session.execute(select(table)):
            for column, value in zip(table.columns, row, strict=True):
                yield f"{table.name}.{column.name}", value


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def test_nothing_of_a_removed_visit_can_be_opened_again(world: World, evidence: LocalStore, tmp_path: Path) -> None:
    phone = closed_visit(world, evidence, PHOTO)
    leave_traces(world, evidence, SeenPhotos(), phone)
    assert where_marked(world, tmp_path) == {
        "received_record.sealed_text",
        "kept_delivery.sealed_body",
        "photo_fact.sealed_facts",
        "sha256",
        "derived",
        "quarantine",
        "uploads",
    }
    with world.store.reading() as uow:
        secrets = [key.wrapped_key for key in uow.session.scalars(select(VisitKey)) if key.visit_id == phone.visit_id]
        secrets += [leaf.salt for leaf in uow.session.scalars(select(LogLeaf)) if leaf.kind == "records" and leaf.salt]
    assert len(secrets) >= 3
    assert remove(world, evidence) == {phone.visit_id}
    assert where_marked(world, tmp_path) == set()
    for file in files_of(world):
        held = file.read_bytes()
        assert not any(secret in held for secret in secrets), f"{file.name} still holds a key or a salt"
    assert upkeep.check(world.store, evidence).findings == ()
    with world.store.reading() as uow:
        assert intake.kept_records(uow, phone.visit_id) == []


def test_a_phones_file_stays_until_all_its_visits_are_gone(world: World, evidence: LocalStore) -> None:
    gone, here = closed_visit(world, evidence, PHOTO), closed_visit(world, evidence, WRONG)
    evidence.put(FILE)
    with world.store.writing() as uow:
        keep_file(uow, world, FILE, gone.visit_id, here.visit_id)
        uow.session.execute(
            text("UPDATE visit SET closed_utc = :later WHERE id = :id"),
            {"later": NOW + timedelta(days=100), "id": here.visit_id.hex if world.store.is_sqlite else here.visit_id},
        )
    assert remove(world, evidence) == {gone.visit_id}
    assert evidence.has(sha256_of(FILE))
    assert upkeep.check(world.store, evidence).findings == ()
    assert remove(world, evidence, at_utc=LATER + timedelta(days=100)) == {here.visit_id}
    assert list(evidence.walk()) == []
    assert upkeep.check(world.store, evidence).findings == ()


def test_a_removed_photo_is_found_again_neither_in_memory_nor_in_pairs(world: World, evidence: LocalStore) -> None:
    seen = SeenPhotos()
    gone = closed_visit(world, evidence, PHOTO)
    read(world, seen, gone.visit_id, PHOTO, prints(1))
    here, _ = world.open_visit()
    here.arrive()
    here.photo(WRONG)
    world.send(here)
    read(world, seen, here.visit_id, WRONG, prints(1, off_bits=4))
    world.judge(here.visit_id)
    assert "photo_match" in world.hints(here.visit_id)
    remove(world, evidence)
    world.judge(here.visit_id)
    assert "photo_match" not in world.hints(here.visit_id)
    with world.store.writing() as uow:
        assert fieldwork.look_alikes(uow, here.actor, here.visit_id, sha256_of(WRONG), at_utc=NOW) == []
        fieldwork.catch_up(uow, seen)
        assert len(seen) == len(uow.session.scalars(select(PhotoPrint)).all()) == 1


def test_a_kept_delivery_is_emptied_for_a_removed_visit_only(world: World) -> None:
    first, _ = world.open_visit()
    with world.store.writing() as uow:
        intake.keep_unreadable(uow, first.actor, first.visit_id, b"torn", "unreadable", at_utc=NOW)
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.execute(text("UPDATE kept_delivery SET sealed_body = ''"))
