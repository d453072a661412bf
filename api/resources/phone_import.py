"""A phone's unsent work, brought by cable or stick: opened, taken piece by piece, answered with a signed receipt.

Whatever a file holds goes the same way as over the air: records first, then the photos they announce, each checked
against its hash. Importing the same file again changes nothing and gives the same answer. What cannot be opened or
taken is kept whole, so that nothing an inspector made is lost by us.
"""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import marshmallow as ma

from api.http.errors import UnreadableBody, UploadTooLarge
from api.http.fields import Id, Instant, Schema, Sha256Hex, Whole
from api.http.strict_json import read_json
from api.resources.intake import RecordReceiptOut, SentRecord, receipt_told
from api.resources.record_shapes import MOST_RECORDS_OF_A_PHONE, read_record
from media.errors import HashMismatch, UnreadableExport, UploadBusy, UploadNotFound
from media.proof import ExportPart, OpenedExport, b64url_text, open_export, read_head
from media.store import EvidenceStore
from visits.access import Actor, Right, require
from visits.intake import (
    REMOVED_BY_RULE,
    Incoming,
    NewExport,
    NoSuchVisit,
    PhotoNotAnnounced,
    begin_upload,
    complete_upload,
    keep_export,
    mismatched_upload,
    receive_exported,
    removal_of,
    signer_in_reach,
)
from visits.log import NoSuchKey, Purpose, key_pair, sign
from visits.store import Store

BATCH_RECORDS = 200
MOST_VISITS = 100
MOST_PHOTOS_OF_A_VISIT = 500
_BLOCK_BYTES = 64 * 1024


class PhotoInside(Schema):
    """A photo whose bytes follow the manifest."""

    sha256 = Sha256Hex(required=True)
    size_bytes = Whole(least=1, most=2**40, required=True)


class VisitInside(Schema):
    """What a phone has of one visit."""

    visit_id = Id(required=True)
    records = ma.fields.List(
        ma.fields.Nested(SentRecord), required=True, validate=ma.validate.Length(max=MOST_RECORDS_OF_A_PHONE)
    )
    photos = ma.fields.List(
        ma.fields.Nested(PhotoInside), required=True, validate=ma.validate.Length(max=MOST_PHOTOS_OF_A_VISIT)
    )


class Manifest(Schema):
    """What stands at the beginning of an export, under its seal."""

    account_id = Id(required=True)
    device_id = Id(required=True)
    made_at = Instant(required=True)
    visits = ma.fields.List(ma.fields.Nested(VisitInside), required=True, validate=ma.validate.Length(max=MOST_VISITS))


_MANIFEST = Manifest()
_RECEIPTS = RecordReceiptOut(many=True)


@dataclass(frozen=True)
class ReceivedFile:
    """An export on our own disk, and what it hashes to."""

    file: BinaryIO
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Importer:
    """Takes exports into one installation."""

    store: Store
    evidence: EvidenceStore
    clock: Callable[[], datetime]
    most_photo_bytes: int

    def take(self, actor: Actor, stream: Any, *, most_bytes: int | None = None) -> UUID:
        """Take an export and return the id of the import.

        Under it stands the receipt; or, for a file that could not be opened, why not. Either way nothing is lost.
        """
        require(actor, Right.IMPORT_PHONES)
        with tempfile.TemporaryFile() as file:
            received = _received(stream, file, most_bytes)
            try:
                export, manifest = self._open(received)
            except (UnreadableExport, NoSuchKey) as reason:
                self._keep_whole(received)
                new = NewExport(received.sha256, received.size_bytes, None, True, str(reason))
                with self.store.writing() as uow:
                    return keep_export(uow, actor, new, at_utc=self.clock())
            return self._take_opened(actor, received, export, manifest)

    def _open(self, received: ReceivedFile) -> tuple[OpenedExport, dict[str, Any]]:
        head = read_head(received.file)
        with self.store.reading() as uow:
            key = key_pair(uow, head.kid, Purpose.PHONE_EXPORT)
        export = open_export(received.file, head, key)
        return export, _manifest(export)

    def _take_opened(
        self, actor: Actor, received: ReceivedFile, export: OpenedExport, manifest: dict[str, Any]
    ) -> UUID:
        with self.store.reading() as uow:
            signer = signer_in_reach(uow, actor, manifest["device_id"])
        results: list[dict[str, Any]] = [
            {
                "visit_id": str(visit["visit_id"]),
                "records": self._take_records(actor, signer, visit["visit_id"], visit["records"]),
                "photos": [],
            }
            for visit in manifest["visits"]
        ]
        for visit, result in zip(manifest["visits"], results, strict=True):
            for photo in visit["photos"]:
                part = export.part(photo["size_bytes"])
                outcome = self._take_photo(signer, visit["visit_id"], photo["sha256"], photo["size_bytes"], part)
                part.skip()
                result["photos"].append({"sha256": photo["sha256"], "outcome": outcome})
        settled = ("arrived", REMOVED_BY_RULE)
        kept_whole = any(photo["outcome"] not in settled for result in results for photo in result["photos"])
        if kept_whole:
            self._keep_whole(received)
        at_utc = self.clock()
        text = json.dumps(
            {"device_id": str(manifest["device_id"]), "results": results, "at_utc": at_utc.isoformat()},
            ensure_ascii=False,
        )
        with self.store.writing() as uow:
            signed = sign(uow, Purpose.RECEIPT, text.encode(), at_utc=at_utc)
            signature = b64url_text(signed.signature)
            receipt = {"receipts": text, "signature": signature, "kid": signed.kid}
            new = NewExport(received.sha256, received.size_bytes, signer, kept_whole, "", receipt)
            return keep_export(uow, actor, new, at_utc=at_utc)

    def _take_records(
        self, actor: Actor, signer: Actor | None, visit_id: UUID, sent: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        for start in range(0, len(sent), BATCH_RECORDS):
            batch = sent[start : start + BATCH_RECORDS]
            read = [read_record(one["record"]) for one in batch]
            incoming = [
                Incoming(one["record"], one["signature"], what.parsed, "; ".join(what.problems))
                for one, what in zip(batch, read, strict=True)
            ]
            with self.store.writing() as uow:
                receipts = receive_exported(uow, actor, signer, visit_id, incoming, at_utc=self.clock())
            told += _RECEIPTS.dump([receipt_told(one, what) for one, what in zip(receipts, read, strict=True)])
        return told

    def _take_photo(self, signer: Actor | None, visit_id: UUID, sha256: str, size_bytes: int, part: ExportPart) -> str:
        """What became of one photo, in a word; its bytes are in the store before the records say so."""
        with self.store.reading() as uow:
            if removal_of(uow, visit_id) is not None:
                return REMOVED_BY_RULE
        if signer is None:
            return "not_announced"
        if size_bytes > self.most_photo_bytes:
            return "too_large"
        try:
            with self.store.writing() as uow:
                begun = begin_upload(
                    uow, signer, visit_id=visit_id, sha256=sha256, size_bytes=size_bytes, at_utc=self.clock()
                )
                if begun.begun_now:
                    self.evidence.begin(str(begun.id))  # as over the air: an upload always has its place
        except (NoSuchVisit, PhotoNotAnnounced):
            return "not_announced"
        if begun.complete:
            return "arrived"
        # In a place of its own: what came over the air of this photo may be half of it, and still be growing.
        arriving = str(uuid4())
        self.evidence.begin(arriving)
        self.evidence.append(arriving, 0, part)
        try:
            self.evidence.finish(arriving, sha256_hex=sha256, size_bytes=size_bytes)
        except HashMismatch as reason:
            with self.store.writing() as uow:
                mismatched_upload(uow, signer, begun.id, arrived_as=reason.actual_hex, at_utc=self.clock())
            return "hash_mismatch"
        with self.store.writing() as uow:
            complete_upload(uow, signer, begun.id, at_utc=self.clock())
        with contextlib.suppress(UploadNotFound, UploadBusy):
            self.evidence.discard(str(begun.id))
        return "arrived"

    def _keep_whole(self, received: ReceivedFile) -> None:
        keeping = str(uuid4())
        received.file.seek(0)
        self.evidence.begin(keeping)
        self.evidence.append(keeping, 0, received.file)
        self.evidence.finish(keeping, sha256_hex=received.sha256, size_bytes=received.size_bytes)


def _received(stream: Any, file: Any, most_bytes: int | None) -> ReceivedFile:
    digest, size_bytes = hashlib.sha256(), 0
    while block := stream.read(_BLOCK_BYTES):
        size_bytes += len(block)
        if most_bytes is not None and size_bytes > most_bytes:
            raise UploadTooLarge(f"a file of unsent work has at most {most_bytes} bytes", max_bytes=most_bytes)
        digest.update(block)
        file.write(block)
    file.flush()
    return ReceivedFile(file, digest.hexdigest(), size_bytes)


def _manifest(export: OpenedExport) -> dict[str, Any]:
    """What the manifest says, checked to the last byte of the photos it speaks of."""
    try:
        manifest: dict[str, Any] = _MANIFEST.load(read_json(export.manifest))
    except (UnreadableBody, ma.ValidationError) as reason:
        raise UnreadableExport(f"the manifest is not of the agreed shape: {reason}"[:400]) from reason
    promised_bytes = sum(photo["size_bytes"] for visit in manifest["visits"] for photo in visit["photos"])
    if promised_bytes != export.left_bytes:
        raise UnreadableExport(f"the manifest speaks of {promised_bytes} bytes of photos, {export.left_bytes} are here")
    return manifest
