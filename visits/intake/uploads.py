"""Photo uploads: who sends which bytes for which visit, and that they arrived whole."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from media.errors import UploadBusy, UploadNotFound
from media.store import EvidenceStore
from visits.access import Actor, Right, note, require
from visits.intake.errors import (
    NoSuchUpload,
    NoSuchVisit,
    PhotoIsEvidence,
    PhotoNotAnnounced,
    RemovedByRule,
    UploadEnded,
)
from visits.intake.removal import MISMATCH, removal_of
from visits.intake.rows import ReceivedRecord, Upload
from visits.log import append
from visits.plans import assigned_visit
from visits.store import UnitOfWork, enqueue, insert_unless_there


@dataclass(frozen=True)
class UploadView:
    """An upload as its owner sees it; ``begun_now`` when this very call made it."""

    id: UUID
    visit_id: UUID
    sha256: str
    size_bytes: int
    complete: bool
    metadata: str | None
    begun_now: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class ArrivedPhoto:
    """Bytes that arrived and hashed true."""

    sha256: str
    size_bytes: int
    arrived_utc: datetime
    log_index: int


def begin_upload(
    uow: UnitOfWork,
    actor: Actor,
    *,
    visit_id: UUID,
    sha256: str,
    size_bytes: int,
    metadata: str | None = None,
    at_utc: datetime,
) -> UploadView:
    """The upload for these bytes; asking again returns the same one, unless that was given up or has expired.

    The bytes must have been announced by a photo record of this visit (taken or refused: a photo beyond the cap may
    still be sent, it stays outside the visit).
    """
    _check_expected(uow, actor, visit_id, sha256, size_bytes)
    is_new = insert_unless_there(
        uow,
        Upload,
        id=uuid4(),
        account_id=actor.account_id,
        visit_id=visit_id,
        sha256=sha256,
        size_bytes=size_bytes,
        begun_utc=at_utc,
        completed_utc=None,
        mismatches=0,
        log_index=None,
        metadata_text=metadata,
        ended_utc=None,
        ended_how=None,
    )
    row = uow.session.scalars(
        select(Upload).where(
            Upload.account_id == actor.account_id,
            Upload.visit_id == visit_id,
            Upload.sha256 == sha256,
            Upload.ended_utc.is_(None),
        )
    ).one()
    return replace(_view(row), begun_now=is_new)


def upload(uow: UnitOfWork, actor: Actor, upload_id: UUID) -> UploadView:
    """One of the caller's own uploads."""
    return _view(_own(uow, actor, upload_id))


def complete_upload(uow: UnitOfWork, actor: Actor, upload_id: UUID, *, at_utc: datetime) -> UploadView:
    """Mark an upload as arrived, once the bytes are in the evidence store under their hash; safe to repeat."""
    row = _own(uow, actor, upload_id, alone=True)
    if row.completed_utc is None:
        entry = append(
            uow,
            "photo",
            {"visit_id": str(row.visit_id), "sha256": row.sha256, "size_bytes": row.size_bytes},
            at_utc=at_utc,
        )
        row.completed_utc = at_utc
        row.log_index = entry.index
        uow.session.flush()
        enqueue(uow, "inspect_photo", f"{row.visit_id}/{row.sha256}", at_utc=at_utc)
        enqueue(uow, "judge_visit", str(row.visit_id), at_utc=at_utc)
    return _view(row)


def mismatched_upload(
    uow: UnitOfWork, actor: Actor, upload_id: UUID, *, arrived_as: str, at_utc: datetime
) -> UploadView:
    """Note that the bytes hash to something else; they are kept aside and the upload begins anew."""
    row = _own(uow, actor, upload_id, alone=True)
    row.mismatches += 1
    note(
        uow,
        actor,
        MISMATCH,
        about=f"visit:{row.visit_id}",
        result="refused",
        detail={"promised": row.sha256, "arrived": arrived_as},
        at_utc=at_utc,
    )
    return _view(row)


def terminate_upload(
    uow: UnitOfWork, actor: Actor, upload_id: UUID, evidence: EvidenceStore, *, at_utc: datetime
) -> None:
    """Give up an unfinished upload of the caller's own and free what had arrived of it."""
    row = _own(uow, actor, upload_id, alone=True)
    if row.completed_utc is not None:
        raise PhotoIsEvidence("the photo has arrived whole; it is evidence and stays")
    _end(uow, actor, row, evidence, how="terminated", at_utc=at_utc)


def expire_upload(uow: UnitOfWork, upload_id: UUID, evidence: EvidenceStore, *, at_utc: datetime) -> bool:
    """Free what had arrived of an upload that nobody goes on with; whether it was one that may end.

    One whose bytes are all here stays: the next question of its phone finishes it.
    """
    row = uow.session.scalar(select(Upload).where(Upload.id == upload_id).with_for_update())
    if row is None or row.completed_utc is not None or row.ended_utc is not None:
        return False
    if evidence.received_bytes(str(upload_id)) == row.size_bytes:
        return False
    _end(uow, None, row, evidence, how="expired", at_utc=at_utc)
    return True


def arrived_photos(uow: UnitOfWork, visit_id: UUID) -> dict[str, ArrivedPhoto]:
    """The photos of a visit whose bytes are here, by hash."""
    query = (
        select(Upload)
        .where(Upload.visit_id == visit_id, Upload.completed_utc.is_not(None))
        .order_by(Upload.completed_utc.desc())
    )
    return {
        row.sha256: ArrivedPhoto(row.sha256, row.size_bytes, row.completed_utc, row.log_index)
        for row in uow.session.scalars(query)
        if row.completed_utc is not None and row.log_index is not None
    }


def photos_have_arrived(uow: UnitOfWork) -> bool:
    """Whether any bytes were ever acknowledged: then a store without its folders is away, not new."""
    return uow.session.scalar(select(Upload.id).where(Upload.completed_utc.is_not(None)).limit(1)) is not None


def visits_with_photo(uow: UnitOfWork, sha256: str) -> set[UUID]:
    """The visits for which these very bytes were announced and taken."""
    return set(
        uow.session.scalars(
            select(ReceivedRecord.visit_id).where(
                ReceivedRecord.photo_sha256 == sha256, ReceivedRecord.outcome == "accepted"
            )
        )
    )


def _check_expected(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str, size_bytes: int) -> None:
    """Raise unless these bytes were announced for a visit of the caller's that still takes something."""
    require(actor, Right.RECORD)
    visit = assigned_visit(uow, visit_id)
    if visit is None or actor.account_id not in {m.account_id for m in visit.team}:
        raise NoSuchVisit(f"there is no visit {visit_id}")
    if removal_of(uow, visit_id) is not None:
        raise RemovedByRule("what this visit held was removed by rule; nothing is added to it")
    announced = uow.session.scalar(
        select(ReceivedRecord.number)
        .where(
            ReceivedRecord.visit_id == visit_id,
            ReceivedRecord.photo_sha256 == sha256,
            ReceivedRecord.photo_size_bytes == size_bytes,
        )
        .limit(1)
    )
    if announced is None:
        raise PhotoNotAnnounced("no photo record of this visit names these bytes; send the records first")


def _own(uow: UnitOfWork, actor: Actor, upload_id: UUID, *, alone: bool = False) -> Upload:
    """The caller's upload; ``alone`` keeps others from changing it meanwhile, so that two ends are logged once."""
    require(actor, Right.RECORD)
    query = select(Upload).where(Upload.id == upload_id, Upload.account_id == actor.account_id)
    row = uow.session.scalar(query.with_for_update() if alone else query)
    if row is None:
        raise NoSuchUpload(f"there is no upload {upload_id}")
    if row.ended_utc is not None:
        raise UploadEnded(f"this upload has {row.ended_how}; begin it anew")
    return row


def _end(
    uow: UnitOfWork, actor: Actor | None, row: Upload, evidence: EvidenceStore, *, how: str, at_utc: datetime
) -> None:
    """Free the bytes while the row is held, so that nobody can finish the upload meanwhile, and note it."""
    try:
        received_bytes = evidence.received_bytes(str(row.id))
        evidence.discard(str(row.id))
    except UploadNotFound:
        raise UploadBusy("the upload is just being finished; ask again in a moment") from None
    row.ended_utc = at_utc
    row.ended_how = how
    visit = assigned_visit(uow, row.visit_id)
    note(
        uow,
        actor,
        f"upload.{how}",
        about=f"visit:{row.visit_id}",
        division_code="" if visit is None else visit.village_code,
        detail={"sha256": row.sha256, "size_bytes": row.size_bytes, "received_bytes": received_bytes},
        at_utc=at_utc,
    )


def _view(row: Upload) -> UploadView:
    return UploadView(
        row.id, row.visit_id, row.sha256, row.size_bytes, row.completed_utc is not None, row.metadata_text
    )
