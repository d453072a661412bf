"""What every store of evidence can do, wherever the bytes lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from media.errors import UnknownChecksum


@dataclass(frozen=True)
class Stored:
    """Bytes that are durably stored, under the name of their own hash."""

    sha256_hex: str
    size_bytes: int


# What a piece may be checked with. SHA-1 finds accidents, which is all it is asked here; it proves nothing.
CHECKSUM_ALGORITHMS = ("sha1", "sha256")


@dataclass(frozen=True)
class Checksum:
    """What a piece hashes to by the word of who sends it."""

    algorithm: str
    digest: bytes

    def begin(self) -> hashlib._Hash:
        """A hash of this algorithm that has seen nothing yet."""
        if self.algorithm not in CHECKSUM_ALGORITHMS:
            raise UnknownChecksum(f"pieces are checked with {' or '.join(CHECKSUM_ALGORITHMS)}")
        return hashlib.new(self.algorithm, usedforsecurity=False)


class Readable(Protocol):
    """A stream of bytes, such as a request body."""

    def read(self, size: int, /) -> bytes: ...


class EvidenceStore(Protocol):
    """Keeps originals unchanged under their SHA-256, takes them in pieces, and keeps derived copies beside them.

    Whatever returns has been made durable first; whatever cannot be made durable raises ``StoreUnavailable``.
    """

    def begin(self, upload_id: str) -> None: ...

    def append(
        self, upload_id: str, offset_bytes: int, chunk: bytes | Readable, *, checksum: Checksum | None = None
    ) -> int: ...

    def received_bytes(self, upload_id: str) -> int: ...

    def touched_utc(self, upload_id: str) -> datetime: ...

    def finish(self, upload_id: str, *, sha256_hex: str, size_bytes: int) -> Stored: ...

    def discard(self, upload_id: str) -> None: ...

    def idle_uploads(self, before_utc: datetime) -> list[str]: ...

    def put(self, data: bytes) -> Stored: ...

    def take(self, source: Readable, sha256_hex: str, *, set_aside: bool = False) -> Stored: ...

    def has(self, sha256_hex: str) -> bool: ...

    def size_bytes(self, sha256_hex: str) -> int: ...

    def open(self, sha256_hex: str) -> BinaryIO: ...

    def verify(self, sha256_hex: str) -> bool: ...

    def walk(self) -> Iterator[str]: ...

    def walk_set_aside(self) -> Iterator[str]: ...

    def open_set_aside(self, sha256_hex: str) -> BinaryIO: ...

    def put_derived(self, sha256_hex: str, name: str, data: bytes) -> None: ...

    def open_derived(self, sha256_hex: str, name: str) -> BinaryIO: ...

    def holds_any(self, sha256_hex: str) -> bool: ...

    def remove(self, sha256_hex: str) -> None: ...

    def walk_derived(self) -> Iterator[tuple[str, str]]: ...

    def remove_derived(self, sha256_hex: str, name: str) -> None: ...
