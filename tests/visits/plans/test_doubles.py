"""Blind double visits: a second team, sent within days, and nobody told."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.visits.world import NOW, XIADANG, World
from visits import plans
from visits.access import NotAllowed
from visits.plans import NewAssignment


def first_of(world: World, *, announced: bool = False, release_utc: datetime = NOW) -> plans.AssignmentView:
    team = tuple(world.actors[who].account_id for who in ("first", "second"))
    new = NewAssignment(XIADANG, announced, team, release_utc, release_utc + timedelta(hours=12))
    with world.store.writing() as uow:
        return plans.assign(uow, world.actors["office"], new, at_utc=NOW)


def second(
    world: World, first_id: UUID, *, who: str = "office", after: timedelta = timedelta(hours=30), **more: object
):  # type: ignore[no-untyped-def]
    wanted = {"team": (world.actors["third"].account_id,), **more}
    release_utc = NOW + after
    with world.store.writing() as uow:
        return plans.order_blind_double(
            uow,
            world.actors[who],
            first_id,
            release_utc=release_utc,
            expires_utc=release_utc + timedelta(hours=12),
            at_utc=NOW,
            **wanted,
        )


def test_neither_team_is_told_and_the_office_sees_the_pair(world: World) -> None:
    first = first_of(world)
    made = second(world, first.id)
    later = made.release_utc + timedelta(minutes=1)
    for who, assignment_id in (("first", first.id), ("third", made.id)):
        with world.store.writing() as uow:
            told = plans.assignment(uow, world.actors[who], assignment_id, at_utc=later)
            opened = plans.open_assignment(
                uow, world.actors[who], assignment_id, device_utc=None, at_utc=told.release_utc + timedelta(minutes=1)
            )
        assert (told.has_double, told.is_double, told.reason) == (False, False, "")
        other = made if who == "first" else first
        assert str(other.id) not in repr(opened) and str(other.visit_id) not in repr(opened)
    with world.store.reading() as uow:
        office = world.actors["office"]
        assert plans.assignment(uow, office, first.id, at_utc=NOW).has_double
        assert plans.assignment(uow, office, made.id, at_utc=NOW).is_double
        assert plans.blind_doubles(uow, "350924", known_at_utc=NOW) == {made.visit_id: first.visit_id}
    assert not made.drawn  # chosen by a person: it never counts towards presence


def test_a_visit_has_one_second_team_and_a_second_team_none(world: World) -> None:
    first = first_of(world)
    made = second(world, first.id)
    for again in (first.id, made.id):
        with pytest.raises(plans.NotForADouble):
            second(world, again, after=timedelta(hours=40), team=(world.actors["first"].account_id,))


def test_only_a_released_surprise_visit_can_have_one(world: World) -> None:
    announced = first_of(world, announced=True)
    sealed = first_of(world, release_utc=NOW + timedelta(hours=5))
    for unfit in (announced, sealed):
        with pytest.raises(plans.NotForADouble):
            second(world, unfit.id)


def test_the_second_team_is_another_one_and_comes_within_three_days(world: World) -> None:
    first = first_of(world)
    with pytest.raises(plans.BadTeam):
        second(world, first.id, team=(world.actors["second"].account_id,))
    for after in (timedelta(hours=-1), timedelta(days=3, minutes=1)):
        with pytest.raises(plans.BadReleaseWindow):
            second(world, first.id, after=after)
    with pytest.raises(NotAllowed):
        second(world, first.id, who="organization")
