"""A whole copy of an installation in one folder, made while it runs; and that copy put back where there is nothing.

Made again into the same folder, only what is new is copied, and the folder is at every moment a whole backup: the old
one until ``backup.json`` is replaced, the new one from then on. The master key is never part of it.
"""

import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url, select

from media.proof import key_check
from media.store import Amiss, EvidenceStore, Inventory, LocalStore, bring, inventory_of, keep_only
from visits.access import note
from visits.intake import PhoneExport, Upload, bytes_nobody_needs
from visits.log import LogHead, head, recompute_root
from visits.places import TileFolder
from visits.store import Store, UnitOfWork, copied, fill_empty, refuse_unless_empty, schema_of
from visits.upkeep.backup_folder import (
    EVIDENCE,
    FORMAT,
    TILES,
    Manifest,
    alone,
    checked_inventory,
    complete,
    read_manifest,
    ready_to_write,
    sha256_of,
    write,
)
from visits.upkeep.errors import BackupDisturbed, NoBackup, WrongKey


@dataclass(frozen=True)
class Copied:
    """What a backup holds, or what was restored from one; ``amiss`` are bytes that are not among it and should be."""

    made_utc: datetime
    photos: int
    new_photos: int
    log_size: int
    log_root_hex: str
    amiss: tuple[Amiss, ...]


def back_up(store: Store, evidence: EvidenceStore, tiles: TileFolder, folder: Path, *, at_utc: datetime) -> Copied:
    """Make, or bring up to date, a backup of everything but the master key. Safe while the server runs, and to repeat.

    Cut off at any moment it leaves the backup that was there before. Raises :class:`BackupDisturbed` when a removal by
    rule took bytes away meanwhile: run it again.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(folder):
        target = ready_to_write(folder)
        before = inventory_of(evidence)
        stamp = f"{at_utc:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        records = folder / f"records-{stamp}.{'sqlite' if store.is_sqlite else 'dump'}"
        listed = folder / f"inventory-{stamp}.txt"
        with copied(store, records) as uow:
            wanted, log, schema = _belonging(uow, before), head(uow), schema_of(uow)
        wanted = _with_copies(wanted, evidence)
        new_photos, amiss = bring(wanted, evidence, target)
        _stop_if_disturbed(store, amiss)
        tiles.copy_to(TileFolder(folder / TILES))
        write(listed, wanted.as_text().encode())
        complete(folder, _manifest(store, records, listed, log, schema, at_utc))
        keep_only(wanted, target)
    with store.writing() as uow:
        detail = {"log_size": log.size, "log_root": log.root_hex, "photos": len(wanted.originals)}
        note(uow, None, "backup.made", about="installation", detail=detail, at_utc=at_utc)
    return Copied(at_utc, len(wanted.originals), new_photos, log.size, log.root_hex, tuple(amiss))


def restore(
    folder: Path,
    database_url: str,
    master_key: bytes,
    prepare: Callable[[], EvidenceStore],
    tiles: TileFolder,
    *,
    at_utc: datetime,
) -> Copied:
    """Put a backup back where there are no records; what is there already stays untouched.

    ``prepare`` is called once all was found right; it makes the place ready and gives its evidence store. Bytes are
    checked by their hashes while they are copied, and records come last: cut off at any moment, there are none, and it
    may be run again. Spoiled or missing bytes are told; the rest is there.
    """
    with alone(folder):
        said = read_manifest(folder)
        wanted = _checked(folder, said, database_url, master_key)
        refuse_unless_empty(database_url)
        evidence = prepare()
        new_photos, amiss = bring(wanted, LocalStore(folder / EVIDENCE, create=False), evidence)
        TileFolder(folder / TILES).copy_to(tiles)
        fill_empty(database_url, folder / said.records)
    with closing(Store(database_url, master_key=master_key)) as store:
        with store.reading() as uow:
            log = recompute_root(uow)
        if (log.size, log.root_hex) != (said.log_size, said.log_root):
            raise NoBackup("the log that was restored is not the one that was backed up; do not use it")
        made_utc = datetime.fromisoformat(said.made_utc)
        with store.writing() as uow:
            detail = {"made_utc": said.made_utc, "log_size": log.size, "log_root": log.root_hex}
            note(uow, None, "backup.restored", about="installation", detail=detail, at_utc=at_utc)
    return Copied(made_utc, len(wanted.originals), new_photos, log.size, log.root_hex, tuple(amiss))


# -- what belongs to a backup ----------------------------------------------------------------------------------------


def _belonging(uow: UnitOfWork, before: Inventory) -> Inventory:
    """The bytes that belong to copied records: what lay there before, and what the records name; nothing removed."""
    named = set(uow.session.scalars(select(Upload.sha256).where(Upload.completed_utc.is_not(None))))
    named |= set(uow.session.scalars(select(PhoneExport.sha256).where(PhoneExport.kept_whole)))
    removed = set(bytes_nobody_needs(uow))
    return Inventory((before.originals | named) - removed, frozenset(), before.set_aside - removed)


def _with_copies(wanted: Inventory, evidence: EvidenceStore) -> Inventory:
    """With the copies made from these originals, which may be younger than the first look."""
    copies = frozenset((sha256, name) for sha256, name in evidence.walk_derived() if sha256 in wanted.originals)
    return Inventory(wanted.originals, copies, wanted.set_aside)


def _stop_if_disturbed(store: Store, amiss: list[Amiss]) -> None:
    missing = {one.sha256_hex for one in amiss if one.is_missing}
    if not missing:
        return
    with store.reading() as uow:
        if missing & set(bytes_nobody_needs(uow)):
            raise BackupDisturbed("a removal by rule ran meanwhile; nothing is lost, run the backup again")


def _manifest(store: Store, records: Path, listed: Path, log: LogHead, schema: str, at_utc: datetime) -> Manifest:
    return Manifest(
        format=FORMAT,
        made_utc=at_utc.isoformat(),
        database=store.engine.dialect.name,
        schema=schema,
        records=records.name,
        records_sha256=sha256_of(records),
        inventory=listed.name,
        inventory_sha256=sha256_of(listed),
        log_size=log.size,
        log_root=log.root_hex,
        key_check=key_check(store.master_key),
    )


def _checked(folder: Path, said: Manifest, database_url: str, master_key: bytes) -> Inventory:
    """What is to be brought back, once it is sure that it fits: the files, the key, and the kind of database."""
    if key_check(master_key) != said.key_check:
        raise WrongKey("this backup belongs to another master key; with this one nothing sealed in it could be opened")
    if make_url(database_url).get_backend_name() != said.database:
        raise NoBackup(f"this is a backup of {said.database}; set SHIDI_DATABASE_URL to an empty database of that kind")
    return checked_inventory(folder, said)
