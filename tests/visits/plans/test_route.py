"""The day route: the best of all orders, within its hours, for the team alone."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import LonLat, distance_m
from tests.visits.world import NOW, XIADANG, XIPU, World
from visits import plans
from visits.access import NotAllowed
from visits.plans.day import route_of_day
from visits.plans.route import Stop, TooManyStops, day_route

START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
HOURS = timedelta(hours=12)
PLACES = st.builds(LonLat, st.floats(119.3, 119.6), st.floats(27.2, 27.6))


def stops(*places: LonLat | None, latest: timedelta = HOURS) -> list[Stop]:
    return [Stop(str(n), place, START, START + latest) for n, place in enumerate(places)]


@settings(max_examples=30, deadline=None)
@given(st.lists(PLACES, min_size=2, max_size=5), PLACES)
def test_no_order_is_shorter(places: list[LonLat], home: LonLat) -> None:
    route = day_route(stops(*places), leave=START, start=home)
    ways = [
        sum(distance_m(a, b) for a, b in zip((home, *order), order, strict=False)) for order in permutations(places)
    ]
    if route.late == timedelta():
        assert route.metres <= min(ways) + 1e-3
    assert sorted(leg.name for leg in route.legs) == [str(n) for n in range(len(places))]


def test_hours_come_before_kilometres() -> None:
    near, far = LonLat(119.40, 27.30), LonLat(119.55, 27.50)
    wanted = [
        Stop("near", near, START, START + HOURS),
        Stop("far", far, START, START + timedelta(hours=2)),
    ]
    route = day_route(wanted, leave=START, start=LonLat(119.39, 27.30))
    assert [leg.name for leg in route.legs] == ["far", "near"] and route.late == timedelta()


def test_given_travel_times_count_before_the_straight_line_and_hold_both_ways() -> None:
    a, b, c = LonLat(119.40, 27.30), LonLat(119.41, 27.30), LonLat(119.42, 27.30)
    three = [Stop(n, p, START, START + HOURS) for n, p in (("a", a), ("b", b), ("c", c))]
    assert [leg.name for leg in day_route(three, leave=START, start=a).legs] == ["a", "b", "c"]
    blocked = {("b", "a"): 300.0, ("b", "c"): 5.0}  # the bridge between a and b is down
    order = [leg.name for leg in day_route(three, leave=START, start=a, minutes=blocked).legs]
    assert order == ["a", "c", "b"]


def test_a_place_nobody_knows_is_still_visited_and_seven_are_too_many() -> None:
    assert len(day_route(stops(None, LonLat(119.4, 27.3)), leave=START).legs) == 2
    assert day_route([], leave=START).legs == ()
    with pytest.raises(TooManyStops):
        day_route(stops(*[None] * 7), leave=START)


def test_the_route_is_for_the_team_alone_and_leaves_out_what_is_sealed(world: World) -> None:
    def assigned(code: str, who: tuple[str, ...], release: datetime) -> plans.AssignmentView:
        team = tuple(world.actors[name].account_id for name in who)
        with world.store.writing() as uow:
            new = plans.NewAssignment(code, False, team, release, NOW + timedelta(hours=9))
            return plans.assign(uow, world.actors["office"], new, at_utc=NOW)

    first = assigned(XIADANG, ("first", "second"), NOW - timedelta(hours=1))
    second = assigned(XIPU, ("first", "second"), NOW - timedelta(hours=1))
    assigned(XIPU, ("first", "second"), NOW + timedelta(hours=3))
    assigned(XIPU, ("third",), NOW - timedelta(hours=1))
    today = NOW.astimezone(ZoneInfo("Asia/Shanghai")).date()
    with world.store.reading() as uow:
        route = route_of_day(uow, world.actors["first"], day=today, at_utc=NOW)
        assert {stop.assignment_id for stop in route} == {first.id, second.id}
        left = route_of_day(uow, world.actors["first"], day=today, done=[first.id], at_utc=NOW)
        assert [stop.assignment_id for stop in left] == [second.id]
        times = {(XIADANG, XIPU): 12.0}
        timed = route_of_day(uow, world.actors["second"], day=today, minutes=times, at_utc=NOW)
        assert timed[1].leg.minutes == 12.0
        for who in ("office", "leader", "organization", "stranger"):
            with pytest.raises(NotAllowed):
                route_of_day(uow, world.actors[who], day=today, at_utc=NOW)
