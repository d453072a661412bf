"""Work that came by cable or stick: taken as from the phone that signed it, and a trail of who brought it.

Nobody signed in on that phone when it came, so the phone's own signature is what vouches for a record. One without a
good signature of a known phone stays outside of the visit, kept and shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select

from media.proof import record_sha256
from visits.access import Account, Actor, Device, Right, actor_of_device, in_scope, note, require, within
from visits.intake.errors import NoSuchExport
from visits.intake.records import (
    Incoming,
    RecordReceipt,
    keep_unreadable,
    receive,
    signature_state,
    verifier_of,
)
from visits.intake.removal import removal_of
from visits.intake.rows import PhoneExport
from visits.store import UnitOfWork

UNKNOWN_SIGNER = "not_signed_by_a_known_phone"
NOT_OF_THE_TEAM = "not_of_the_team"
REMOVED_BY_RULE = "removed_by_rule"


@dataclass(frozen=True)
class NewExport:
    """What is to be remembered of one import; ``receipt`` is the file that goes back to the phone."""

    sha256: str
    size_bytes: int
    signer: Actor | None
    kept_whole: bool
    reason: str = ""
    receipt: dict[str, Any] | None = None


@dataclass(frozen=True)
class PhoneExportView:
    """One import as people read it."""

    id: UUID
    sha256: str
    size_bytes: int
    imported_by: str
    imported_utc: datetime
    whose: str | None
    device_label: str | None
    outcome: str
    reason: str
    kept_whole: bool
    receipt: dict[str, Any] | None


def signer_in_reach(uow: UnitOfWork, importer: Actor, device_id: UUID) -> Actor | None:
    """The inspector whose phone this is, where the importer may bring in their work: their own, or their office's."""
    require(importer, Right.IMPORT_PHONES)
    owner = actor_of_device(uow, device_id)
    if owner is None or not owner.may(Right.RECORD):
        return None
    office = importer.may(Right.ASSIGN) and in_scope(importer, owner.division_prefix)
    return owner if office or owner.account_id == importer.account_id else None


def receive_exported(
    uow: UnitOfWork,
    importer: Actor,
    signer: Actor | None,
    visit_id: UUID,
    batch: Sequence[Incoming],
    *,
    at_utc: datetime,
) -> list[RecordReceipt]:
    """Take records as from the phone that signed them; one receipt each, in order. The rest is kept, and refused.

    Of a visit that was removed by rule nothing is kept again; the other visits of the file are not held up by it.
    """
    if removal_of(uow, visit_id) is not None:
        return [_refused(item, REMOVED_BY_RULE, at_utc) for item in batch]
    verify = verifier_of(uow, signer) if signer else None
    good = [item for item in batch if signature_state(item, verify) == "good"]
    taken: dict[str, RecordReceipt] = {}
    if signer and good:
        reception = receive(uow, signer, visit_id, good, at_utc=at_utc)
        told = reception.receipts or [_refused(item, NOT_OF_THE_TEAM, at_utc) for item in good]
        taken = {item.text: receipt for item, receipt in zip(good, told, strict=True)}
    receipts = []
    for item in batch:
        if item.text not in taken:
            keep_unreadable(uow, importer, visit_id, item.text.encode(), UNKNOWN_SIGNER, at_utc=at_utc)
            taken[item.text] = _refused(item, UNKNOWN_SIGNER, at_utc)
        receipts.append(taken[item.text])
    return receipts


def keep_export(uow: UnitOfWork, importer: Actor, new: NewExport, *, at_utc: datetime) -> UUID:
    """Remember an import and who made it; its id."""
    require(importer, Right.IMPORT_PHONES)
    export_id = uuid4()
    signer = new.signer
    division_code = signer.division_prefix if signer else importer.division_prefix
    uow.session.add(
        PhoneExport(
            id=export_id,
            sha256=new.sha256,
            size_bytes=new.size_bytes,
            imported_by=importer.account_id,
            imported_utc=at_utc,
            division_code=division_code,
            account_id=signer.account_id if signer else None,
            device_id=signer.device_id if signer else None,
            outcome="read" if new.receipt is not None else "unreadable",
            reason=new.reason[:500],
            kept_whole=new.kept_whole,
            receipt=new.receipt,
        )
    )
    uow.session.flush()
    note(
        uow,
        importer,
        "phone_export.import",
        about=f"phone_export:{export_id}",
        division_code=division_code,
        result="done" if new.receipt is not None else "refused",
        detail={"sha256": new.sha256, "of": signer.login if signer else "", "reason": new.reason[:200]},
        at_utc=at_utc,
    )
    return export_id


def phone_exports(uow: UnitOfWork, actor: Actor, *, limit: int = 50) -> list[PhoneExportView]:
    """The imports in the caller's reach, newest first."""
    query = select(PhoneExport).where(_reach(actor)).order_by(PhoneExport.imported_utc.desc(), PhoneExport.id.desc())
    return [_view(uow, row) for row in uow.session.scalars(query.limit(limit))]


def phone_export(uow: UnitOfWork, actor: Actor, export_id: UUID) -> PhoneExportView:
    """One import in the caller's reach."""
    row = uow.session.scalar(select(PhoneExport).where(PhoneExport.id == export_id, _reach(actor)))
    if row is None:
        raise NoSuchExport(f"there is no import {export_id}")
    return _view(uow, row)


def _reach(actor: Actor) -> ColumnElement[bool]:
    require(actor, Right.IMPORT_PHONES)
    own = (PhoneExport.imported_by == actor.account_id) | (PhoneExport.account_id == actor.account_id)
    return own | within(actor, PhoneExport.division_code) if actor.may(Right.ASSIGN) else own


def _refused(item: Incoming, reason: str, at_utc: datetime) -> RecordReceipt:
    record_id = item.record["id"] if item.record else None
    return RecordReceipt(record_id, "refused", record_sha256(item.text), at_utc, None, reason)


def _view(uow: UnitOfWork, row: PhoneExport) -> PhoneExportView:
    names = {
        found.id: found.name
        for found in uow.session.execute(
            select(Account.id, Account.name).where(Account.id.in_([row.imported_by, row.account_id]))
        )
    }
    label = uow.session.scalar(select(Device.label).where(Device.id == row.device_id)) if row.device_id else None
    return PhoneExportView(
        id=row.id,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        imported_by=names.get(row.imported_by, ""),
        imported_utc=row.imported_utc,
        whose=names.get(row.account_id) if row.account_id else None,
        device_label=label,
        outcome=row.outcome,
        reason=row.reason,
        kept_whole=row.kept_whole,
        receipt=row.receipt,
    )
