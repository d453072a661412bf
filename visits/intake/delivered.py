"""The records of a visit as evidence: exact texts with their signatures, whatever became of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from visits.access import Device
from visits.intake.blurring import blurred_copies, text_of
from visits.intake.removal import removal_of
from visits.intake.rows import BlurredRecord, ReceivedRecord
from visits.intake.sealing import seal_of_visit
from visits.store import UnitOfWork


@dataclass(frozen=True)
class DeliveredRecord:
    """One record as a phone sent it: taken, in conflict or refused."""

    sha256: str
    text: str | None  # None once it was removed by rule; the copy without positions once that is all there is
    account_id: UUID
    device_id: UUID | None
    signature: str | None
    signature_state: str
    outcome: str
    reason: str
    photo_sha256: str | None
    received_utc: datetime
    log_index: int
    blurred_sha256: str | None = None  # of ``text``, where that is no longer what was signed


def delivered_records(uow: UnitOfWork, visit_id: UUID) -> list[DeliveredRecord]:
    """Everything that phones sent as records of a visit, in the order it came; callers check their reach."""
    query = select(ReceivedRecord).where(ReceivedRecord.visit_id == visit_id).order_by(ReceivedRecord.number)
    rows = uow.session.scalars(query).all()
    is_here = bool(rows) and removal_of(uow, visit_id) is None
    seal = seal_of_visit(uow, visit_id) if is_here else None
    copies = blurred_copies(uow, visit_id) if is_here else {}
    return [
        DeliveredRecord(
            sha256=row.sha256,
            text=text_of(seal, row, copies.get(row.number)) if seal else None,
            account_id=row.account_id,
            device_id=row.device_id,
            signature=row.signature,
            signature_state=row.signature_state,
            outcome=row.outcome,
            reason=row.reason,
            photo_sha256=row.photo_sha256,
            received_utc=row.received_utc,
            log_index=row.log_index,
            blurred_sha256=_other_than_signed(row, copies.get(row.number)),
        )
        for row in rows
    ]


def _other_than_signed(row: ReceivedRecord, copy: BlurredRecord | None) -> str | None:
    return copy.sha256 if copy is not None and copy.sha256 != row.sha256 else None


def phones_of(uow: UnitOfWork, records: list[DeliveredRecord]) -> list[Device]:
    """The phones whose keys sign these records."""
    ids = {record.device_id for record in records if record.device_id is not None}
    return list(uow.session.scalars(select(Device).where(Device.id.in_(ids)).order_by(Device.registered_utc)))
