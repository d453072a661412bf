"""Who may read what a log entry says: whoever may read the thing it speaks of, and nobody else."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from visits.access import Actor, NotAllowed, Right, require
from visits.draws import NoSuchDraw, draw_of
from visits.fieldwork import NoSuchSighting, NoSuchVisit, sighting, visible_visit
from visits.ledger import NoSuchProblem, problem
from visits.log import LogOpening, NotInLog, opening
from visits.plans import NoSuchAssignment, NoSuchPlan, assignment, line_in_reach, plan
from visits.review import NoSuchPosting, corrections_of
from visits.store import UnitOfWork
from visits.tipoffs import NoSuchTipOff, tip_off

Concerned = Callable[[UnitOfWork, Actor, LogOpening, datetime], None]

# Lacking the right and lying outside the division are one answer: the difference would tell what kind of entry it is.
_NOT_FOR_THIS_CALLER = (
    NotAllowed,
    NoSuchVisit,
    NoSuchSighting,
    NoSuchProblem,
    NoSuchAssignment,
    NoSuchDraw,
    NoSuchPlan,
    NoSuchPosting,
    NoSuchTipOff,
)


def open_entry(uow: UnitOfWork, actor: Actor, index: int, *, at_utc: datetime) -> LogOpening:
    """What an entry says and its salt, for those who may read what it speaks of; for others there is no such entry."""
    require(actor, Right.READ_LOG)
    found = opening(uow, index)
    if found is None or found.kind not in CONCERNED:
        raise NotInLog(f"the log has no opening of entry {index}")
    try:
        CONCERNED[found.kind](uow, actor, found, at_utc)
    except _NOT_FOR_THIS_CALLER as reason:
        raise NotInLog(f"the log has no opening of entry {index}") from reason
    return found


def _of_everybody(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    """What the server says of itself is for whoever reads the log."""


def _of_the_audit(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    require(actor, Right.READ_AUDIT)


def _of_a_visit(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    visible_visit(uow, actor, UUID(entry.said["visit_id"]))


def _of_an_assignment(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    if assignment(uow, actor, UUID(entry.said["assignment_id"]), at_utc=at_utc).village is None:
        raise NoSuchAssignment("the assignment is still sealed")


def _of_a_plan(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    require(actor, Right.READ_PLANS)
    if "plan_id" in entry.said:
        plan(uow, actor, UUID(entry.said["plan_id"]))
    else:
        line_in_reach(uow, actor, UUID(entry.said["line_id"]))


def _of_a_draw(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    """Commitment, number and reason name no village; the secret is in the log only once it is told."""
    draw_of(uow, actor, UUID(entry.said["draw_id"]))


def _of_a_phone(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    """The nonce of a phone is for its owner: in other hands it would date what was made elsewhere."""
    if entry.said["account_id"] != str(actor.account_id):
        raise NoSuchAssignment("this was opened by somebody else")


def _of_a_sighting(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    sighting(uow, actor, UUID(entry.said["sighting_id"]))


def _of_a_run(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    require(actor, Right.READ_PEOPLE)
    if not entry.said["county"].startswith(actor.division_prefix):
        raise NotAllowed("this run was of another county")


def _of_a_problem(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    problem(uow, actor, UUID(entry.said["problem_id"]))


def _of_a_person(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    corrections_of(uow, actor, UUID(entry.said["posting_id"]))


def _of_a_tip_off(uow: UnitOfWork, actor: Actor, entry: LogOpening, at_utc: datetime) -> None:
    tip_off(uow, actor, UUID(entry.said["tip_off_id"]), at_utc=at_utc)


CONCERNED: dict[str, Concerned] = {
    "assignment": _of_an_assignment,
    "assignment.withdraw": _of_an_assignment,
    "plan.make": _of_a_plan,
    "plan.line": _of_a_plan,
    "plan.withdraw": _of_a_plan,
    "draw.commit": _of_a_draw,
    "draw.mix": _of_a_draw,
    "draw.withdraw": _of_a_draw,
    "draw.reveal": _of_a_draw,
    "package": _of_a_phone,
    "opening": _of_a_phone,
    "records": _of_a_visit,
    "photo": _of_a_visit,
    "visit_complete": _of_a_visit,
    "removal": _of_a_visit,
    "blur": _of_a_visit,
    "notice.give": _of_a_sighting,
    "reply_link": _of_a_sighting,
    "reply.register": _of_a_sighting,
    "decision.propose": _of_a_sighting,
    "decision.second": _of_a_sighting,
    "appeal.register": _of_a_sighting,
    "appeal.answer": _of_a_sighting,
    "breach.hand_over": _of_a_sighting,
    "breach.consulted": _of_a_sighting,
    "breach.handled": _of_a_sighting,
    "presence_run": _of_a_run,
    "problem": _of_a_problem,
    "problem.correct": _of_a_problem,
    "problem.withdraw": _of_a_problem,
    "correction.ask": _of_a_person,
    "correction.answer": _of_a_person,
    "tip_off": _of_a_tip_off,
    "tip_off.end": _of_a_tip_off,
    "tip_off.removal": _of_a_tip_off,
    "identity_key.file": _of_everybody,
    "audit_head": _of_the_audit,
    "checkpoint.witness": _of_everybody,
    "server_key.make": _of_everybody,
    "server_key.retire": _of_everybody,
}
