"""What was written on a paper form, as the records a phone would have made of it; nobody signed them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from api.pages.assignments import instant_of_form
from media.proof import record_sha256
from visits.forms import Question, question_set
from visits.plans import Package
from visits.zone import LOCAL_ZONE

PROBLEMS_ON_PAPER = 3
HOUSEHOLDS_ON_PAPER = 5
"""Three or five of the households drawn are asked; the others stand in for who is away or declines."""
SEEN = ("met", "seen_by_others", "said_on_leave", "said_on_trip", "not_met", "cannot_tell")
SIGNS = ("room_in_use", "landline")
PROJECT_SEEN = ("in_use", "idle", "elsewhere", "not_there", "cannot_tell")
NO_FIX = "纸质表补录，没有定位 / from paper, no position"

Form = Mapping[str, str]
Body = tuple[str, dict[str, Any]]


def texts_written(form: Form, package: Package, at_utc: datetime) -> list[str]:
    """The records of a form, numbered and chained like a phone's; raises ``ValueError`` where it contradicts itself."""
    texts: list[str] = []
    bodies = list(_bodies(form, package))
    for seq, (kind, body) in enumerate(bodies, 1):
        if kind == "close":
            body["records"] = len(bodies)
        record = {
            "id": str(uuid4()),
            "visit_id": str(package.visit_id),
            "kind": kind,
            "seq": seq,
            "previous": record_sha256(texts[-1]) if texts else None,
            "made_at": at_utc.astimezone(LOCAL_ZONE).isoformat(),
            "monotonic_ms": None,
            "nonce": None,
            "body": body,
        }
        texts.append(json.dumps(record, ensure_ascii=False))
    return texts


def asked_of_all(questions: Sequence[Question], *, has_list: bool) -> list[Question]:
    """The questions that are asked once; where the village has a list, those of a household are asked in each."""
    return [q for q in questions if not (q.per_household and has_list)]


def _bodies(form: Form, package: Package) -> Iterator[Body]:
    began, ended = (instant_of_form(form.get(name, ""), LOCAL_ZONE) for name in ("arrived", "left"))
    if ended < began:
        raise ValueError("a team leaves after it arrived")
    arrived, left = began.isoformat(), ended.isoformat()
    yield "arrive", {"written_at": arrived, "fix": None, "no_fix_reason": NO_FIX}
    for posting in package.postings:
        if form.get(f"seen-{posting.id}") in SEEN:
            yield "sighting", {"written_at": arrived, "posting_id": str(posting.id), **_sighting(form, str(posting.id))}
    if answers := [*_answers(form, package)]:
        yield "answers", {"written_at": arrived, "question_set": package.question_set, "answers": answers}
    for project in package.projects:
        if (seen := form.get(f"project-{project.code}")) in PROJECT_SEEN:
            note = _words(form, f"project-words-{project.code}")
            yield "project", {"written_at": arrived, "code": project.code, "seen": seen, "note": note, "fix": None}
    for n in range(1, PROBLEMS_ON_PAPER + 1):
        if form.get(f"problem-{n}", "").strip():
            yield "problem", {"written_at": arrived, **_problem(form, n)}
    ending = {"escorted": form.get("escorted") == "yes", "warned_beforehand": form.get("warned") == "yes"}
    yield "close", {"written_at": left, **ending, "note": _words(form, "note")}


def _sighting(form: Form, posting_id: str) -> dict[str, Any]:
    asked, know = (_count(form.get(f"{name}-{posting_id}", "")) or 0 for name in ("asked", "know"))
    said: dict[str, Any] = {"seen": form[f"seen-{posting_id}"], "met_by_both": False, "fix": None}
    if said["seen"] == "seen_by_others" and (sign := form.get(f"sign-{posting_id}")) in SIGNS:
        said["sign"] = sign
    return {**said, "villagers_asked": asked, "villagers_know": know, "note": _words(form, f"note-{posting_id}")}


def _answers(form: Form, package: Package) -> Iterator[dict[str, Any]]:
    mine = [q for q in question_set(package.question_set).questions if package.visit_kind in q.visit_kinds]
    for question in asked_of_all(mine, has_list=bool(package.households)):
        yield from _answer(form, question)
    used: set[int] = set()
    for block in range(1, HOUSEHOLDS_ON_PAPER + 1):
        given = [*_of_household(form, [q for q in mine if q.per_household], block)] if package.households else []
        if not given:
            continue
        number = _count(form.get(f"household-{block}", ""))
        if number is None or not 1 <= number <= len(package.households) or number in used:
            raise ValueError("answers of a household name which of those drawn it was, each once")
        used.add(number)
        yield from ({**one, "household": number} for one in given)


def _of_household(form: Form, questions: Sequence[Question], block: int) -> Iterator[dict[str, Any]]:
    """The answers in one block; what the household said stands once, with the first of them."""
    note = _words(form, f"household-words-{block}")
    for question in questions:
        said = form.get(f"answer-{question.id}-{block}", "")
        if said in ("yes", "no", "cannot_tell"):
            yield {"question_id": question.id, "answer": said, "asked": None, "know": None, "note": note}
            note = ""


def _answer(form: Form, question: Question) -> Iterator[dict[str, Any]]:
    note = _words(form, f"words-{question.id}")
    said, asked, know = form.get(f"answer-{question.id}", ""), None, None
    if question.answer == "know_of":
        asked, know = (_count(form.get(f"{name}-{question.id}", "")) for name in ("asked", "know"))
        said = "counted" if asked is not None and know is not None else ""
    elif question.answer == "text":
        said = "counted" if note else ""
    if said in ("yes", "no", "cannot_tell", "counted"):
        counted = {"asked": asked, "know": know} if said == "counted" else {"asked": None, "know": None}
        yield {"question_id": question.id, "answer": said, **counted, "note": note, "household": None}


def _problem(form: Form, n: int) -> dict[str, Any]:
    item = _count(form.get(f"item-{n}", ""))
    return {
        "item": item,
        "other_reason": None if item else form.get(f"other-{n}", "").strip()[:500],
        "kind": _count(form.get(f"kind-{n}", "")) or 2,
        "text": form[f"problem-{n}"].strip()[:4000],
        "place_note": form.get(f"place-{n}", "").strip()[:500],
        "fixed_on_spot": form.get(f"fixed-{n}") == "yes",
        "fix": None,
    }


def _words(form: Form, name: str) -> str:
    return form.get(name, "").strip()[:2000]


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None
