"""A checkpoint is one exact text, its file holds all that is needed to check it, and a fork is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import NotComparable, ProofBroken
from media.proof import (
    ES256,
    Checkpoint,
    CheckpointFile,
    Cosignature,
    DeviceKey,
    Link,
    check_checkpoint_file,
    check_same_log,
    consistency_proof,
    key_id,
    leaf_hash,
    new_device_key,
    new_nodes,
    read_checkpoint,
    read_checkpoint_file,
    root,
    sign_p256,
    write_checkpoint,
    write_checkpoint_file,
)

AT = datetime(2026, 11, 18, 16, 5, tzinfo=UTC)
KEY, WITNESS = new_device_key(), new_device_key()


class Log:
    """A log of numbers, of which files are signed at some sizes."""

    def __init__(self, *, changed: int | None = None) -> None:
        said = [b"changed" if n == changed else n.to_bytes(4) for n in range(40)]
        self.leaves = [leaf_hash(one) for one in said]
        self.nodes: dict[tuple[int, int], bytes] = {}
        for size, leaf in enumerate(self.leaves):
            for level, index, node in new_nodes(size, leaf, lambda lv, i: self.nodes[lv, i]):
                self.nodes[level, index] = node

    def file(self, *sizes: int, key: DeviceKey = KEY) -> CheckpointFile:
        """The file of the last size, with links from those before."""
        size = sizes[-1]
        text = write_checkpoint(
            Checkpoint(self.leaves[0].hex()[:16], size, self.root_hex(size), AT, size - 1, key_id(key.public_jwk))
        )
        links = tuple(
            Link(one, self.root_hex(one), tuple(h.hex() for h in consistency_proof(one, then, self.get_node)))
            for one, then in pairwise(sizes)
        )
        return CheckpointFile(text, ES256, key.public_jwk, sign_p256(key, text.encode()).hex(), links, (), ())

    def root_hex(self, size: int) -> str:
        return root(self.leaves[:size]).hex()

    def get_node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


LOG = Log()
FILE = LOG.file(3, 8, 11, 20)


def test_a_text_is_read_as_it_was_written_and_in_no_other_spelling() -> None:
    said = read_checkpoint(FILE.text)
    assert write_checkpoint(said) == FILE.text
    for other in (FILE.text.rstrip("\n"), FILE.text.upper(), FILE.text.replace("size 20", "size 020"), "", "x\n"):
        with pytest.raises(ProofBroken):
            read_checkpoint(other)


def test_a_file_comes_back_as_it_was_and_holds() -> None:
    again = read_checkpoint_file(write_checkpoint_file(FILE))
    assert again == FILE
    assert check_checkpoint_file(again).size == 20


def test_every_flipped_byte_of_a_file_is_told() -> None:
    signed = Cosignature("县纪委", ES256, WITNESS.public_jwk, sign_p256(WITNESS, FILE.text.encode()).hex())
    data = write_checkpoint_file(replace(FILE, cosignatures=(signed,)))
    check_checkpoint_file(read_checkpoint_file(data))
    name = range(data.index("县纪委".encode()), data.index("县纪委".encode()) + len("县纪委".encode()))
    for place in set(range(len(data))) - set(name):
        for bit in (1, 32):
            spoiled = bytearray(data)
            spoiled[place] ^= bit
            with pytest.raises(ProofBroken):
                read = read_checkpoint_file(bytes(spoiled))
                check_checkpoint_file(read)


@given(st.binary(max_size=60) | st.builds(lambda s: s.encode(), st.text(max_size=60)))
def test_nonsense_is_no_checkpoint_file(data: bytes) -> None:
    with pytest.raises(ProofBroken):
        read_checkpoint_file(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"signature_hex": sign_p256(WITNESS, FILE.text.encode()).hex()},
        {"public_jwk": WITNESS.public_jwk},
        {"public_jwk": {"kty": "EC"}},
        {"algorithm": "none"},
        {"links": FILE.links[::-1]},
        {"links": (replace(FILE.links[0], root_hex="00" * 32), *FILE.links[1:])},
        {"links": (replace(FILE.links[0], path_hex=("zz",)), *FILE.links[1:])},
        {"cosignatures": (Cosignature("谁", ES256, WITNESS.public_jwk, "00" * 64),)},
    ],
)
def test_what_does_not_hold_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ProofBroken):
        check_checkpoint_file(replace(FILE, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [3, 8, 11, 20])
def test_a_kept_file_belongs_to_the_log_it_was_taken_from(size: int) -> None:
    check_same_log(LOG.file(size), FILE)
    check_same_log(FILE, LOG.file(size))


@pytest.mark.parametrize(("size", "changed"), [(8, 5), (20, 19)])
def test_a_log_that_was_changed_contradicts_the_file_that_was_kept(size: int, changed: int) -> None:
    with pytest.raises(ProofBroken, match="root"):
        check_same_log(Log(changed=changed).file(size), FILE)


def test_a_log_begun_anew_is_another_log() -> None:
    with pytest.raises(ProofBroken, match="different logs"):
        check_same_log(Log(changed=0).file(8), FILE)


def test_files_without_a_proof_between_them_prove_nothing() -> None:
    with pytest.raises(NotComparable, match="size 5"):
        check_same_log(LOG.file(5), FILE)
