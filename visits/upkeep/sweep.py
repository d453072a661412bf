"""Free what nobody needs any more: half-arrived uploads that were given up on, and copies that can be made again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from media.errors import UploadBusy, UploadNotFound
from media.store import EvidenceStore
from visits.access import note
from visits.intake import Upload, expire_upload
from visits.store import Store


@dataclass(frozen=True)
class Swept:
    """How much was freed. Originals are never among it, whether a row names them or not."""

    expired: int
    strays: int
    copies: int


def sweep(store: Store, evidence: EvidenceStore, *, idle_for: timedelta, at_utc: datetime) -> Swept:
    """Free uploads that nobody wrote to for so long, and copies of originals that no row names; each is noted.

    An upload whose bytes are all here stays, and so does a copy without its original: it is the last that is left of
    it. Safe while the server runs, and to repeat.
    """
    before_utc = at_utc - idle_for
    expired = strays = 0
    for upload_id in evidence.idle_uploads(before_utc):
        try:
            with store.writing() as uow:
                if expire_upload(uow, UUID(upload_id), evidence, at_utc=at_utc):
                    expired += 1
                    continue
                row = uow.session.get(Upload, UUID(upload_id))
                if row is None or row.ended_utc is not None:
                    received_bytes = evidence.received_bytes(upload_id)
                    evidence.discard(upload_id)
                    detail = {"received_bytes": received_bytes}
                    note(uow, None, "upload.stray", about=f"upload:{upload_id}", detail=detail, at_utc=at_utc)
                    strays += 1
        except (UploadBusy, UploadNotFound):
            continue  # somebody goes on with it after all, or it has just been finished
    return Swept(expired, strays, _copies(store, evidence, at_utc))


def _copies(store: Store, evidence: EvidenceStore, at_utc: datetime) -> int:
    copies = list(evidence.walk_derived())
    with store.reading() as uow:
        named = set(uow.session.scalars(select(Upload.sha256)))
    unneeded = [(sha256, name) for sha256, name in copies if sha256 not in named and evidence.has(sha256)]
    for sha256, name in unneeded:
        with store.writing() as uow:
            evidence.remove_derived(sha256, name)
            note(uow, None, "copy.removed", about=f"photo:{sha256}", detail={"name": name}, at_utc=at_utc)
    return len(unneeded)
