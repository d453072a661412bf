"""The person's page is the sum of its records, and what is said from them is stored with its input."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from tests.visits.world import NOW, World
from visits import access, review
from visits.fieldwork import Visit
from visits.people import LeaveRow
from visits.review import PresenceSaid


def visit_and_miss(world: World, day: int, *, met: bool = False) -> None:
    at = NOW - timedelta(days=day)
    first, second = world.open_visit(at_utc=at)
    first.make("arrive", at=at, fix=None, no_fix_reason="无信号")
    first.sight(world.postings["演示李二"], "met" if met else "not_met", at=at)
    for phone in (first, second):
        world.send(phone, at_utc=at)
    world.judge(first.visit_id)


def page(world: World) -> review.PersonPage:
    posting_id = world.postings["演示李二"]
    with world.store.writing() as uow:
        for visit_id in uow.session.scalars(select(Visit.id)).all():
            review.say_presence(uow, visit_id, at_utc=NOW)
        return review.person_page(uow, world.actors["organization"], posting_id, at_utc=NOW)


def test_few_visits_say_not_enough_and_nothing_else(world: World) -> None:
    visit_and_miss(world, 0)
    world.ask_books(date(2026, 11, 18))
    visit_and_miss(world, 1, met=True)
    found = page(world)
    assert found.presence is not None
    assert not found.presence.enough
    assert found.presence.lacking["visits"][1] == 4
    assert len(found.sightings) == 2


def test_the_page_equals_the_sum_of_its_records(world: World) -> None:
    away = (date(2026, 11, 10), date(2026, 11, 11))
    leave = LeaveRow(1, "演示李二", "事假", *away, township_approved_at=date(2026, 11, 9))
    world.ask_books(date(2026, 11, 18), leave)
    for day, met in ((0, False), (1, True), (2, True), (7, False)):
        visit_and_miss(world, day, met=met)
    found = page(world)
    words = [s.seen.now.outcome for s in found.sightings]
    assert words == ["leave", "met", "met", "not_met"]
    assert found.presence is not None
    assert (found.presence.visits, found.presence.found) == (3, 2)
    assert sum(sum(c.values()) for c in found.presence.by_slot.values()) == len(words)
    assert [x.kind for x in found.leave] == ["leave"]


def test_the_same_input_is_said_once(world: World) -> None:
    visit_and_miss(world, 0)
    for _ in range(3):
        page(world)
    with world.store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(PresenceSaid)) == 1


def test_after_a_visit_it_is_said_of_everybody_it_spoke_of(world: World) -> None:
    visit_and_miss(world, 1)
    first, _ = world.open_visit()
    for name in ("演示李二", "演示张一"):
        first.sight(world.postings[name], "met")
    world.send(first)
    world.judge(first.visit_id)
    with world.store.writing() as uow:
        review.say_presence(uow, first.visit_id, at_utc=NOW)
    with world.store.reading() as uow:
        said = {row.posting_id: row.found for row in uow.session.scalars(select(PresenceSaid))}
        visits = {row.posting_id: row.visits for row in uow.session.scalars(select(PresenceSaid))}
    assert said == {world.postings["演示李二"]: 1, world.postings["演示张一"]: 1}
    assert visits == {world.postings["演示李二"]: 1, world.postings["演示张一"]: 1}


def test_reading_the_page_is_noted(world: World) -> None:
    page(world)
    about = f"posting:{world.postings['演示李二']}"
    with world.store.reading() as uow:
        trail = access.audit_trail(uow, world.actors["discipline"], about=about)
    assert [line.act for line in trail] == ["person.read"]


def test_a_person_without_visits_has_a_page_that_says_so(world: World) -> None:
    with world.store.writing() as uow:
        found = review.person_page(uow, world.actors["organization"], world.postings["演示张一"], at_utc=NOW)
    assert (found.sightings, found.presence) == ((), None)


@pytest.mark.parametrize("who", ["stranger"])
def test_a_stranger_finds_no_page(world: World, who: str) -> None:
    with world.store.writing() as uow, pytest.raises(review.NoSuchPosting):
        review.person_page(uow, world.actors[who], world.postings["演示张一"], at_utc=NOW)
