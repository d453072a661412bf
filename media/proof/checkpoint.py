"""Checkpoints: the log's size and root, signed, in a text short enough to be printed, kept and read out.

The signature is over the exact text. A checkpoint *file* adds what somebody needs who has nothing but files: the
public key, the way from each earlier checkpoint to this one, time stamps and the signatures of witnesses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from media.errors import NotComparable, ProofBroken, ProofError
from media.proof.canonical import canonical
from media.proof.keys import key_id
from media.proof.merkle import verify_consistency
from media.proof.signature import verify_signature

FILE_FORMAT = "shidi-checkpoint-file/1"

_TEXT = re.compile(
    r"shidi-checkpoint/1\n"
    r"origin (?P<origin>[0-9a-f]{16})\n"
    r"size (?P<size>[1-9][0-9]{0,15})\n"
    r"root (?P<root>[0-9a-f]{64})\n"
    r"at (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n"
    r"audit-entry (?P<audit>0|[1-9][0-9]{0,15})\n"
    r"key (?P<key>[A-Za-z0-9_-]{43})\n"
)
_HASH = re.compile(r"[0-9a-f]{64}")
_AT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: of which log, how many entries, their root, when, and signed by which key.

    ``origin`` names the log: the beginning of the hash of its first entry. ``audit_index`` is the entry that holds
    the head of the audit chain.
    """

    origin: str
    size: int
    root_hex: str
    at_utc: datetime
    audit_index: int
    kid: str


@dataclass(frozen=True)
class Link:
    """An earlier checkpoint, and the proof that leads from it to the next one."""

    size: int
    root_hex: str
    path_hex: tuple[str, ...]


@dataclass(frozen=True)
class StampToken:
    """The answer of a timestamp authority (RFC 3161) for the text of a checkpoint."""

    authority: str
    response_hex: str


@dataclass(frozen=True)
class Cosignature:
    """A witness's own signature over the same text: that they were shown it."""

    witness: str
    algorithm: str
    public_jwk: Mapping[str, str]
    signature_hex: str


@dataclass(frozen=True)
class CheckpointFile:
    """A checkpoint with everything needed to check it without the server."""

    text: str
    algorithm: str
    public_jwk: Mapping[str, str]
    signature_hex: str
    links: tuple[Link, ...]
    stamps: tuple[StampToken, ...]
    cosignatures: tuple[Cosignature, ...]

    @property
    def said(self) -> Checkpoint:
        """What the text says; raises :class:`ProofBroken` when it is no checkpoint."""
        return read_checkpoint(self.text)


def write_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the text that is signed, stamped and kept by witnesses."""
    return (
        "shidi-checkpoint/1\n"
        f"origin {checkpoint.origin}\n"
        f"size {checkpoint.size}\n"
        f"root {checkpoint.root_hex}\n"
        f"at {checkpoint.at_utc.astimezone(UTC).strftime(_AT)}\n"
        f"audit-entry {checkpoint.audit_index}\n"
        f"key {checkpoint.kid}\n"
    )


def read_checkpoint(text: str) -> Checkpoint:
    """Return what a checkpoint's text says, or raise :class:`ProofBroken`."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ProofBroken("the text of the checkpoint is not written as one")
    try:
        at_utc = datetime.strptime(found["at"], _AT).replace(tzinfo=UTC)
    except ValueError as error:
        raise ProofBroken("the checkpoint's time is no time") from error
    return Checkpoint(found["origin"], int(found["size"]), found["root"], at_utc, int(found["audit"]), found["key"])


def write_checkpoint_file(file: CheckpointFile) -> bytes:
    """Return the bytes that are downloaded, put into bundles and kept by witnesses."""
    return canonical(
        {
            "format": FILE_FORMAT,
            "text": file.text,
            "algorithm": file.algorithm,
            "public_jwk": dict(file.public_jwk),
            "signature": file.signature_hex,
            "links": [{"size": one.size, "root": one.root_hex, "path": list(one.path_hex)} for one in file.links],
            "stamps": [{"authority": one.authority, "response": one.response_hex} for one in file.stamps],
            "cosignatures": [
                {
                    "witness": one.witness,
                    "algorithm": one.algorithm,
                    "public_jwk": dict(one.public_jwk),
                    "signature": one.signature_hex,
                }
                for one in file.cosignatures
            ],
        }
    )


def read_checkpoint_file(data: bytes) -> CheckpointFile:
    """Return a checkpoint file as it was kept, or raise :class:`ProofBroken`; nothing is checked yet."""
    try:
        said: dict[str, Any] = json.loads(data)
        if said["format"] != FILE_FORMAT:
            raise ProofBroken(f"this is no checkpoint file of the form {FILE_FORMAT}")
        file = CheckpointFile(
            text=_str(said["text"]),
            algorithm=_str(said["algorithm"]),
            public_jwk=said["public_jwk"],
            signature_hex=_str(said["signature"]),
            links=tuple(Link(one["size"], one["root"], tuple(one["path"])) for one in said["links"]),
            stamps=tuple(StampToken(_str(one["authority"]), _str(one["response"])) for one in said["stamps"]),
            cosignatures=tuple(
                Cosignature(_str(one["witness"]), _str(one["algorithm"]), one["public_jwk"], _str(one["signature"]))
                for one in said["cosignatures"]
            ),
        )
        # What was read is what was written, to the byte: no second spelling of a number or a hash slips through.
        if write_checkpoint_file(file) != data.rstrip(b"\n"):
            raise ProofBroken("the checkpoint file is not spelt as Shidi writes it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProofBroken("this is no checkpoint file, or one that was damaged") from error
    return file


def check_checkpoint_file(file: CheckpointFile) -> Checkpoint:
    """Return what the checkpoint says, once its signature, its links and its witnesses' signatures hold."""
    said = file.said
    if key_id_of(file.public_jwk) != said.kid:
        raise ProofBroken("the key in the checkpoint file is not the one that the checkpoint names")
    if not signature_holds(file.algorithm, file.public_jwk, file.text, file.signature_hex):
        raise ProofBroken("the checkpoint's signature does not hold")
    _check_links(file.links, said)
    for one in file.cosignatures:
        if not signature_holds(one.algorithm, one.public_jwk, file.text, one.signature_hex):
            raise ProofBroken(f"the signature of the witness {one.witness!r} does not hold")
    return said


def check_same_log(kept: CheckpointFile, other: CheckpointFile) -> None:
    """Return once both, checked before, are proved to be two states of one log in which nothing was changed.

    Raises :class:`ProofBroken` when they contradict each other, which is the finding a witness is there for, and
    :class:`NotComparable` when the files at hand hold no proof between the two.
    """
    earlier, later = sorted((kept, other), key=lambda file: file.said.size)
    first, second = earlier.said, later.said
    if first.origin != second.origin:
        raise ProofBroken(f"these are two different logs: {first.origin} and {second.origin}")
    if first.size == second.size:
        known: str | None = second.root_hex
    else:
        known = next((link.root_hex for link in later.links if link.size == first.size), None)
    if known is None:
        raise NotComparable(
            f"the later file (size {second.size}) holds no proof from size {first.size}; "
            "ask for a newer download of it, or for the files in between"
        )
    if known != first.root_hex:
        raise ProofBroken(
            f"at size {first.size} one file has the root {first.root_hex} and the other {known}: "
            "the log was changed after the earlier one was kept"
        )


def signature_holds(algorithm: str, public_jwk: Mapping[str, object], text: str, signature_hex: str) -> bool:
    """Return whether a signature written in hexadecimal holds over a text; nonsense does not hold."""
    try:
        signature = bytes.fromhex(signature_hex)
        return signature.hex() == signature_hex and verify_signature(
            algorithm, public_jwk, text.encode("utf-8"), signature
        )
    except (ValueError, TypeError, ProofError):
        return False


def key_id_of(public_jwk: Mapping[str, object]) -> str | None:
    """Return the name of a public key, None where it is no key."""
    try:
        return key_id(public_jwk)
    except (ProofError, AttributeError, TypeError):
        return None


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _check_links(links: Sequence[Link], said: Checkpoint) -> None:
    nexts = [*((link.size, link.root_hex) for link in links[1:]), (said.size, said.root_hex)]
    for link, (size, root_hex) in zip(links, nexts[: len(links)], strict=True):
        hashes = [link.root_hex, root_hex, *link.path_hex]
        if not isinstance(link.size, int) or not all(isinstance(h, str) and _HASH.fullmatch(h) for h in hashes):
            raise ProofBroken(f"the proof from size {link.size} is not written as one")
        path = [bytes.fromhex(one) for one in link.path_hex]
        if not verify_consistency(link.size, size, bytes.fromhex(link.root_hex), bytes.fromhex(root_hex), path):
            raise ProofBroken(f"the log of size {size} does not begin with the log of size {link.size}")
