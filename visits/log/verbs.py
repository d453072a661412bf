"""Append to the log and prove what it holds (RFC 6962 Merkle tree over salted leaves)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, select, update

from media.proof import (
    canonical,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_nodes,
    new_salt,
    root,
    root_at,
    salted_leaf,
)
from visits.log.errors import NotInLog
from visits.log.kinds import KINDS
from visits.log.rows import LogLeaf, LogNode
from visits.store import UnitOfWork, lock_for_transaction

# Everything that happens is logged, so these are built once: building them takes longer than running them.
_ADD_LEAF = insert(cast(Table, LogLeaf.__table__))
_ADD_NODES = insert(cast(Table, LogNode.__table__))
_NEWEST = select(func.max(LogLeaf.index))
_HASH_OF_NODE = select(LogNode.hash).where(LogNode.level == bindparam("level"), LogNode.index == bindparam("index"))


@dataclass(frozen=True)
class LogEntry:
    """Where something stands in the log."""

    index: int
    leaf_hash_hex: str


@dataclass(frozen=True)
class LogHead:
    """The tree at one size."""

    size: int
    root_hex: str


@dataclass(frozen=True)
class InclusionProof:
    """What anybody needs to check that an entry is in the tree: leaf, path and root. It tells nothing of the entry."""

    index: int
    size: int
    leaf_hash_hex: str
    path_hex: tuple[str, ...]
    root_hex: str


@dataclass(frozen=True)
class ConsistencyProof:
    """What anybody needs to check that nothing before the first size was changed until the second."""

    first_size: int
    second_size: int
    first_root_hex: str
    second_root_hex: str
    path_hex: tuple[str, ...]


@dataclass(frozen=True)
class LogOpening:
    """What an entry says, and the salt that ties it to its leaf; for those only whom the entry concerns."""

    index: int
    kind: str
    salt_hex: str
    payload: str

    @property
    def said(self) -> dict[str, Any]:
        """The payload as a value."""
        value: dict[str, Any] = json.loads(self.payload)
        return value


def append(uow: UnitOfWork, kind: str, payload: Mapping[str, object], *, at_utc: datetime) -> LogEntry:
    """Add one entry and return its place.

    The leaf commits to the payload through a random salt, so that nothing that could be guessed (a sealed village,
    a decision) can be confirmed from a proof alone.

    Raises
    ------
    ValueError
        It is of no kind in :data:`visits.log.KINDS`, so nobody could say to whom it may be opened.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind of log entry {kind!r}")
    lock_for_transaction(uow, "log")
    size = _size(uow)
    opened = canonical({"kind": kind, "at": at_utc.isoformat(), **payload})
    salt = new_salt()
    hashed = leaf_hash(salted_leaf(salt, opened))
    uow.session.execute(
        _ADD_LEAF,
        {"index": size, "kind": kind, "at_utc": at_utc, "leaf_hash": hashed, "salt": salt, "payload": opened},
    )
    completed = new_nodes(size, hashed, lambda level, index: node(uow, level, index))
    uow.session.execute(_ADD_NODES, [{"level": lv, "index": i, "hash": h} for lv, i, h in completed])
    return LogEntry(size, hashed.hex())


def head(uow: UnitOfWork) -> LogHead:
    """Size and root of the log now."""
    size = _size(uow)
    return LogHead(size, root_at(size, lambda level, index: node(uow, level, index)).hex())


def prove(uow: UnitOfWork, index: int, *, size: int | None = None) -> InclusionProof:
    """The proof that entry ``index`` is in the tree of ``size`` leaves (now, when not given)."""
    now = _size(uow)
    size = now if size is None else size
    leaf = uow.session.get(LogLeaf, index)
    if leaf is None or not index < size <= now:
        raise NotInLog(f"the log of {now} entries has no proof for entry {index} at size {size}")

    def get_node(level: int, at: int) -> bytes:
        return node(uow, level, at)

    return InclusionProof(
        index=index,
        size=size,
        leaf_hash_hex=leaf.leaf_hash.hex(),
        path_hex=tuple(h.hex() for h in inclusion_proof(index, size, get_node)),
        root_hex=root_at(size, get_node).hex(),
    )


def prove_growth(uow: UnitOfWork, first: int, second: int) -> ConsistencyProof:
    """The proof that the tree of ``first`` leaves is the beginning of that of ``second`` leaves."""
    now = _size(uow)
    if not 1 <= first <= second <= now:
        raise NotInLog(f"the log of {now} entries has no proof from size {first} to size {second}")

    def get_node(level: int, at: int) -> bytes:
        return node(uow, level, at)

    return ConsistencyProof(
        first_size=first,
        second_size=second,
        first_root_hex=root_at(first, get_node).hex(),
        second_root_hex=root_at(second, get_node).hex(),
        path_hex=tuple(h.hex() for h in consistency_proof(first, second, get_node)),
    )


def opening(uow: UnitOfWork, index: int) -> LogOpening | None:
    """What entry ``index`` says, None where that was removed by rule; callers check whom it concerns.

    It is kept apart from the proof, so that nobody hands out a sealed village by handing out a proof.
    """
    leaf = uow.session.get(LogLeaf, index)
    if leaf is None:
        raise NotInLog(f"the log has no entry {index}")
    if leaf.salt is None or leaf.payload is None:
        return None
    return LogOpening(index, leaf.kind, leaf.salt.hex(), leaf.payload.decode())


def entries_saying(uow: UnitOfWork, kinds: Sequence[str], name: str, values: Collection[str]) -> list[int]:
    """Where the log holds entries of these kinds whose payload has one of ``values`` under ``name``, in order.

    Reads the payloads of all entries of these kinds: for exports and removals, not for pages.
    """
    query = select(LogLeaf.index, LogLeaf.payload).where(LogLeaf.kind.in_(kinds), LogLeaf.payload.is_not(None))
    found = uow.session.execute(query.order_by(LogLeaf.index).execution_options(yield_per=1000))
    return [index for index, payload in found if payload and json.loads(payload).get(name) in values]


def forget(uow: UnitOfWork, indexes: Sequence[int]) -> None:
    """Remove what these entries say, and their salts; their hashes stay, and with them every root and proof."""
    uow.session.execute(update(LogLeaf).where(LogLeaf.index.in_(indexes)).values(salt=None, payload=None))


def recompute_root(uow: UnitOfWork) -> LogHead:
    """The root worked out anew from salts and payloads, trusting no stored hash where the opening is still there."""
    hashes = [
        leaf.leaf_hash if leaf.salt is None or leaf.payload is None else leaf_hash(salted_leaf(leaf.salt, leaf.payload))
        for leaf in uow.session.scalars(select(LogLeaf).order_by(LogLeaf.index))
    ]
    return LogHead(len(hashes), root(hashes).hex())


def _size(uow: UnitOfWork) -> int:
    newest = uow.session.scalar(_NEWEST)
    return 0 if newest is None else newest + 1


def node(uow: UnitOfWork, level: int, index: int) -> bytes:
    """The hash of a complete subtree."""
    found = uow.session.scalar(_HASH_OF_NODE, {"level": level, "index": index})
    if found is None:
        raise NotInLog(f"the log has lost its node {level}/{index}")
    return found
