"""Bytes on their way in: one file for each upload, one writer at a time, durable before their number is told.

Every store takes pieces in the same way, on the server's own disk; the stores differ in where the whole goes then.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from media.durable import fsync_directory, make_directory
from media.errors import (
    BadName,
    ChecksumMismatch,
    HashMismatch,
    OffsetMismatch,
    SizeMismatch,
    StoreError,
    StoreUnavailable,
    UploadBusy,
    UploadComplete,
    UploadNotFound,
)
from media.store.evidence import Checksum, Readable, Stored

BLOCK_BYTES = 64 * 1024
_UPLOAD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_DERIVED_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)?")
_WRITABLE = 0o222


def no_step(_name: str) -> None:
    """Do nothing between two steps."""


class StagingStore(ABC):
    """The half of an :class:`~media.store.evidence.EvidenceStore` that takes pieces; where wholes go is the other's.

    Safe for many threads and processes. ``step`` is called with the name of each step once that step is done, so that
    tests can end the process there.
    """

    def __init__(self, uploads: Path, *, step: Callable[[str], None] = no_step) -> None:
        self._uploads = uploads
        self._step = step

    @abstractmethod
    def has(self, sha256_hex: str) -> bool: ...

    @abstractmethod
    def size_bytes(self, sha256_hex: str) -> int: ...

    @abstractmethod
    def _keep(self, path: Path, sha256_hex: str) -> None:
        """Return once the file's bytes are durably kept as the original of this hash."""

    @abstractmethod
    def _set_aside(self, path: Path, actual_hex: str) -> None:
        """Return once the file's bytes are durably kept in quarantine, under their real hash."""

    def begin(self, upload_id: str) -> None:
        """Return once there is an upload under ``upload_id``; one that is there already keeps its bytes."""
        path = self._upload_path(upload_id)
        with disk():
            os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            fsync_directory(self._uploads)
        self._step("begun")

    def append(
        self, upload_id: str, offset_bytes: int, chunk: bytes | Readable, *, checksum: Checksum | None = None
    ) -> int:
        """Return the new length of the upload, once ``chunk`` is on the disk behind the first ``offset_bytes``.

        A stream that breaks off leaves what had arrived, durably, and its error comes through. A disk that fails
        leaves the upload as it was before this call, and so does a chunk that is not what its ``checksum`` says; one
        that breaks off cannot be checked.
        """
        stream = io.BytesIO(chunk) if isinstance(chunk, bytes) else chunk
        with self._locked(upload_id) as (path, held):
            if not os.fstat(held).st_mode & _WRITABLE:
                raise UploadComplete("this upload is already sealed and takes no more bytes; finish it again")
            current_bytes = os.fstat(held).st_size
            if offset_bytes != current_bytes:
                raise OffsetMismatch(given_bytes=offset_bytes, current_bytes=current_bytes)
            with disk():
                descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                return self._write_durably(descriptor, stream, current_bytes, checksum)
            finally:
                os.close(descriptor)

    def received_bytes(self, upload_id: str) -> int:
        """Return how many bytes of the upload are here."""
        return self._state(upload_id).st_size

    def touched_utc(self, upload_id: str) -> datetime:
        """Return when the upload was last written to."""
        return datetime.fromtimestamp(self._state(upload_id).st_mtime, UTC)

    def finish(self, upload_id: str, *, sha256_hex: str, size_bytes: int) -> Stored:
        """Return the stored original, once the upload's bytes proved to be what was announced.

        May be repeated: after a crash at any point, and after success. Bytes that hash to something else are put
        into quarantine, never thrown away; too few or too many stay as they are.
        """
        check_hash_name(sha256_hex)
        try:
            with self._locked(upload_id) as (path, held):
                received_bytes = os.fstat(held).st_size
                if received_bytes != size_bytes:
                    raise SizeMismatch(expected_bytes=size_bytes, received_bytes=received_bytes)
                with disk():
                    actual_hex = sha256_of(path)
                    self._step("hashed")
                    os.fchmod(held, 0o444)
                    os.fsync(held)
                    self._step("sealed")
                    if actual_hex != sha256_hex:
                        self._set_aside(path, actual_hex)
                    else:
                        self._keep(path, sha256_hex)
                    path.unlink()
                    self._step("unlinked")
                    fsync_directory(self._uploads)
                    self._step("finished")
        except UploadNotFound:
            # Finished before, and the answer was lost on the way.
            if self.has(sha256_hex) and self.size_bytes(sha256_hex) == size_bytes:
                return Stored(sha256_hex, size_bytes)
            raise
        if actual_hex != sha256_hex:
            raise HashMismatch(expected_hex=sha256_hex, actual_hex=actual_hex)
        return Stored(sha256_hex, size_bytes)

    def discard(self, upload_id: str) -> None:
        """Return once the unfinished upload is gone; an original it was already linked to stays."""
        with self._locked(upload_id) as (path, _), disk():
            path.unlink()
            self._step("discarded")
            fsync_directory(self._uploads)

    def idle_uploads(self, before_utc: datetime) -> list[str]:
        """Return the ids of unfinished uploads that nobody wrote to since ``before_utc``, the oldest first."""
        found: list[tuple[datetime, str]] = []
        with disk():
            for entry in self._uploads.iterdir():
                # One that was finished while we looked is not idle.
                with contextlib.suppress(FileNotFoundError):
                    found.append((datetime.fromtimestamp(entry.stat().st_mtime, UTC), entry.name))
        return [name for touched_utc, name in sorted(found) if touched_utc < before_utc]

    def put(self, data: bytes) -> Stored:
        """Return ``data`` as stored; for small things that are at hand as a whole."""
        upload_id = str(uuid.uuid4())
        self.begin(upload_id)
        self.append(upload_id, 0, data)
        return self.finish(upload_id, sha256_hex=hashlib.sha256(data).hexdigest(), size_bytes=len(data))

    def take(self, source: Readable, sha256_hex: str, *, set_aside: bool = False) -> Stored:
        """Return once the bytes of a file at hand are kept, as an original or set aside; nothing of them otherwise.

        Raises :class:`HashMismatch` when they are not what they are named by.
        """
        check_hash_name(sha256_hex)
        upload_id = str(uuid.uuid4())
        self.begin(upload_id)
        try:
            size_bytes = self.append(upload_id, 0, source)
            with self._locked(upload_id) as (path, held), disk():
                actual_hex = sha256_of(path)
                if actual_hex != sha256_hex:
                    raise HashMismatch(expected_hex=sha256_hex, actual_hex=actual_hex)
                os.fchmod(held, 0o444)
                os.fsync(held)
                (self._set_aside if set_aside else self._keep)(path, sha256_hex)
        finally:
            self.discard(upload_id)
        return Stored(sha256_hex, size_bytes)

    # -- steps ---------------------------------------------------------------------------------------------------

    def _write_durably(self, descriptor: int, stream: Readable, start_bytes: int, checksum: Checksum | None) -> int:
        new_bytes = start_bytes
        digest = None if checksum is None else checksum.begin()
        try:
            try:
                while block := stream.read(BLOCK_BYTES):
                    with disk():
                        _write_all(descriptor, block)
                    new_bytes += len(block)
                    if digest is not None:
                        digest.update(block)
                    self._step("written")
                if checksum is not None and digest is not None and digest.digest() != checksum.digest:
                    raise ChecksumMismatch(f"the piece does not have the {checksum.algorithm} that came with it")
            finally:
                with disk():
                    os.fsync(descriptor)
        except BaseException as reason:
            # Bytes that may not be durable, or were not checked, must not be counted by the next question.
            if checksum is not None or isinstance(reason, StoreUnavailable):
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, start_bytes)
                    os.fsync(descriptor)
                self._step("cut back")
            raise
        self._step("appended")
        return new_bytes

    @contextlib.contextmanager
    def _locked(self, upload_id: str) -> Iterator[tuple[Path, int]]:
        """Yield the upload's path and an open descriptor while nobody else, in any process, may write to it."""
        path = self._upload_path(upload_id)
        with disk():
            try:
                held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:
                self._check_reachable()
                raise UploadNotFound(f"there is no upload {upload_id}") from None
        try:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UploadBusy("another request is still writing to this upload; ask again in a moment") from None
            if not _is_still(path, held):
                # Between our opening and our locking it was finished or discarded.
                raise UploadNotFound(f"there is no upload {upload_id}")
            yield path, held
        finally:
            # Said, not left to the closing: a process being started by another thread holds a copy of the descriptor
            # for a moment, and with it the lock.
            fcntl.flock(held, fcntl.LOCK_UN)
            os.close(held)

    def _state(self, upload_id: str) -> os.stat_result:
        path = self._upload_path(upload_id)
        with disk():
            try:
                return path.stat()
            except FileNotFoundError:
                self._check_reachable()
        raise UploadNotFound(f"there is no upload {upload_id}")

    def _make_uploads(self) -> None:
        with disk():
            make_directory(self._uploads)

    def _check_reachable(self) -> None:
        """Raise when the directory itself is gone: an unmounted disk must not look like lost evidence."""
        if not self._uploads.is_dir():
            raise StoreUnavailable(f"the evidence store is not reachable: {self._uploads.name}/ is missing")

    def _upload_path(self, upload_id: str) -> Path:
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise BadName("an upload id is a UUID in lower case")
        return self._uploads / upload_id


def fan_out(sha256_hex: str) -> str:
    """Return where something of this hash lies below its folder: ``ab/cd/<hash>``."""
    check_hash_name(sha256_hex)
    return f"{sha256_hex[:2]}/{sha256_hex[2:4]}/{sha256_hex}"


def check_hash_name(sha256_hex: str) -> None:
    """Raise unless this is how a hash is written."""
    if not _SHA256_HEX.fullmatch(sha256_hex):
        raise BadName("a SHA-256 is written as 64 hexadecimal digits in lower case")


def check_derived_name(name: str) -> None:
    """Raise unless a derived copy may be called like this."""
    if not _DERIVED_NAME.fullmatch(name):
        raise BadName("a derived copy is named by small letters, digits, - and _, with one ending at most")


@contextlib.contextmanager
def disk() -> Iterator[None]:
    """Turn what the disk refuses into one error that keeps the cause."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreUnavailable(f"the evidence store cannot be used: {error.strerror or error}") from error


def _write_all(descriptor: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
