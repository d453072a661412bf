"""Answers to the questions of a visit, each with the wording and the rule of the set it was given under."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from visits.fieldwork.records import FieldRecord
from visits.forms import NoSuchQuestionSet, Question, QuestionSet, question_set

SAME_WORDING, SHORTEST_WORDING = 5, 6
SAME_MEASURES = 3
MEASURE = "measure_"
# 闽委办〔2026〕5号, with whatever brackets a phone has, or 第12号 of a series.
PAPER_NUMBER = re.compile(r"[〔\[（(【]\s*(?:19|20)\d\d\s*[〕\]）)】]\s*(?:第\s*)?\d+\s*号|第\s*\d+\s*号")
LEAST_ASKED = 3
"""So many villagers are asked before it means anything that none of them knows."""


@dataclass(frozen=True)
class Given:
    """One answer of one record. ``question`` is None when no published set asks it.

    ``before`` is what was answered first, where a correction of the record changed it. ``household`` is the number, in
    the order of chance, of the household that was asked; nothing else is known of it.
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
    household: int | None = None

    @property
    def deserves_a_look(self) -> bool:
        """Whether the answer is the one the question was asked for; it is no problem by itself."""
        return self.question is not None and (self.answer == self.question.look_when or self.cites_nothing)

    @property
    def cites_nothing(self) -> bool:
        """Whether a policy was explained on the spot and no number of a paper stands beside the words."""
        return self.question is not None and self.question.cites_paper and not PAPER_NUMBER.search(self.note)


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
            household=said.get("household"),
        )
        for record in records
        if record.kind == "answers"
        for said in record.body["answers"]
        if said["answer"] != "not_asked"
    ]
    return sorted(given, key=_place)


def _before(record: FieldRecord, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    first = (record.first_body or {"answers": []})["answers"]
    same = (one for one in first if _asked_of(one) == _asked_of(said))
    return next((one for one in same if one != said), None)


def _asked_of(said: Mapping[str, Any]) -> tuple[str, int | None]:
    return said["question_id"], said.get("household")


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


def same_wording(given: Iterable[Given]) -> tuple[str, int] | None:
    """The words that stand in the notes of five answers or more, and in how many; None when nobody repeats anybody.

    Marks and spaces do not count, and very short notes say the same by nature.
    """
    heard: Counter[str] = Counter()
    for text in {(a.record.id, a.question_id, a.household, _bare(a.note)) for a in given}:
        if len(text[3]) >= SHORTEST_WORDING:
            heard[text[3]] += 1
    most = heard.most_common(1)
    return most[0] if most and most[0][1] >= SAME_WORDING else None


def same_measures(given: Iterable[Given]) -> tuple[tuple[str, ...], int] | None:
    """The measures that three households or more all received, exactly the same; None where any of them differs."""
    received: dict[tuple[UUID, int], set[str]] = defaultdict(set)
    for a in given:
        if a.household is not None and a.question_id.startswith(MEASURE):
            received[a.record.account_id, a.household] |= {a.question_id} if a.answer == "yes" else set()
    kinds = {tuple(sorted(one)) for one in received.values()}
    if len({number for _, number in received}) < SAME_MEASURES or len(kinds) != 1 or not (only := kinds.pop()):
        return None
    return only, len(received)


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).lower()


def published(version: str) -> QuestionSet | None:
    """The set of this version; None for one this server does not know."""
    try:
        return question_set(version)
    except NoSuchQuestionSet:
        return None


def _question(version: str, question_id: str) -> Question | None:
    asked = published(version)
    return asked.question(question_id) if asked else None


def _place(given: Given) -> tuple[str, int, int, str]:
    asked = published(given.question_set)
    order: Mapping[str, int] = {q.id: n for n, q in enumerate(asked.questions)} if asked else {}
    number = given.household or 0
    return given.question_set, number, order.get(given.question_id, len(order)), given.question_id
