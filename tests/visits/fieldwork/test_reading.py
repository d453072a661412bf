"""Who may read what of a visit."""

import hashlib
from datetime import date, timedelta
from uuid import UUID

import pytest

from tests.visits.world import COUNTY, NOW, Phone, World, fix, uuid7
from visits import access, fieldwork, intake, people, places, plans, review
from visits.fieldwork import NoSuchPhoto, NoSuchVisit
from visits.fieldwork.coverage import _runs


@pytest.fixture
def visit_of(world: World) -> fieldwork.VisitView:
    return world.kept(a_visit_under_way)


def a_visit_under_way(world: World) -> fieldwork.VisitView:
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


def test_runs_of_numbers() -> None:
    assert _runs([]) == []
    assert _runs([3, 4, 5, 9]) == [(3, 3), (3, 1)]


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
    with world.store.writing() as uow:
        empty = fieldwork.coverage_status(uow, world.actors["leader"], on=NOW.date())
        places.number_divisions(uow, COUNTY)
    with world.store.reading() as uow:
        status = fieldwork.coverage_status(uow, world.actors["leader"], on=NOW.date())
    assert (empty.numbers, empty.last_day, empty.first_day) == ([], [""], None)
    assert (status.first_day, status.last_day, status.slots) == (date(2026, 11, 18), ["-0-"], "020")
    assert sum(count for _, count in status.numbers) == len(rows)


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


def test_a_photo_that_comes_before_its_record_is_shown_when_it_is_known_whose_it_is(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    board, clue, given_up = uuid7(), uuid7(), uuid7()
    shown = {}
    for of_record in (board, clue, given_up):
        first.photo(str(of_record).encode(), of_record=of_record)
    world.send(first)
    world.judge(first.visit_id)
    shown["before"] = [photo.of_record for photo in world.look(first.visit_id).photos]
    first.problem(20, record_id=board)
    first.problem(17, record_id=clue)
    world.send(first)
    world.judge(first.visit_id)
    shown["with its record"] = [photo.of_record for photo in world.look(first.visit_id).photos]
    first.close()
    world.send(first)
    world.judge(first.visit_id)
    shown["at the end"] = [photo.of_record for photo in world.look(first.visit_id).photos]
    assert shown == {"before": [], "with its record": [board], "at the end": [board, given_up]}
    assert len(world.look(first.visit_id, "first").photos) == 3


def test_what_hangs_on_a_hidden_record_is_hidden_with_it(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    clue = first.problem(17)
    met = first.sight(world.postings["演示张一"], "met", place=fix(datum="unknown"))
    first.photo(b"of the clue", of_record=clue, source="gallery")
    world.send(first)
    world.judge(first.visit_id)
    of_clue = hashlib.sha256(b"of the clue").hexdigest()
    with world.store.reading() as uow:
        for who, hidden in (("organization", {str(clue), of_clue}), ("office", {str(clue), of_clue, str(met)})):
            told = repr((world.look(first.visit_id, who), fieldwork.receipt(uow, world.actors[who], first.visit_id)))
            assert not [name for name in hidden if name in told], who
        told = repr(
            (world.look(first.visit_id, "first"), fieldwork.receipt(uow, world.actors["first"], first.visit_id))
        )
    assert all(name in told for name in (str(clue), of_clue, str(met)))


def test_a_clue_that_was_not_taken_is_for_the_team_alone(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.problem(17)
    first.problem(20)
    world.send(first)
    changed = [text.replace("公示栏无公示", "另一种说法") for text in first.texts[1:]]
    world.send(first, changed)
    torn = changed[0][:-40].encode()
    with world.store.writing() as uow:
        intake.keep_unreadable(uow, first.actor, first.visit_id, torn, "torn", at_utc=NOW)
    world.judge(first.visit_id)
    for who, kept in (("first", 3), ("organization", 1), ("office", 0)):
        assert len(world.look(first.visit_id, who).kept) == kept, who
        with world.store.reading() as uow:
            assert len(fieldwork.kept_of_visit(uow, world.actors[who], first.visit_id)) == kept, who


def test_a_visit_says_nothing_about_people_of_another_county(world: World) -> None:
    far = posted_in_another_county(world)
    first, _ = world.open_visit()
    first.sight(far, "not_met")
    world.send(first)
    world.judge(first.visit_id)
    seen = world.look(first.visit_id)
    assert seen.sightings == ()
    assert "posting_unknown" in {h.code for h in seen.hints}
    assert FAR_VILLAGE not in repr(seen)
    with world.store.writing() as uow:
        assert review.person_page(uow, world.actors["stranger"], far, at_utc=NOW).sightings == ()


def test_a_photo_of_another_county_is_not_told_of(world: World) -> None:
    posted_in_another_county(world)
    with world.store.writing() as uow:
        admin = world.actors["admin"]
        new = access.NewAccount("far_office", "远方", access.Role.OFFICE, "350981")
        access.create_account(uow, admin, new, passphrase="a passphrase of far away", at_utc=NOW)
        office = access.actor_named(uow, "far_office")
        team = (world.actors["far_inspector"].account_id,)
        span = (NOW - timedelta(hours=1), NOW + timedelta(days=1))
        made = plans.assign(uow, office, plans.NewAssignment(FAR_VILLAGE, False, team, *span), at_utc=NOW)
    assert made.visit_id is not None
    here, _ = world.open_visit()
    there = Phone(world.actors["far_inspector"], None, made.visit_id)
    for phone in (there, here):
        phone.arrive()
        phone.photo(b"the same photo")
        world.send(phone)
    world.judge(here.visit_id)
    assert "photo_reused" not in world.hints(here.visit_id)


FAR_VILLAGE = "350981100201"


def posted_in_another_county(world: World) -> UUID:
    """A person posted to a village of the neighbouring county."""
    with world.store.writing() as uow:
        admin, stranger = world.actors["admin"], world.actors["stranger"]
        places.import_villages(uow, admin, [places.VillageRow(1, FAR_VILLAGE, "溪尾村", "溪尾镇")], at_utc=NOW)
        row = people.RosterRow(
            1, "远方某", "1985-03", "市演示局", "工作队员", date(2025, 7, 1), village_code=FAR_VILLAGE
        )
        people.import_roster(uow, stranger, [row], at_utc=NOW)
        [posted] = people.postings(uow, stranger)
    return posted.id
