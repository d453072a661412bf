"""The folder of a backup: what it says of itself, and that it is a whole one at every moment.

::

    backup.json                     what this is a backup of, and when; written last, so without it there is none
    records-<time>.sqlite|.dump     all records as of one moment
    inventory-<time>.txt            which bytes belong to those records
    evidence/                       the bytes, laid out as in the data folder
    tiles/                          the map's tiles
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from media.durable import fsync_directory
from media.store import Inventory, LocalStore
from visits.store import is_known_schema
from visits.upkeep.errors import BackupBusy, NoBackup

MANIFEST = "backup.json"
EVIDENCE = "evidence"
TILES = "tiles"
FORMAT = "shidi backup 1"
_STAMP = r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"
_FILES = re.compile(rf"(records|inventory)-{_STAMP}\.(sqlite|dump|txt)(-journal)?|backup\.json(\.draft)?")
_ANY_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Manifest:
    """What ``backup.json`` says."""

    format: str
    made_utc: str
    database: str
    schema: str
    records: str
    records_sha256: str
    inventory: str
    inventory_sha256: str
    log_size: int
    log_root: str
    key_check: str


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else makes or reads this backup meanwhile; also where nothing can be written, as on a sealed disk."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as reason:
        raise NoBackup(f"there is no backup at {folder}: {reason.strerror}") from reason
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupBusy("another backup into this folder, or a restore from it, is running") from None
        yield
    finally:
        os.close(descriptor)


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself; raises :class:`NoBackup` when there is no whole one of a kind known here."""
    try:
        said = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except FileNotFoundError:
        raise NoBackup(f"there is no whole backup in this folder: it has no {MANIFEST}") from None
    except (OSError, ValueError, TypeError) as reason:
        raise NoBackup(f"{MANIFEST} cannot be read: {reason}") from reason
    if said.format != FORMAT or not is_known_schema(said.schema):
        raise NoBackup("this backup is of a later release of Shidi; restore it with that one")
    return said


def ready_to_write(folder: Path) -> LocalStore:
    """The evidence store of a backup, once the folder is clear of what a run that was cut off left lying."""
    if (folder / MANIFEST).exists():
        said = read_manifest(folder)
        _keep_files(folder, MANIFEST, said.records, said.inventory)
    elif any(not _FILES.fullmatch(path.name) and path.name not in (EVIDENCE, TILES) for path in folder.iterdir()):
        raise NoBackup("this folder holds something else; give an empty one, or one with an earlier backup")
    else:
        _keep_files(folder)
    target = LocalStore(folder / EVIDENCE)
    for upload_id in target.idle_uploads(_ANY_TIME):
        target.discard(upload_id)
    return target


def complete(folder: Path, said: Manifest) -> None:
    """Make this the backup that the folder is, in one step; then throw the files of the one before away."""
    draft = folder / f"{MANIFEST}.draft"
    write(draft, json.dumps(asdict(said), indent=2).encode())
    draft.replace(folder / MANIFEST)
    fsync_directory(folder)
    _keep_files(folder, MANIFEST, said.records, said.inventory)


def write(path: Path, data: bytes) -> None:
    """Return once a new file is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fsync_directory(path.parent)


def checked_inventory(folder: Path, said: Manifest) -> Inventory:
    """What belongs to a backup, once its files proved to be the ones that were written; else :class:`NoBackup`."""
    for name, sha256 in ((said.records, said.records_sha256), (said.inventory, said.inventory_sha256)):
        if not _FILES.fullmatch(name) or not (folder / name).is_file():
            raise NoBackup(f"{name} is missing; this backup is not whole")
        if sha256_of(folder / name) != sha256:
            raise NoBackup(f"{name} was changed since it was written; take another backup")
    return Inventory.from_text((folder / said.inventory).read_text())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep_files(folder: Path, *names: str) -> None:
    for path in folder.iterdir():
        if _FILES.fullmatch(path.name) and path.name not in names:
            path.unlink()
