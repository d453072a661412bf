"""Exports as a phone makes them, for tests: small, and in memory."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media.proof import b64url_text, new_device_key, read_public_jwk


def container(manifest: Any, photos: Sequence[bytes] = ()) -> bytes:
    """The plaintext: the manifest's length, the manifest, the photos."""
    text = json.dumps(manifest, ensure_ascii=False).encode()
    return len(text).to_bytes(4) + text + b"".join(photos)


def sealed(kid: str, public_jwk: Mapping[str, object], plaintext: bytes) -> bytes:
    """The file for the server's key, by the published recipe and with none of the server's code for it."""
    phone = new_device_key()
    shared = phone.private_key.exchange(ec.ECDH(), read_public_jwk(public_jwk))
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(12)
    key = HKDF(SHA256(), 32, salt, b"shidi phone export").derive(shared)
    said = {
        "shidi": "phone-export/1",
        "kid": kid,
        "epk": phone.public_jwk,
        "salt": b64url_text(salt),
        "iv": b64url_text(iv),
        "ciphertext": b64url_text(AESGCM(key).encrypt(iv, plaintext, kid.encode())),
    }
    return json.dumps(said).encode()
