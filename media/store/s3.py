"""Evidence in an S3-compatible object store, each original under the SHA-256 of its own bytes.

::

    sha256/ab/cd/<hash>            originals, put once: a second put of the same name is refused by the object store
    derived/ab/cd/<hash>/<name>    display copies and the like, can be made again
    quarantine/<hash>              bytes that were announced as something else, under what they really are

Pieces arrive on the server's own disk as with :class:`~media.store.local.LocalStore`; only a whole photo whose hash is
right goes to the object store, and is acknowledged when that has said so.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store as Bucket

from media.durable import make_directory
from media.errors import BytesNotFound, StoreUnavailable
from media.store.bucket_address import BucketAddress
from media.store.staging import BLOCK_BYTES, StagingStore, check_derived_name, check_hash_name, fan_out, no_step

if TYPE_CHECKING:
    from obstore.store import S3Config

# The client documents the first and raises the second.
_MISSING = (NotFoundError, FileNotFoundError)
_CONNECT_WITHIN = timedelta(seconds=5)
_ANSWER_WITHIN = timedelta(seconds=60)
_RETRY_WITHIN = timedelta(seconds=10)
_RETRIES = 2


class S3Store(StagingStore):
    """An :class:`~media.store.evidence.EvidenceStore` in a bucket that is there already; it never makes one."""

    def __init__(self, address: BucketAddress, uploads: Path, *, step: Callable[[str], None] = no_step) -> None:
        super().__init__(uploads, step=step)
        make_directory(uploads)
        self._bucket = _open(address)
        self._check_reachable()

    # -- bytes that are kept -------------------------------------------------------------------------------------

    def has(self, sha256_hex: str) -> bool:
        """Return whether the original is stored; a store that is not reachable raises instead of saying no."""
        key = _original(sha256_hex)
        with _remote():
            try:
                obstore.head(self._bucket, key)
            except _MISSING:
                self._check_reachable()
                return False
        return True

    def size_bytes(self, sha256_hex: str) -> int:
        """Return the length of a stored original."""
        with self._found(f"no original is stored under {sha256_hex}"):
            return obstore.head(self._bucket, _original(sha256_hex))["size"]

    def open(self, sha256_hex: str) -> BinaryIO:
        """Return the original, fetched into a file of its own and open for reading; the caller closes it."""
        return self._fetch(_original(sha256_hex), f"no original is stored under {sha256_hex}")

    def verify(self, sha256_hex: str) -> bool:
        """Return whether the stored bytes still hash to their name."""
        return self._real_hash(sha256_hex) == sha256_hex

    def walk(self) -> Iterator[str]:
        """Yield the hash of every stored original, in order."""
        yield from (key.rpartition("/")[2] for key in self._keys("sha256"))

    # -- what was announced as something else --------------------------------------------------------------------

    def walk_set_aside(self) -> Iterator[str]:
        """Yield the real hash of everything that was set aside, in order."""
        yield from (key.rpartition("/")[2] for key in self._keys("quarantine"))

    def open_set_aside(self, sha256_hex: str) -> BinaryIO:
        """Return what was set aside under its real hash, fetched and open for reading; the caller closes it."""
        check_hash_name(sha256_hex)
        return self._fetch(f"quarantine/{sha256_hex}", f"nothing is set aside under {sha256_hex}")

    # -- copies made from originals ------------------------------------------------------------------------------

    def put_derived(self, sha256_hex: str, name: str, data: bytes) -> None:
        """Return once ``data`` is kept as the derived copy ``name`` of an original; a newer one takes its place."""
        with _remote():
            obstore.put(self._bucket, _derived(sha256_hex, name), data, use_multipart=False)
        self._step("replaced")

    def open_derived(self, sha256_hex: str, name: str) -> BinaryIO:
        """Return a derived copy, fetched and open for reading; the caller closes it."""
        return self._fetch(_derived(sha256_hex, name), f"{sha256_hex} has no derived copy {name!r}")

    def walk_derived(self) -> Iterator[tuple[str, str]]:
        """Yield the hash of the original and the name of every derived copy, in order."""
        for key in self._keys("derived"):
            _, _, _, sha256_hex, name = key.split("/")
            yield sha256_hex, name

    def remove_derived(self, sha256_hex: str, name: str) -> None:
        """Return once there is no such derived copy; it can be made again as long as the original is here."""
        self._delete(_derived(sha256_hex, name))

    # -- removal by rule ------------------------------------------------------------------------------------------

    def holds_any(self, sha256_hex: str) -> bool:
        """Return whether there is an original, a copy of one or something set aside under this hash."""
        if self.has(sha256_hex) or any(True for _ in self._keys(f"derived/{fan_out(sha256_hex)}")):
            return True
        with _remote(), contextlib.suppress(*_MISSING):
            obstore.head(self._bucket, f"quarantine/{sha256_hex}")
            return True
        return False

    def remove(self, sha256_hex: str) -> None:
        """Return once original, copies and what was set aside under this hash are gone; safe to repeat."""
        original = _original(sha256_hex)
        self._check_reachable()
        for key in self._keys(f"derived/{fan_out(sha256_hex)}"):
            self._delete(key)
            self._step("copies removed")
        self._delete(f"quarantine/{sha256_hex}")
        self._delete(original)
        self._step("removed")

    # -- steps ---------------------------------------------------------------------------------------------------

    def _keep(self, path: Path, sha256_hex: str) -> None:
        key = _original(sha256_hex)
        self._step("placed")
        if not self._put_once(key, path):
            real_hash = self._real_hash(sha256_hex)
            if real_hash != sha256_hex:
                # The store spoiled the bytes kept earlier, and here they are again, whole: keep both.
                with _remote():
                    obstore.copy(self._bucket, key, f"quarantine/{real_hash}")
                    obstore.delete(self._bucket, key)
                self._put_once(key, path)
        self._step("linked")
        self._step("kept")

    def _set_aside(self, path: Path, actual_hex: str) -> None:
        self._put_once(f"quarantine/{actual_hex}", path)
        self._step("set aside")

    def _put_once(self, key: str, path: Path) -> bool:
        """Store a file unless something has this name already; whether it was stored.

        The file is mapped, not read: in one request, since only that can be refused by the name, and without holding
        the photo in memory of our own.
        """
        with path.open("rb") as file, _remote():
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
            try:
                obstore.put(self._bucket, key, whole, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def _delete(self, key: str) -> None:
        with _remote(), contextlib.suppress(*_MISSING):
            obstore.delete(self._bucket, key)

    def _real_hash(self, sha256_hex: str) -> str:
        found = hashlib.sha256()
        with self._found(f"no original is stored under {sha256_hex}"):
            for block in obstore.get(self._bucket, _original(sha256_hex)).stream(min_chunk_size=BLOCK_BYTES):
                found.update(block)
        return found.hexdigest()

    def _fetch(self, key: str, sentence: str) -> BinaryIO:
        # By name, because the process that reads photos is given a path.
        fetched = tempfile.NamedTemporaryFile(prefix="shidi-")  # noqa: SIM115 - the caller closes it
        try:
            with self._found(sentence):
                for block in obstore.get(self._bucket, key).stream(min_chunk_size=BLOCK_BYTES):
                    fetched.write(block)
            fetched.flush()
            fetched.seek(0)
        except BaseException:
            fetched.close()
            raise
        return cast(BinaryIO, fetched)

    def _keys(self, folder: str) -> Iterator[str]:
        self._check_reachable()
        with _remote():
            for chunk in obstore.list(self._bucket, f"{folder}/"):
                yield from (found["path"] for found in chunk)

    @contextlib.contextmanager
    def _found(self, sentence: str) -> Iterator[None]:
        """Turn what is missing into our error, once it is sure that the bucket itself is not."""
        with _remote():
            try:
                yield
            except _MISSING:
                self._check_reachable()
                raise BytesNotFound(sentence) from None

    def _check_reachable(self) -> None:
        """Raise when the bucket or the disk for pieces is away: that must not look like lost evidence."""
        super()._check_reachable()
        with _remote():
            try:
                for _ in obstore.list(self._bucket, "sha256/00/", chunk_size=1):
                    break
            except _MISSING as error:
                raise StoreUnavailable("the evidence store is not reachable: there is no such bucket") from error


def _open(address: BucketAddress) -> Bucket:
    # With a checksum the object store itself checks what arrives; where objects are locked by default it wants one.
    config: S3Config = {"region": address.region, "checksum_algorithm": "SHA256"}
    if address.endpoint is not None:
        config["endpoint"] = address.endpoint
    if address.key_id is not None and address.secret is not None:
        config["access_key_id"] = address.key_id
        config["secret_access_key"] = address.secret
    return Bucket(
        address.bucket,
        prefix=address.prefix or None,
        config=config,
        client_options={
            # Only for an object store on the same machine or behind the same wall; the address says so itself.
            "allow_http": (address.endpoint or "").startswith("http://"),
            "connect_timeout": _CONNECT_WITHIN,
            "timeout": _ANSWER_WITHIN,
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_WITHIN},
    )


def _original(sha256_hex: str) -> str:
    return f"sha256/{fan_out(sha256_hex)}"


def _derived(sha256_hex: str, name: str) -> str:
    check_derived_name(name)
    return f"derived/{fan_out(sha256_hex)}/{name}"


@contextlib.contextmanager
def _remote() -> Iterator[None]:
    """Turn what the object store, or the way to it, refuses into one error."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise StoreUnavailable(f"the evidence store cannot be used: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The kind of trouble alone: the rest of such a message holds addresses."""
    return type(error).__name__.removesuffix("Error").lower()
