"""Who may read what of a visit."""

import hashlib

import pytest

from tests.visits.world import NOW, World
from visits import access, fieldwork
from visits.fieldwork import NoSuchPhoto, NoSuchVisit


@pytest.fixture
def visit_of(world: World) -> fieldwork.VisitView:
    first, _ = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "met")
    first.photo(b"a photo")
    first.close()
    world.send(first)
    world.judge(first.visit_id)
    return world.look(first.visit_id)


@pytest.mark.parametrize(
    ("who", "people"), [("organization", True), ("first", True), ("second", True), ("office", False)]
)
def test_the_office_sees_the_visit_but_not_the_people(
    world: World, visit_of: fieldwork.VisitView, who: str, people: bool
) -> None:
    seen = world.look(visit_of.summary.id, who)
    assert bool(seen.sightings) is people
    assert any(r.kind == "sighting" for r in seen.records) is people


@pytest.mark.parametrize("who", ["stranger", "third", "far_inspector"])
def test_who_is_out_of_reach_is_told_that_there_is_no_such_visit(
    world: World, visit_of: fieldwork.VisitView, who: str
) -> None:
    with pytest.raises(NoSuchVisit):
        world.look(visit_of.summary.id, who)
    with world.store.reading() as uow:
        assert fieldwork.visits(uow, world.actors[who]) == []


@pytest.mark.parametrize("who", ["leader", "oversight", "admin", "discipline"])
def test_other_roles_read_no_visits(world: World, visit_of: fieldwork.VisitView, who: str) -> None:
    with pytest.raises(access.NotAllowed):
        world.look(visit_of.summary.id, who)


def test_reading_about_people_is_noted(world: World, visit_of: fieldwork.VisitView) -> None:
    with world.store.reading() as uow:
        trail = access.audit_trail(uow, world.actors["discipline"], about=f"visit:{visit_of.summary.id}")
    assert [line.act for line in trail] == ["visit.read"]


def test_the_bytes_of_a_photo_are_opened_only_when_they_are_here(world: World, visit_of: fieldwork.VisitView) -> None:
    digest = hashlib.sha256(b"a photo").hexdigest()
    with pytest.raises(NoSuchPhoto), world.store.writing() as uow:
        fieldwork.open_photo(uow, world.actors["organization"], visit_of.summary.id, digest, original=True, at_utc=NOW)


def test_coverage_holds_villages_and_no_names_of_people(world: World, visit_of: fieldwork.VisitView) -> None:
    with world.store.reading() as uow:
        rows = fieldwork.coverage(uow, world.actors["oversight"])
    assert [(r.village.code[-6:], r.visits) for r in rows] == [("106201", 0), ("106208", 0), ("209201", 0)]
    assert "演示" not in repr(rows)


def test_a_complete_unannounced_visit_covers_its_village(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)
    with world.store.reading() as uow:
        rows = {r.village.code: r for r in fieldwork.coverage(uow, world.actors["leader"])}
    assert rows["350924106208"].by_slot == {"day": 1}
    assert str(rows["350924106208"].last_visit_on) == "2026-11-18"


def test_clues_of_graft_and_their_photos_are_for_the_team_alone(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    clue = first.problem(17)
    first.problem(20)
    first.photo(b"of the clue", of_record=clue)
    first.photo(b"of nothing else")
    world.send(first)
    world.judge(first.visit_id)
    for who, problems, photos in (("organization", 1, 1), ("office", 1, 1), ("first", 2, 2), ("second", 2, 2)):
        seen = world.look(first.visit_id, who)
        assert sum(r.kind == "problem" for r in seen.records) == problems, who
        assert len(seen.photos) == photos, who
