"""B2: what a leak looks like from outside is counted, and nothing is concluded from a few."""

from datetime import timedelta

import pytest

from tests.visits.world import NOW, OFFICE_SITE, OTHER_XIADANG, XIADANG, XIPU, World
from visits import draws, ledger
from visits.access import NotAllowed
from visits.places import SiteRow, import_sites


def made(world: World, village: str, who: tuple[str, ...], *, hours_after: float, days: int, found: bool) -> None:
    at = NOW - timedelta(days=days)
    phones = world.open_visit(*who, village_code=village, at_utc=at)  # released an hour before
    then = at + timedelta(hours=hours_after - 1)
    for phone in phones:
        phone.arrive(at=then)
    if found:
        phones[0].problem(at=then)
    for phone in phones[1:]:
        phone.make("finish", at=then, records=len(phone.texts) + 1)
    phones[0].close(at=then)
    for phone in phones:
        world.send(phone, at_utc=then)
    world.judge(phones[0].visit_id, at_utc=then)
    with world.store.writing() as uow:
        ledger.enter_problems(uow, phones[0].visit_id, at_utc=then)


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_leak_found_rate_by_lead_time_and_by_who_knew(world: World) -> None:
    for n in range(10):
        made(world, XIADANG, ("first",), hours_after=1, days=200 - n * 10, found=n < 8)
    for n in range(10):
        made(world, XIPU, ("second", "third"), hours_after=30, days=205 - n * 10, found=n < 2)
    with world.store.reading() as uow:
        signs = draws.leak_signs(uow, world.actors["discipline"])
    assert {r.sort: (r.visits, r.found, r.rate) for r in signs.by_lead} == {
        "under_2h": (10, 8, 0.8),
        "2_to_6h": (0, 0, None),
        "6_to_24h": (0, 0, None),
        "over_24h": (10, 2, 0.2),
    }
    assert {r.sort: (r.visits, r.found) for r in signs.by_knew} == {"1": (10, 8), "2": (10, 2)}


def test_leak_few_visits_say_nothing(world: World) -> None:
    made(world, XIADANG, ("first",), hours_after=1, days=20, found=True)
    with world.store.reading() as uow:
        [first, *_] = draws.leak_signs(uow, world.actors["discipline"]).by_lead
    assert (first.visits, first.found, first.rate) == (1, 1, None)


def test_leak_an_inspector_near_the_village_the_week_before_is_seen(world: World) -> None:
    made(world, XIADANG, ("first", "second"), hours_after=1, days=5, found=False)
    made(world, XIADANG, ("first", "third"), hours_after=1, days=1, found=False)
    made(world, XIADANG, ("third",), hours_after=1, days=0, found=False)
    made(world, XIPU, ("second",), hours_after=1, days=0, found=False)
    with world.store.reading() as uow:
        near = draws.leak_signs(uow, world.actors["discipline"]).near_before
    assert [(one.days_before, one.metres) for one in near] == [(4, 0), (1, 0)]


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_leak_nearness_is_three_kilometres_and_a_week(world: World) -> None:
    lon, lat = OFFICE_SITE
    rows = [
        SiteRow(n, "村部", "office", lon, lat + north, village_code=code, datum="wgs84", radius_m=100.0)
        for n, (code, north) in enumerate(((XIPU, 0.02), (OTHER_XIADANG, 0.03)), 1)  # 2.2 km and 3.3 km to the north
    ]
    with world.store.writing() as uow:
        import_sites(uow, world.actors["admin"], rows, at_utc=NOW)
    made(world, XIPU, ("second",), hours_after=1, days=9, found=False)  # more than a week before
    made(world, XIPU, ("first",), hours_after=1, days=4, found=False)
    made(world, OTHER_XIADANG, ("first",), hours_after=1, days=3, found=False)
    made(world, XIADANG, ("first", "second"), hours_after=1, days=1, found=False)
    with world.store.reading() as uow:
        near = draws.leak_signs(uow, world.actors["discipline"]).near_before
    told = [(one.village.code, one.earlier_village.code, one.days_before) for one in near]
    assert told == [(OTHER_XIADANG, XIPU, 1), (XIADANG, XIPU, 3)]
    assert [len(one.inspectors) for one in near] == [1, 1] and 2100 < near[1].metres < 2300


def test_leak_signs_are_for_discipline_of_the_county_alone(world: World) -> None:
    for who in ("office", "organization", "leader", "oversight", "admin", "first"):
        with pytest.raises(NotAllowed), world.store.reading() as uow:
            draws.leak_signs(uow, world.actors[who])
