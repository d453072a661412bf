"""The questions of a visit: every set ever published, each under a version that names exactly its wording.

A set is a file beside this one, named by the day it was published and never edited after: a newer file supersedes it,
and an answer keeps the version it was given under. What may be asked at all is held here, not in the files.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from visits.forms.errors import BadQuestionSet, NoSuchQuestionSet


class Answer(StrEnum):
    """How a question is answered: yes or no, k of n people asked, or a few words."""

    YES_NO = "yes_no"
    KNOW_OF = "know_of"
    TEXT = "text"


class VisitKind(StrEnum):
    """On which visits a question is asked: 暗访, 明察, or 调研 of one case."""

    UNANNOUNCED = "unannounced"
    ANNOUNCED = "announced"
    CASE_STUDY = "case_study"


class Document(StrEnum):
    """The only papers that may be asked for: 精准识别, 精准帮扶, 精准管理, 精准退出."""

    IDENTIFICATION = "identification"
    HELP = "help"
    MANAGEMENT = "management"
    EXIT = "exit"


class Addressee(StrEnum):
    """Whose matter a lack is where it is not the village's."""

    TOWNSHIP = "township"
    BUREAU = "bureau"


# A question with one of these would collect what must not be held, whatever its author meant.
NEVER_ASKED_ZH = (
    *("元", "金额", "多少钱", "收入", "存款", "身份证", "证件", "银行", "账号", "电话", "病", "残", "健康", "姓名"),
    *("叫什么", "名字", "人脸", "照片", "拍", "录音", "门牌", "几号", "户主", "户号"),
)
NEVER_ASKED_EN = (
    *("amount", "income", "money", "yuan", "savings", "identity", "id number", "bank", "phone number", "ill"),
    *("disease", "disab", "health", "name", "face", "photo", "record the", "door", "house number"),
)
NEVER_ASKED = NEVER_ASKED_ZH + NEVER_ASKED_EN
# Asking to be shown papers is for questions that say which of the four kinds it is.
ASKS_FOR_PAPERS = ("材料", "台账", "档案", "资料", "查阅", "出示", "papers", "ledger", "documents", "files", "dossier")
_WHOLE_WORDS = frozenset({"ill", "name", "face", "door", "money", "files", "papers"})


@dataclass(frozen=True)
class Question:
    """One question with the rule it rests on.

    ``look_when`` is the answer that deserves a look ("" when none does), ``board`` names the question whether the
    notice is up that this one asks people about. One that is ``per_household`` is asked in each household drawn. The
    words that answer one that ``cites_paper`` hold the number of the paper they rest on.
    """

    id: str
    group_zh: str
    group_en: str
    text_zh: str
    text_en: str
    answer: Answer
    item: int | None
    rule_zh: str
    rule_en: str
    source: str
    visit_kinds: tuple[VisitKind, ...]
    look_when: str = ""
    addressed_to: Addressee | None = None
    board: str | None = None
    document: Document | None = None
    per_household: bool = False
    cites_paper: bool = False


@dataclass(frozen=True)
class QuestionSet:
    """The questions as published on one day, and what is said to villagers before asking.

    ``closing`` are the two that every visit answers as it is closed, here for their wording and rule.
    """

    version: str
    published_on: str
    script_zh: str
    script_en: str
    questions: tuple[Question, ...]
    closing: tuple[Question, ...]

    def question(self, question_id: str) -> Question | None:
        """The question of this id; None for one that this set never asked."""
        return next((q for q in (*self.questions, *self.closing) if q.id == question_id), None)


def question_set(version: str | None = None) -> QuestionSet:
    """The set of this version, however old; without a version the newest."""
    published = published_sets()
    if version is None:
        return published[-1]
    for one in published:
        if one.version == version:
            return one
    raise NoSuchQuestionSet(f"no set of questions was published as {version[:80]}")


@cache
def published_sets() -> tuple[QuestionSet, ...]:
    """Every set ever published, oldest first."""
    folder = files("visits.forms")
    names = sorted(f.name for f in folder.iterdir() if f.name.startswith("questions_") and f.name.endswith(".json"))
    return tuple(read_question_set(folder.joinpath(name).read_bytes()) for name in names)


def read_question_set(source: bytes) -> QuestionSet:
    """A set from the bytes of its file; raises :class:`BadQuestionSet` for one that asks what may not be asked."""
    said: dict[str, Any] = json.loads(source)
    made = QuestionSet(
        version=f"questions-{said['published_on']}-{hashlib.sha256(source).hexdigest()[:12]}",
        published_on=said["published_on"],
        script_zh=said["script_zh"],
        script_en=said["script_en"],
        questions=tuple(_question(one) for one in said["questions"]),
        closing=tuple(_question(one) for one in said["closing"]),
    )
    ids = [q.id for q in (*made.questions, *made.closing)]
    if len(set(ids)) != len(ids):
        raise BadQuestionSet("two questions have one id")
    for asked in made.questions:
        if asked.board is not None and made.question(asked.board) is None:
            raise BadQuestionSet(f"{asked.id} speaks of a board that nobody asks about")
    return made


def _question(said: dict[str, Any]) -> Question:
    try:
        made = Question(
            **{
                **said,
                "answer": Answer(said["answer"]),
                "visit_kinds": tuple(VisitKind(kind) for kind in said["visit_kinds"]),
                "addressed_to": Addressee(said["addressed_to"]) if "addressed_to" in said else None,
                "document": Document(said["document"]) if "document" in said else None,
            }
        )
    except (TypeError, ValueError, KeyError) as reason:
        raise BadQuestionSet(f"question {said.get('id')!r} is not one that may be asked: {reason}") from reason
    asked = f"{made.text_zh} {made.text_en}".lower()
    if word := _first_in(asked, NEVER_ASKED):
        raise BadQuestionSet(f"question {made.id!r} asks for what is never asked: {word!r}")
    if made.document is None and (word := _first_in(asked, ASKS_FOR_PAPERS)):
        raise BadQuestionSet(f"question {made.id!r} asks for papers outside the four kinds: {word!r}")
    if not (made.rule_zh and made.rule_en and made.source and made.visit_kinds):
        raise BadQuestionSet(f"question {made.id!r} has no rule to rest on")
    return made


def _first_in(text: str, words: tuple[str, ...]) -> str | None:
    bare = set("".join(c if c.isalnum() else " " for c in text).split())
    return next((w for w in words if (w in bare if w in _WHOLE_WORDS else w in text)), None)
