"""Answers read with the wording of their day; a notice nobody knows of is a prompt to look."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.visits.fieldwork.test_records import record
from tests.visits.world import NOW, XIADANG, Phone, World
from visits import fieldwork, plans
from visits.fieldwork.answers import answers_given, unknown_notices
from visits.fieldwork.records import FieldRecord
from visits.forms import question_set

VERSION = question_set().version


def answered(number: int, board: str, *, asked: int, know: int, account: int = 1) -> FieldRecord:
    said = [
        {"question_id": "funds_board", "answer": board, "asked": None, "know": None, "note": ""},
        {"question_id": "funds_known", "answer": "counted", "asked": asked, "know": know, "note": ""},
    ]
    return record(number, "answers", {"question_set": VERSION, "answers": said}, account=account)


@given(st.sampled_from(["yes", "no", "cannot_tell", "not_asked"]), st.integers(0, 6), st.integers(0, 6))
def test_d1_a_notice_is_doubted_only_when_it_is_up_and_none_of_three_knows(board: str, asked: int, know: int) -> None:
    found = unknown_notices(answers_given([answered(1, board, asked=asked, know=min(know, asked))]))
    assert bool(found) == (board == "yes" and asked >= 3 and min(know, asked) == 0)
    assert all((notice.item, notice.asked) == (20, asked) for notice in found)


@given(st.permutations([(3, 0), (4, 0), (2, 1)]))
def test_one_villager_who_knows_is_enough_whoever_asked(counts: list[tuple[int, int]]) -> None:
    records = [answered(n, "yes", asked=a, know=k, account=n) for n, (a, k) in enumerate(counts, start=1)]
    assert unknown_notices(answers_given(records)) == []
    [notice] = unknown_notices(answers_given([r for r in records if r.body["answers"][1]["know"] == 0]))
    assert notice.asked == 4


def test_nothing_is_obligatory_and_what_was_not_asked_is_not_shown() -> None:
    assert answers_given([answered(1, "not_asked", asked=0, know=0)])[0].question_id == "funds_known"
    assert answers_given([record(1, "answers", {"question_set": VERSION, "answers": []})]) == []


def test_d1_the_identification_notice_leads_to_item_13_and_funds_to_item_20(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    made = first.answers(
        ("identification_board", "yes"), ("funds_board", "yes"), identification_known=(3, 0), funds_known=(5, 0)
    )
    first.close()
    world.send(first)
    world.judge(first.visit_id)
    hints = {h.about: h.values for h in world.look(first.visit_id).hints if h.code == "notice_unknown"}
    assert hints == {
        f"record:{made}:identification_known": {"item": 13, "asked": 3},
        f"record:{made}:funds_known": {"item": 20, "asked": 5},
    }
    assert not [r for r in world.look(first.visit_id).records if r.kind == "problem"]


def test_b8_an_answer_is_shown_with_the_wording_it_was_given_under(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.answers(("living_bed", "no"), ("extra_data", "yes"))
    second.answers(("identification_board", "yes"), version="questions-2031-01-01-0123456789ab")
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)
    seen = world.look(first.visit_id)
    shown = {a.question_id: a for a in seen.answers}
    bed = shown["living_bed"].question
    assert bed is not None and (bed.text_zh, bed.rule_zh) == (
        "驻村人员在村里有自己的床铺吗？",
        question_set(VERSION).question("living_bed").rule_zh,  # type: ignore[union-attr]
    )
    assert [(a.question_id, a.deserves_a_look) for a in seen.answers if a.question] == [
        ("extra_data", True),
        ("living_bed", True),
    ]
    assert bed.addressed_to == "township"
    assert {q.id for q in seen.closing} == {"escorted", "warned_beforehand"}
    # A set this server never published: kept and shown as it came, never under another set's words.
    assert shown["identification_board"].question is None
    assert "question_set_other" in world.hints(first.visit_id)


@pytest.mark.parametrize(
    ("note", "looks"),
    [
        ("问低保，按闽演〔2026〕5号答", False),
        ("依据演政办(2025)第 12 号", False),
        ("按第3号公告", False),
        ("问低保，口头答了", True),
        ("2026年5月的文件", True),
    ],
)
def test_an_answer_on_policy_without_the_papers_number_deserves_a_look(note: str, looks: bool) -> None:
    said = {"question_id": "policy_answer", "answer": "counted", "asked": None, "know": None, "note": note}
    [given] = answers_given([record(1, "answers", {"question_set": VERSION, "answers": [said]})])
    assert (given.deserves_a_look, given.cites_nothing) == (looks, looks)


def test_answers_are_for_everybody_who_reads_the_visit(world: World) -> None:
    first, _ = world.open_visit()
    first.answers(("show_pieces", "yes"))
    world.send(first)
    world.judge(first.visit_id)
    assert [a.question_id for a in world.look(first.visit_id, "office").answers] == ["show_pieces"]


@pytest.mark.parametrize("kind", ["case_study", "announced", "unannounced"])
def test_b7_a_study_of_one_case_leaves_the_coverage_figure(world: World, kind: str) -> None:
    with world.store.writing() as uow:
        team = tuple(world.actors[who].account_id for who in ("first",))
        new = plans.NewAssignment(
            XIADANG, kind == "announced", team, NOW, NOW + timedelta(days=1), case_study=kind == "case_study"
        )
        made = plans.assign(uow, world.actors["office"], new, at_utc=NOW)
    actor, key = world.phone_actor("first")
    with world.store.writing() as uow:
        opened = plans.open_assignment(uow, actor, made.id, device_utc=NOW, at_utc=NOW)
    assert opened.package is not None
    phone = Phone(actor, key, opened.package.visit_id)
    phone.arrive()
    phone.close()
    world.send(phone)
    world.judge(phone.visit_id)
    assert world.look(phone.visit_id).summary.visit_kind == kind
    with world.store.reading() as uow:
        counted = sum(v.visits for v in fieldwork.coverage(uow, world.actors["office"]))
    assert counted == (1 if kind == "unannounced" else 0)
