"""What is covered in copies that leave: said by a reviewer, kept for good, and asked for before anything leaves."""

import hashlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from media import Box
from tests.visits.world import NOW, Phone, World
from visits import fieldwork, intake
from visits.access import NotAllowed

SHA256 = hashlib.sha256(b"a photo").hexdigest()
FACE = Box(0.1, 0.2, 0.3, 0.4)


@pytest.fixture
def arrived(world: World) -> Phone:
    return world.kept(a_photo_has_arrived)


def a_photo_has_arrived(world: World) -> Phone:
    """A visit with one photo that has arrived and was read."""
    first, _ = world.open_visit()
    first.arrive()
    first.photo(b"a photo")
    world.send(first)
    with world.store.writing() as uow:
        begun = intake.begin_upload(
            uow, first.actor, visit_id=first.visit_id, sha256=SHA256, size_bytes=len(b"a photo"), at_utc=NOW
        )
        intake.complete_upload(uow, first.actor, begun.id, at_utc=NOW)
        fieldwork.record_inspection(uow, first.visit_id, SHA256, facts={}, at_utc=NOW)
    world.judge(first.visit_id)
    return first


def cover(world: World, phone: Phone, *boxes: Box, who: str = "organization") -> fieldwork.CoverView:
    with world.store.writing() as uow:
        return fieldwork.cover(uow, world.actors[who], phone.visit_id, SHA256, boxes, at_utc=NOW)


def leaving(world: World, phone: Phone, who: str = "office") -> fieldwork.LeavingCopy:
    with world.store.writing() as uow:
        return fieldwork.leaving_copy(uow, world.actors[who], phone.visit_id, SHA256, at_utc=NOW)


def test_no_copy_leaves_before_somebody_looked(world: World, arrived: Phone) -> None:
    with pytest.raises(fieldwork.PhotoNotLookedOver):
        leaving(world, arrived)
    cover(world, arrived)
    assert leaving(world, arrived).boxes == ()


def test_the_newest_word_counts_and_the_older_is_kept(world: World, arrived: Phone) -> None:
    cover(world, arrived, FACE)
    cover(world, arrived, FACE, Box(0.5, 0.5, 1, 1), who="second_reviewer")
    copy = leaving(world, arrived)
    assert copy.boxes == (FACE, Box(0.5, 0.5, 1, 1))
    with world.store.reading() as uow:
        said = fieldwork.covers_of_photo(uow, world.actors["office"], arrived.visit_id, SHA256)
        assert said is not None
        assert (said.by, len(said.boxes)) == ("演示second_reviewer", 2)
        assert uow.session.scalar(text("SELECT count(*) FROM photo_cover")) == 2


@pytest.mark.parametrize("change", ["UPDATE photo_cover SET sha256 = 'x'", "DELETE FROM photo_cover"])
def test_what_was_said_cannot_be_changed(world: World, arrived: Phone, change: str) -> None:
    cover(world, arrived, FACE)
    with pytest.raises(DatabaseError), world.store.writing() as uow:
        uow.session.execute(text(change))


def test_the_lines_say_where_when_and_which(world: World, arrived: Phone) -> None:
    cover(world, arrived)
    place, visit, origin = leaving(world, arrived).lines
    assert place == "寿宁县凤阳镇下党村 350924106208  2026-11-18 10:00 拍摄"
    assert str(arrived.visit_id) in visit
    assert SHA256 in origin


def test_both_acts_are_in_the_audit_chain(world: World, arrived: Phone) -> None:
    cover(world, arrived, FACE)
    leaving(world, arrived)
    with world.store.reading() as uow:
        acts = (
            uow.session.execute(text("SELECT act FROM audit WHERE act LIKE 'photo.%' ORDER BY number")).scalars().all()
        )
    assert acts == ["photo.cover", "photo.leave"]


@pytest.mark.parametrize(
    "box",
    [
        Box(0.3, 0.2, 0.1, 0.4),
        Box(0.1, 0.4, 0.3, 0.4),
        Box(-0.1, 0, 1, 1),
        Box(0, 0, 1.1, 1),
        Box(0, 0, float("nan"), 1),
    ],
)
def test_a_box_lies_in_the_photo(world: World, arrived: Phone, box: Box) -> None:
    with pytest.raises(fieldwork.BoxOutsidePhoto):
        cover(world, arrived, box)


def test_there_is_an_end_to_boxes(world: World, arrived: Phone) -> None:
    with pytest.raises(fieldwork.BoxOutsidePhoto):
        cover(world, arrived, *[FACE] * (fieldwork.MOST_BOXES + 1))


def test_only_reviewers_cover_and_inspectors_hand_nothing_on(world: World, arrived: Phone) -> None:
    for who in ("office", "first", "leader"):
        with pytest.raises(NotAllowed):
            cover(world, arrived, FACE, who=who)
    cover(world, arrived, FACE)
    with pytest.raises(NotAllowed):
        leaving(world, arrived, "first")
    with pytest.raises(fieldwork.NoSuchVisit):
        leaving(world, arrived, "stranger")
