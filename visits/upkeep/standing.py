"""How a visit ended, since when that is settled, and what of it is still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from visits.fieldwork import Sighting, SightingJudgement, Visit
from visits.ledger import Problem
from visits.review import Appeal, Decision, Notice, Referral
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

IN_ORDER, WITH_PROBLEMS, HELD_AGAINST, ABORTED = OUTCOMES = ("in_order", "with_problems", "held_against", "aborted")
# What a problem must be before the evidence of it may go.
_SETTLED_PROBLEMS = ("fixed_on_spot", "withdrawn", "struck_off", "closed")


@dataclass(frozen=True)
class Standing:
    """A visit's outcome; since when nobody decided anything about it; and what is open, in words.

    ``decided_utc`` is when it ended or when somebody last decided about a person met on it; ``settled_utc`` counts its
    problems too.
    """

    outcome: str
    decided_utc: datetime
    settled_utc: datetime
    open_about_people: tuple[str, ...]
    open_problems: tuple[str, ...]

    @property
    def stays_because(self) -> str:
        """Everything that is open; empty when nothing is."""
        return "; ".join((*self.open_about_people, *self.open_problems))


def standing(uow: UnitOfWork, row: Visit, at_utc: datetime) -> Standing:
    """How it stands with a visit at an instant."""
    sightings = uow.session.scalars(select(Sighting).where(Sighting.visit_id == row.id)).all()
    ids = [one.id for one in sightings]
    decisions = uow.session.scalars(select(Decision).where(Decision.sighting_id.in_(ids))).all()
    appeals = uow.session.scalars(select(Appeal).where(Appeal.decision_id.in_([one.id for one in decisions]))).all()
    problems = uow.session.scalars(select(Problem).where(Problem.visit_id == row.id)).all()
    held = [one for one in decisions if one.state == "standing" and (one.outcome, one.on_word) == ("accept", "not_met")]
    moments = [row.closed_utc or row.began_utc]
    moments += [one.second_utc or one.proposed_utc for one in decisions]
    moments += [one.answered_utc or one.registered_utc for one in appeals]
    decided_utc = max(moments)
    return Standing(
        outcome=ABORTED
        if row.state == "aborted"
        else HELD_AGAINST
        if held
        else WITH_PROBLEMS
        if problems
        else IN_ORDER,
        decided_utc=decided_utc,
        settled_utc=max([decided_utc, *(one.withdrawn_utc or one.entered_utc for one in problems)]),
        open_about_people=tuple(_open_about_people(uow, row, sightings, decisions, appeals, at_utc)),
        open_problems=("a problem is not settled",)
        if any(one.state not in _SETTLED_PROBLEMS for one in problems)
        else (),
    )


def _open_about_people(
    uow: UnitOfWork,
    row: Visit,
    sightings: Sequence[Sighting],
    decisions: Sequence[Decision],
    appeals: Sequence[Appeal],
    at_utc: datetime,
) -> list[str]:
    decided = {one.sighting_id for one in decisions if one.state == "standing"}
    today = at_utc.astimezone(LOCAL_ZONE).date()
    notices = uow.session.scalars(select(Notice.reply_until).where(Notice.sighting_id.in_([s.id for s in sightings])))
    referred = select(Referral.id).where(
        Referral.posting_id.in_([one.posting_id for one in sightings]), Referral.closed_utc.is_(None)
    )
    open_things = {
        "the visit is not closed": row.state == "open",
        "something of it has not arrived": row.state == "closed" and not row.complete,
        "a decision waits for its second person": any(one.state == "proposed" for one in decisions),
        "an absence waits for review": any(_waits(uow, one.id) for one in sightings if one.id not in decided),
        "a reply is still waited for": any(until >= today for until in notices),
        "an appeal is not answered": any(one.outcome == "" for one in appeals),
        "people were asked to look at somebody it speaks of": uow.session.scalar(referred.limit(1)) is not None,
    }
    return [why for why, is_so in open_things.items() if is_so]


def _waits(uow: UnitOfWork, sighting_id: UUID) -> bool:
    newest = (
        select(SightingJudgement.outcome)
        .where(SightingJudgement.sighting_id == sighting_id)
        .order_by(SightingJudgement.number.desc())
        .limit(1)
    )
    return uow.session.scalar(newest) in ("not_met", "leave_pending")
