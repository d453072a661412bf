"""Answers to the questions of a visit, each with the wording and the rule of the set it was given under."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from visits.fieldwork.records import FieldRecord
from visits.forms import NoSuchQuestionSet, Question, QuestionSet, question_set

LEAST_ASKED = 3
"""So many villagers are asked before it means anything that none of them knows."""


@dataclass(frozen=True)
class Given:
    """One answer of one record. ``question`` is None when no published set asks it.

    ``before`` is what was answered first, where a correction of the record changed it.
    """

    record: FieldRecord
    question_set: str
    question_id: str
    question: Question | None
    answer: str
    asked: int | None
    know: int | None
    note: str
    before: Mapping[str, Any] | None

    @property
    def deserves_a_look(self) -> bool:
        """Whether the answer is the one the question was asked for; it is no problem by itself."""
        return self.question is not None and self.answer == self.question.look_when


@dataclass(frozen=True)
class UnknownNotice:
    """A notice that was seen to be up and of which nobody asked knew: a prompt to look at an item."""

    record: FieldRecord
    question_id: str
    item: int
    asked: int


def answers_given(records: Iterable[FieldRecord]) -> list[Given]:
    """What was answered, in the order of the questions; whatever was not asked is left out."""
    given = [
        Given(
            record=record,
            question_set=record.body["question_set"],
            question_id=said["question_id"],
            question=_question(record.body["question_set"], said["question_id"]),
            answer=said["answer"],
            asked=said["asked"],
            know=said["know"],
            note=said["note"],
            before=_before(record, said),
        )
        for record in records
        if record.kind == "answers"
        for said in record.body["answers"]
        if said["answer"] != "not_asked"
    ]
    return sorted(given, key=_place)


def _before(record: FieldRecord, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    first = (record.first_body or {"answers": []})["answers"]
    return next((one for one in first if one["question_id"] == said["question_id"] and one != said), None)


def unknown_notices(given: Iterable[Given]) -> list[UnknownNotice]:
    """The notices that are up, of which none of three or more people asked away from the board knew.

    What two inspectors say is taken together: one who saw the board, or met somebody who knew, is enough.
    """
    answers = list(given)
    up = {a.question_id for a in answers if a.answer == "yes"}
    found = []
    for question_id in dict.fromkeys(a.question_id for a in answers if a.answer == "counted"):
        counted = [a for a in answers if a.question_id == question_id and a.answer == "counted"]
        widest = max(counted, key=lambda a: a.asked or 0)
        question, asked = widest.question, widest.asked or 0
        if question is None or question.board not in up or question.item is None:
            continue
        if asked >= LEAST_ASKED and not any(a.know for a in counted):
            found.append(UnknownNotice(widest.record, question_id, question.item, asked))
    return found


def published(version: str) -> QuestionSet | None:
    """The set of this version; None for one this server does not know."""
    try:
        return question_set(version)
    except NoSuchQuestionSet:
        return None


def _question(version: str, question_id: str) -> Question | None:
    asked = published(version)
    return asked.question(question_id) if asked else None


def _place(given: Given) -> tuple[str, int, str]:
    asked = published(given.question_set)
    order: Mapping[str, int] = {q.id: n for n, q in enumerate(asked.questions)} if asked else {}
    return given.question_set, order.get(given.question_id, len(order)), given.question_id
