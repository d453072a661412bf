"""A place's own days: said by the organization department, for its own division, the newest word holds."""

from datetime import date

import pytest

from tests.visits.world import NOW, XIADANG, World
from visits import access, people

SATURDAY = date(2026, 11, 21)
WEDNESDAY = date(2026, 11, 18)


def declare(world: World, day: date, *, works: bool, who: str = "organization") -> None:
    with world.store.writing() as uow:
        people.declare_days(uow, world.actors[who], [day], works=works, reason="调休", at_utc=NOW)


def works_on(world: World, day: date, village_code: str = XIADANG) -> bool:
    with world.store.reading() as uow:
        return people.rules_of(uow, village_code).is_working_day(day)


def test_without_a_word_the_announced_days_hold(world: World) -> None:
    assert (works_on(world, WEDNESDAY), works_on(world, SATURDAY)) == (True, False)


def test_a_declared_day_holds_in_its_division_only(world: World) -> None:
    declare(world, SATURDAY, works=True)
    assert works_on(world, SATURDAY)
    assert not works_on(world, SATURDAY, "350981100200")


def test_the_newest_word_holds(world: World) -> None:
    declare(world, SATURDAY, works=True)
    declare(world, SATURDAY, works=False)
    assert not works_on(world, SATURDAY)


@pytest.mark.parametrize("who", ["office", "leader", "first", "admin"])
def test_others_declare_nothing(world: World, who: str) -> None:
    with pytest.raises(access.NotAllowed):
        declare(world, SATURDAY, works=True, who=who)
