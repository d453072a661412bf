"""Phones that declare one datum and give another: found over many visits, told as a hint, never converted."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from geo import Datum, convert
from tests.visits.fieldwork.test_coverage import counted
from tests.visits.world import NOW, OFFICE_SITE, World, fix
from visits.fieldwork import DeviceReading, read_device
from visits.store import Job, Store

# 600 m off, which is out of a site of 300 m.
SHIFTED = convert(*OFFICE_SITE, source=Datum.WGS84, target=Datum.GCJ02)


def arrivals(world: World, place: tuple[float, float], visits: int) -> tuple[UUID, UUID]:
    """One phone arrives on so many visits; its id, and that of the last visit."""
    actor, key = world.phone_actor("first")
    visit_id = UUID(int=0)
    for days in range(visits):
        at = NOW + timedelta(days=days)
        [phone] = world.open_visit("first", at_utc=at)
        phone.actor, phone.key = actor, key
        phone.arrive(fix(place))
        world.send(phone, at_utc=at)
        world.judge(phone.visit_id)
        visit_id = phone.visit_id
    assert actor.device_id is not None
    return actor.device_id, visit_id


def found(store: Store, device_id: UUID) -> list[DeviceReading]:
    with store.writing() as uow:
        read_device(uow, device_id, at_utc=NOW)
    with store.reading() as uow:
        rows = list(uow.session.scalars(select(DeviceReading)))
        uow.session.expunge_all()
    return rows


def test_a_phone_is_looked_at_once_for_each_of_its_arrivals(world: World) -> None:
    device_id, visit_id = arrivals(world, OFFICE_SITE, 1)
    with world.store.writing() as uow:
        waiting = select(Job.subject).where(Job.kind == "read_device", Job.state == "waiting")
        assert uow.session.scalars(waiting).all() == [str(device_id)]
        uow.session.execute(delete(Job))
    world.judge(visit_id)
    with world.store.reading() as uow:
        assert uow.session.scalars(waiting).all() == []


def test_many_visits_of_a_phone_are_read_in_as_many_statements_as_few(world: World) -> None:
    device_id, _ = arrivals(world, OFFICE_SITE, 2)
    few = statements_of_a_look(world.store, device_id)
    arrivals(world, OFFICE_SITE, 6)
    assert statements_of_a_look(world.store, device_id) == few


def statements_of_a_look(store: Store, device_id: UUID) -> int:
    with counted(store) as asked, store.writing() as uow:
        read_device(uow, device_id, at_utc=NOW)
    return len(asked)


@pytest.mark.parametrize(("place", "visits"), [(OFFICE_SITE, 14), (SHIFTED, 5)], ids=["honest", "few"])
def test_an_honest_phone_and_a_few_visits_leave_nothing(world: World, place: tuple[float, float], visits: int) -> None:
    device_id, _ = arrivals(world, place, visits)
    assert found(world.store, device_id) == []


def test_a_phone_that_gives_gcj_is_found_told_and_not_converted(world: World) -> None:
    device_id, visit_id = arrivals(world, SHIFTED, 14)
    hints = world.hints(visit_id)
    assert "fix_other_datum" in hints
    assert "device_other_datum" not in hints
    [one] = found(world.store, device_id)
    assert (one.misread, one.declared, one.datum, one.swapped) == (True, "wgs84", "gcj02", False)
    assert (one.fixes, one.fitting_before, one.fitting_after, len(one.visit_ids)) == (14, 0, 14, 14)
    assert one.method == "sign-test-1"
    world.judge(visit_id)
    assert "device_other_datum" in world.hints(visit_id)
    assert world.look(visit_id, "organization").summary.whereabouts != "inside"
    assert len(found(world.store, device_id)) == 1, "the same finding is not added again"
    for change in (update(DeviceReading).values(misread=False), delete(DeviceReading)):
        with pytest.raises(DatabaseError), world.store.writing() as uow:
            uow.session.execute(change)


def test_a_phone_with_its_axes_the_wrong_way_round_is_found_and_told(world: World) -> None:
    device_id, visit_id = arrivals(world, OFFICE_SITE[::-1], 14)
    [one] = found(world.store, device_id)
    assert (one.misread, one.swapped, one.datum, one.fitting_after) == (True, True, "wgs84", 14)
    world.judge(visit_id)
    assert "device_swapped" in world.hints(visit_id)
    assert "device_other_datum" not in world.hints(visit_id)
