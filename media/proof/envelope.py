"""Sealed bytes at rest: a data key per visit seals its positions, one master key wraps the data keys.

Deleting a visit's wrapped key makes its positions unreadable everywhere, backups included. Each sealed value is
bound to a context ("fix 0192… of visit 0187…"), so a value moved to another row does not open there.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from media.durable import fsync_directory, make_directory
from media.errors import BadKey, SealBroken, StoreUnavailable

KEY_BYTES = 32

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


def new_data_key() -> bytes:
    """Return a fresh random key for one visit."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(master_key: bytes, data_key: bytes, context: bytes) -> bytes:
    """Return ``data_key`` sealed under the master key, bound to ``context``, fit to be stored beside the visit."""
    if len(data_key) != KEY_BYTES:
        raise BadKey(f"a data key has {KEY_BYTES} bytes, not {len(data_key)}")
    return seal(master_key, data_key, b"key:" + context)


def unwrap(master_key: bytes, wrapped_key: bytes, context: bytes) -> bytes:
    """Return the data key again, or raise :class:`SealBroken`."""
    return unseal(master_key, wrapped_key, b"key:" + context)


def seal(data_key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Return ``plaintext`` encrypted and authenticated (AES-256-GCM) together with ``context``.

    The layout is version (1 byte), nonce (12), ciphertext, tag (16). Random nonces are safe here: one key seals the
    few thousand values of a visit, far below the 2**32 at which two nonces could meet.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + _cipher(data_key).encrypt(nonce, plaintext, _VERSION + context)


def unseal(data_key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return the plaintext, or raise :class:`SealBroken` when a single bit, the key or the context differs."""
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise SealBroken("the sealed value is too short to be one")
    if sealed[:1] != _VERSION:
        raise SealBroken(f"the sealed value is of version {sealed[0]}, which this program does not know")
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _cipher(data_key).decrypt(nonce, ciphertext, _VERSION + context)
    except InvalidTag as error:
        raise SealBroken("the sealed value was changed, or belongs to another key or place") from error


def load_or_create_master_key(path: Path) -> bytes:
    """Return the master key in ``path``; made there, readable by its owner only, when there is none yet.

    The key is written to a temporary file and linked into place, so that a crash never leaves half a key and two
    processes starting together agree on one.
    """
    try:
        if not path.exists():
            _create_key_file(path, secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise StoreUnavailable(f"the master key cannot be read or made: {error.strerror}") from error
    if mode & 0o077:
        raise BadKey(f"the master key {path.name} is open to other accounts; set its mode to 0600")
    if len(key) != KEY_BYTES:
        raise BadKey(f"the master key {path.name} has {len(key)} bytes instead of {KEY_BYTES}; restore it from backup")
    return key


def keep_master_key(path: Path, key: bytes) -> None:
    """Return once ``key`` lies in ``path``, readable by its owner only; a key that is there is never replaced."""
    _cipher(key)
    _create_key_file(path, key)
    if path.read_bytes() != key:
        raise BadKey(f"another master key lies in {path.name}; it is not replaced")


def key_check(key: bytes) -> str:
    """Return what tells whether a key is the right one, and nothing else of it."""
    return hmac.digest(key, b"shidi master key", "sha256")[:8].hex()


def _create_key_file(path: Path, key: bytes) -> None:
    make_directory(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        # When another process was quicker, its key is the one; what follows makes either of them durable.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        fsync_directory(path.parent)
    finally:
        draft.unlink()


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise BadKey(f"a sealing key has {KEY_BYTES} bytes, not {len(key)}")
    return AESGCM(key)
