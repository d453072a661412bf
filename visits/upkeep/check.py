"""The integrity check: records against their hashes, photos against their bytes, the log and audit chains whole."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text

from media import MediaError
from media.errors import UploadNotFound
from media.store import EvidenceStore
from visits.access import audit_is_unbroken
from visits.intake import (
    BlurredRecord,
    PhoneExport,
    ReceivedRecord,
    Upload,
    blurs_of,
    bytes_nobody_needs,
    record_text,
    removal_of,
    removals,
    uploads_cut_off,
)
from visits.log import LogLeaf, LogOpening, head, opening, recompute_root
from visits.places import TileFolder, lost_tiles
from visits.store import Job, Store, UnitOfWork

_ANY_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, named so that a person can look at it."""

    what: str
    about: str
    sentence: str


@dataclass(frozen=True)
class Report:
    """What was looked at and what was found wrong."""

    records: int
    photos: int
    removed_visits: int
    log_size: int
    log_root_hex: str
    findings: tuple[Finding, ...]
    # Half-arrived bytes that nobody owns: no harm, and freed in time.
    leftovers: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """What lies in the evidence store: originals, copies with their names, and uploads that are not finished."""

    originals: frozenset[str]
    copies: frozenset[tuple[str, str]]
    staged: frozenset[str]


def check(store: Store, evidence: EvidenceStore, tiles: TileFolder | None = None) -> Report:
    """Look at everything; a clean report has no findings. Reads only, safe while the server runs.

    The map's tiles are looked at where their folder is given.
    """
    # Copies before originals, and both before the records: what arrives meanwhile has its other half by then.
    copies = frozenset(evidence.walk_derived())
    kept = Kept(frozenset(evidence.walk()), copies, frozenset(evidence.idle_uploads(_ANY_TIME)))
    with store.reading() as uow:
        records = uow.session.scalars(select(ReceivedRecord)).all()
        uploads = uow.session.scalars(select(Upload).where(Upload.completed_utc.is_not(None))).all()
        photos = len({row.sha256 for row in uploads})
        removed = removals(uow)
        log = head(uow)
        findings = [
            *_database(uow, is_sqlite=store.is_sqlite),
            *(f for row in records for f in _record(uow, row)),
            *(f for row in uploads for f in _photo(uow, row, evidence)),
            *_removed(uow, kept, evidence),
            *_exports(uow, evidence),
            *_orphans(uow, kept),
            *_log(uow, log.root_hex),
            *_audit(uow),
            *_jobs(uow),
            *_tiles(uow, tiles),
        ]
        leftovers = tuple(_leftovers(uow, kept, evidence))
    return Report(len(records), photos, removed, log.size, log.root_hex, tuple(findings), leftovers)


def _database(uow: UnitOfWork, *, is_sqlite: bool) -> Iterator[Finding]:
    if is_sqlite:
        answer = uow.session.execute(text("PRAGMA integrity_check")).scalar_one()
        if answer != "ok":
            yield Finding("database", "sqlite", f"SQLite's own check says: {answer}")


def _record(uow: UnitOfWork, row: ReceivedRecord) -> Iterator[Finding]:
    about = f"record {row.record_id or row.sha256}"
    if removal_of(uow, row.visit_id) is not None:
        yield from _in_log(uow, row.log_index, "records", lambda payload: row.sha256 in payload, about)
        return
    try:
        found = hashlib.sha256(record_text(uow, row).encode()).hexdigest()
    except MediaError as reason:
        yield Finding("record", about, f"its sealed text cannot be opened: {reason}")
        return
    copy = uow.session.get(BlurredRecord, row.number)
    if copy is None and found != row.sha256:
        yield Finding("record", about, "its text does not have the hash it was received with")
    if copy is not None:
        yield from _copy(uow, row, copy, found)
    yield from _in_log(uow, row.log_index, "records", lambda payload: row.sha256 in payload, about)


def _copy(uow: UnitOfWork, row: ReceivedRecord, copy: BlurredRecord, found: str) -> Iterator[Finding]:
    """What took the place of a record when its visit was blurred is what the log says it is."""
    about = f"record {row.record_id or row.sha256}"
    named = [row.sha256, copy.sha256]
    if found != copy.sha256:
        yield Finding("record", about, "its copy without positions does not have the hash it was made with")
    elif not any(said is None or named in said.said["records"] for said in _blurs(uow, row)):
        yield Finding("log", about, "no entry of the log names its copy without positions")


def _blurs(uow: UnitOfWork, row: ReceivedRecord) -> Iterator[LogOpening | None]:
    for one in blurs_of(uow, row.visit_id):
        yield opening(uow, one.log_index)


def _photo(uow: UnitOfWork, row: Upload, evidence: EvidenceStore) -> Iterator[Finding]:
    about = f"photo {row.sha256} of visit {row.visit_id}"
    is_kept = removal_of(uow, row.visit_id) is None
    if is_kept and not evidence.has(row.sha256):
        yield Finding("photo", about, "its bytes are missing")
    elif is_kept and not evidence.verify(row.sha256):
        yield Finding("photo", about, "its bytes do not have the hash they were received with")
    yield from _in_log(uow, row.log_index, "photo", lambda payload: row.sha256 in payload, about)


def _removed(uow: UnitOfWork, kept: Kept, evidence: EvidenceStore) -> Iterator[Finding]:
    again = "it is still here after removal by rule; run the removal again"
    for sha256 in bytes_nobody_needs(uow):
        if evidence.holds_any(sha256):
            yield Finding("removal", f"bytes {sha256}", again)
    for upload_id in sorted(kept.staged & {str(one) for one in uploads_cut_off(uow)}):
        yield Finding("removal", f"upload {upload_id}", again)


def _exports(uow: UnitOfWork, evidence: EvidenceStore) -> Iterator[Finding]:
    """The files of phones that were kept whole because not everything in them could be taken."""
    removed = set(bytes_nobody_needs(uow))
    for sha256 in uow.session.scalars(select(PhoneExport.sha256).where(PhoneExport.kept_whole).distinct()):
        if sha256 in removed:
            continue
        about = f"file {sha256} of a phone's unsent work"
        if not evidence.has(sha256):
            yield Finding("phone_export", about, "it was kept whole, and is missing")
        elif not evidence.verify(sha256):
            yield Finding("phone_export", about, "its bytes do not have the hash they were received with")


def _orphans(uow: UnitOfWork, kept: Kept) -> Iterator[Finding]:
    """Bytes whose row is missing and copies whose original is: named for a person, and never removed."""
    named = set(uow.session.scalars(select(Upload.sha256)))
    named |= set(uow.session.scalars(select(PhoneExport.sha256)))
    for sha256 in sorted(kept.originals - named):
        yield Finding("orphan", f"original {sha256}", "no record names these bytes; they stay where they are")
    for sha256, name in sorted(kept.copies):
        if sha256 not in kept.originals:
            yield Finding("orphan", f"copy {name} of {sha256}", "its original is missing; it may be all that is left")


def _leftovers(uow: UnitOfWork, kept: Kept, evidence: EvidenceStore) -> Iterator[str]:
    open_ids = {
        str(upload_id)
        for upload_id in uow.session.scalars(
            select(Upload.id).where(Upload.completed_utc.is_(None), Upload.ended_utc.is_(None))
        )
    }
    for upload_id in sorted(kept.staged - open_ids):
        yield f"upload {upload_id}: bytes that no open upload owns; they are freed in time"
    for upload_id in sorted(open_ids - kept.staged):
        with contextlib.suppress(UploadNotFound):
            evidence.received_bytes(upload_id)
            continue  # begun while we looked
        yield f"upload {upload_id}: begun, but its bytes are not here; its phone sends them anew"


def _in_log(
    uow: UnitOfWork, index: int | None, kind: str, names: Callable[[str], bool], about: str
) -> Iterator[Finding]:
    leaf = uow.session.get(LogLeaf, index) if index is not None else None
    if leaf is None or leaf.kind != kind:
        yield Finding("log", about, "the log has no entry for it")
    elif leaf.payload is not None and not names(leaf.payload.decode()):
        yield Finding("log", about, f"log entry {index} does not name it")


def _log(uow: UnitOfWork, stored_root_hex: str) -> Iterator[Finding]:
    if recompute_root(uow).root_hex != stored_root_hex:
        yield Finding("log", "root", "the root worked out anew from the entries is another than the stored tree's")


def _audit(uow: UnitOfWork) -> Iterator[Finding]:
    broken_at = audit_is_unbroken(uow)
    if broken_at is not None:
        yield Finding("audit", f"line {broken_at}", "the audit chain does not hold from here on")


def _jobs(uow: UnitOfWork) -> Iterator[Finding]:
    for job in uow.session.scalars(select(Job).where(Job.state == "failed")):
        yield Finding("job", f"{job.kind} {job.subject}", f"failed for good: {job.reason}")


def _tiles(uow: UnitOfWork, tiles: TileFolder | None) -> Iterator[Finding]:
    for county_code, fault in lost_tiles(uow, tiles) if tiles is not None else ():
        sentence = f"the file is {fault}; `shidi tiles redraw` draws it again from the boundaries"
        yield Finding("tiles", f"county {county_code}", sentence)
