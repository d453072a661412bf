"""Check an evidence bundle with nothing but the bundle: no server, no database, no key that is not in it.

What does not hold raises :class:`ProofBroken`, the first thing first. What holds but a person should know of (a record
still on a phone, no time stamp) is a remark.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from media.errors import ProofBroken, ProofError
from media.proof.archive import Archive
from media.proof.bundle import (
    BLURRED,
    BUNDLE_FORMAT,
    CHECKPOINT,
    HERE,
    MANIFEST,
    MISSING,
    NOT_ARRIVED,
    REMOVED,
    SIGNATURE,
    WITHHELD,
    BundledEntry,
    BundledPhoto,
    BundledRecord,
    BundledVisit,
    read_entries,
    read_json,
    read_visit,
)
from media.proof.checkpoint import (
    Checkpoint,
    CheckpointFile,
    check_checkpoint_file,
    check_same_log,
    key_id_of,
    read_checkpoint_file,
    signature_holds,
)
from media.proof.leaf import salted_leaf
from media.proof.merkle import leaf_hash, verify_inclusion
from media.proof.record import ChainLink, check_chain
from media.proof.signature import ES256, b64url_bytes, verify_signature
from media.proof.stamp import check_stamp

_LARGEST_RECORD_BYTES = 1 * 2**20
_NONCE_KINDS = ("opening", "package")


@dataclass(frozen=True)
class Verdict:
    """What a bundle was found to prove, and what somebody who relies on it should know."""

    visit_id: str
    records: int
    photos: int
    removed: int
    withheld: int
    checkpoint: Checkpoint
    stamped_utc: datetime | None
    compared: bool
    remarks: tuple[str, ...]
    blurred: int = 0


@dataclass(frozen=True)
class _Case:
    archive: Archive
    visit: BundledVisit
    entries: dict[int, BundledEntry]
    kept: CheckpointFile
    hashes: dict[str, str]
    remarks: list[str]


def verify_bundle(file: BinaryIO, *, witness_file: bytes | None = None, authority_pem: bytes | None = None) -> Verdict:
    """Return what the bundle proves; :class:`ProofBroken` names the first thing that is wrong.

    ``witness_file`` is a checkpoint that somebody outside kept, ``authority_pem`` the certificates of the timestamp
    authority one trusts; without either the bundle is held against nothing but itself.
    """
    try:
        return _verify(file, witness_file, authority_pem)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        # Somebody who makes up a bundle may put anything anywhere.
        raise ProofBroken(f"the bundle is not written as one: {error}") from error


def _verify(file: BinaryIO, witness_file: bytes | None, authority_pem: bytes | None) -> Verdict:
    archive = Archive(file)
    listed = _check_members(archive)
    kept = read_checkpoint_file(archive.read(CHECKPOINT, most_bytes=_LARGEST_RECORD_BYTES * 16))
    checkpoint = check_checkpoint_file(kept)
    case = _Case(archive, read_visit(archive), read_entries(archive), kept, listed, [])
    _check_entries(case, checkpoint)
    removal, blurred = _removal(case), _blurred(case)
    texts = {one.sha256: _check_record(case, one, removal, blurred) for one in case.visit.records}
    _check_nothing_left_out(case)
    _check_chains(case, texts)
    _check_nonces(case, texts)
    _check_photos(case, texts, removal)
    stamped_utc = _check_stamps(case, authority_pem)
    if witness_file is not None:
        other = read_checkpoint_file(witness_file)
        check_checkpoint_file(other)
        check_same_log(other, kept)
    else:
        case.remarks.append(
            "held against no checkpoint that somebody outside kept: by itself this shows no change since the export, "
            "and nothing against whoever runs the server"
        )
    states = [*(one.state for one in case.visit.records), *(one.state for one in case.visit.photos)]
    return Verdict(
        visit_id=case.visit.visit_id,
        records=sum(one.state == HERE for one in case.visit.records),
        photos=sum(one.state == HERE for one in case.visit.photos),
        removed=states.count(REMOVED),
        withheld=states.count(WITHHELD),
        checkpoint=checkpoint,
        stamped_utc=stamped_utc,
        compared=witness_file is not None,
        remarks=tuple(case.remarks),
        blurred=states.count(BLURRED),
    )


def checkpoint_of_bundle(file: BinaryIO) -> bytes:
    """Return the checkpoint file inside a bundle."""
    return Archive(file).read(CHECKPOINT, most_bytes=_LARGEST_RECORD_BYTES * 16)


def _check_members(archive: Archive) -> dict[str, str]:
    """Return the hash of each member, once every one is listed with it, and the list is signed."""
    said = read_json(archive, MANIFEST)
    _check_manifest_signature(archive)
    try:
        if said["format"] != BUNDLE_FORMAT:
            raise ProofBroken(f"this is no bundle of the form {BUNDLE_FORMAT}")
        listed = {one["name"]: (one["size"], one["sha256"]) for one in said["members"]}
    except (KeyError, TypeError) as error:
        raise ProofBroken(f"{MANIFEST} is not written as one") from error
    present = set(archive.names) - {MANIFEST, SIGNATURE}
    for name in sorted(set(listed) - present):
        raise ProofBroken(f"{name} is missing from the bundle")
    for name in sorted(present - set(listed)):
        raise ProofBroken(f"{name} is in the bundle, but not in its list")
    for name, (size_bytes, sha256) in listed.items():
        digest = hashlib.sha256()
        for block in archive.blocks(name):
            digest.update(block)
        if (archive.size_bytes(name), digest.hexdigest()) != (size_bytes, sha256):
            raise ProofBroken(f"{name} was changed: its bytes do not have the hash in the list")
    return {name: sha256 for name, (_, sha256) in listed.items()}


def _check_manifest_signature(archive: Archive) -> None:
    signed = read_json(archive, SIGNATURE)
    text = archive.read(MANIFEST, most_bytes=_LARGEST_RECORD_BYTES * 16).decode("utf-8", "replace")
    try:
        kid, algorithm, jwk, signature = (signed[name] for name in ("kid", "algorithm", "public_jwk", "signature"))
    except (KeyError, TypeError) as error:
        raise ProofBroken(f"{SIGNATURE} is not written as one") from error
    if set(signed) != {"kid", "algorithm", "public_jwk", "signature"} or key_id_of(jwk) != kid:
        raise ProofBroken(f"{SIGNATURE} names a key that it does not bring")
    if not signature_holds(algorithm, jwk, text, signature):
        raise ProofBroken(f"{MANIFEST} or its signature was changed: the signature does not hold")


def _check_entries(case: _Case, checkpoint: Checkpoint) -> None:
    """Each entry stands in the tree of the checkpoint, and says what its leaf commits to."""
    for entry in case.entries.values():
        try:
            leaf, root = bytes.fromhex(entry.leaf_hash), bytes.fromhex(checkpoint.root_hex)
            path = [bytes.fromhex(one) for one in entry.path]
            opened = (
                None if entry.payload is None else salted_leaf(bytes.fromhex(entry.salt or ""), entry.payload.encode())
            )
        except (ValueError, TypeError, ProofError) as error:
            raise ProofBroken(f"log entry {entry.index} is not written as one") from error
        if opened is not None and leaf_hash(opened) != leaf:
            raise ProofBroken(f"log entry {entry.index} says something else than was entered into the log")
        if not verify_inclusion(leaf, entry.index, checkpoint.size, path, root):
            raise ProofBroken(f"log entry {entry.index} is not in the log of the checkpoint")


def _removal(case: _Case) -> set[str]:
    """The hashes that the log says were removed by rule; empty where nothing was."""
    if case.visit.removal_index is None:
        return set()
    said = _entry(case, case.visit.removal_index, "removal", "the removal by rule").said
    if said.get("visit_id") != case.visit.visit_id:
        raise ProofBroken("the log entry of the removal speaks of another visit")
    case.remarks.append(f"removed by rule {said.get('rule')!r}, ordered by {said.get('ordered_by')}, {said.get('at')}")
    return {*said.get("records", ()), *said.get("photos", ())}


def _blurred(case: _Case) -> dict[str, str]:
    """The records whose positions the log says were blurred by rule, each with the hash of the copy that is left."""
    found: dict[str, str] = {}
    for entry in case.entries.values():
        said = entry.said
        if said.get("kind") != "blur":
            continue
        if said.get("visit_id") != case.visit.visit_id:
            raise ProofBroken("a log entry of blurring speaks of another visit")
        found |= dict(said["records"])
        changed = sum(before != after for before, after in said["records"])
        case.remarks.append(
            f"positions blurred to the village by rule, {said['days']} days after the visit, {said.get('at')}: "
            f"{changed} records are copies without positions, which the phone's signature does not cover"
        )
    return found


def _check_record(case: _Case, one: BundledRecord, removal: set[str], blurred: dict[str, str]) -> str | None:
    """Return the text of a record that is here, after everything that can be said of it alone."""
    about = f"record {one.sha256}"
    if one.state == MISSING:
        raise ProofBroken(f"{about} is missing: the server had lost it when the bundle was made")
    if one.state == REMOVED:
        if one.sha256 not in removal:
            raise ProofBroken(
                f"{about} is missing: it is said to be removed by rule, but the log knows no such removal"
            )
        return None
    if one.state == WITHHELD:
        return None
    if one.state not in (HERE, BLURRED):
        raise ProofBroken(f"{about} is in a state that no record is in")
    data = case.archive.read(one.member, most_bytes=_LARGEST_RECORD_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    if one.state == BLURRED and (digest != one.blurred_sha256 or blurred.get(one.sha256) != digest):
        raise ProofBroken(f"{about} is said to be blurred by rule, but the log knows no such copy of it")
    if one.state == HERE and digest != one.sha256:
        raise ProofBroken(f"{about} was changed")
    said = _entry(case, one.log_index, "records", about).said
    if said.get("visit_id") != case.visit.visit_id or one.sha256 not in [row[1] for row in said.get("records", ())]:
        raise ProofBroken(f"log entry {one.log_index} does not name {about}")
    if one.state == HERE:
        _check_phone_signature(case, one, data)
    return data.decode("utf-8")


def _check_phone_signature(case: _Case, one: BundledRecord, data: bytes) -> None:
    about = f"record {one.sha256}"
    keys = {device.device_id: device.public_jwk for device in case.visit.devices}
    jwk = keys.get(one.device_id or "")
    if one.signature is None or jwk is None:
        if one.signature_state == "good":
            raise ProofBroken(f"{about} is said to be signed, and its signature or key is not in the bundle")
        case.remarks.append(f"{about} is not signed by a phone ({one.outcome})")
        return
    signature = b64url_bytes(one.signature)
    holds = signature is not None and verify_signature(ES256, jwk, data, signature)
    if one.signature_state == "good" and not holds:
        raise ProofBroken(f"the phone's signature over {about} does not hold")
    if not holds:
        case.remarks.append(f"{about} arrived with a signature that does not hold")


def _check_nothing_left_out(case: _Case) -> None:
    """Every record that a log entry of the bundle names is spoken of."""
    known = {one.sha256 for one in case.visit.records}
    for entry in case.entries.values():
        said = entry.said
        if said.get("kind") == "records":
            for row in said["records"]:
                if row[1] not in known:
                    raise ProofBroken(f"record {row[1]} is missing: log entry {entry.index} names it")
        if said.get("kind") == "photo" and said["sha256"] not in {one.sha256 for one in case.visit.photos}:
            raise ProofBroken(f"photo {said['sha256']} is missing: log entry {entry.index} names it")


def _check_chains(case: _Case, texts: dict[str, str | None]) -> None:
    """What each phone numbered and chained has no hole, but for what is withheld, or may still be on the phone."""
    links = []
    apart = {one.sha256 for one in case.visit.records if one.state == WITHHELD}
    for one in case.visit.records:
        said = _said(texts[one.sha256])
        if said and isinstance(said.get("seq"), int) and one.outcome != "conflict":
            links.append(ChainLink(one.device_id or one.account_id, said["seq"], one.sha256, said.get("previous")))
    last: dict[str, int] = defaultdict(int)
    for link in links:
        last[link.device] = max(last[link.device], link.seq)
    before = {(link.device, link.seq): link.previous_sha256_hex for link in links}
    for finding in check_chain(links):
        names = before.get((finding.device, finding.last_seq + 1))
        if finding.kind == "gap" and finding.seq == finding.last_seq and names in apart:
            continue
        case.remarks.append(f"phone {finding.device}: {finding.sentence}")
    for one in case.visit.records:
        said = _said(texts[one.sha256])
        if said and said.get("kind") in ("finish", "close", "abort") and one.outcome == "accepted":
            device, count = one.device_id or one.account_id, said["body"].get("records")
            if isinstance(count, int) and last[device] < count:
                case.remarks.append(
                    f"phone {device} made {count} records; the last {count - last[device]} are not here"
                )


def _check_nonces(case: _Case, texts: dict[str, str | None]) -> None:
    """A record's nonce was given out, as the log shows, before the record was entered."""
    given: dict[str, int] = {}
    for entry in sorted(case.entries.values(), key=lambda entry: entry.index):
        if entry.said.get("kind") in _NONCE_KINDS and entry.said.get("assignment_id") == case.visit.assignment_id:
            given.setdefault(entry.said.get("nonce", ""), entry.index)
    for one in case.visit.records:
        said = _said(texts[one.sha256])
        if said is None:
            continue
        nonce = said.get("nonce")
        if not nonce:
            case.remarks.append(f"record {one.sha256} carries no nonce: nothing dates it from below")
        elif given.get(nonce, one.log_index) >= one.log_index:
            case.remarks.append(f"record {one.sha256} carries a nonce that the log does not show as given out before")


def _check_photos(case: _Case, texts: dict[str, str | None], removal: set[str]) -> None:
    announced = {}
    for one in case.visit.records:
        said = _said(texts[one.sha256])
        if said and said.get("kind") == "photo" and isinstance(said.get("body"), dict):
            announced[said["body"].get("sha256")] = said["body"].get("size_bytes")
    for photo in case.visit.photos:
        _check_photo(case, photo, removal)
        if photo.state == HERE and announced.get(photo.sha256) not in (None, photo.size_bytes):
            raise ProofBroken(f"photo {photo.sha256} has another length than its record says")
    known = {photo.sha256 for photo in case.visit.photos}
    for sha256 in announced:
        if sha256 not in known:
            raise ProofBroken(f"photo {sha256} is missing: a record of the visit announces it")


def _check_photo(case: _Case, photo: BundledPhoto, removal: set[str]) -> None:
    about = f"photo {photo.sha256}"
    if photo.state == MISSING:
        raise ProofBroken(f"{about} is missing: the server had lost it when the bundle was made")
    if photo.state == NOT_ARRIVED:
        case.remarks.append(f"{about} was announced, and had not arrived when the bundle was made")
        return
    if photo.state == REMOVED:
        if photo.sha256 not in removal:
            raise ProofBroken(
                f"{about} is missing: it is said to be removed by rule, but the log knows no such removal"
            )
        return
    if photo.state != HERE:
        raise ProofBroken(f"{about} is in a state that no photo is in")
    if photo.member not in case.archive.names:
        raise ProofBroken(f"{about} is missing from the bundle")
    if case.hashes[photo.member] != photo.sha256:
        raise ProofBroken(f"{about} was changed")
    said = _entry(case, photo.log_index, "photo", about).said
    named = (said.get("visit_id"), said.get("sha256"), said.get("size_bytes"))
    if named != (case.visit.visit_id, photo.sha256, case.archive.size_bytes(photo.member)):
        raise ProofBroken(f"log entry {photo.log_index} does not name {about}")


def _check_stamps(case: _Case, authority_pem: bytes | None) -> datetime | None:
    if authority_pem is not None and not case.kept.stamps:
        raise ProofBroken("the checkpoint carries no time stamp to hold against this authority")
    if authority_pem is None:
        case.remarks.append(
            "its time stamp was not checked: give the authority's certificate"
            if case.kept.stamps
            else "its checkpoint carries no time stamp"
        )
        return None
    times = [check_stamp(_bytes(one.response_hex), case.kept.text.encode(), authority_pem) for one in case.kept.stamps]
    return min(times)


def _entry(case: _Case, index: int | None, kind: str, about: str) -> BundledEntry:
    entry = case.entries.get(-1 if index is None else index)
    if entry is None or entry.said.get("kind") != kind:
        raise ProofBroken(f"the bundle brings no log entry for {about}")
    return entry


def _said(text: str | None) -> dict[str, Any] | None:
    """What a record says; None where it is not here, or was kept without being readable."""
    try:
        said = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ProofBroken("a time stamp in the checkpoint is not written as one") from error
