"""The ledger: entered once from a visit, numbered for good, withdrawn with a reason, never deleted."""

import pytest

from tests.visits.world import NOW, World
from visits import ledger
from visits.access import NotAllowed
from visits.ledger import Problem


def enter(world: World, *items: int | None, **more: object) -> None:
    first, _ = world.open_visit()
    first.arrive()
    for item in items:
        first.problem(item, other_reason="无对应条目" if item is None else None, **more)
    world.send(first)
    world.judge(first.visit_id)
    for _ in range(2):
        with world.store.writing() as uow:
            ledger.enter_problems(uow, first.visit_id, at_utc=NOW)


def listed(world: World, who: str = "office") -> list[ledger.ProblemView]:
    with world.store.reading() as uow:
        return ledger.problems(uow, world.actors[who])


def test_a_problem_is_entered_once_with_its_item_and_number(world: World) -> None:
    enter(world, 20)
    enter(world, 10, fixed_on_spot=True)
    found = {p.number: p for p in listed(world)}
    assert sorted(found) == ["350924-2026-0001", "350924-2026-0002"]
    first, second = (found[n] for n in sorted(found))
    assert (first.item.number if first.item else None, first.state) == (20, "found")
    assert second.state == "fixed_on_spot"
    assert first.village.name == "下党村"


def test_a_problem_without_an_item_carries_its_reason(world: World) -> None:
    enter(world, None)
    [found] = listed(world)
    assert (found.item, found.other_reason) == (None, "无对应条目")


def test_clues_of_graft_travel_apart(world: World) -> None:
    enter(world, 17, 20)
    assert [p.clue for p in listed(world)] == [False]
    assert sorted(p.clue for p in listed(world, "discipline")) == [False, True]


def test_who_reads_the_ledger(world: World) -> None:
    enter(world, 20)
    assert listed(world, "organization")
    assert listed(world, "stranger") == []
    for who in ("leader", "first", "admin", "oversight"):
        with pytest.raises(NotAllowed):
            listed(world, who)


def test_a_problem_is_withdrawn_with_a_reason_and_keeps_its_number(world: World) -> None:
    enter(world, 20)
    [found] = listed(world)
    with world.store.writing() as uow:
        gone = ledger.withdraw(uow, world.actors["office"], found.id, reason="重复登记", at_utc=NOW)
    assert (gone.state, gone.withdrawn_reason, gone.number) == ("withdrawn", "重复登记", found.number)
    with world.store.writing() as uow, pytest.raises(ledger.AlreadyWithdrawn):
        ledger.withdraw(uow, world.actors["office"], found.id, reason="again", at_utc=NOW)


def test_no_problem_can_be_deleted(world: World) -> None:
    enter(world, 20)
    [found] = listed(world)
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.delete(uow.session.get_one(Problem, found.id))


def test_another_countys_problem_does_not_exist(world: World) -> None:
    enter(world, 20)
    [found] = listed(world)
    with world.store.reading() as uow, pytest.raises(ledger.NoSuchProblem):
        ledger.problem(uow, world.actors["stranger"], found.id)


def corrected(world: World, *changes: dict[str, object]) -> ledger.ProblemView:
    first, _ = world.open_visit()
    first.arrive()
    made = first.problem(20, text="公示栏无公示")
    world.send(first)
    for change in ({}, *changes):
        if change:
            first.correct(made, **change)
            world.send(first)
        world.judge(first.visit_id)
        with world.store.writing() as uow:
            ledger.enter_problems(uow, first.visit_id, at_utc=NOW)
    [found] = listed(world, "discipline")
    return found


def test_a_corrected_problem_keeps_its_number_and_shows_both_wordings(world: World) -> None:
    found = corrected(
        world, {"text": "公示栏有公示，已过期"}, {"text": "公示栏有公示，已过期两年", "fixed_on_spot": True}
    )
    assert (found.number, found.text, found.state) == ("350924-2026-0001", "公示栏有公示，已过期两年", "fixed_on_spot")
    assert [e.text for e in found.earlier] == ["公示栏无公示", "公示栏有公示，已过期"]
    assert [e.reason for e in found.earlier] == ["看错了", "看错了"]
    assert found.version == 3


def test_what_was_ever_a_clue_travels_apart_for_good(world: World) -> None:
    found = corrected(world, {"item": 17}, {"item": 20})
    assert (found.clue, found.item.number if found.item else None) == (True, 20)
    assert listed(world, "office") == []


def test_a_correction_does_not_bring_back_what_was_withdrawn(world: World) -> None:
    first, _ = world.open_visit()
    made = first.problem(20)
    world.send(first)
    world.judge(first.visit_id)
    with world.store.writing() as uow:
        ledger.enter_problems(uow, first.visit_id, at_utc=NOW)
        ledger.withdraw(uow, world.actors["office"], made, reason="重复", at_utc=NOW)
    first.correct(made, text="改过的话")
    world.send(first)
    with world.store.writing() as uow:
        assert ledger.enter_problems(uow, first.visit_id, at_utc=NOW) == 0
    [found] = listed(world)
    assert (found.state, found.text, found.withdrawn_reason) == ("withdrawn", "改过的话", "重复")
