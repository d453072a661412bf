"""Key pairs that the server keeps: written down to be sealed, read again, and named by what they are."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from media.errors import BadKey
from media.proof.signature import DeviceKey, b64url_text, new_device_key, public_jwk_of, read_public_jwk


def private_bytes(key: DeviceKey) -> bytes:
    """Return the private half as PKCS #8, unprotected: whoever keeps it seals it first."""
    return key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def load_or_create_private(path: Path) -> DeviceKey:
    """Return the pair kept in a file, made there, for its owner alone, when there is none."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(private_bytes(new_device_key()))
    return read_private(path.read_bytes())


def read_private(private: bytes) -> DeviceKey:
    """Return the pair again that :func:`private_bytes` wrote down, or raise :class:`BadKey`."""
    try:
        key = load_der_private_key(private, password=None)
    except (ValueError, TypeError) as error:
        raise BadKey("these bytes are no private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadKey("the private key is none of curve P-256")
    return DeviceKey(key, public_jwk_of(key))


def key_id(public_jwk: Mapping[str, object]) -> str:
    """Return the name of a public key: its JSON Web Key thumbprint (RFC 7638), so that no key can borrow a name."""
    read_public_jwk(public_jwk)
    named = {name: public_jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(named, separators=(",", ":"), sort_keys=True).encode()).digest()
    return b64url_text(digest)
