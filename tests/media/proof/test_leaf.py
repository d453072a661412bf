"""Salted leaves hide what they commit to, and commit to it."""

from __future__ import annotations

import hashlib

import pytest

from media.errors import BadKey, UnknownAlgorithm
from media.proof import new_salt, salted_leaf


def test_the_leaf_is_the_hmac_of_the_payload_under_the_salt() -> None:
    # Written out as RFC 2104 defines it, so that a program in any language can follow.
    salt, payload = bytes(range(32)), b"draw 7: village 3"
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in salt.ljust(64, b"\0")) + payload).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in salt.ljust(64, b"\0")) + inner).digest()
    assert salted_leaf(salt, payload) == outer


def test_the_same_payload_looks_different_under_another_salt() -> None:
    assert salted_leaf(new_salt(), b"met") != salted_leaf(new_salt(), b"met")


def test_another_payload_does_not_open_the_commitment() -> None:
    salt = new_salt()
    assert salted_leaf(salt, b"met") != salted_leaf(salt, b"not_met")


def test_salts_are_fresh_and_long() -> None:
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {32}


def test_a_short_salt_is_refused_since_hmac_would_pad_it() -> None:
    with pytest.raises(BadKey, match="32 bytes"):
        salted_leaf(b"\0" * 31, b"met")


def test_an_unknown_digest_is_refused_by_name() -> None:
    with pytest.raises(UnknownAlgorithm, match="md5"):
        salted_leaf(new_salt(), b"met", digest="md5")
