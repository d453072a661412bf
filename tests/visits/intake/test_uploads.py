"""Uploads: announced first, one per owner, visit and hash, whole or not there."""

import hashlib

import pytest
from sqlalchemy import select

from tests.visits.world import NOW, Phone, World
from visits import intake
from visits.store import Job

PHOTO = b"the bytes of a photo"
DIGEST = hashlib.sha256(PHOTO).hexdigest()


def begin(world: World, phone: Phone, *, sha256: str = DIGEST, size_bytes: int = len(PHOTO)) -> intake.UploadView:
    with world.store.writing() as uow:
        return intake.begin_upload(
            uow, phone.actor, visit_id=phone.visit_id, sha256=sha256, size_bytes=size_bytes, at_utc=NOW
        )


def announced(world: World) -> list[Phone]:
    phones = world.open_visit()
    phones[0].photo(PHOTO)
    world.send(phones[0])
    return phones


def test_asking_again_gives_the_same_upload(world: World) -> None:
    first, second = announced(world)
    assert begin(world, first) == begin(world, first)
    assert begin(world, second).id != begin(world, first).id


def test_bytes_nobody_announced_are_not_taken(world: World) -> None:
    first, _ = announced(world)
    with pytest.raises(intake.PhotoNotAnnounced):
        begin(world, first, sha256="0" * 64)
    with pytest.raises(intake.PhotoNotAnnounced):
        begin(world, first, size_bytes=7)


def test_a_photo_beyond_the_cap_may_still_be_sent(world: World) -> None:
    phone = world.open_visit()[0]
    for number in range(12):
        phone.photo(b"photo %d" % number)
    phone.photo(PHOTO)
    assert world.send(phone).receipts[12].outcome == "refused"
    assert not begin(world, phone).complete


def test_an_upload_is_its_owners(world: World) -> None:
    first, second = announced(world)
    upload = begin(world, first)
    with world.store.reading() as uow, pytest.raises(intake.NoSuchUpload):
        intake.upload(uow, second.actor, upload.id)
    third = Phone(world.actors["third"], None, first.visit_id)
    with pytest.raises(intake.NoSuchVisit):
        begin(world, third)


def test_a_completed_upload_is_logged_once_and_inspected(world: World) -> None:
    first, _ = announced(world)
    upload = begin(world, first)
    for _ in range(2):
        with world.store.writing() as uow:
            assert intake.complete_upload(uow, first.actor, upload.id, at_utc=NOW).complete
    with world.store.reading() as uow:
        arrived = intake.arrived_photos(uow, first.visit_id)
        assert list(arrived) == [DIGEST]
        kinds = uow.session.scalars(select(Job.kind).where(Job.subject.contains(DIGEST))).all()
    assert kinds == ["inspect_photo"]


def test_a_mismatch_is_counted_and_the_upload_stays_open(world: World) -> None:
    first, _ = announced(world)
    upload = begin(world, first)
    with world.store.writing() as uow:
        after = intake.mismatched_upload(uow, first.actor, upload.id, arrived_as="f" * 64, at_utc=NOW)
    assert not after.complete
