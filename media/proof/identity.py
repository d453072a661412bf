"""Who reported something, sealed to a key whose private half the server never has.

The file is JSON: ``shidi`` (the format), ``kid`` (which key), ``epk`` (the sealer's ephemeral key), ``salt``, ``iv``
and ``ciphertext``, binary parts in base64url without padding. The key is ECDH on P-256, then HKDF-SHA256; the cipher
AES-256-GCM with ``kid`` as additional data and the tag at the end. The plaintext is JSON, padded with spaces to a
multiple of 2 KiB, so that the length of what is stored tells nothing about most people.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from media.errors import BadKey, SealBroken
from media.proof.keys import key_id
from media.proof.signature import DeviceKey, b64url_bytes, b64url_text, new_device_key, public_jwk_of, read_public_jwk

IDENTITY_FORMAT = "reporter-identity/1"
PADDED_BYTES = 2048
MOST_IDENTITY_BYTES = 16 * PADDED_BYTES

_INFO = b"shidi reporter identity"
_KID = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_PARTS = {"shidi", "kid", "epk", "salt", "iv", "ciphertext"}
_TAG_BYTES = 16


@dataclass(frozen=True)
class SealedIdentity:
    """A sealed identity as it is read from its text: which key opens it, and what that needs."""

    kid: str
    epk: Mapping[str, object]
    salt: bytes
    iv: bytes
    ciphertext: bytes


def seal_identity(public_jwk: Mapping[str, str], identity: Mapping[str, Any]) -> str:
    """Return the text of ``identity`` sealed to this key; a page's script makes the same."""
    ours, salt, iv = new_device_key(), secrets.token_bytes(16), secrets.token_bytes(12)
    shared = ours.private_key.exchange(ec.ECDH(), read_public_jwk(public_jwk))
    plain = json.dumps(identity, ensure_ascii=False).encode()
    padded = plain + b" " * (-len(plain) % PADDED_BYTES)
    if len(padded) > MOST_IDENTITY_BYTES:
        raise BadKey(f"an identity has at most {MOST_IDENTITY_BYTES} bytes")
    kid = key_id(public_jwk)
    sealed = AESGCM(_key(shared, salt)).encrypt(iv, padded, kid.encode())
    said = {
        "shidi": IDENTITY_FORMAT,
        "kid": kid,
        "epk": ours.public_jwk,
        "salt": b64url_text(salt),
        "iv": b64url_text(iv),
        "ciphertext": b64url_text(sealed),
    }
    return json.dumps(said, sort_keys=True)


def read_identity(text: str) -> SealedIdentity:
    """Return what the text says in the open, or raise :class:`SealBroken`; whether it opens only the key can tell."""
    try:
        said = json.loads(text)
        if not isinstance(said, dict) or set(said) != _PARTS or said["shidi"] != IDENTITY_FORMAT:
            raise SealBroken(f"this is no sealed identity of the form {IDENTITY_FORMAT}")
        salt, iv, ciphertext = (b64url_bytes(said[name]) for name in ("salt", "iv", "ciphertext"))
        read_public_jwk(said["epk"])
        is_kid = _KID.match(said["kid"]) is not None
    except (ValueError, TypeError, AttributeError, RecursionError, BadKey) as reason:
        raise SealBroken("this is no sealed identity: it cannot be read") from reason
    if salt is None or iv is None or ciphertext is None or not is_kid or len(salt) != 16 or len(iv) != 12:
        raise SealBroken("this is no sealed identity: one of its parts is not what it must be")
    padded = len(ciphertext) - _TAG_BYTES
    if not 0 < padded <= MOST_IDENTITY_BYTES or padded % PADDED_BYTES:
        # What is not padded would tell by its length; and what nobody sealed must not be taken for sealed.
        raise SealBroken("this is no sealed identity: its length is none that sealing makes")
    return SealedIdentity(said["kid"], said["epk"], salt, iv, ciphertext)


def open_identity(text: str, key: DeviceKey) -> dict[str, Any]:
    """Return the identity again, or raise :class:`SealBroken` for another key or a changed text."""
    sealed = read_identity(text)
    if sealed.kid != key_id(key.public_jwk):
        raise SealBroken(f"this was sealed to another key: {sealed.kid}")
    shared = key.private_key.exchange(ec.ECDH(), read_public_jwk(sealed.epk))
    try:
        plain = AESGCM(_key(shared, sealed.salt)).decrypt(sealed.iv, sealed.ciphertext, sealed.kid.encode())
        identity = json.loads(plain)
    except (InvalidTag, ValueError) as reason:
        raise SealBroken("the sealed identity was changed on its way") from reason
    if not isinstance(identity, dict):
        raise SealBroken("what was sealed is no identity")
    return identity


def vault_key_bytes(key: DeviceKey, passphrase: str) -> bytes:
    """Return the private half as a file that only the passphrase opens (PKCS 8, PEM)."""
    how = BestAvailableEncryption(passphrase.encode())
    return key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def read_vault_key(data: bytes, passphrase: str) -> DeviceKey:
    """Return the key pair of such a file, or raise :class:`BadKey`."""
    try:
        private = load_pem_private_key(data, passphrase.encode())
    except (ValueError, TypeError) as reason:
        raise BadKey("the key file cannot be opened: another passphrase, or no key file") from reason
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise BadKey("the key file holds no key on the curve P-256")
    return DeviceKey(private, public_jwk_of(private))


def _key(shared: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, _INFO).derive(shared)
