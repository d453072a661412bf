"""The records of a visit as values: one type over what two phones sent."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from visits.intake import StoredRecord, accepted_records, kind_corrected
from visits.plans import Issued
from visits.store import UnitOfWork

# Below this a difference between two clocks is the network's, not the phone's.
CLOCKS_AGREE = timedelta(seconds=90)
# Where a phone stood, and how many records it promised, is not corrected afterwards.
NEVER_CORRECTED = ("fix", "records")


@dataclass(frozen=True)
class FieldRecord:
    """One record of a phone. ``made_at`` is the phone's own claim; ``at_utc`` is it less the phone's known skew.

    ``since_nonce`` is what ran on the phone since its nonce came, whatever its clock said, where the phone knows that.
    ``body`` is what it says now, ``first_body`` what it said before its ``corrections``: the last of these decides.
    """

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
    device_utc: datetime | None = None
    since_nonce: timedelta | None = None
    first_body: dict[str, Any] | None = None
    corrections: tuple["FieldRecord", ...] = ()
    # What stands in the place of positions that were blurred by rule.
    blurred: dict[str, Any] | None = None

    @property
    def phone(self) -> str:
        return str(self.device_id or self.account_id)

    @property
    def entered_later(self) -> bool:
        """Whether it was written on paper first; then ``at_utc`` is when the paper says it happened."""
        return bool(self.body.get("written_at"))

    @property
    def fixes(self) -> list[dict[str, Any]]:
        if self.kind == "photo":
            return list(self.body["fixes"])
        fix = self.body.get("fix")
        return [fix] if fix else []


def field_records(uow: UnitOfWork, visit_id: UUID, issues: list[Issued]) -> list[FieldRecord]:
    """The accepted records of a visit, corrected, with each phone's clock set right by those kept with its nonce."""
    return as_corrected(_field_record(stored, issues) for stored in accepted_records(uow, visit_id))


def as_corrected(records: Iterable[FieldRecord]) -> list[FieldRecord]:
    """The same records in the same order, each saying what its own account last made of it.

    The corrections stay in the list as records of their own. In which order things arrived makes no difference.
    """
    sent = list(records)
    by_target: dict[tuple[UUID, str, UUID, str | None], list[FieldRecord]] = defaultdict(list)
    for correction in sent:
        if correction.kind == "correction":
            by_target[_target(correction)].append(correction)
    return [
        _corrected(record, by_target.get((record.id, record.sha256, record.account_id, record.kind), []))
        for record in sent
    ]


def idle_corrections(records: Iterable[FieldRecord]) -> list[FieldRecord]:
    """The corrections that correct nothing here: somebody else's record, another version of it, another kind, none."""
    listed = list(records)
    counting = {c.id for r in listed for c in r.corrections}
    return [r for r in listed if r.kind == "correction" and r.id not in counting]


def _target(correction: FieldRecord) -> tuple[UUID, str, UUID, str | None]:
    """What a correction must find to count: the record, its hash, its own account, and a body of its kind."""
    said = correction.body
    return UUID(said["of_record"]), said["of_sha256"], correction.account_id, kind_corrected(said["body"])


def _corrected(record: FieldRecord, corrections: list[FieldRecord]) -> FieldRecord:
    if not corrections:
        return record
    kept = {name: record.body[name] for name in NEVER_CORRECTED if name in record.body}
    in_order = _in_order(corrections)
    return replace(
        record,
        body={**in_order[-1].body["body"], **kept},
        first_body=record.body,
        corrections=tuple(in_order),
    )


def _in_order(corrections: list[FieldRecord]) -> list[FieldRecord]:
    """Oldest first. On one phone its own numbers tell; between two phones of one account the time does."""
    phones: dict[str, FieldRecord] = {}
    for correction in corrections:
        known = phones.get(correction.phone)
        if known is None or correction.seq > known.seq:
            phones[correction.phone] = correction
    last = max(phones.values(), key=lambda c: (c.at_utc, c.sha256))
    others = sorted((c for c in corrections if c is not last), key=lambda c: (c.at_utc, c.seq, c.sha256))
    return [*others, last]


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
    written_at = stored.record["body"].get("written_at")
    since_ms: int | None = stored.record["monotonic_ms"]
    skew = clock_skew(issues, stored.account_id, stored.device_id, made_at)
    return FieldRecord(
        id=stored.record_id,
        kind=stored.record["kind"],
        seq=stored.record["seq"],
        previous_sha256=stored.record["previous"],
        made_at=made_at,
        at_utc=(datetime.fromisoformat(written_at) if written_at else made_at - skew).astimezone(UTC),
        nonce=stored.record["nonce"],
        body=stored.record["body"],
        sha256=stored.sha256,
        account_id=stored.account_id,
        device_id=stored.device_id,
        signature_state=stored.signature_state,
        received_utc=stored.received_utc,
        log_index=stored.log_index,
        device_utc=stored.device_utc,
        since_nonce=None if since_ms is None else timedelta(milliseconds=since_ms),
        blurred=stored.blurred,
    )
