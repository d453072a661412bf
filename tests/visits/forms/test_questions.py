"""What is asked on a visit: worded, ruled, versioned, and never what must not be asked."""

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visits.forms import BadQuestionSet, NoSuchQuestionSet, item, question_set
from visits.forms.questions import NEVER_ASKED, Answer, Document, VisitKind, published_sets, read_question_set

# Every set that was ever handed to a phone. A line is added with each new file; none is changed or removed.
PUBLISHED = [
    "questions-2026-11-22-494b9f248f4b",
    "questions-2026-11-28-f6192cedd78b",
    "questions-2026-11-29-5524482465b0",
]

ASKED: dict[str, Any] = {
    "id": "one",
    "group_zh": "组",
    "group_en": "group",
    "text_zh": "看得到公示吗？",
    "text_en": "Is the notice to be seen?",
    "answer": "yes_no",
    "item": 13,
    "rule_zh": "规则",
    "rule_en": "rule",
    "source": "方案",
    "visit_kinds": ["unannounced"],
}


def a_set(*questions: dict[str, Any]) -> bytes:
    said = {"published_on": "2026-12-01", "script_zh": "您好", "script_en": "Hello", "closing": []}
    return json.dumps({**said, "questions": list(questions)}).encode()


def test_b8_a_published_set_is_never_changed_and_every_old_one_can_be_read() -> None:
    assert [one.version for one in published_sets()] == PUBLISHED
    assert [question_set(version).version for version in PUBLISHED] == PUBLISHED
    assert question_set().version == PUBLISHED[-1]


def test_another_wording_is_another_version() -> None:
    first, second = read_question_set(a_set(ASKED)), read_question_set(a_set({**ASKED, "text_zh": "看得见公示吗？"}))
    assert first.version != second.version
    assert first.version.startswith("questions-2026-12-01-")


@pytest.mark.parametrize("version", ["", "questions-2026-11-22-000000000000", "../items", "x" * 500])
def test_a_version_that_was_never_published_is_not_found(version: str) -> None:
    with pytest.raises(NoSuchQuestionSet):
        question_set(version)


@pytest.mark.parametrize("published", published_sets(), ids=lambda one: one.version)
def test_every_question_has_its_rule_in_both_languages(published: Any) -> None:
    for asked in (*published.questions, *published.closing):
        assert asked.text_zh and asked.text_en and asked.rule_zh and asked.rule_en and asked.source
        assert asked.item is None or item(asked.item).number == asked.item
        assert not (asked.item is not None and item(asked.item).clue), "a clue of graft is no question for a village"
    assert {q.id for q in published.closing} == {"escorted", "warned_beforehand"}


def test_a_surprise_visit_stays_short_and_asks_for_no_paper() -> None:
    asked = [q for q in question_set().questions if VisitKind.UNANNOUNCED in q.visit_kinds]
    assert len(asked) <= 20
    assert all(q.document is None for q in asked)


def test_d1_the_notices_are_set_against_what_people_know() -> None:
    known = {q.board: q for q in question_set().questions if q.answer is Answer.KNOW_OF}
    assert {board: q.item for board, q in known.items()} == {"identification_board": 13, "funds_board": 20}
    period = question_set().question("identification_period")
    assert period is not None and (period.look_when, period.item) == ("no", 13) and "起止日期" in period.text_zh


def test_b6_show_pieces_for_inspections_are_asked_for_on_every_visit() -> None:
    asked = question_set().question("show_pieces")
    assert asked is not None and set(asked.visit_kinds) == set(VisitKind)
    assert (asked.look_when, asked.item) == ("yes", 24) and "展板" in asked.text_zh


def test_living_conditions_are_the_townships_matter_and_data_demands_the_bureaus() -> None:
    addressed = {q.id: q.addressed_to for q in question_set().questions if q.addressed_to}
    living = {f"living_{what}" for what in ("bed", "heating", "meals", "office", "signal")}
    assert {asked for asked, whose in addressed.items() if whose == "township"} == living
    assert {asked for asked, whose in addressed.items() if whose == "bureau"} == {"extra_data"}


def test_villagers_are_told_who_asks_why_and_that_they_may_decline() -> None:
    asked = question_set()
    assert all(word in asked.script_zh for word in ("县里的检查人员", "可以不回答", "不记是谁说的"))
    assert all(word in asked.script_en for word in ("inspectors from the county", "may decline", "not write down who"))


def test_e3_papers_are_asked_for_of_four_kinds_only() -> None:
    assert {kind.value for kind in Document} == {"identification", "help", "management", "exit"}
    documents = [q.document for q in question_set().questions if q.document is not None]
    assert sorted(documents) == sorted(Document)
    for kind in Document:
        read_question_set(a_set({**ASKED, "text_zh": "看识别材料。", "document": kind.value}))
    for other in ("meeting_minutes", "photos", "study_notes", ""):
        with pytest.raises(BadQuestionSet):
            read_question_set(a_set({**ASKED, "document": other}))
    for asks in ("请提供会议台账", "查阅学习笔记", "请出示走访资料"):
        with pytest.raises(BadQuestionSet):
            read_question_set(a_set({**ASKED, "text_zh": asks}))


@pytest.mark.parametrize("word", NEVER_ASKED)
def test_no_set_can_ask_for_what_must_not_be_held(word: str) -> None:
    with pytest.raises(BadQuestionSet):
        read_question_set(a_set({**ASKED, "text_zh": f"请说 {word} 。"}))


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "number"},
        {"answer": "photo"},
        {"rule_zh": ""},
        {"source": ""},
        {"visit_kinds": []},
        {"visit_kinds": ["phone_call"]},
        {"addressed_to": "household"},
        {"board": "nowhere"},
        {"obligatory": True},
    ],
)
def test_a_question_of_another_shape_is_no_question(change: dict[str, Any]) -> None:
    with pytest.raises(BadQuestionSet):
        read_question_set(a_set({**ASKED, **change}))


def test_two_questions_never_share_an_id() -> None:
    with pytest.raises(BadQuestionSet):
        read_question_set(a_set(ASKED, ASKED))


@given(st.text(min_size=1, max_size=40))
def test_a_version_names_exactly_one_wording(text: str) -> None:
    try:
        made = read_question_set(a_set({**ASKED, "text_zh": text}))
    except BadQuestionSet:
        return
    assert made.questions[0].text_zh == text
    assert (made.version == read_question_set(a_set(ASKED)).version) == (text == ASKED["text_zh"])


def test_the_files_of_the_sets_are_named_by_their_day() -> None:
    names = sorted(f.name for f in files("visits.forms").iterdir() if f.name.startswith("questions_"))
    assert names == [f"questions_{one.published_on}.json" for one in published_sets()]
