"""The records of a visit as values: one type over what two phones sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from visits.intake import StoredRecord, accepted_records
from visits.plans import Issued
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
    nonce: str | None
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


def field_records(uow: UnitOfWork, visit_id: UUID, issues: list[Issued]) -> list[FieldRecord]:
    """The accepted records of a visit, with each phone's clock set right by the clocks kept with its nonce."""
    return [_field_record(stored, issues) for stored in accepted_records(uow, visit_id)]


def clock_skew(issues: list[Issued], account_id: UUID, device_id: UUID | None, made_at: datetime) -> timedelta:
    """How far a phone's clock ran ahead of the server's when both were last known; zero when that is noise.

    Clocks are set right or wrong in the course of days, so of several pairs the one nearest to ``made_at`` counts,
    as the phone's own clock tells near.
    """
    pairs = [
        (abs(issue.device_utc - made_at), issue.device_utc - issue.issued_utc)
        for issue in issues
        if (issue.account_id, issue.device_id) == (account_id, device_id) and issue.device_utc is not None
    ]
    skew = min(pairs)[1] if pairs else timedelta()
    return skew if abs(skew) > CLOCKS_AGREE else timedelta()


def _field_record(stored: StoredRecord, issues: list[Issued]) -> FieldRecord:
    made_at = datetime.fromisoformat(stored.record["made_at"])
    skew = clock_skew(issues, stored.account_id, stored.device_id, made_at)
    return FieldRecord(
        id=stored.record_id,
        kind=stored.record["kind"],
        seq=stored.record["seq"],
        previous_sha256=stored.record["previous"],
        made_at=made_at,
        at_utc=(made_at - skew).astimezone(UTC),
        nonce=stored.record["nonce"],
        body=stored.record["body"],
        sha256=stored.sha256,
        account_id=stored.account_id,
        device_id=stored.device_id,
        signature_state=stored.signature_state,
        received_utc=stored.received_utc,
        log_index=stored.log_index,
    )
