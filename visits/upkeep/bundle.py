"""An evidence bundle of a visit: what leaves the house, who took it out, and that it proves itself."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from media.proof import Member, canonical, whole, write_checkpoint_file
from media.proof import bundle as parts
from media.store import EvidenceStore
from visits.access import Actor, Right, note, require
from visits.fieldwork import visible_visit, withheld
from visits.intake import DeliveredRecord, arrived_photos, blurs_of, delivered_records, phones_of, removal_of
from visits.log import (
    Purpose,
    checkpoint_file,
    current_key,
    entries_saying,
    newest_checkpoint,
    opening,
    prove,
    public_keys,
    sign,
)
from visits.plans import assigned_visit
from visits.store import UnitOfWork
from visits.upkeep.witness import checkpoint_now

README = Path(__file__).with_name("bundle_readme.md")
_BLOCK_BYTES = 256 * 1024


def bundle_of_visit(
    uow: UnitOfWork, actor: Actor, visit_id: UUID, evidence: EvidenceStore, *, at_utc: datetime
) -> list[Member]:
    """The members of a visit's bundle, in order; photos are read from the evidence store when their turn comes.

    What the caller may not see of the visit is named by its hash and left out, in the open.
    """
    require(actor, Right.EXPORT_EVIDENCE)
    row = visible_visit(uow, actor, visit_id)
    hidden = withheld(uow, actor, visit_id)
    current_key(uow, Purpose.RECEIPT, at_utc=at_utc)  # made before the log is read, since making it adds to the log
    delivered, removal = delivered_records(uow, visit_id), removal_of(uow, visit_id)
    photos = _photos(uow, visit_id, evidence, [one for one in delivered if one.sha256 not in hidden])
    indexes = {one.log_index for one in delivered} | {one.log_index for one in photos if one.log_index is not None}
    indexes |= _entries_of(uow, visit_id) | ({removal.log_index} if removal else set())
    indexes |= {one.log_index for one in blurs_of(uow, visit_id)}
    size = _covering(uow, max(indexes), at_utc)
    visit = parts.BundledVisit(
        visit_id=str(visit_id),
        assignment_id=str(row.assignment_id),
        made_utc=at_utc.isoformat(),
        devices=tuple(
            parts.BundledDevice(str(one.id), str(one.account_id), one.public_key_jwk)
            for one in phones_of(uow, delivered)
        ),
        records=tuple(_record(one, hidden) for one in delivered),
        photos=tuple(photos),
        removal_index=removal.log_index if removal else None,
    )
    texts = {one.sha256: one.text for one in delivered if one.text is not None and one.sha256 not in hidden}
    small = parts.small_members(
        visit,
        texts,
        tuple(_entry(uow, index, size) for index in sorted(indexes)),
        write_checkpoint_file(checkpoint_file(uow, size)),
        README.read_text("utf-8"),
    )
    large = [_original(evidence, one) for one in photos if one.state == parts.HERE]
    members = _signed(uow, str(visit_id), small, large, at_utc)
    detail = {"photos": len(large), "records": len(texts)}
    note(
        uow,
        actor,
        "visit.bundle",
        about=f"visit:{visit_id}",
        division_code=row.village_code,
        detail=detail,
        at_utc=at_utc,
    )
    return members


def _entries_of(uow: UnitOfWork, visit_id: UUID) -> set[int]:
    """Where the log speaks of the visit itself: its assignment, each nonce that was given out, its completion."""
    assigned = assigned_visit(uow, visit_id)
    if assigned is None:
        return set()
    of_assignment = entries_saying(
        uow, ("assignment", "package", "opening"), "assignment_id", {str(assigned.assignment_id)}
    )
    return {*of_assignment, *entries_saying(uow, ("visit_complete",), "visit_id", {str(visit_id)})}


def _covering(uow: UnitOfWork, last_index: int, at_utc: datetime) -> int:
    """The size of a checkpoint that covers the entries: the newest, or one made now."""
    newest = newest_checkpoint(uow)
    if newest is None or newest.size <= last_index:
        newest = checkpoint_now(uow, at_utc=at_utc)
    return newest.size


def _photos(
    uow: UnitOfWork, visit_id: UUID, evidence: EvidenceStore, shown: list[DeliveredRecord]
) -> list[parts.BundledPhoto]:
    arrived = arrived_photos(uow, visit_id)
    found = {}
    for one in shown:
        if one.photo_sha256 is None or one.photo_sha256 in found:
            continue
        here = arrived.get(one.photo_sha256)
        if one.text is None:
            state = parts.REMOVED
        elif here is None:
            state = parts.NOT_ARRIVED
        else:
            state = parts.HERE if evidence.has(one.photo_sha256) else parts.MISSING
        found[one.photo_sha256] = parts.BundledPhoto(
            sha256=one.photo_sha256,
            state=state,
            media_type=json.loads(one.text)["body"].get("media_type", "") if one.text else "",
            size_bytes=evidence.size_bytes(one.photo_sha256) if state == parts.HERE else 0,
            log_index=here.log_index if here else None,
        )
    return list(found.values())


def _record(one: DeliveredRecord, hidden: frozenset[str]) -> parts.BundledRecord:
    return parts.BundledRecord(
        sha256=one.sha256,
        state=_state(one, hidden),
        account_id=str(one.account_id),
        device_id=str(one.device_id) if one.device_id else None,
        signature=one.signature,
        signature_state=one.signature_state,
        outcome=one.outcome,
        reason=one.reason,
        received_utc=one.received_utc.isoformat(),
        log_index=one.log_index,
        blurred_sha256=one.blurred_sha256 if _state(one, hidden) == parts.BLURRED else None,
    )


def _state(one: DeliveredRecord, hidden: frozenset[str]) -> str:
    if one.text is None:
        return parts.REMOVED
    if one.sha256 in hidden:
        return parts.WITHHELD
    return parts.HERE if one.blurred_sha256 is None else parts.BLURRED


def _entry(uow: UnitOfWork, index: int, size: int) -> parts.BundledEntry:
    proof, opened = prove(uow, index, size=size), opening(uow, index)
    return parts.BundledEntry(
        index=index,
        leaf_hash=proof.leaf_hash_hex,
        path=proof.path_hex,
        salt=opened.salt_hex if opened else None,
        payload=opened.payload if opened else None,
    )


def _original(evidence: EvidenceStore, photo: parts.BundledPhoto) -> Member:
    def read() -> Iterator[bytes]:
        with evidence.open(photo.sha256) as file:
            while block := file.read(_BLOCK_BYTES):
                yield block

    return Member(photo.member, photo.size_bytes, read)


def _signed(uow: UnitOfWork, visit_id: str, small: list[Member], large: list[Member], at_utc: datetime) -> list[Member]:
    listed = parts.manifest(visit_id, [*small, *large], {one.name: one.name.split("/")[1][:64] for one in large})
    signed = sign(uow, Purpose.RECEIPT, listed, at_utc=at_utc)
    [key] = [key for key in public_keys(uow, Purpose.RECEIPT) if key.kid == signed.kid]
    said = {
        "kid": signed.kid,
        "algorithm": signed.algorithm,
        "public_jwk": key.public_jwk,
        "signature": signed.signature.hex(),
    }
    return [whole(parts.MANIFEST, listed), whole(parts.SIGNATURE, canonical(said)), *small, *large]
