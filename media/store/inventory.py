"""What an evidence store holds, as a list, and the same things brought from one store into another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from media.errors import BytesNotFound, HashMismatch
from media.store.evidence import EvidenceStore

_ORIGINAL, _COPY, _SET_ASIDE = "original", "copy", "set_aside"


@dataclass(frozen=True)
class Inventory:
    """Originals by hash, copies of them by hash and name, and what was set aside, by its real hash."""

    originals: frozenset[str]
    copies: frozenset[tuple[str, str]]
    set_aside: frozenset[str]

    def as_text(self) -> str:
        """One line for each thing, in order; ``from_text`` reads it again."""
        lines = [f"{_ORIGINAL} {sha256}" for sha256 in sorted(self.originals)]
        lines += [f"{_COPY} {sha256} {name}" for sha256, name in sorted(self.copies)]
        lines += [f"{_SET_ASIDE} {sha256}" for sha256 in sorted(self.set_aside)]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def from_text(cls, text: str) -> Inventory:
        """The inventory that ``as_text`` wrote; ``ValueError`` for anything else."""
        found: dict[str, set[tuple[str, ...]]] = {_ORIGINAL: set(), _COPY: set(), _SET_ASIDE: set()}
        for line in text.splitlines():
            kind, *rest = line.split(" ")
            if kind not in found or len(rest) != (2 if kind == _COPY else 1):
                raise ValueError(f"this is no line of an inventory: {line[:100]!r}")
            found[kind].add(tuple(rest))
        return cls(
            frozenset(sha256 for (sha256,) in found[_ORIGINAL]),
            frozenset((sha256, name) for sha256, name in found[_COPY]),
            frozenset(sha256 for (sha256,) in found[_SET_ASIDE]),
        )

    @property
    def hashes(self) -> frozenset[str]:
        """Everything that anything is kept under."""
        return self.originals | self.set_aside | {sha256 for sha256, _ in self.copies}


@dataclass(frozen=True)
class Amiss:
    """One thing that did not come over, and why; ``is_missing`` when the source does not have it at all."""

    sha256_hex: str
    sentence: str
    is_missing: bool


def inventory_of(store: EvidenceStore) -> Inventory:
    """What a store holds now; uploads that are still arriving are no part of it."""
    return Inventory(frozenset(store.walk()), frozenset(store.walk_derived()), frozenset(store.walk_set_aside()))


def bring(wanted: Inventory, source: EvidenceStore, target: EvidenceStore) -> tuple[int, list[Amiss]]:
    """Bring what is wanted from one store into another: how many originals were new there, and what is amiss.

    What the target has already stays untouched. Everything new is hashed on its way, so a spoiled original is named
    and not brought; the rest goes on. A store that cannot be used raises ``StoreUnavailable`` instead.
    """
    brought = 0
    amiss: list[Amiss] = []
    for sha256 in sorted(wanted.originals):
        if target.has(sha256):
            continue
        amiss += (trouble := list(_bring_one(sha256, source, target, set_aside=False)))
        brought += not trouble
    there = frozenset(target.walk_set_aside())
    for sha256 in sorted(wanted.set_aside - there):
        amiss += _bring_one(sha256, source, target, set_aside=True)
    _bring_copies(wanted, source, target)
    return brought, amiss


def _bring_one(sha256: str, source: EvidenceStore, target: EvidenceStore, *, set_aside: bool) -> Iterator[Amiss]:
    try:
        with source.open_set_aside(sha256) if set_aside else source.open(sha256) as file:
            target.take(file, sha256, set_aside=set_aside)
    except BytesNotFound:
        yield Amiss(sha256, "its bytes are missing", is_missing=True)
    except HashMismatch:
        yield Amiss(sha256, "its bytes do not have the hash they are named by", is_missing=False)


def _bring_copies(wanted: Inventory, source: EvidenceStore, target: EvidenceStore) -> None:
    there = frozenset(target.walk_derived())
    for sha256, name in sorted(wanted.copies - there):
        try:
            with source.open_derived(sha256, name) as file:
                data = file.read()
        except BytesNotFound:
            continue  # swept, or removed by rule, since the list was made; it can be made again
        target.put_derived(sha256, name, data)


def keep_only(wanted: Inventory, store: EvidenceStore) -> int:
    """Remove from a store whatever is kept under a hash that is not wanted; how many hashes that were."""
    unwanted = inventory_of(store).hashes - wanted.hashes
    for sha256 in sorted(unwanted):
        store.remove(sha256)
    return len(unwanted)
