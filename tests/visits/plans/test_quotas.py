"""What each town received under each line of the plan: nothing that is still sealed, and nothing told to a township."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.visits.plans.test_yearly import SURPRISE, assigned, planned
from tests.visits.world import COUNTY, NOW, XIADANG, XIPU, World
from visits import plans
from visits.access import NotAllowed
from visits.plans import LineUse, Quota

TOWN = XIADANG[:9]


def used(world: World, who: str = "leader") -> list[LineUse]:
    with world.store.reading() as uow:
        return plans.quota_use(uow, world.actors[who], at_utc=NOW + timedelta(hours=1))


def test_what_is_sealed_is_not_told_though_it_holds_its_place(world: World) -> None:
    made = planned(world, replace(SURPRISE, quotas={TOWN: 2}))
    assigned(world)
    [line] = used(world)
    assert (line.id, line.county_code, line.title, line.withdrawn) == (made.lines[0].id, COUNTY, "暗访", False)
    assert line.quotas == {TOWN: Quota(2, 0)}
    world.open_visit("first")
    assert used(world)[0].quotas == {TOWN: Quota(2, 1)}
    with pytest.raises(plans.OverQuota):
        assigned(world, XIPU)


def test_checks_from_outside_count_and_a_withdrawn_line_stays(world: World) -> None:
    office = world.actors["office"]
    line = plans.NewLine(plans.CheckKind.MID_YEAR, "年中督查", date(2026, 6, 1), date(2026, 12, 31), {TOWN: 1})
    made = planned(world, SURPRISE, line)
    with world.store.writing() as uow:
        held = {"village_code": XIADANG, "held_on": NOW.date(), "at_utc": NOW}
        plans.register_check(uow, office, made.lines[1].id, **held)
        gone = {"reason": "演示", "version": made.version, "at_utc": NOW}
        plans.withdraw_line(uow, office, made.lines[1].id, **gone)
    assert [(one.title, one.withdrawn, dict(one.quotas)) for one in used(world)] == [
        ("暗访", False, {}),
        ("年中督查", True, {TOWN: Quota(1, 1)}),
    ]


def test_a_township_and_another_county_are_told_nothing(world: World) -> None:
    planned(world, replace(SURPRISE, quotas={TOWN: 2}))
    leader = world.actors["leader"]
    town, elsewhere = replace(leader, division_prefix=TOWN), replace(leader, division_prefix="350981")
    assert (plans.may_see_lines(leader), plans.may_see_lines(town)) == (True, False)
    assert not plans.may_see_lines(world.actors["first"])
    with world.store.reading() as uow:
        assert plans.quota_use(uow, elsewhere, at_utc=NOW) == []
        for actor in (town, world.actors["first"]):
            with pytest.raises(NotAllowed):
                plans.quota_use(uow, actor, at_utc=NOW)
