"""A visit with everything in it, and its bundle."""

from __future__ import annotations

import hashlib
import io
from uuid import UUID

from media.proof import write_archive
from media.store import LocalStore
from tests.visits.world import NOW, Phone, World, fix
from visits import intake, upkeep

PHOTOS = (b"the bytes of a photo", b"the bytes of another photo", b"those of a third")


def arrive_with(world: World, evidence: LocalStore, phone: Phone, data: bytes) -> str:
    """Let the bytes of an announced photo arrive; returns their hash."""
    digest = hashlib.sha256(data).hexdigest()
    evidence.put(data)
    with world.store.writing() as uow:
        upload = intake.begin_upload(
            uow, phone.actor, visit_id=phone.visit_id, sha256=digest, size_bytes=len(data), at_utc=NOW
        )
        intake.complete_upload(uow, phone.actor, upload.id, at_utc=NOW)
    return digest


def make_visit(world: World, evidence: LocalStore, *, photos: tuple[bytes, ...] = PHOTOS[:2]) -> UUID:
    """A visit of two phones, closed and complete."""
    first, second = world.open_visit()
    first.arrive(fixes=[fix(accuracy_m=300.0), fix()])
    first.sight(world.postings["演示李二"], "met")
    for data in photos:
        first.photo(data)
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    for data in photos:
        arrive_with(world, evidence, first, data)
    world.judge(first.visit_id)
    return first.visit_id


def bundle(world: World, evidence: LocalStore, visit_id: UUID, who: str = "organization") -> bytes:
    """The bundle as bytes."""
    with world.store.writing() as uow:
        members = upkeep.bundle_of_visit(uow, world.actors[who], visit_id, evidence, at_utc=NOW)
    return b"".join(write_archive(members))


def as_file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)
