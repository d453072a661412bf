"""Phones that declare one datum and give another: found over many visits, told as a hint, never converted."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from geo import Datum, convert
from tests.visits.world import NOW, OFFICE_SITE, World, fix
from visits import fieldwork
from visits.fieldwork import DeviceReading, read_device
from visits.store import Job

# 600 m off, which is out of a site of 300 m.
SHIFTED = convert(*OFFICE_SITE, source=Datum.WGS84, target=Datum.GCJ02)


def arrive(world: World, place: tuple[float, float], days: int) -> None:
    at = NOW + timedelta(days=days)
    [phone] = world.open_visit("first", at_utc=at)
    phone.arrive(fix(place))
    world.send(phone, at_utc=at)
    world.judge(phone.visit_id)
    world.seen = phone.visit_id  # type: ignore[attr-defined]


def looked_at(world: World) -> list[DeviceReading]:
    device_id = world.actors["first"].device_id
    with world.store.reading() as uow:
        subject = uow.session.scalar(select(Job.subject).where(Job.kind == "read_device"))
    assert subject is not None
    assert device_id is None or str(device_id) == subject
    with world.store.writing() as uow:
        from uuid import UUID

        read_device(uow, UUID(subject), at_utc=NOW)
    with world.store.reading() as uow:
        rows = list(uow.session.scalars(select(DeviceReading).order_by(DeviceReading.number)))
        uow.session.expunge_all()
    return rows


def test_an_honest_phone_leaves_nothing(world: World) -> None:
    for days in range(14):
        arrive(world, OFFICE_SITE, days)
    assert looked_at(world) == []


def test_a_few_visits_show_nothing(world: World) -> None:
    for days in range(5):
        arrive(world, SHIFTED, days)
    assert looked_at(world) == []


def test_a_phone_that_gives_gcj_is_found_told_and_not_converted(world: World) -> None:
    for days in range(14):
        arrive(world, SHIFTED, days)
    [found] = looked_at(world)
    assert (found.misread, found.declared, found.datum, found.swapped) == (True, "wgs84", "gcj02", False)
    assert (found.fixes, found.fitting_before, found.fitting_after, len(found.visit_ids)) == (14, 0, 14, 14)
    assert found.method == "sign-test-1"
    visit_id = world.seen  # type: ignore[attr-defined]
    world.judge(visit_id)
    assert "device_other_datum" in world.hints(visit_id)
    seen = world.look(visit_id, "organization")
    assert seen.summary.whereabouts != "inside"
    assert len(looked_at(world)) == 1, "the same finding is not added again"


def test_a_finding_is_never_changed(world: World) -> None:
    for days in range(14):
        arrive(world, SHIFTED, days)
    looked_at(world)
    for change in (update(DeviceReading).values(misread=False), delete(DeviceReading)):
        with pytest.raises(DatabaseError), world.store.writing() as uow:
            uow.session.execute(change)


def test_one_fix_that_another_datum_brings_home_is_told(world: World) -> None:
    arrive(world, (SHIFTED[0], SHIFTED[1]), 0)
    hints = world.hints(world.seen)  # type: ignore[attr-defined]
    assert "fix_other_datum" in hints
    assert "device_other_datum" not in hints
    assert fieldwork.DeviceReading is DeviceReading
