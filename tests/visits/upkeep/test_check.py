"""The integrity check is silent on a sound store and names what is wrong in a damaged one."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text

from media.store import LocalStore
from tests.visits.world import NOW, World
from visits import intake
from visits.store import Job, enqueue
from visits.upkeep import check

PHOTO = b"the bytes of a photo"
DIGEST = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture
def evidence(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


@pytest.fixture
def filled(world: World, evidence: LocalStore) -> World:
    first, _ = world.open_visit()
    first.arrive()
    first.photo(PHOTO)
    world.send(first)
    evidence.put(PHOTO)
    with world.store.writing() as uow:
        upload = intake.begin_upload(
            uow, first.actor, visit_id=first.visit_id, sha256=DIGEST, size_bytes=len(PHOTO), at_utc=NOW
        )
        intake.complete_upload(uow, first.actor, upload.id, at_utc=NOW)
    return world


def damage(world: World, trigger: str, statement: str) -> None:
    with world.store.writing() as uow:
        table = trigger.removeprefix("keep_").rpartition("_")[0]
        on = "" if world.store.is_sqlite else f" ON {table}"
        uow.session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}{on}"))
        uow.session.execute(text(statement))


def found(world: World, evidence: LocalStore) -> set[str]:
    return {f.what for f in check(world.store, evidence).findings}


def test_a_sound_store_has_no_findings(filled: World, evidence: LocalStore) -> None:
    report = check(filled.store, evidence)
    assert report.findings == ()
    assert (report.records, report.photos) == (2, 1)
    assert report.log_size > 3


def test_b4_one_changed_byte_of_a_stored_photo_is_named(filled: World, evidence: LocalStore, tmp_path: Path) -> None:
    [path] = [p for p in (tmp_path / "evidence").rglob(DIGEST) if p.is_file()]
    path.chmod(0o600)
    path.write_bytes(PHOTO[:-1] + b"!")
    [finding] = check(filled.store, evidence).findings
    assert finding.what == "photo"
    assert DIGEST in finding.about


def test_missing_bytes_are_named(filled: World, evidence: LocalStore, tmp_path: Path) -> None:
    [path] = [p for p in (tmp_path / "evidence").rglob(DIGEST) if p.is_file()]
    path.unlink()
    assert found(filled, evidence) == {"photo"}


@pytest.mark.parametrize(
    ("trigger", "statement", "what"),
    [
        ("keep_received_record_update", "UPDATE received_record SET sealed_text = sha256", {"record"}),
        ("keep_audit_update", "UPDATE audit SET act = 'x' WHERE number = 3", {"audit"}),
        ("keep_log_leaf_delete", "UPDATE log_leaf SET payload = salt WHERE kind = 'assignment'", {"log"}),
    ],
)
def test_a_change_behind_the_triggers_back_is_found(
    filled: World, evidence: LocalStore, trigger: str, statement: str, what: set[str]
) -> None:
    if "sealed_text" in statement and not filled.store.is_sqlite:
        statement = "UPDATE received_record SET sealed_text = convert_to(sha256, 'UTF8')"
    damage(filled, trigger, statement)
    assert found(filled, evidence) == what


def test_a_job_that_failed_for_good_is_named(filled: World, evidence: LocalStore) -> None:
    with filled.store.writing() as uow:
        enqueue(uow, "look", "a", at_utc=NOW)
        uow.session.flush()
        uow.session.query(Job).filter(Job.kind == "look").update({"state": "failed", "reason": "never"})
    assert found(filled, evidence) == {"job"}


def test_a_phones_file_that_was_kept_and_is_gone_or_changed_is_named(
    filled: World, evidence: LocalStore, tmp_path: Path
) -> None:
    before = found(filled, evidence)
    office = filled.actors["office"]
    for data in (b"whole", b"gone", b"changed"):
        new = intake.NewExport(hashlib.sha256(data).hexdigest(), len(data), None, True, "cut off")
        with filled.store.writing() as uow:
            intake.keep_export(uow, office, new, at_utc=NOW)
    for data in (b"whole", b"changed"):
        evidence.put(data)
    [path] = tmp_path.rglob(hashlib.sha256(b"changed").hexdigest())
    path.chmod(0o644)
    path.write_bytes(b"another")
    told = {f.about.split()[1] for f in check(filled.store, evidence).findings if f.what == "phone_export"}
    assert told == {hashlib.sha256(data).hexdigest() for data in (b"gone", b"changed")}
    assert found(filled, evidence) - before == {"phone_export"}
