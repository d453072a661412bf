"""Capture records: they travel and are kept as the very text that was signed, and each names the one before it.

The text is never parsed and written anew before it is hashed or checked, so no two programs can disagree about
spaces, key order or number formats. The chain of (number, hash of the previous record) is what makes the removal
of an unpleasant photo visible.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FIRST_SEQ = 1

ChainFault = Literal["gap", "fork", "wrong_previous"]


@dataclass(frozen=True)
class ChainLink:
    """What one record says about its place among the records of its device.

    ``sha256_hex`` is the hash of the record's own text, ``previous_sha256_hex`` what that text names as the record
    before; the first record (number 1) names none.
    """

    device: str
    seq: int
    sha256_hex: str
    previous_sha256_hex: str | None


@dataclass(frozen=True)
class ChainFinding:
    """One place where a device's chain does not hold: a thing for a person to look at, never a verdict.

    A ``gap`` says which number is missing (``seq`` up to ``last_seq``): it may still be on the phone. A ``fork`` is
    two different records under one number. ``wrong_previous`` is a record that names another predecessor than the
    one that is here.
    """

    kind: ChainFault
    device: str
    seq: int
    last_seq: int
    sentence: str


def record_sha256(text: str) -> str:
    """Return the SHA-256 (hex) of a record's exact text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def check_chain(links: Iterable[ChainLink]) -> list[ChainFinding]:
    """Return what does not hold in the chains of ``links``, device by device, in order of number.

    The order of arrival does not matter, and the same record sent twice counts once.
    """
    by_device: dict[str, dict[int, set[ChainLink]]] = defaultdict(lambda: defaultdict(set))
    for link in links:
        by_device[link.device][link.seq].add(link)
    return [finding for device in sorted(by_device) for finding in _check_device(device, by_device[device])]


def _check_device(device: str, by_seq: dict[int, set[ChainLink]]) -> list[ChainFinding]:
    findings: list[ChainFinding] = []
    expected_seq, before = FIRST_SEQ, set[ChainLink]()
    for seq in sorted(by_seq):
        here = by_seq[seq]
        if seq > expected_seq:
            findings.append(_gap(device, expected_seq, seq - 1))
        if len(here) > 1:
            sentence = f"{len(here)} different records carry number {seq}; all of them were kept"
            findings.append(ChainFinding("fork", device, seq, seq, sentence))
        # Across a gap nothing can be said about the predecessor, so only a record whose neighbour is here is tested.
        if seq <= FIRST_SEQ:
            known: set[str | None] | None = {None}
        elif seq == expected_seq:
            known = {link.sha256_hex for link in before}
        else:
            known = None
        if known is not None and any(link.previous_sha256_hex not in known for link in here):
            sentence = f"record {seq} names another record before it than the one received as number {seq - 1}"
            if seq <= FIRST_SEQ:
                sentence = f"record {seq} is the first of its device, yet names a record before it"
            findings.append(ChainFinding("wrong_previous", device, seq, seq, sentence))
        expected_seq, before = seq + 1, here
    return findings


def _gap(device: str, first_seq: int, last_seq: int) -> ChainFinding:
    which = f"record {first_seq} is" if first_seq == last_seq else f"records {first_seq} to {last_seq} are"
    return ChainFinding("gap", device, first_seq, last_seq, f"{which} missing; perhaps still on the phone")
