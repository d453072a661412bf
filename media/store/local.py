"""Evidence as files on a local disk, each named by the SHA-256 of its own bytes.

::

    uploads/<uuid>                 bytes that are still arriving
    sha256/ab/cd/<hash>            originals, mode 0444, never written again
    derived/ab/cd/<hash>/<name>    display copies and the like, can be made again
    quarantine/<hash>              bytes that were announced as something else, under what they really are

An original is written as an upload, made durable, and only then linked to its final name. A crash between any two
steps leaves either an upload that can be finished again, or an original that is already whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from media.durable import fsync_directory, make_directory
from media.errors import (
    BadName,
    BytesNotFound,
    HashMismatch,
    OffsetMismatch,
    SizeMismatch,
    StoreError,
    StoreUnavailable,
    UploadBusy,
    UploadComplete,
    UploadNotFound,
)
from media.store.evidence import Readable, Stored

_BLOCK_BYTES = 64 * 1024
_UPLOAD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_DERIVED_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)?")
_WRITABLE = 0o222


def _no_step(_name: str) -> None:
    """Do nothing between two steps."""


class LocalStore:
    """An :class:`~media.store.evidence.EvidenceStore` under one directory, safe for many threads and processes.

    ``step`` is called with the name of each step once that step is done, so that tests can end the process there.
    Without ``create`` the store must be there already: where photos were kept before, an empty folder is a disk that
    is not mounted, and what would be put there would vanish behind it.
    """

    def __init__(self, root: Path, *, step: Callable[[str], None] = _no_step, create: bool = True) -> None:
        self._root = root
        self._step = step
        self._uploads = root / "uploads"
        self._originals = root / "sha256"
        self._derived = root / "derived"
        self._quarantine = root / "quarantine"
        if not create:
            self._check_reachable()
        with _disk():
            for directory in (self._uploads, self._originals, self._derived, self._quarantine):
                make_directory(directory)

    # -- bytes on their way in -----------------------------------------------------------------------------------

    def begin(self, upload_id: str) -> None:
        """Return once there is an upload under ``upload_id``; one that is there already keeps its bytes."""
        path = self._upload_path(upload_id)
        with _disk():
            os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            fsync_directory(self._uploads)
        self._step("begun")

    def append(self, upload_id: str, offset_bytes: int, chunk: bytes | Readable) -> int:
        """Return the new length of the upload, once ``chunk`` is on the disk behind the first ``offset_bytes``.

        A stream that breaks off leaves what had arrived, durably, and its error comes through. A disk that fails
        leaves the upload as it was before this call.
        """
        stream = io.BytesIO(chunk) if isinstance(chunk, bytes) else chunk
        with self._locked(upload_id) as (path, held):
            if not os.fstat(held).st_mode & _WRITABLE:
                raise UploadComplete("this upload is already sealed and takes no more bytes; finish it again")
            current_bytes = os.fstat(held).st_size
            if offset_bytes != current_bytes:
                raise OffsetMismatch(given_bytes=offset_bytes, current_bytes=current_bytes)
            with _disk():
                descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                return self._write_durably(descriptor, stream, current_bytes)
            finally:
                os.close(descriptor)

    def received_bytes(self, upload_id: str) -> int:
        """Return how many bytes of the upload are here."""
        path = self._upload_path(upload_id)
        with _disk():
            try:
                return path.stat().st_size
            except FileNotFoundError:
                self._check_reachable()
        raise UploadNotFound(f"there is no upload {upload_id}")

    def finish(self, upload_id: str, *, sha256_hex: str, size_bytes: int) -> Stored:
        """Return the stored original, once the upload's bytes proved to be what was announced.

        May be repeated: after a crash at any point, and after success. Bytes that hash to something else are put
        into quarantine, never thrown away; too few or too many stay as they are.
        """
        final_path = self._original_path(sha256_hex)
        try:
            with self._locked(upload_id) as (path, held):
                received_bytes = os.fstat(held).st_size
                if received_bytes != size_bytes:
                    raise SizeMismatch(expected_bytes=size_bytes, received_bytes=received_bytes)
                with _disk():
                    actual_hex = _sha256_of(path)
                    self._step("hashed")
                    os.fchmod(held, 0o444)
                    os.fsync(held)
                    self._step("sealed")
                    if actual_hex != sha256_hex:
                        self._set_aside(path, actual_hex)
                    else:
                        self._keep(path, final_path, sha256_hex)
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
        with self._locked(upload_id) as (path, _), _disk():
            path.unlink()
            fsync_directory(self._uploads)

    def idle_uploads(self, before_utc: datetime) -> list[str]:
        """Return the ids of unfinished uploads that nobody wrote to since ``before_utc``, the oldest first."""
        found: list[tuple[datetime, str]] = []
        with _disk():
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

    # -- bytes that are kept -------------------------------------------------------------------------------------

    def has(self, sha256_hex: str) -> bool:
        """Return whether the original is stored; a store that is not reachable raises instead of saying no."""
        path = self._original_path(sha256_hex)
        with _disk():
            found = path.is_file()
            if not found:
                self._check_reachable()
        return found

    def size_bytes(self, sha256_hex: str) -> int:
        """Return the length of a stored original."""
        with self._open_original(sha256_hex) as file:
            return os.fstat(file.fileno()).st_size

    def open(self, sha256_hex: str) -> BinaryIO:
        """Return the original, open for reading; the caller closes it."""
        return self._open_original(sha256_hex)

    def verify(self, sha256_hex: str) -> bool:
        """Return whether the stored bytes still hash to their name."""
        with self._open_original(sha256_hex) as file, _disk():
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256_hex

    def walk(self) -> Iterator[str]:
        """Yield the hash of every stored original, in order."""
        with _disk():
            self._check_reachable()
            for first in sorted(self._originals.iterdir()):
                for second in sorted(first.iterdir()):
                    yield from sorted(entry.name for entry in second.iterdir())

    # -- copies made from originals ------------------------------------------------------------------------------

    def put_derived(self, sha256_hex: str, name: str, data: bytes) -> None:
        """Return once ``data`` is kept as the derived copy ``name`` of an original; a newer one takes its place."""
        path = self._derived_path(sha256_hex, name)
        draft = self._uploads / str(uuid.uuid4())
        with _disk():
            try:
                with draft.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._step("drafted")
                make_directory(path.parent)
                draft.replace(path)
                self._step("replaced")
                fsync_directory(path.parent)
            finally:
                draft.unlink(missing_ok=True)

    def open_derived(self, sha256_hex: str, name: str) -> BinaryIO:
        """Return a derived copy, open for reading; the caller closes it."""
        return self._open(self._derived_path(sha256_hex, name), f"{sha256_hex} has no derived copy {name!r}")

    # -- removal by rule ------------------------------------------------------------------------------------------

    def remove(self, sha256_hex: str) -> None:
        """Return once the original and all copies made from it are gone; safe to repeat.

        The copies go first: while the original is here, somebody who asks again still knows what is left to remove.
        """
        original = self._original_path(sha256_hex)
        copies = self._fan_out(self._derived, sha256_hex)
        with _disk():
            self._check_reachable()
            if copies.is_dir():
                for copy in sorted(copies.iterdir()):
                    copy.unlink(missing_ok=True)
                copies.rmdir()
                fsync_directory(copies.parent)
                self._step("copies removed")
            if original.is_file():
                original.unlink()
                fsync_directory(original.parent)
        self._step("removed")

    # -- steps ---------------------------------------------------------------------------------------------------

    def _write_durably(self, descriptor: int, stream: Readable, start_bytes: int) -> int:
        new_bytes = start_bytes
        try:
            try:
                while block := stream.read(_BLOCK_BYTES):
                    with _disk():
                        _write_all(descriptor, block)
                    new_bytes += len(block)
                    self._step("written")
            finally:
                with _disk():
                    os.fsync(descriptor)
        except StoreUnavailable:
            # Bytes that may not be durable must not be counted by the next question for the offset.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, start_bytes)
                os.fsync(descriptor)
            raise
        self._step("appended")
        return new_bytes

    def _keep(self, path: Path, final_path: Path, sha256_hex: str) -> None:
        make_directory(final_path.parent)
        self._step("placed")
        if final_path.exists() and not final_path.samefile(path) and not self.verify(sha256_hex):
            # The disk spoiled the bytes stored earlier, and here they are again, whole: keep both.
            final_path.replace(self._quarantine / _sha256_of(final_path))
            fsync_directory(self._quarantine)
        with contextlib.suppress(FileExistsError):
            final_path.hardlink_to(path)
        self._step("linked")
        fsync_directory(final_path.parent)
        self._step("kept")

    def _set_aside(self, path: Path, actual_hex: str) -> None:
        with contextlib.suppress(FileExistsError):
            (self._quarantine / actual_hex).hardlink_to(path)
        fsync_directory(self._quarantine)
        self._step("set aside")

    @contextlib.contextmanager
    def _locked(self, upload_id: str) -> Iterator[tuple[Path, int]]:
        """Yield the upload's path and an open descriptor while nobody else, in any process, may write to it."""
        path = self._upload_path(upload_id)
        with _disk():
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

    def _open_original(self, sha256_hex: str) -> io.BufferedReader:
        return self._open(self._original_path(sha256_hex), f"no original is stored under {sha256_hex}")

    def _open(self, path: Path, sentence: str) -> io.BufferedReader:
        with _disk():
            try:
                return path.open("rb")
            except FileNotFoundError:
                self._check_reachable()
        raise BytesNotFound(sentence)

    def _check_reachable(self) -> None:
        """Raise when the directories themselves are gone: an unmounted disk must not look like lost evidence."""
        for directory in (self._uploads, self._originals, self._derived):
            if not directory.is_dir():
                raise StoreUnavailable(f"the evidence store is not reachable: {directory.name}/ is missing")

    # -- names ---------------------------------------------------------------------------------------------------

    def _upload_path(self, upload_id: str) -> Path:
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise BadName("an upload id is a UUID in lower case")
        return self._uploads / upload_id

    def _original_path(self, sha256_hex: str) -> Path:
        return self._fan_out(self._originals, sha256_hex)

    def _derived_path(self, sha256_hex: str, name: str) -> Path:
        if not _DERIVED_NAME.fullmatch(name):
            raise BadName("a derived copy is named by small letters, digits, - and _, with one ending at most")
        return self._fan_out(self._derived, sha256_hex) / name

    @staticmethod
    def _fan_out(directory: Path, sha256_hex: str) -> Path:
        if not _SHA256_HEX.fullmatch(sha256_hex):
            raise BadName("a SHA-256 is written as 64 hexadecimal digits in lower case")
        return directory / sha256_hex[:2] / sha256_hex[2:4] / sha256_hex


@contextlib.contextmanager
def _disk() -> Iterator[None]:
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


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
