"""Assignments: sealed until their release, opened by their team only, every opening noted."""

from datetime import timedelta

import pytest

from tests.visits.world import NOW, OTHER_XIADANG, XIADANG, World
from visits import access, plans
from visits.access import Actor
from visits.forms import question_set
from visits.places import PlacesError


def assign(
    world: World, *who: str, village_code: str = XIADANG, hours: float = 2, by: str = "office"
) -> plans.AssignmentView:
    release = NOW + timedelta(hours=hours)
    with world.store.writing() as uow:
        return plans.assign(
            uow,
            world.actors["office"],
            plans.NewAssignment(
                village_code,
                False,
                tuple(world.actors[name].account_id for name in who),
                release,
                release + timedelta(days=1),
            ),
            at_utc=NOW,
        )


def opening(world: World, actor: Actor, made: plans.AssignmentView, hours: float) -> plans.OpeningOutcome:
    with world.store.writing() as uow:
        return plans.open_assignment(uow, actor, made.id, device_utc=None, at_utc=NOW + timedelta(hours=hours))


def test_before_the_release_the_team_learns_no_village(world: World) -> None:
    made = assign(world, "first", "second")
    with world.store.reading() as uow:
        mine = plans.assignments(uow, world.actors["first"], at_utc=NOW)
    assert [(a.id, a.village, a.visit_id, a.reason) for a in mine] == [(made.id, None, None, "")]
    with world.store.reading() as uow:
        after = plans.assignment(uow, world.actors["first"], made.id, at_utc=NOW + timedelta(hours=3))
    assert after.village is not None and after.village.code == XIADANG


def test_b2_an_early_request_is_refused_and_remembered(world: World) -> None:
    made = assign(world, "first", "second")
    assert opening(world, world.actors["first"], made, 1).package is None
    with world.store.reading() as uow:
        trail = access.audit_trail(uow, world.actors["discipline"], about=f"assignment:{made.id}")
    assert [(line.act, line.result) for line in trail] == [
        ("assignment.open", "refused"),
        ("assignment.make", "done"),
    ]


def test_after_the_release_the_package_has_all_a_phone_needs(world: World) -> None:
    made = assign(world, "first", "second")
    package = opening(world, world.actors["first"], made, 3).package
    assert package is not None
    assert package.village.code == XIADANG
    assert [s.name for s in package.sites] == ["村部"]
    assert {p.name for p in package.postings} == {
        "演示张一",
        "演示李二",
        "演示王三",
        "演示赵四",
    }  # 钱五 ended yesterday
    assert {m.account_id for m in package.team} == {world.actors[n].account_id for n in ("first", "second")}


def test_opening_again_gives_the_same_nonce(world: World) -> None:
    made = assign(world, "first")
    packages = [opening(world, world.actors["first"], made, 3).package for _ in range(2)]
    assert packages[0] is not None and packages[1] is not None
    assert packages[0].nonce == packages[1].nonce


@pytest.mark.parametrize("who", ["third", "far_inspector"])
def test_b2_nobody_else_can_open_or_list_it(world: World, who: str) -> None:
    made = assign(world, "first", "second")
    with pytest.raises(plans.NoSuchAssignment):
        opening(world, world.actors[who], made, 3)
    with world.store.reading() as uow:
        assert plans.assignments(uow, world.actors[who], at_utc=NOW) == []


@pytest.mark.parametrize("who", ["organization", "leader", "oversight", "discipline", "admin"])
def test_other_roles_cannot_list_assignments(world: World, who: str) -> None:
    with world.store.reading() as uow, pytest.raises(access.NotAllowed):
        plans.assignments(uow, world.actors[who], at_utc=NOW)


def test_a_team_is_inspectors_of_the_division(world: World) -> None:
    for who in ((), ("first", "first"), ("first", "leader"), ("first", "far_inspector")):
        with pytest.raises(plans.BadTeam):
            assign(world, *who)


def test_a_village_outside_the_division_does_not_exist(world: World) -> None:
    with pytest.raises(PlacesError):
        assign(world, "first", village_code="350981100200")


def test_an_assignment_not_opened_in_time_expires(world: World) -> None:
    made = assign(world, "first")
    with pytest.raises(plans.AssignmentExpired):
        opening(world, world.actors["first"], made, 40)


def test_two_villages_of_one_name_stay_two(world: World) -> None:
    made = assign(world, "first", village_code=OTHER_XIADANG)
    assert made.village is not None
    assert (made.village.code, made.village.name, made.village.town_name) == (OTHER_XIADANG, "下党村", "下党乡")


def test_e6_the_questions_of_an_assignment_are_fixed_when_it_is_made(world: World) -> None:
    made = assign(world, "first", "second")
    package = opening(world, world.actors["first"], made, 3).package
    assert package is not None and package.question_set == question_set().version
    # As if another set had been in force when the round began: it goes on with that one.
    with world.store.writing() as uow:
        uow.session.get_one(plans.Assignment, made.id).question_set = "questions-2026-01-01-0123456789ab"
    package = opening(world, world.actors["second"], made, 4).package
    assert package is not None and package.question_set == "questions-2026-01-01-0123456789ab"


def test_b7_a_study_of_one_case_is_announced_and_counted_apart(world: World) -> None:
    team = (world.actors["first"].account_id,)
    new = plans.NewAssignment(XIADANG, False, team, NOW, NOW + timedelta(days=1), case_study=True)
    with world.store.writing() as uow:
        made = plans.assign(uow, world.actors["office"], new, at_utc=NOW)
    assert (made.visit_kind, made.announced) == ("case_study", True)
