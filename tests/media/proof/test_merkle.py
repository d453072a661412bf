"""The Merkle tree against the published vectors of Certificate Transparency, brute force, and tampering."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.proof import merkle

# The eight leaves and nine roots that every Certificate Transparency implementation is tested with.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70


class Tree:
    """A growing tree that keeps its complete subtrees in a dictionary, as a table would."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        for size, leaf in enumerate(leaves):
            for level, index, node in merkle.new_nodes(size, leaf, self.get_node):
                assert (level, index) not in self.nodes, "a complete subtree is written once"
                self.nodes[level, index] = node

    def get_node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


def some_leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4)) for number in range(count)]


def root_by_definition(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962 section 2.1 defines it, recursively, with nothing clever."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << bit for bit in range(8) if 1 << bit < len(leaves))
    return merkle.node_hash(root_by_definition(leaves[:split]), root_by_definition(leaves[split:]))


def path_by_definition(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    split = max(1 << bit for bit in range(8) if 1 << bit < len(leaves))
    if index < split:
        return [*path_by_definition(index, leaves[:split]), root_by_definition(leaves[split:])]
    return [*path_by_definition(index - split, leaves[split:]), root_by_definition(leaves[:split])]


def consistency_by_definition(first: int, leaves: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """PROOF(m, D[n]) and SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2, word for word."""
    if first == len(leaves):
        return [] if is_whole else [root_by_definition(leaves)]
    split = max(1 << bit for bit in range(8) if 1 << bit < len(leaves))
    if first <= split:
        inner = consistency_by_definition(first, leaves[:split], is_whole=is_whole)
        return [*inner, root_by_definition(leaves[split:])]
    inner = consistency_by_definition(first - split, leaves[split:], is_whole=False)
    return [*inner, root_by_definition(leaves[:split])]


LEAVES = some_leaves(LARGEST)
TREE = Tree(LEAVES)
ROOTS = [root_by_definition(LEAVES[:size]) for size in range(LARGEST + 1)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_published_for_certificate_transparency(size: int) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in CT_LEAVES[:size]]
    assert merkle.root(hashes).hex() == CT_ROOTS[size]
    assert merkle.root_at(size, Tree(hashes).get_node).hex() == CT_ROOTS[size]


def test_published_inclusion_and_consistency_proofs_come_out_the_same() -> None:
    tree = Tree([merkle.leaf_hash(leaf) for leaf in CT_LEAVES])
    # Leaf 0 of 8: its neighbour, then the subtrees over leaves 2-3 and 4-7.
    assert [node.hex() for node in merkle.inclusion_proof(0, 8, tree.get_node)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [node.hex() for node in merkle.consistency_proof(6, 8, tree.get_node)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_stored_subtrees_give_the_root_by_definition_at_every_size(size: int) -> None:
    assert merkle.root_at(size, TREE.get_node) == ROOTS[size] == merkle.root(LEAVES[:size])


def test_every_leaf_of_every_size_is_proved_and_no_other_place_is() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, TREE.get_node)
            assert merkle.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
            elsewhere = (index + 1) % size
            if elsewhere != index:
                assert not merkle.verify_inclusion(LEAVES[index], elsewhere, size, proof, ROOTS[size])


def test_every_earlier_tree_is_proved_to_be_the_beginning_of_every_later_one() -> None:
    for second in range(LARGEST + 1):
        for first in range(second + 1):
            proof = merkle.consistency_proof(first, second, TREE.get_node)
            assert merkle.verify_consistency(first, second, ROOTS[first], ROOTS[second], proof)


@given(st.integers(1, LARGEST), st.data())
def test_proofs_are_those_of_the_recursive_definition(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert merkle.inclusion_proof(index, size, TREE.get_node) == path_by_definition(index, leaves)
    assert merkle.consistency_proof(first, size, TREE.get_node) == consistency_by_definition(first, leaves)


def test_only_subtrees_that_were_complete_before_are_read() -> None:
    for size in range(LARGEST):
        read: list[tuple[int, int]] = []

        def get_node(level: int, index: int, size: int = size, read: list[tuple[int, int]] = read) -> bytes:
            assert (index + 1) << level <= size
            read.append((level, index))
            return TREE.nodes[level, index]

        merkle.new_nodes(size, LEAVES[size], get_node)
        merkle.root_at(size, get_node)


@given(st.data())
def test_a_tampered_inclusion_proof_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, TREE.get_node)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, spoiled(data, proof), ROOTS[size])
    assert not merkle.verify_inclusion(flipped(data, LEAVES[index]), index, size, proof, ROOTS[size])
    assert not merkle.verify_inclusion(LEAVES[index], index, size, proof, flipped(data, ROOTS[size]))


@given(st.data())
def test_a_tampered_consistency_proof_fails(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, LARGEST))
    first = data.draw(st.integers(1, second - 1))
    proof = merkle.consistency_proof(first, second, TREE.get_node)
    old, new = ROOTS[first], ROOTS[second]
    assert not merkle.verify_consistency(first, second, old, new, spoiled(data, proof))
    assert not merkle.verify_consistency(first, second, flipped(data, old), new, proof)
    assert not merkle.verify_consistency(first, second, old, flipped(data, new), proof)


@given(st.integers(0, 20), st.integers(0, 20), st.lists(st.binary(max_size=33), max_size=6))
def test_nonsense_is_refused_without_an_exception(first: int, second: int, proof: list[bytes]) -> None:
    nonsense = b"\x07" * 32
    assert not merkle.verify_inclusion(nonsense, first, second, proof, ROOTS[3])
    if first != second or proof:
        assert not merkle.verify_consistency(first, second, nonsense, ROOTS[3], proof)


def test_a_rewritten_past_cannot_be_proved_consistent() -> None:
    changed = list(LEAVES[:20])
    changed[5] = merkle.leaf_hash(b"another visit")
    other = Tree(changed)
    proof = merkle.consistency_proof(12, 20, other.get_node)
    assert not merkle.verify_consistency(12, 20, ROOTS[12], merkle.root_at(20, other.get_node), proof)


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 4)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_proof(index, size, TREE.get_node)
    assert not merkle.verify_inclusion(LEAVES[0], index, size, [], ROOTS[size])


def test_a_larger_tree_is_not_the_beginning_of_a_smaller_one() -> None:
    with pytest.raises(ValueError, match="cannot be the beginning"):
        merkle.consistency_proof(5, 4, TREE.get_node)


def spoiled(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    """The proof with one bit flipped, one hash dropped, doubled or added."""
    place = data.draw(st.integers(0, len(proof) - 1))
    how = data.draw(st.sampled_from(["flip", "drop", "double", "add"]))
    if how == "flip":
        return [*proof[:place], flipped(data, proof[place]), *proof[place + 1 :]]
    if how == "drop":
        return [*proof[:place], *proof[place + 1 :]]
    if how == "double":
        return [*proof[:place], proof[place], *proof[place:]]
    return [*proof, data.draw(st.binary(min_size=32, max_size=32))]


def flipped(data: st.DataObject, node: bytes) -> bytes:
    bit = data.draw(st.integers(0, 255))
    return (int.from_bytes(node) ^ (1 << bit)).to_bytes(32)
