"""Enter the problems of a visit, read them, withdraw one with a reason."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select

from visits.access import Actor, Right, note, require, within
from visits.fieldwork import FieldRecord, field_records
from visits.forms import ITEMS_VERSION, ProblemItem, item
from visits.ledger.errors import AlreadyWithdrawn, NoSuchProblem
from visits.ledger.rows import Problem
from visits.log import append
from visits.places import VillageView, successors, village
from visits.plans import assigned_visit, issues_of
from visits.store import UnitOfWork, insert_unless_there, lock_for_transaction
from visits.zone import LOCAL_ZONE

OPEN_STATES = ("found",)
"""The states of a problem that is still to be dealt with."""


@dataclass(frozen=True)
class ProblemView:
    """One problem of the ledger; ``number`` reads like 350924-2026-0007 and never changes."""

    id: UUID
    number: str
    visit_id: UUID
    village: VillageView
    item: ProblemItem | None
    items_version: str
    other_reason: str
    kind: int
    clue: bool
    text: str
    place_note: str
    state: str
    found_utc: datetime
    entered_utc: datetime
    withdrawn_utc: datetime | None
    withdrawn_reason: str
    version: int
    earlier: tuple["EarlierWording", ...]


@dataclass(frozen=True)
class EarlierWording:
    """What a problem said until the inspector who found it corrected it, when that was, and why."""

    item: ProblemItem | None
    other_reason: str
    kind: int
    text: str
    place_note: str
    corrected_utc: datetime
    reason: str


def enter_problems(uow: UnitOfWork, visit_id: UUID, *, at_utc: datetime) -> int:
    """Enter the problems a visit's records name, each once; how many were new. Runs as a job.

    A problem that was corrected since keeps its number and shows both wordings.
    """
    assigned = assigned_visit(uow, visit_id)
    if assigned is None:
        return 0
    records = field_records(uow, visit_id, issues_of(uow, assigned.assignment_id))
    named = [r for r in records if r.kind == "problem"]
    found = [r for r in named if uow.session.get(Problem, r.id) is None]
    for record in found:
        _enter(uow, record, visit_id, assigned.village_code, at_utc)
    for record in named:
        _correct(uow, record, at_utc)
    return len(found)


def problems(
    uow: UnitOfWork, actor: Actor, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[ProblemView]:
    """The ledger in the caller's reach, newest first."""
    query = select(Problem).where(_reach(actor)).order_by(Problem.found_utc.desc(), Problem.id.desc()).limit(limit)
    if before is not None:
        moment, last = before
        query = query.where((Problem.found_utc < moment) | ((Problem.found_utc == moment) & (Problem.id < last)))
    return [_view(uow, actor, row) for row in uow.session.scalars(query)]


def open_problems(uow: UnitOfWork, actor: Actor) -> dict[str, int]:
    """How many problems in the caller's reach stand open in each village, by the code the village has now."""
    query = (
        select(Problem.village_code, func.count())
        .where(_reach(actor), Problem.state.in_(OPEN_STATES))
        .group_by(Problem.village_code)
    )
    now = successors(uow)
    counted: Counter[str] = Counter()
    for code, count in uow.session.execute(query):
        counted[now.get(code, code)] += count
    return dict(counted)


def problem(uow: UnitOfWork, actor: Actor, problem_id: UUID) -> ProblemView:
    """One problem."""
    return _view(uow, actor, _row(uow, actor, problem_id))


def withdraw(uow: UnitOfWork, actor: Actor, problem_id: UUID, *, reason: str, at_utc: datetime) -> ProblemView:
    """Withdraw a problem; it stays in the ledger with its number and the reason."""
    require(actor, Right.ASSIGN)
    row = _row(uow, actor, problem_id)
    if row.state == "withdrawn":
        raise AlreadyWithdrawn("this problem was withdrawn already")
    row.state = "withdrawn"
    row.withdrawn_utc = at_utc
    row.withdrawn_reason = reason
    row.version += 1
    uow.session.flush()
    append(uow, "problem.withdraw", {"problem_id": str(row.id), "reason": reason}, at_utc=at_utc)
    note(uow, actor, "problem.withdraw", about=f"problem:{row.id}", division_code=row.village_code, at_utc=at_utc)
    return _view(uow, actor, row)


def _enter(uow: UnitOfWork, record: FieldRecord, visit_id: UUID, village_code: str, at_utc: datetime) -> None:
    county, year = village_code[:6], record.at_utc.astimezone(LOCAL_ZONE).year
    lock_for_transaction(uow, f"ledger:{county}:{year}")
    body = record.first_body or record.body
    last = uow.session.scalar(
        select(func.max(Problem.number)).where(Problem.county_code == county, Problem.year == year)
    )
    insert_unless_there(
        uow,
        Problem,
        id=record.id,
        county_code=county,
        year=year,
        number=(last or 0) + 1,
        visit_id=visit_id,
        village_code=village_code,
        **_wording(body),
        items_version=ITEMS_VERSION,
        clue=_is_clue(body),
        state=_state(body),
        found_utc=record.at_utc,
        found_by=record.account_id,
        entered_utc=at_utc,
        withdrawn_utc=None,
        withdrawn_reason="",
        version=1,
        earlier=[],
    )
    append(uow, "problem", {"problem_id": str(record.id), "record_sha256": record.sha256}, at_utc=at_utc)


def _correct(uow: UnitOfWork, record: FieldRecord, at_utc: datetime) -> None:
    """Let the ledger say what the record says now, with what it said before."""
    row = uow.session.get_one(Problem, record.id)
    if len(record.corrections) == len(row.earlier):
        return
    bodies = [record.first_body or record.body, *(c.body["body"] for c in record.corrections)]
    row.earlier = [
        {**_wording(body), "corrected": correction.at_utc.isoformat(), "reason": correction.body["reason"]}
        for body, correction in zip(bodies, record.corrections, strict=False)
    ]
    for name, value in _wording(record.body).items():
        setattr(row, name, value)
    # What was ever a clue of graft travels apart for good, since its first wording is shown beside the new one.
    row.clue = any(_is_clue(body) for body in bodies)
    if row.state != "withdrawn":
        row.state = _state(record.body)
    row.version += 1
    uow.session.flush()
    append(
        uow,
        "problem.correct",
        {"problem_id": str(row.id), "corrections": [c.sha256 for c in record.corrections]},
        at_utc=at_utc,
    )


def _wording(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "item": body["item"],
        "other_reason": body["other_reason"] or "",
        "kind": body["kind"],
        "text": body["text"],
        "place_note": body["place_note"],
    }


def _is_clue(body: dict[str, Any]) -> bool:
    return body["item"] is not None and item(body["item"]).clue


def _state(body: dict[str, Any]) -> str:
    return "fixed_on_spot" if body["fixed_on_spot"] else "found"


def _reach(actor: Actor) -> ColumnElement[bool]:
    """The division's ledger; clues of graft travel apart, to those who may read clues only."""
    require(actor, Right.READ_LEDGER)
    return within(actor, Problem.village_code) & or_(Problem.clue.is_(False), literal(actor.may(Right.READ_CLUES)))


def _row(uow: UnitOfWork, actor: Actor, problem_id: UUID) -> Problem:
    row = uow.session.scalar(select(Problem).where(Problem.id == problem_id, _reach(actor)))
    if row is None:
        raise NoSuchProblem(f"there is no problem {problem_id}")
    return row


def _view(uow: UnitOfWork, actor: Actor, row: Problem) -> ProblemView:
    return ProblemView(
        id=row.id,
        number=f"{row.county_code}-{row.year}-{row.number:04d}",
        visit_id=row.visit_id,
        village=village(uow, actor, row.village_code),
        item=item(row.item) if row.item is not None else None,
        items_version=row.items_version,
        other_reason=row.other_reason,
        kind=row.kind,
        clue=row.clue,
        text=row.text,
        place_note=row.place_note,
        state=row.state,
        found_utc=row.found_utc,
        entered_utc=row.entered_utc,
        withdrawn_utc=row.withdrawn_utc,
        withdrawn_reason=row.withdrawn_reason,
        version=row.version,
        earlier=tuple(_earlier(said) for said in row.earlier),
    )


def _earlier(said: dict[str, Any]) -> EarlierWording:
    return EarlierWording(
        item=item(said["item"]) if said["item"] is not None else None,
        other_reason=said["other_reason"],
        kind=said["kind"],
        text=said["text"],
        place_note=said["place_note"],
        corrected_utc=datetime.fromisoformat(said["corrected"]),
        reason=said["reason"],
    )
