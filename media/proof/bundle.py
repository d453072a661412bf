"""Evidence bundles: what a visit left behind, with everything a stranger needs to check it without the server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from media.errors import ProofBroken
from media.proof.archive import Archive, Member, whole
from media.proof.canonical import canonical

BUNDLE_FORMAT = "shidi-bundle/1"
README, MANIFEST, SIGNATURE, VISIT, LOG, CHECKPOINT = (
    "README.txt",
    "manifest.json",
    "manifest.sig.json",
    "visit.json",
    "log.json",
    "checkpoint.json",
)
# What may be of a record or a photo: its bytes are in the bundle; gone by a rule that the log names; by such a rule a
# copy without positions is left only; not for whoever asked; never arrived at the server; or simply not there, which is
# the one that must not be.
HERE, REMOVED, WITHHELD, NOT_ARRIVED, MISSING = "here", "removed_by_rule", "withheld", "not_arrived", "missing"
BLURRED = "blurred_by_rule"

_LARGEST_JSON_BYTES = 64 * 2**20
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heic",
}


@dataclass(frozen=True)
class BundledDevice:
    """A phone that signed: the public half of its key."""

    device_id: str
    account_id: str
    public_jwk: dict[str, str]


@dataclass(frozen=True)
class BundledRecord:
    """A record of the visit; its exact text is the member ``records/<sha256>.json`` where its state is ``here``.

    Of a blurred one the member is ``blurred/<sha256>.json``, a text whose own hash is ``blurred_sha256``.
    """

    sha256: str
    state: str
    account_id: str
    device_id: str | None
    signature: str | None
    signature_state: str
    outcome: str
    reason: str
    received_utc: str
    log_index: int
    blurred_sha256: str | None = None

    @property
    def member(self) -> str:
        """Its name in the bundle."""
        return f"{'blurred' if self.state == BLURRED else 'records'}/{self.sha256}.json"


@dataclass(frozen=True)
class BundledPhoto:
    """A photo that records of the visit announce; ``log_index`` is where its arrival stands in the log."""

    sha256: str
    state: str
    media_type: str
    size_bytes: int
    log_index: int | None

    @property
    def member(self) -> str:
        """Its name in the bundle, with an ending that lets people open it."""
        return f"photos/{self.sha256}.{_EXTENSIONS.get(self.media_type, 'bin')}"


@dataclass(frozen=True)
class BundledEntry:
    """An entry of the log, with its path to the checkpoint's root; its opening too, unless that was removed."""

    index: int
    leaf_hash: str
    path: tuple[str, ...]
    salt: str | None
    payload: str | None

    @property
    def said(self) -> dict[str, Any]:
        """What the entry says; empty where its opening was removed."""
        value = {} if self.payload is None else json.loads(self.payload)
        if not isinstance(value, dict):
            raise ProofBroken(f"log entry {self.index} says nothing that can be read")
        return value


@dataclass(frozen=True)
class BundledVisit:
    """What ``visit.json`` says."""

    visit_id: str
    assignment_id: str
    made_utc: str
    devices: tuple[BundledDevice, ...]
    records: tuple[BundledRecord, ...]
    photos: tuple[BundledPhoto, ...]
    removal_index: int | None
    notes: tuple[str, ...] = field(default=())


def small_members(
    visit: BundledVisit,
    texts: Mapping[str, str],
    entries: tuple[BundledEntry, ...],
    checkpoint_file: bytes,
    readme: str,
) -> list[Member]:
    """Return the members of a bundle but for photos, manifest and signature; ``texts`` are records by hash."""
    return [
        whole(README, readme.encode()),
        whole(VISIT, canonical(asdict(visit))),
        whole(LOG, canonical([asdict(entry) for entry in entries])),
        whole(CHECKPOINT, checkpoint_file),
        *(whole(one.member, texts[one.sha256].encode()) for one in visit.records if one.sha256 in texts),
    ]


def manifest(visit_id: str, members: list[Member], photo_hashes: Mapping[str, str]) -> bytes:
    """Return the manifest: name, length and SHA-256 of every member but itself and its signature.

    ``photo_hashes`` gives the hashes of members that are too large to be read for it; photos are named by theirs.
    """
    listed = [
        {
            "name": member.name,
            "size": member.size_bytes,
            "sha256": photo_hashes.get(member.name) or hashlib.sha256(b"".join(member.read())).hexdigest(),
        }
        for member in members
    ]
    return canonical({"format": BUNDLE_FORMAT, "visit_id": visit_id, "members": listed})


def read_json(archive: Archive, name: str) -> Any:
    """Return a JSON member, which must be spelt the one way there is."""
    data = archive.read(name, most_bytes=_LARGEST_JSON_BYTES)
    try:
        value = json.loads(data)
        if canonical(value) != data:
            raise ProofBroken(f"{name} is not spelt as Shidi writes it")
    except (ValueError, RecursionError) as error:
        raise ProofBroken(f"{name} cannot be read") from error
    return value


def read_visit(archive: Archive) -> BundledVisit:
    """Return what ``visit.json`` says."""
    said = read_json(archive, VISIT)
    try:
        return BundledVisit(
            **{
                **said,
                "devices": tuple(BundledDevice(**one) for one in said["devices"]),
                "records": tuple(BundledRecord(**one) for one in said["records"]),
                "photos": tuple(BundledPhoto(**one) for one in said["photos"]),
                "notes": tuple(said["notes"]),
            }
        )
    except (TypeError, KeyError, ValueError) as error:
        raise ProofBroken(f"{VISIT} is not written as one") from error


def read_entries(archive: Archive) -> dict[int, BundledEntry]:
    """Return the log entries of the bundle by their number."""
    said = read_json(archive, LOG)
    try:
        entries = [BundledEntry(**{**one, "path": tuple(one["path"])}) for one in said]
        if len({entry.index for entry in entries}) != len(entries):
            raise ProofBroken(f"{LOG} brings one entry twice")
        return {entry.index: entry for entry in entries}
    except (TypeError, KeyError, ValueError) as error:
        raise ProofBroken(f"{LOG} is not written as one") from error
