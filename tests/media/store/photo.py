"""The bytes that the tests of the stores keep, and the short way to do it."""

from __future__ import annotations

import hashlib

from media.store import EvidenceStore, Stored

UPLOAD = "0192f3a4-5b6c-7d8e-9f00-112233445566"
OTHER = "0192f3a4-5b6c-7d8e-9f00-112233445567"
PHOTO = bytes(range(256)) * 1000
PHOTO_HEX = hashlib.sha256(PHOTO).hexdigest()


def upload(store: EvidenceStore, data: bytes = PHOTO, upload_id: str = UPLOAD, announced: str | None = None) -> Stored:
    """Keep ``data`` as a phone's upload, announced under its own hash or another."""
    store.begin(upload_id)
    store.append(upload_id, 0, data)
    return store.finish(upload_id, sha256_hex=announced or hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def content(store: EvidenceStore, sha256_hex: str) -> bytes:
    """The bytes of an original."""
    with store.open(sha256_hex) as file:
        return file.read()
