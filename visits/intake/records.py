"""Receive records: commit what came, settle its identity, give a receipt; judging comes later, in a job."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import aliased

from media.proof import b64url_bytes, p256_verifier, record_sha256
from visits.access import Actor, Device, Right, note, require
from visits.intake.blurring import blurred_copies, text_of
from visits.intake.removal import removal_of
from visits.intake.rows import BlurredRecord, KeptDelivery, ReceivedRecord
from visits.intake.rules import TakenSoFar, refusal
from visits.intake.sealing import open_for_visit, seal_for_visit, seal_of_visit, seals_of_visits
from visits.log import append
from visits.plans import AssignedVisit, assigned_visit
from visits.store import UnitOfWork, enqueue, insert_unless_there, lock_for_transaction

# What a phone records when it comes into a village, as the first of its team or as the second.
ARRIVALS = ("arrive", "confirm")
# Whether a signature over a message was made by the phone that sends.
Verify = Callable[[bytes, bytes], bool]


@dataclass(frozen=True)
class Incoming:
    """A record as it came: its exact text, and what gate 1 read from it (``record`` is None when it could not)."""

    text: str
    signature: str | None
    record: dict[str, Any] | None
    complaint: str = ""


@dataclass(frozen=True)
class RecordReceipt:
    """What became of one record; ``log_index`` is where the log commits to its hash, None where nobody vouched."""

    record_id: UUID | None
    outcome: str
    sha256: str
    received_utc: datetime
    log_index: int | None
    reason: str


@dataclass(frozen=True)
class Reception:
    """What became of a batch. ``known_visit`` is False for a caller outside the team; what they sent is kept."""

    known_visit: bool
    receipts: tuple[RecordReceipt, ...]


@dataclass(frozen=True)
class StoredRecord:
    """An accepted record, opened: ``record`` is its JSON object.

    ``blurred`` is what stands in the place of its positions once those were blurred by rule, None before.
    """

    record_id: UUID
    sha256: str
    account_id: UUID
    device_id: UUID | None
    signature_state: str
    received_utc: datetime
    device_utc: datetime | None
    log_index: int
    record: dict[str, Any]
    blurred: dict[str, Any] | None = None


@dataclass(frozen=True)
class KeptRecord:
    """Something that was sent and not taken, as a person may see it."""

    sha256: str
    record_id: UUID | None
    account_id: UUID
    kind: str
    outcome: str
    reason: str
    received_utc: datetime
    log_index: int | None
    text: str


def receive(
    uow: UnitOfWork,
    actor: Actor,
    visit_id: UUID,
    batch: Sequence[Incoming],
    *,
    device_utc: datetime | None = None,
    at_utc: datetime,
) -> Reception:
    """Take a batch of records into a visit and return one receipt each, in order.

    Everything is stored, whatever becomes of it; the same batch again changes nothing and gets the same receipts.
    ``device_utc`` is the phone's clock as it sent the batch.
    """
    require(actor, Right.RECORD)
    visit = assigned_visit(uow, visit_id)
    if visit is None or actor.account_id not in {m.account_id for m in visit.team}:
        for item in batch:
            keep_unreadable(uow, actor, visit_id, item.text.encode(), "not_of_the_team", at_utc=at_utc)
        return Reception(False, ())
    lock_for_transaction(uow, f"visit:{visit_id}")
    return Reception(True, tuple(_take(uow, actor, visit, batch, device_utc, at_utc)))


def keep_unreadable(
    uow: UnitOfWork, actor: Actor, visit_id: UUID, body: bytes, reason: str, *, at_utc: datetime
) -> str:
    """Keep a body that cannot be taken, and return its SHA-256."""
    digest = hashlib.sha256(body).hexdigest()
    sealed_under = actor.account_id if assigned_visit(uow, visit_id) is None else visit_id
    sealed = seal_for_visit(uow, sealed_under, body, digest)
    insert_unless_there(
        uow,
        KeptDelivery,
        id=uuid4(),
        account_id=actor.account_id,
        visit_id=visit_id,
        sha256=digest,
        size_bytes=len(body),
        reason=reason[:500],
        sealed_body=sealed,
        received_utc=at_utc,
        sealed_under=sealed_under,
    )
    note(uow, actor, "record.kept", about=f"visit:{visit_id}", result="refused", at_utc=at_utc)
    return digest


def visits_of_device(uow: UnitOfWork, device_id: UUID, *, limit: int) -> list[UUID]:
    """The visits a phone sent an arrival for, the newest first."""
    query = (
        select(ReceivedRecord.visit_id)
        .where(*_arrivals_of(device_id))
        .group_by(ReceivedRecord.visit_id)
        .order_by(func.max(ReceivedRecord.number).desc())
        .limit(limit)
    )
    return list(uow.session.scalars(query))


def arrivals_of_device(uow: UnitOfWork, device_id: UUID, *, visits: int) -> dict[UUID, list[StoredRecord]]:
    """The arrivals a phone sent for its newest visits, by visit, the newest first; those that can still be read.

    A few queries whatever the number of visits, and none of the visits' other records is opened.
    """
    found: dict[UUID, list[StoredRecord]] = {
        visit_id: [] for visit_id in visits_of_device(uow, device_id, limit=visits)
    }
    of_these = select(ReceivedRecord).where(*_arrivals_of(device_id), ReceivedRecord.visit_id.in_(found))
    rows = uow.session.scalars(of_these.order_by(ReceivedRecord.number)).all()
    numbers = [row.number for row in rows]
    query = select(BlurredRecord).where(BlurredRecord.number.in_(numbers))
    copies = {copy.number: copy for copy in uow.session.scalars(query)}
    seals = seals_of_visits(uow, found)
    for row in rows:
        seal, copy = seals.get(row.visit_id), copies.get(row.number)
        if seal is not None:
            found[row.visit_id].append(_stored(row, text_of(seal, row, copy), copy))
    return found


def _arrivals_of(device_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        ReceivedRecord.device_id == device_id,
        ReceivedRecord.outcome == "accepted",
        ReceivedRecord.kind.in_(ARRIVALS),
    )


def accepted_records(uow: UnitOfWork, visit_id: UUID) -> list[StoredRecord]:
    """The records of a visit, in the order they came; both phones' together."""
    query = (
        select(ReceivedRecord)
        .where(ReceivedRecord.visit_id == visit_id, ReceivedRecord.outcome == "accepted")
        .order_by(ReceivedRecord.number)
    )
    rows = [row for row in uow.session.scalars(query) if row.record_id is not None]
    if not rows or removal_of(uow, visit_id) is not None:
        return []
    seal, copies = seal_of_visit(uow, visit_id), blurred_copies(uow, visit_id)
    return [_stored(row, text_of(seal, row, copies.get(row.number)), copies.get(row.number)) for row in rows]


def kept_records(uow: UnitOfWork, visit_id: UUID) -> list[KeptRecord]:
    """What was sent for a visit and not taken, oldest first; callers check their reach."""
    if removal_of(uow, visit_id) is not None:
        return []
    rows = uow.session.scalars(
        select(ReceivedRecord).where(ReceivedRecord.visit_id == visit_id, ReceivedRecord.outcome != "accepted")
    ).all()
    kept = [
        KeptRecord(
            r.sha256,
            r.record_id,
            r.account_id,
            r.kind,
            r.outcome,
            r.reason,
            r.received_utc,
            r.log_index,
            record_text(uow, r),
        )
        for r in rows
    ]
    for d in uow.session.scalars(select(KeptDelivery).where(KeptDelivery.visit_id == visit_id)):
        text = ""  # emptied with the positions of its visit
        if d.sealed_body:
            text = open_for_visit(uow, d.sealed_under or visit_id, d.sealed_body, d.sha256).decode(errors="replace")
        kept.append(KeptRecord(d.sha256, None, d.account_id, "", "unreadable", d.reason, d.received_utc, None, text))
    return sorted(kept, key=lambda k: k.received_utc)


def refused_numbers(uow: UnitOfWork, visit_id: UUID) -> list[tuple[UUID, UUID | None, int]]:
    """(account, device, number) of the readable records that were refused: they are here, though not in the visit."""
    query = select(ReceivedRecord.account_id, ReceivedRecord.device_id, ReceivedRecord.seq).where(
        ReceivedRecord.visit_id == visit_id, ReceivedRecord.outcome == "refused", ReceivedRecord.seq.is_not(None)
    )
    return [(account_id, device_id, seq or 0) for account_id, device_id, seq in uow.session.execute(query)]


@dataclass(frozen=True)
class OwnCorrection:
    """That an account corrected a record of its own; what it says is in the sealed text."""

    of_record: UUID
    of_sha256: str
    sha256: str
    received_utc: datetime


def corrections_received(uow: UnitOfWork, visit_id: UUID) -> list[OwnCorrection]:
    """The corrections of a visit by whoever made the corrected record, in the order they came."""
    of = aliased(ReceivedRecord)
    query = (
        select(ReceivedRecord, of.sha256)
        .join(of, (of.record_id == ReceivedRecord.of_record) & (of.account_id == ReceivedRecord.account_id))
        .where(
            ReceivedRecord.visit_id == visit_id,
            ReceivedRecord.kind == "correction",
            ReceivedRecord.outcome == "accepted",
            of.visit_id == visit_id,
            of.outcome == "accepted",
        )
        .order_by(ReceivedRecord.number)
    )
    return [
        OwnCorrection(row.of_record, of_sha256, row.sha256, row.received_utc)
        for row, of_sha256 in uow.session.execute(query)
        if row.of_record is not None
    ]


def record_text(uow: UnitOfWork, row: ReceivedRecord) -> str:
    """The exact text of a record, opened; of one whose visit was blurred, the copy without positions."""
    return text_of(seal_of_visit(uow, row.visit_id), row, uow.session.get(BlurredRecord, row.number))


def _stored(row: ReceivedRecord, text: str, copy: BlurredRecord | None) -> StoredRecord:
    record = json.loads(text)
    is_blurred = copy is not None and copy.sha256 != row.sha256
    return StoredRecord(
        record_id=row.record_id or UUID(record["id"]),
        sha256=row.sha256,
        account_id=row.account_id,
        device_id=row.device_id,
        signature_state=row.signature_state,
        received_utc=row.received_utc,
        device_utc=row.device_utc,
        log_index=row.log_index,
        record=record,
        blurred=record["blurred"] if is_blurred else None,
    )


def _take(
    uow: UnitOfWork,
    actor: Actor,
    visit: AssignedVisit,
    batch: Sequence[Incoming],
    device_utc: datetime | None,
    at_utc: datetime,
) -> list[RecordReceipt]:
    digests = [record_sha256(item.text) for item in batch]
    by_digest, by_id = _known(uow, visit.visit_id, digests, [item.record["id"] for item in batch if item.record])
    taken, foreign = _taken_so_far(uow, visit.visit_id), _corrected_of_others(uow, actor, visit.visit_id, batch)
    receipts = {digest: _receipt(row) for digest, row in by_digest.items()}
    seal, verify = seal_of_visit(uow, visit.visit_id), verifier_of(uow, actor)
    fresh: dict[str, dict[str, Any]] = {}
    for item, digest in zip(batch, digests, strict=True):
        if digest in by_digest or digest in fresh:
            continue
        outcome, reason = _judge(item, visit.visit_id, by_id, taken, foreign)
        fresh[digest] = {
            **_said(item),
            "sha256": digest,
            "visit_id": visit.visit_id,
            "account_id": actor.account_id,
            "device_id": actor.device_id,
            "sealed_text": seal.close(item.text.encode(), digest),
            "signature": item.signature[:200] if item.signature else None,
            "signature_state": signature_state(item, verify),
            "outcome": outcome,
            "reason": reason[:500],
            "received_utc": at_utc,
            "device_utc": device_utc,
        }
        if item.record is not None:
            by_id.setdefault(item.record["id"], digest)
    if fresh:
        log_index = _keep(uow, visit.visit_id, fresh, at_utc)
        for digest, row in fresh.items():
            receipts[digest] = RecordReceipt(row["record_id"], row["outcome"], digest, at_utc, log_index, row["reason"])
    return [receipts[digest] for digest in digests]


def _keep(uow: UnitOfWork, visit_id: UUID, fresh: Mapping[str, dict[str, Any]], at_utc: datetime) -> int:
    """Log, store and have judged what is new; the place of all of it in the log."""
    listed = [[str(row["record_id"] or ""), digest, row["outcome"]] for digest, row in fresh.items()]
    entry = append(uow, "records", {"visit_id": str(visit_id), "records": listed}, at_utc=at_utc)
    # One statement over plain values: fifty objects cost several times as much.
    uow.session.execute(insert(ReceivedRecord), [{**row, "log_index": entry.index} for row in fresh.values()])
    enqueue(uow, "judge_visit", str(visit_id), at_utc=at_utc)
    return entry.index


def _known(
    uow: UnitOfWork, visit_id: UUID, digests: Sequence[str], ids: Sequence[UUID]
) -> tuple[dict[str, ReceivedRecord], dict[UUID, str]]:
    same = uow.session.scalars(
        select(ReceivedRecord).where(ReceivedRecord.visit_id == visit_id, ReceivedRecord.sha256.in_(digests))
    )
    holders = uow.session.execute(
        select(ReceivedRecord.record_id, ReceivedRecord.sha256)
        .where(ReceivedRecord.record_id.in_(ids))
        .order_by(ReceivedRecord.number.desc())
    )
    return {row.sha256: row for row in same}, {h.record_id: h.sha256 for h in holders if h.record_id is not None}


def _taken_so_far(uow: UnitOfWork, visit_id: UUID) -> TakenSoFar:
    taken = TakenSoFar()
    for (of_record,) in uow.session.execute(
        select(ReceivedRecord.of_record).where(
            ReceivedRecord.visit_id == visit_id, ReceivedRecord.kind == "photo", ReceivedRecord.outcome == "accepted"
        )
    ):
        taken.add(of_record)
    return taken


def _corrected_of_others(uow: UnitOfWork, actor: Actor, visit_id: UUID, batch: Sequence[Incoming]) -> set[UUID]:
    """What of the records this batch corrects is known to be somebody else's."""
    corrections = [i.record for i in batch if i.record is not None and i.record["kind"] == "correction"]
    found = uow.session.scalars(
        select(ReceivedRecord.record_id).where(
            ReceivedRecord.visit_id == visit_id,
            ReceivedRecord.outcome == "accepted",
            ReceivedRecord.record_id.in_([c["body"]["of_record"] for c in corrections]),
            ReceivedRecord.account_id != actor.account_id,
        )
    )
    return {record_id for record_id in found if record_id is not None}


def _judge(
    item: Incoming, visit_id: UUID, by_id: dict[UUID, str], taken: TakenSoFar, foreign: set[UUID]
) -> tuple[str, str]:
    if item.record is None or item.complaint:
        return "refused", item.complaint or "unreadable"
    if item.record["id"] in by_id:
        return "conflict", "same_id_other_content"
    reason = refusal(item.record, visit_id, taken)
    if reason:
        return "refused", reason
    if item.record["kind"] == "correction" and item.record["body"]["of_record"] in foreign:
        return "refused", "not_own_record"
    if item.record["kind"] == "photo":
        taken.add(item.record["body"].get("of_record"))
    return "accepted", ""


def _said(item: Incoming) -> dict[str, Any]:
    """The columns that stand in the record itself; empty where it could not be read."""
    record = item.record or {}
    photo = record["body"] if record.get("kind") == "photo" else {}
    belongs = record["body"] if record.get("kind") in ("photo", "correction") else {}
    return {
        "record_id": record.get("id"),
        "kind": record.get("kind", ""),
        "seq": record.get("seq"),
        "photo_sha256": photo.get("sha256"),
        "photo_size_bytes": photo.get("size_bytes"),
        "of_record": belongs.get("of_record"),
    }


def signature_state(item: Incoming, verify: Verify | None) -> str:
    """Whether a record's signature is ``good``, ``bad`` or ``absent``."""
    if not item.signature or verify is None:
        return "absent"
    signature = b64url_bytes(item.signature)
    return "good" if signature is not None and verify(item.text.encode(), signature) else "bad"


def verifier_of(uow: UnitOfWork, actor: Actor) -> Verify | None:
    """The check of signatures by the phone an actor signed in with; None without one."""
    if actor.device_id is None:
        return None
    key = uow.session.scalar(select(Device.public_key_jwk).where(Device.id == actor.device_id))
    return None if key is None else p256_verifier(key)


def _receipt(row: ReceivedRecord) -> RecordReceipt:
    """What is told of a record that was here before this batch."""
    outcome = "same" if row.outcome == "accepted" else row.outcome
    return RecordReceipt(row.record_id, outcome, row.sha256, row.received_utc, row.log_index, row.reason)
