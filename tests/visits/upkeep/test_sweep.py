"""Sweeping frees what nobody needs, never an original, and check names what has lost its other half."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from media.store import LocalStore
from tests.visits.world import NOW, Phone, World
from visits import intake
from visits.access import Audit
from visits.upkeep import Swept, check, sweep

PHOTO = b"the bytes of a photo"
DIGEST = hashlib.sha256(PHOTO).hexdigest()
IDLE_FOR = timedelta(days=90)


@pytest.fixture
def evidence(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


@pytest.fixture
def phone(world: World) -> Phone:
    return world.kept(a_photo_is_announced)


def a_photo_is_announced(world: World) -> Phone:
    """A phone that has announced one photo."""
    first, _ = world.open_visit()
    first.photo(PHOTO)
    world.send(first)
    return first


def begin(world: World, evidence: LocalStore, phone: Phone, arrived: bytes) -> intake.UploadView:
    with world.store.writing() as uow:
        begun = intake.begin_upload(
            uow, phone.actor, visit_id=phone.visit_id, sha256=DIGEST, size_bytes=len(PHOTO), at_utc=NOW
        )
        if begun.begun_now:
            evidence.begin(str(begun.id))
    if arrived:
        evidence.append(str(begun.id), 0, arrived)
    return begun


def complete(world: World, evidence: LocalStore, phone: Phone, upload: intake.UploadView) -> None:
    evidence.finish(str(upload.id), sha256_hex=DIGEST, size_bytes=len(PHOTO))
    with world.store.writing() as uow:
        intake.complete_upload(uow, phone.actor, upload.id, at_utc=NOW)


def sweep_after(world: World, evidence: LocalStore, idle: timedelta) -> Swept:
    return sweep(world.store, evidence, idle_for=IDLE_FOR, at_utc=datetime.now(UTC) + idle)


def audited(world: World) -> list[str]:
    with world.store.reading() as uow:
        return list(uow.session.scalars(select(Audit.act).order_by(Audit.number)))


def test_an_upload_expires_only_after_its_time_and_begins_anew(
    world: World, evidence: LocalStore, phone: Phone
) -> None:
    first = begin(world, evidence, phone, PHOTO[:7])
    assert sweep_after(world, evidence, IDLE_FOR - timedelta(hours=1)) == Swept(0, 0, 0)
    assert evidence.received_bytes(str(first.id)) == 7
    for swept in (Swept(1, 0, 0), Swept(0, 0, 0)):
        assert sweep_after(world, evidence, IDLE_FOR + timedelta(hours=1)) == swept
    assert audited(world).count("upload.expired") == 1
    with world.store.reading() as uow, pytest.raises(intake.UploadEnded, match="expired"):
        intake.upload(uow, phone.actor, first.id)
    again = begin(world, evidence, phone, PHOTO)
    assert again.id != first.id
    assert begin(world, evidence, phone, b"").id == again.id
    complete(world, evidence, phone, again)
    assert check(world.store, evidence).findings == ()


def test_an_upload_whose_bytes_are_all_here_never_expires(world: World, evidence: LocalStore, phone: Phone) -> None:
    upload = begin(world, evidence, phone, PHOTO)
    assert sweep_after(world, evidence, 10 * IDLE_FOR) == Swept(0, 0, 0)
    complete(world, evidence, phone, upload)
    assert evidence.verify(DIGEST)


def test_an_upload_that_is_written_to_meanwhile_stays(world: World, evidence: LocalStore, phone: Phone) -> None:
    upload = begin(world, evidence, phone, b"")
    swept: list[Swept] = []

    class Body:
        """A body during whose sending somebody sweeps."""

        def __init__(self) -> None:
            self.blocks = iter([PHOTO[:5], b""])

        def read(self, size: int, /) -> bytes:
            swept.append(sweep_after(world, evidence, 2 * IDLE_FOR))
            return next(self.blocks)

    assert evidence.append(str(upload.id), 0, Body()) == 5
    assert swept == [Swept(0, 0, 0)] * 2
    with world.store.reading() as uow:
        assert not intake.upload(uow, phone.actor, upload.id).complete


def test_a_sweep_that_dies_half_way_is_done_by_the_next_and_the_photo_can_come_anew(
    world: World, evidence: LocalStore, phone: Phone, tmp_path: Path
) -> None:
    class Died(BaseException):
        """The process ends here."""

    def die_after(name: str) -> None:
        if name == "discarded":
            raise Died

    first = begin(world, evidence, phone, PHOTO[:7])
    with pytest.raises(Died):
        sweep_after(world, LocalStore(tmp_path / "evidence", step=die_after), 2 * IDLE_FOR)
    with world.store.reading() as uow:
        assert not intake.upload(uow, phone.actor, first.id).complete, "its row goes on as if nothing had been done"
    evidence.begin(str(first.id))
    evidence.append(str(first.id), 0, PHOTO)
    complete(world, evidence, phone, first)
    assert sweep_after(world, evidence, 2 * IDLE_FOR) == Swept(0, 0, 0)
    assert evidence.verify(DIGEST)


def test_bytes_without_a_row_are_named_and_freed_in_time(world: World, evidence: LocalStore) -> None:
    stray = str(uuid4())
    evidence.begin(stray)
    evidence.append(stray, 0, b"half")
    report = check(world.store, evidence)
    assert (report.findings, [stray in said for said in report.leftovers]) == ((), [True])
    assert sweep_after(world, evidence, IDLE_FOR + timedelta(hours=1)) == Swept(0, 1, 0)
    assert audited(world)[-1] == "upload.stray"
    assert check(world.store, evidence).leftovers == ()


def test_a_row_without_bytes_is_named(world: World, evidence: LocalStore, phone: Phone) -> None:
    upload = begin(world, evidence, phone, PHOTO[:7])
    evidence.discard(str(upload.id))
    report = check(world.store, evidence)
    assert (report.findings, [str(upload.id) in said for said in report.leftovers]) == ((), [True])


def test_an_original_without_a_row_is_named_and_stays_while_its_copies_go(world: World, evidence: LocalStore) -> None:
    orphan = evidence.put(b"nobody's photo").sha256_hex
    evidence.put_derived(orphan, "display.jpg", b"copy")
    [finding] = check(world.store, evidence).findings
    assert (finding.what, orphan in finding.about) == ("orphan", True)
    assert sweep_after(world, evidence, 10 * IDLE_FOR) == Swept(0, 0, 1)
    assert list(evidence.walk_derived()) == []
    assert evidence.verify(orphan)
    assert audited(world)[-1] == "copy.removed"


def test_the_copy_of_a_photo_that_is_named_stays(world: World, evidence: LocalStore, phone: Phone) -> None:
    complete(world, evidence, phone, begin(world, evidence, phone, PHOTO))
    evidence.put_derived(DIGEST, "display.jpg", b"copy")
    assert sweep_after(world, evidence, 10 * IDLE_FOR) == Swept(0, 0, 0)
    assert list(evidence.walk_derived()) == [(DIGEST, "display.jpg")]


def test_a_copy_whose_original_is_lost_is_named_and_never_freed(
    world: World, evidence: LocalStore, phone: Phone, tmp_path: Path
) -> None:
    complete(world, evidence, phone, begin(world, evidence, phone, PHOTO))
    evidence.put_derived(DIGEST, "display.jpg", b"the last picture")
    [original] = [path for path in (tmp_path / "evidence" / "sha256").rglob(DIGEST) if path.is_file()]
    original.unlink()
    assert {finding.what for finding in check(world.store, evidence).findings} == {"photo", "orphan"}
    assert sweep_after(world, evidence, 10 * IDLE_FOR) == Swept(0, 0, 0)
    with evidence.open_derived(DIGEST, "display.jpg") as copy:
        assert copy.read() == b"the last picture"


def test_naming_visits_makes_no_keys_and_what_was_sent_stays_readable(world: World) -> None:
    phone, _ = world.open_visit()

    def keys() -> int:
        with world.store.reading() as uow:
            return len(uow.session.scalars(select(intake.VisitKey.visit_id)).all())

    unknown = [uuid4() for _ in range(5)]
    with world.store.writing() as uow:
        intake.keep_unreadable(uow, phone.actor, unknown[0], b"sent for nowhere", "odd", at_utc=NOW)
    before = keys()
    for visit_id in unknown[1:]:
        with world.store.writing() as uow:
            intake.keep_unreadable(uow, phone.actor, visit_id, visit_id.bytes.hex().encode(), "odd", at_utc=NOW)
    assert keys() == before
    with world.store.reading() as uow:
        assert [kept.text for kept in intake.kept_records(uow, unknown[0])] == ["sent for nowhere"]
        assert [kept.text for kept in intake.kept_records(uow, unknown[4])] == [unknown[4].bytes.hex()]


def test_a_body_kept_by_an_earlier_release_is_still_read(world: World) -> None:
    phone, _ = world.open_visit()
    body, visit_id = b"kept before", phone.visit_id
    digest = hashlib.sha256(body).hexdigest()
    with world.store.writing() as uow:
        uow.session.add(
            intake.KeptDelivery(
                id=uuid4(),
                account_id=phone.actor.account_id,
                visit_id=visit_id,
                sha256=digest,
                size_bytes=len(body),
                reason="odd",
                sealed_body=intake.seal_for_visit(uow, visit_id, body, digest),
                received_utc=NOW,
                sealed_under=None,
            )
        )
    with world.store.reading() as uow:
        assert [kept.text for kept in intake.kept_records(uow, visit_id)] == ["kept before"]
