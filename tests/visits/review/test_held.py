"""What is held about a person is handed to that person whole, names nobody else, and may be asked to be corrected."""

import json
from datetime import date
from uuid import uuid4

import pytest

from tests.visits.world import NOW, World
from visits import log, review, upkeep
from visits.access import NotAllowed, audit_trail
from visits.store import UnitOfWork

TODAY = date(2026, 11, 18)


def held(world: World, uow: UnitOfWork) -> dict[str, list[dict[str, object]]]:
    return review.held_about(uow, world.actors["organization"], world.postings["演示李二"], at_utc=NOW)


def test_it_says_what_was_found_and_names_no_third_person(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met", villagers_asked=3, villagers_know=1, note="隔壁老王说没见过")
    first.sight(world.postings["演示王三"], "met")
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)
    with world.store.writing() as uow:
        review.person_page(uow, world.actors["second_reviewer"], world.postings["演示李二"], at_utc=NOW)
        said = held(world, uow)
        text = json.dumps(said, ensure_ascii=False)
        assert [one["outcome"] for one in said["sightings"]] == ["leave_pending"]
        assert said["posting"][0]["name"] == "演示李二"
        assert {one["role"] for one in said["readings"]} == {"organization"}
        assert not any(who in text for who in ("王三", "演示first", "演示second", "老王", "villagers", "lon_deg"))
        acts = [line.act for line in audit_trail(uow, world.actors["discipline"], act="person.extract")]
        assert acts == ["person.extract"]


def test_only_reviewers_of_the_place_hand_it_out(world: World) -> None:
    with world.store.writing() as uow:
        for who in ("office", "discipline", "first", "leader", "oversight", "admin"):
            with pytest.raises(NotAllowed):
                review.held_about(uow, world.actors[who], world.postings["演示李二"], at_utc=NOW)
        with pytest.raises(review.NoSuchPosting):
            review.held_about(uow, world.actors["stranger"], world.postings["演示李二"], at_utc=NOW)


def test_a_request_to_correct_is_answered_once_and_stays(world: World) -> None:
    actor, posting_id = world.actors["organization"], world.postings["演示李二"]
    with world.store.writing() as uow:
        asked = review.ask_correction(uow, actor, posting_id, what="起始日期应为八月", asked_on=TODAY, at_utc=NOW)
        with pytest.raises(review.NoSuchCorrection):
            review.answer_correction(uow, world.actors["stranger"], asked.id, corrected=True, answer="已改", at_utc=NOW)
        with pytest.raises(review.NoSuchCorrection):
            review.answer_correction(uow, actor, uuid4(), corrected=True, answer="已改", at_utc=NOW)
        review.answer_correction(uow, actor, asked.id, corrected=False, answer="与派驻文件一致", at_utc=NOW)
        with pytest.raises(review.CorrectionDecided):
            review.answer_correction(uow, actor, asked.id, corrected=True, answer="已改", at_utc=NOW)
        assert held(world, uow)["corrections"] == [
            {"asked_on": "2026-11-18", "what": "起始日期应为八月", "outcome": "refused", "answer": "与派驻文件一致"}
        ]
        [entry, _] = log.entries_saying(uow, ("correction.ask", "correction.answer"), "correction_id", {str(asked.id)})
        assert upkeep.open_entry(uow, actor, entry, at_utc=NOW).kind == "correction.ask"
        with pytest.raises(log.NotInLog):
            upkeep.open_entry(uow, world.actors["office"], entry, at_utc=NOW)
