"""Signatures of phones: ECDSA on P-256 with SHA-256 ("ES256"), as a browser's WebCrypto makes them.

A signature says that a record was made with a key this phone holds and was not changed since. It says nothing on
who held the phone, nor on whether the record is true.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from media.errors import BadKey, UnknownAlgorithm

ES256 = "ES256"

_COORDINATE_BYTES = 32


@dataclass(frozen=True)
class DeviceKey:
    """A P-256 key pair: one of the server's own, or one like a phone keeps to itself (demo and tests)."""

    private_key: ec.EllipticCurvePrivateKey
    public_jwk: dict[str, str]


def verify_signature(algorithm: str, public_jwk: Mapping[str, object], message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` over ``message`` is good under the algorithm that is named in the data."""
    verify = SIGNATURES.get(algorithm)
    if verify is None:
        raise UnknownAlgorithm(f"signature algorithm {algorithm!r} is not known; this version knows {ES256}")
    return verify(public_jwk, message, signature)


def verify_p256(public_jwk: Mapping[str, object], message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (64 bytes r || s, or DER) over ``message`` was made by this key's owner.

    A bad signature is an answer; only a bad key raises (:class:`BadKey`).
    """
    return p256_verifier(public_jwk)(message, signature)


def p256_verifier(public_jwk: Mapping[str, object]) -> Callable[[bytes, bytes], bool]:
    """Return :func:`verify_p256` for one key, which is read and checked once: for a batch from one phone."""
    public_key, algorithm = read_public_jwk(public_jwk), ec.ECDSA(SHA256())

    def verify(message: bytes, signature: bytes) -> bool:
        for der in _as_der(signature):
            try:
                public_key.verify(der, message, algorithm)
            except InvalidSignature:
                continue
            return True
        return False

    return verify


SIGNATURES: dict[str, Callable[[Mapping[str, object], bytes, bytes], bool]] = {ES256: verify_p256}


def b64url_text(raw: bytes) -> str:
    """Return bytes as base64url text without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def b64url_bytes(text: str) -> bytes | None:
    """Return what a base64url text without padding stands for, None where it is none or spelt in a second way."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    # The last character has bits to spare, which a decoder overlooks: only one of its spellings is the right one.
    return raw if b64url_text(raw) == text else None


def read_public_jwk(public_jwk: Mapping[str, object]) -> ec.EllipticCurvePublicKey:
    """Return the P-256 public key that a JSON Web Key describes, or raise :class:`BadKey`."""
    if public_jwk.get("kty") != "EC" or public_jwk.get("crv") != "P-256":
        raise BadKey("a device key is a JSON Web Key of type EC on curve P-256")
    if "d" in public_jwk:
        raise BadKey("this is a private key; only the public part may leave the phone")
    x, y = (_coordinate(public_jwk.get(name), name) for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise BadKey("the key's coordinates are no point of the curve P-256") from error


def new_device_key() -> DeviceKey:
    """Return a fresh key pair."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    return DeviceKey(private_key, public_jwk_of(private_key))


def public_jwk_of(private_key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return the public half as a JSON Web Key."""
    numbers = private_key.public_key().public_numbers()
    x, y = (b64url_text(number.to_bytes(_COORDINATE_BYTES)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def sign_p256(key: DeviceKey, message: bytes) -> bytes:
    """Return the signature of ``message`` as WebCrypto writes it: 64 bytes, r then s."""
    r, s = decode_dss_signature(key.private_key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)


def _as_der(signature: bytes) -> list[bytes]:
    """Return the readings of ``signature`` worth trying: 64 bytes are most often r || s, yet a DER may be 64 long."""
    readings = [signature] if signature[:1] == b"\x30" else []
    if len(signature) == 2 * _COORDINATE_BYTES:
        r, s = (int.from_bytes(half) for half in (signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]))
        readings.insert(0, encode_dss_signature(r, s))
    return readings


def _coordinate(value: object, name: str) -> int:
    raw = b64url_bytes(value) if isinstance(value, str) else None
    if raw is None:
        raise BadKey(f"the key's {name} is not base64url text")
    if len(raw) != _COORDINATE_BYTES:
        raise BadKey(f"the key's {name} has {len(raw)} bytes instead of {_COORDINATE_BYTES}")
    return int.from_bytes(raw)
