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
import hashlib
import io
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from media.durable import fsync_directory, make_directory
from media.errors import BytesNotFound, StoreUnavailable
from media.store.staging import StagingStore, check_derived_name, check_hash_name, disk, fan_out, no_step, sha256_of


class LocalStore(StagingStore):
    """An :class:`~media.store.evidence.EvidenceStore` under one directory, safe for many threads and processes.

    Without ``create`` the store must be there already: where photos were kept before, an empty folder is a disk that
    is not mounted, and what would be put there would vanish behind it.
    """

    def __init__(self, root: Path, *, step: Callable[[str], None] = no_step, create: bool = True) -> None:
        super().__init__(root / "uploads", step=step)
        self._originals = root / "sha256"
        self._derived = root / "derived"
        self._quarantine = root / "quarantine"
        if not create:
            self._check_reachable()
        with disk():
            for directory in (self._uploads, self._originals, self._derived, self._quarantine):
                make_directory(directory)

    # -- bytes that are kept -------------------------------------------------------------------------------------

    def has(self, sha256_hex: str) -> bool:
        """Return whether the original is stored; a store that is not reachable raises instead of saying no."""
        path = self._original_path(sha256_hex)
        with disk():
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
        with self._open_original(sha256_hex) as file, disk():
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256_hex

    def walk(self) -> Iterator[str]:
        """Yield the hash of every stored original, in order."""
        with disk():
            self._check_reachable()
            yield from (entry.name for entry in _below(self._originals))

    # -- what was announced as something else --------------------------------------------------------------------

    def walk_set_aside(self) -> Iterator[str]:
        """Yield the real hash of everything that was set aside, in order."""
        with disk():
            self._check_reachable()
            yield from sorted(entry.name for entry in self._quarantine.iterdir())

    def open_set_aside(self, sha256_hex: str) -> BinaryIO:
        """Return what was set aside under its real hash, open for reading; the caller closes it."""
        check_hash_name(sha256_hex)
        return self._open(self._quarantine / sha256_hex, f"nothing is set aside under {sha256_hex}")

    # -- copies made from originals ------------------------------------------------------------------------------

    def put_derived(self, sha256_hex: str, name: str, data: bytes) -> None:
        """Return once ``data`` is kept as the derived copy ``name`` of an original; a newer one takes its place."""
        path = self._derived_path(sha256_hex, name)
        draft = self._uploads / str(uuid.uuid4())
        with disk():
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

    def walk_derived(self) -> Iterator[tuple[str, str]]:
        """Yield the hash of the original and the name of every derived copy, in order."""
        with disk():
            self._check_reachable()
            for of_one in _below(self._derived):
                yield from sorted((of_one.name, copy.name) for copy in of_one.iterdir())

    def remove_derived(self, sha256_hex: str, name: str) -> None:
        """Return once there is no such derived copy; it can be made again as long as the original is here."""
        path = self._derived_path(sha256_hex, name)
        with disk():
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                fsync_directory(path.parent)

    # -- removal by rule ------------------------------------------------------------------------------------------

    def holds_any(self, sha256_hex: str) -> bool:
        """Return whether there is an original, a copy of one or something set aside under this hash."""
        places = (self._original_path(sha256_hex), self._quarantine / sha256_hex, self._derived / fan_out(sha256_hex))
        with disk():
            self._check_reachable()
            return any(path.exists() for path in places)

    def remove(self, sha256_hex: str) -> None:
        """Return once original, copies and what was set aside under this hash are gone; safe to repeat."""
        original = self._original_path(sha256_hex)
        copies = self._derived / fan_out(sha256_hex)
        with disk():
            self._check_reachable()
            if copies.is_dir():
                for copy in sorted(copies.iterdir()):
                    copy.unlink(missing_ok=True)
                copies.rmdir()
                fsync_directory(copies.parent)
                self._step("copies removed")
            for path in (self._quarantine / sha256_hex, original):
                if path.is_file():
                    path.unlink()
                    fsync_directory(path.parent)
        self._step("removed")

    # -- steps ---------------------------------------------------------------------------------------------------

    def _keep(self, path: Path, sha256_hex: str) -> None:
        final_path = self._original_path(sha256_hex)
        make_directory(final_path.parent)
        self._step("placed")
        if final_path.exists() and not final_path.samefile(path) and not self.verify(sha256_hex):
            # The disk spoiled the bytes stored earlier, and here they are again, whole: keep both.
            final_path.replace(self._quarantine / sha256_of(final_path))
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

    def _open_original(self, sha256_hex: str) -> io.BufferedReader:
        return self._open(self._original_path(sha256_hex), f"no original is stored under {sha256_hex}")

    def _open(self, path: Path, sentence: str) -> io.BufferedReader:
        with disk():
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

    def _original_path(self, sha256_hex: str) -> Path:
        return self._originals / fan_out(sha256_hex)

    def _derived_path(self, sha256_hex: str, name: str) -> Path:
        check_derived_name(name)
        return self._derived / fan_out(sha256_hex) / name


def _below(directory: Path) -> Iterator[Path]:
    """Yield what lies two levels below, in order."""
    for first in sorted(directory.iterdir()):
        for second in sorted(first.iterdir()):
            yield from sorted(second.iterdir())
