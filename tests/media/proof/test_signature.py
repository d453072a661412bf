"""Signatures as phones make them, and keys as they should not be."""

from __future__ import annotations

import base64
import string
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import BadKey, UnknownAlgorithm
from media.proof import ES256, new_device_key, read_public_jwk, sign_p256, verify_p256, verify_signature

KEY = new_device_key()
MESSAGE = '{"seq":1,"photo":"照片"}'.encode()
SIGNATURE = sign_p256(KEY, MESSAGE)

# RFC 6979, appendix A.2.5: the published P-256 key, and its SHA-256 signature of "sample".
RFC_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",
    "y": "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk",
}
RFC_SIGNATURE = bytes.fromhex(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
)


def changed(**fields: Any) -> dict[str, Any]:
    return {**KEY.public_jwk, **fields}


def test_the_published_signature_verifies() -> None:
    assert verify_p256(RFC_JWK, b"sample", RFC_SIGNATURE)
    assert not verify_p256(RFC_JWK, b"simple", RFC_SIGNATURE)


def test_a_signature_as_webcrypto_makes_it_verifies() -> None:
    assert len(SIGNATURE) == 64
    assert verify_p256(KEY.public_jwk, MESSAGE, SIGNATURE)


def test_a_der_signature_verifies_too() -> None:
    der = KEY.private_key.sign(MESSAGE, ec.ECDSA(SHA256()))
    assert verify_p256(KEY.public_jwk, MESSAGE, der)


def test_another_phones_key_does_not_verify() -> None:
    assert not verify_p256(new_device_key().public_jwk, MESSAGE, SIGNATURE)


@settings(max_examples=50)
@given(st.integers(0, 511))
def test_one_flipped_bit_in_the_signature_fails(bit: int) -> None:
    spoiled = (int.from_bytes(SIGNATURE) ^ (1 << bit)).to_bytes(64)
    assert not verify_p256(KEY.public_jwk, MESSAGE, spoiled)


@settings(max_examples=50)
@given(st.binary(max_size=80))
def test_any_bytes_for_a_signature_are_an_answer_not_an_exception(signature: bytes) -> None:
    assert not verify_p256(KEY.public_jwk, MESSAGE, signature)


def test_the_zero_signature_fails() -> None:
    assert not verify_p256(KEY.public_jwk, MESSAGE, b"\0" * 64)


def test_the_algorithm_is_named_in_the_data() -> None:
    assert verify_signature(ES256, KEY.public_jwk, MESSAGE, SIGNATURE)
    with pytest.raises(UnknownAlgorithm, match="none"):
        verify_signature("none", KEY.public_jwk, MESSAGE, SIGNATURE)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        changed(kty="RSA"),
        changed(crv="P-384"),
        changed(x=None),
        changed(x=7),
        changed(x="照片"),
        changed(x="***"),
        changed(x=KEY.public_jwk["x"][:-2]),
        changed(y=KEY.public_jwk["x"]),
        changed(x=base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("=")),
        changed(d="c2VjcmV0"),
    ],
    ids=["empty", "rsa", "curve", "missing", "number", "hanzi", "alphabet", "short", "off-curve", "above-p", "private"],
)
def test_a_key_of_another_form_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(BadKey):
        read_public_jwk(jwk)
    with pytest.raises(BadKey):
        verify_p256(jwk, MESSAGE, SIGNATURE)


def test_a_key_has_one_spelling() -> None:
    """Of the last character only four bits count, so that a decoder takes three more for the same key."""
    x = KEY.public_jwk["x"]
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    for spare in (1, 2, 3):
        with pytest.raises(BadKey):
            read_public_jwk(changed(x=x[:-1] + alphabet[alphabet.index(x[-1]) + spare]))
    with pytest.raises(BadKey):
        read_public_jwk(changed(x=x + "="))


def test_extra_members_as_webcrypto_exports_them_are_fine() -> None:
    exported = changed(ext=True, key_ops=["verify"])
    assert verify_p256(exported, MESSAGE, SIGNATURE)


def test_coordinates_with_leading_zeros_survive() -> None:
    for _ in range(200):
        key = new_device_key()
        numbers = key.private_key.public_key().public_numbers()
        assert read_public_jwk(key.public_jwk).public_numbers() == numbers
