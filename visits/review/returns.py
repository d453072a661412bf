"""What reviewers gave back to the inspectors and is waited for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from visits.access import Actor, Right, require
from visits.fieldwork import Sighting
from visits.intake import ReceivedRecord
from visits.people import posting_known
from visits.places import VillageView, village
from visits.review.rows import Decision
from visits.review.verbs import corrected_since, records_about
from visits.store import UnitOfWork


@dataclass(frozen=True)
class ReturnedRecord:
    """A record of the caller's that a reviewer returned, and why. ``about`` is the name of the person it speaks of."""

    visit_id: UUID
    village: VillageView
    record_id: UUID
    record_sha256: str
    kind: str
    about: str
    reason: str
    decided_utc: datetime


def returned_records(uow: UnitOfWork, actor: Actor) -> list[ReturnedRecord]:
    """The caller's records that were returned and that nobody of the team has corrected since, oldest first."""
    require(actor, Right.RECORD)
    own_visits = select(ReceivedRecord.visit_id).where(ReceivedRecord.account_id == actor.account_id)
    newest = (
        select(Decision.proposed_utc)
        .where(Decision.sighting_id == Sighting.id, Decision.state != "declined")
        .correlate(Sighting)
        .order_by(Decision.proposed_utc.desc())
        .limit(1)
        .scalar_subquery()
    )
    waiting = uow.session.execute(
        select(Decision, Sighting)
        .join(Sighting, Sighting.id == Decision.sighting_id)
        .where(
            Decision.outcome == "return",
            Decision.state == "standing",
            Decision.proposed_utc == newest,
            Sighting.visit_id.in_(own_visits),
        )
        .order_by(Decision.proposed_utc)
    ).all()
    return [
        returned
        for decided, about in waiting
        if not corrected_since(uow, decided)
        for returned in _own_records(uow, actor, decided, about)
    ]


def _own_records(uow: UnitOfWork, actor: Actor, decided: Decision, about: Sighting) -> list[ReturnedRecord]:
    posting = posting_known(uow, about.posting_id, known_at_utc=None)
    own = uow.session.scalars(
        select(ReceivedRecord)
        .where(
            ReceivedRecord.visit_id == about.visit_id,
            ReceivedRecord.account_id == actor.account_id,
            ReceivedRecord.outcome == "accepted",
            ReceivedRecord.record_id.in_(records_about(uow, about.id)),
        )
        .order_by(ReceivedRecord.number)
    )
    return [
        ReturnedRecord(
            visit_id=about.visit_id,
            village=village(uow, actor, about.village_code),
            record_id=record.record_id,
            record_sha256=record.sha256,
            kind=record.kind,
            about=posting.name if posting else "",
            reason=decided.reason,
            decided_utc=decided.proposed_utc,
        )
        for record in own
        if record.record_id is not None
    ]
