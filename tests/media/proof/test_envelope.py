"""Seals open only with their key, in their place, unchanged; the master key is made once and kept private."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import BadKey, SealBroken, StoreUnavailable
from media.proof import load_or_create_master_key, new_data_key, seal, unseal, unwrap, wrap

KEY = new_data_key()


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_was_sealed_is_unsealed(plaintext: bytes, context: bytes) -> None:
    sealed = seal(KEY, plaintext, context)
    assert unseal(KEY, sealed, context) == plaintext
    assert not plaintext or len(plaintext) < 8 or plaintext not in sealed


def test_two_seals_of_one_position_look_different() -> None:
    assert seal(KEY, b"119.3,26.1", b"fix 1") != seal(KEY, b"119.3,26.1", b"fix 1")


@given(st.data())
def test_one_flipped_bit_breaks_the_seal(data: st.DataObject) -> None:
    sealed = seal(KEY, b"119.3,26.1", b"fix 1")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    spoiled = (int.from_bytes(sealed) ^ (1 << bit)).to_bytes(len(sealed))
    with pytest.raises(SealBroken):
        unseal(KEY, spoiled, b"fix 1")


@pytest.mark.parametrize("length", [0, 1, 12, 28])
def test_a_cut_seal_is_broken(length: int) -> None:
    with pytest.raises(SealBroken, match="short"):
        unseal(KEY, seal(KEY, b"119.3,26.1", b"fix 1")[:length], b"fix 1")


def test_a_value_moved_to_another_place_does_not_open() -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, seal(KEY, b"119.3,26.1", b"fix 1"), b"fix 2")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        unseal(new_data_key(), seal(KEY, b"119.3,26.1", b"fix 1"), b"fix 1")


def test_a_wrapped_key_opens_only_for_its_visit() -> None:
    master, data_key = new_data_key(), new_data_key()
    wrapped = wrap(master, data_key, b"visit 1")
    assert unwrap(master, wrapped, b"visit 1") == data_key
    with pytest.raises(SealBroken):
        unwrap(master, wrapped, b"visit 2")
    with pytest.raises(SealBroken):
        unseal(master, wrapped, b"visit 1")


def test_keys_of_another_length_are_refused() -> None:
    for short in (b"", b"\0" * 16, b"\0" * 33):
        with pytest.raises(BadKey, match="32 bytes"):
            seal(short, b"x", b"")
        with pytest.raises(BadKey, match="32 bytes"):
            wrap(KEY, short, b"")


def test_the_master_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    key = load_or_create_master_key(path)
    assert len(key) == 32
    assert load_or_create_master_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(load_or_create_master_key, [path] * 8, chunksize=1)
    assert len(set(keys)) == 1


def test_a_master_key_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    load_or_create_master_key(path)
    path.chmod(0o640)
    with pytest.raises(BadKey, match="0600"):
        load_or_create_master_key(path)


def test_half_a_master_key_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"half")
    path.chmod(0o600)
    with pytest.raises(BadKey, match="backup"):
        load_or_create_master_key(path)
    assert path.read_bytes() == b"half"


def test_a_place_that_cannot_hold_the_key_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(StoreUnavailable):
        load_or_create_master_key(tmp_path / "file" / "master.key")
