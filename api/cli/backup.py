"""``shidi backup`` and ``shidi restore``: a whole copy while the server runs, and the way back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.place import evidence_beside, here, located, now_utc
from api.evidence import open_evidence
from api.settings import Settings
from media.proof import KEY_BYTES, keep_master_key, load_or_create_master_key
from media.store import EvidenceStore
from visits.places import TileFolder

if TYPE_CHECKING:
    from visits.upkeep import Copied


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@located
@click.pass_context
def backup(context: click.Context, folder: Path, data_dir: Path | None) -> None:
    """Copy records, photos and log into FOLDER while the server runs; again later, only what is new.

    The master key is not in it: keep that apart. Ends with 1 when bytes of a photo are missing or spoiled.
    """
    from visits import upkeep

    place = here(context, data_dir)
    settings = place.settings()
    if folder.resolve().is_relative_to(settings.data_dir):
        raise click.UsageError("a backup inside the data folder is lost together with it; give another place")
    if not settings.master_key_path.exists():
        raise click.ClickException(f"there is nothing to back up in {settings.data_dir}")
    with place.store() as store:
        evidence = evidence_beside(settings, store)
        made = upkeep.back_up(store, evidence, _tiles(settings), folder, at_utc=now_utc())
    _say(f"backed up: {made.photos} photos, {made.new_photos} of them new", made)
    click.echo(f"the master key is not in it; keep a copy of {settings.master_key_path} apart")
    _fail_if_amiss(made)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--key", "key_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The master key.")
@located
@click.pass_context
def restore(context: click.Context, folder: Path, key_file: Path | None, data_dir: Path | None) -> None:
    """Put the backup in FOLDER back into a data folder without records; nothing is ever overwritten.

    --key names the file with the master key; it is put where the installation expects it, if none is there.
    """
    from visits import upkeep

    settings = here(context, data_dir).settings()
    key = _master_key(settings, key_file)

    def prepare() -> EvidenceStore:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        keep_master_key(settings.master_key_path, key)
        return open_evidence(settings)

    place = settings.database_url, key, prepare, _tiles(settings)
    done = upkeep.restore(folder, *place, at_utc=now_utc())
    _say(f"restored: {done.photos} photos, {done.new_photos} of them brought back", done)
    click.echo(f"this is how it was on {done.made_utc:%Y-%m-%d %H:%M:%S} UTC; what came later is not in it")
    _fail_if_amiss(done)


def _master_key(settings: Settings, key_file: Path | None) -> bytes:
    """The key that is to open what is restored; never a new one, which would open nothing."""
    if key_file is not None:
        key = key_file.read_bytes()
        if len(key) != KEY_BYTES:
            raise click.ClickException(f"{key_file} is no master key: it has {len(key)} bytes instead of {KEY_BYTES}")
        return key
    if not settings.master_key_path.exists():
        raise click.ClickException(
            f"the master key is not in a backup; name the file with your copy of it: --key FILE, "
            f"or put it at {settings.master_key_path} (mode 0600)"
        )
    return load_or_create_master_key(settings.master_key_path)


def _tiles(settings: Settings) -> TileFolder:
    return TileFolder(settings.data_dir / "tiles")


def _say(what: str, done: "Copied") -> None:
    click.echo(what)
    click.echo(f"log of {done.log_size}, root {done.log_root_hex}")


def _fail_if_amiss(done: "Copied") -> None:
    for one in done.amiss:
        click.echo(f"not in it: {one.sha256_hex}: {one.sentence}")
    if done.amiss:
        raise click.exceptions.Exit(1)
