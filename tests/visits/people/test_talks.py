"""Talks and major matters: that they took place, and never what was said."""

from dataclasses import fields
from datetime import date

import pytest

from tests.visits.world import NOW, World
from visits import people
from visits.access import NotAllowed
from visits.people.rows import MajorMatter, Talk

WHO = "演示李二"


def test_a_talk_has_no_field_for_what_was_said() -> None:
    assert {c.key for c in Talk.__table__.columns} == {
        "id",
        "person_id",
        "talked_on",
        "with_whom",
        "kind",
        "recorded_by",
        "recorded_utc",
    }
    assert {f.name for f in fields(people.TalkView)} == {"id", "talked_on", "with_whom", "kind"}
    assert "text" not in MajorMatter.__table__.columns


def test_the_quarter_lists_those_nobody_talked_with(world: World) -> None:
    organization = world.actors["organization"]
    with world.store.writing() as uow:
        before = people.talks_of_quarter(uow, organization, 2026, 4)
        people.record_talk(
            uow,
            organization,
            world.postings[WHO],
            talked_on=date(2026, 11, 2),
            with_whom="乡党委书记",
            kind="regular",
            at_utc=NOW,
        )
        after = people.talks_of_quarter(uow, organization, 2026, 4)
        assert people.talks_of_quarter(uow, organization, 2027, 1).without == before.without
        assert [t.with_whom for t in people.talks_of(uow, world.postings[WHO])] == ["乡党委书记"]
    assert (before.begins, before.ends) == (date(2026, 10, 1), date(2026, 12, 31))
    assert after.expected == before.expected == len(before.without)
    assert {p.name for p in before.without} - {p.name for p in after.without} == {WHO}
    assert [p.village_code for p in after.without] == sorted(p.village_code for p in after.without)


@pytest.mark.parametrize("who", ["first", "office", "leader", "oversight", "discipline"])
def test_an_inspector_neither_writes_nor_reads_a_major_matter(world: World, who: str) -> None:
    with world.store.writing() as uow, pytest.raises(NotAllowed):
        people.record_major_matter(
            uow,
            world.actors[who],
            world.postings[WHO],
            reported_on=date(2026, 11, 2),
            category="travel",
            to_whom="县委组织部",
            at_utc=NOW,
        )


def test_another_county_has_no_such_posting(world: World) -> None:
    with world.store.writing() as uow, pytest.raises(people.NoSuchPosting):
        people.record_talk(
            uow,
            world.actors["stranger"],
            world.postings[WHO],
            talked_on=date(2026, 11, 2),
            with_whom="某人",
            kind="regular",
            at_utc=NOW,
        )
