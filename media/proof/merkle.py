"""The Merkle tree of RFC 6962 and RFC 9162: hashes, growth, proofs and their verification. Pure, keeps nothing.

A tree is stored as its complete subtrees only. Subtree ``index`` of ``level`` covers the leaves from
``index << level`` up to, not including, ``(index + 1) << level``; once complete it never changes, so it can be
written once and read for ever. ``get_node(level, index)`` reads one of them, from a table or from a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

GetNode = Callable[[int, int], bytes]

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf. The prefix keeps a leaf from ever passing for an inner node."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over ``leaf_hashes``, of which all are at hand: for small trees and for verifiers."""
    peaks: list[tuple[int, bytes]] = []
    for leaf in leaf_hashes:
        level, node = 0, leaf
        while peaks and peaks[-1][0] == level:
            node = node_hash(peaks.pop()[1], node)
            level += 1
        peaks.append((level, node))
    if not peaks:
        return EMPTY_ROOT
    _, whole = peaks.pop()
    while peaks:
        whole = node_hash(peaks.pop()[1], whole)
    return whole


def new_nodes(size: int, leaf: bytes, get_node: GetNode) -> list[tuple[int, int, bytes]]:
    """Return the ``(level, index, hash)`` of every subtree that leaf number ``size`` completes, itself first.

    ``get_node`` is asked only for subtrees that were complete before.
    """
    level, index, node = 0, size, leaf
    completed = [(level, index, node)]
    while index % 2 == 1:
        node = node_hash(get_node(level, index - 1), node)
        level, index = level + 1, index // 2
        completed.append((level, index, node))
    return completed


def root_at(size: int, get_node: GetNode) -> bytes:
    """Return the root of the tree as it was when it had ``size`` leaves."""
    return _range_root(0, size, get_node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, get_node: GetNode) -> list[bytes]:
    """Return the hashes that, with leaf ``index``, lead to the root of the first ``size`` leaves."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, get_node))
            end = middle
        else:
            proof.append(_range_root(start, middle, get_node))
            start = middle
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Return whether ``proof`` shows leaf hash ``leaf`` to be number ``index`` of ``size`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, expected_root, *proof]):
        return False
    here, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here % 2 == 1 or here == last:
            node = node_hash(sibling, node)
            while here % 2 == 0 and here != 0:
                here, last = here // 2, last // 2
        else:
            node = node_hash(node, sibling)
        here, last = here // 2, last // 2
    return last == 0 and node == expected_root


def consistency_proof(first: int, second: int, get_node: GetNode) -> list[bytes]:
    """Return the hashes that show the tree of ``first`` leaves to be the beginning of that of ``second`` leaves."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {first} leaves cannot be the beginning of one of {second}")
    if first in (0, second):
        return []
    proof: list[bytes] = []
    start, end = 0, second
    # Walk down to the border at ``first``, collecting what lies beside the way.
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_range_root(middle, end, get_node))
            end = middle
        else:
            proof.append(_range_root(start, middle, get_node))
            start = middle
    if start != 0:
        # The old tree is no single subtree of the new one: its last piece has to be named too.
        proof.append(_range_root(start, end, get_node))
    return proof[::-1]


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether ``proof`` shows that nothing before leaf ``first`` was changed later (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second or not _are_hashes([first_root, second_root, *proof]):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if not proof:
        return False
    path = [first_root, *proof] if _is_power_of_two(first) else list(proof)
    here, last = first - 1, second - 1
    while here % 2 == 1:
        here, last = here // 2, last // 2
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here % 2 == 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while here % 2 == 0 and here != 0:
                here, last = here // 2, last // 2
        else:
            new = node_hash(new, sibling)
        here, last = here // 2, last // 2
    return last == 0 and old == first_root and new == second_root


def _range_root(start: int, end: int, get_node: GetNode) -> bytes:
    """Return the root over leaves ``start`` to ``end``; as in the RFC, ``start`` is aligned to the size's split."""
    count = end - start
    if _is_power_of_two(count):
        level = count.bit_length() - 1
        return get_node(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(start, middle, get_node), _range_root(middle, end, get_node))


def _split(count: int) -> int:
    """Return the largest power of two below ``count``: the leaves that go to the left side."""
    return 1 << ((count - 1).bit_length() - 1)


def _is_power_of_two(count: int) -> bool:
    return count & (count - 1) == 0


def _are_hashes(nodes: Iterable[bytes]) -> bool:
    return all(len(node) == 32 for node in nodes)
