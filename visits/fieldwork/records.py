"""The records of a visit as values: one type over what two phones sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from visits.intake import StoredRecord, accepted_records
from visits.plans import OpenedFor
from visits.store import UnitOfWork

# Below this a difference between two clocks is the network's, not the phone's.
CLOCKS_AGREE = timedelta(seconds=90)


@dataclass(frozen=True)
class FieldRecord:
    """One record of a phone. ``made_at`` is the phone's own claim; ``at_utc`` is it less the phone's known skew."""

    id: UUID
    kind: str
    seq: int
    previous_sha256: str | None
    made_at: datetime
    at_utc: datetime
    body: dict[str, Any]
    sha256: str
    account_id: UUID
    device_id: UUID | None
    signature_state: str
    received_utc: datetime
    log_index: int

    @property
    def phone(self) -> str:
        return str(self.device_id or self.account_id)

    @property
    def fixes(self) -> list[dict[str, Any]]:
        if self.kind == "photo":
            return list(self.body["fixes"])
        fix = self.body.get("fix")
        return [fix] if fix else []


def field_records(uow: UnitOfWork, visit_id: UUID, openings: list[OpenedFor]) -> list[FieldRecord]:
    """The accepted records of a visit, with each phone's clock set right by its opening."""
    return [
        _field_record(stored, clock_skew(openings, stored.account_id, stored.device_id))
        for stored in accepted_records(uow, visit_id)
    ]


def clock_skew(openings: list[OpenedFor], account_id: UUID, device_id: UUID | None) -> timedelta:
    """How far a phone's clock ran ahead of the server's when it opened the assignment; zero when that is noise."""
    for opening in openings:
        if opening.account_id == account_id and opening.device_id == device_id and opening.device_utc is not None:
            skew = opening.device_utc - opening.asked_utc
            return skew if abs(skew) > CLOCKS_AGREE else timedelta()
    return timedelta()


def _field_record(stored: StoredRecord, skew: timedelta) -> FieldRecord:
    made_at = datetime.fromisoformat(stored.record["made_at"])
    return FieldRecord(
        id=stored.record_id,
        kind=stored.record["kind"],
        seq=stored.record["seq"],
        previous_sha256=stored.record["previous"],
        made_at=made_at,
        at_utc=(made_at - skew).astimezone(UTC),
        body=stored.record["body"],
        sha256=stored.sha256,
        account_id=stored.account_id,
        device_id=stored.device_id,
        signature_state=stored.signature_state,
        received_utc=stored.received_utc,
        log_index=stored.log_index,
    )
