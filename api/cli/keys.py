"""The server's own key pairs: which there are, and their exchange."""

from contextlib import closing
from pathlib import Path

import click

from api.cli.place import acting, here, located, now_utc
from media.proof import load_or_create_master_key
from visits.log import Purpose, public_keys
from visits.store import Store
from visits.upkeep import UNDER_THE_MASTER_KEY, exchange_master_key, opens, rotate_server_key


@click.group()
def keys() -> None:
    """The server's own key pairs."""


@keys.command("list")
@located
@click.pass_context
def list_keys(context: click.Context, data_dir: Path | None) -> None:
    """Every pair there ever was: name, purpose, algorithm, from and until when."""
    with here(context, data_dir).store() as store, store.reading() as uow:
        for key in public_keys(uow):
            until = key.retired_utc.isoformat() if key.retired_utc else "in use"
            click.echo(f"{key.kid}  {key.purpose}  {key.algorithm}  {key.made_utc.isoformat()}  {until}")


@keys.command("rotate")
@click.option("--purpose", required=True, type=click.Choice([purpose.value for purpose in Purpose]))
@acting
@click.pass_context
def rotate(context: click.Context, purpose: str, data_dir: Path | None, login: str | None) -> None:
    """Make a new pair for a purpose; what the old one signed stays checkable."""
    place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        made = rotate_server_key(uow, place.actor(uow), Purpose(purpose), at_utc=now_utc())
    click.echo(f"{made.kid} is in use for {made.purpose}")


@keys.command("exchange-master")
@acting
@click.pass_context
def exchange_master(context: click.Context, data_dir: Path | None, login: str | None) -> None:
    """Put a new master key in the place of the old one. Stop the server first; a run that was cut off is finished.

    The old key stays beside as `….old`, for the backups made before: keep it apart from them, or destroy it with them.
    """
    place = here(context, data_dir, login)
    settings = place.settings()
    old, new = settings.master_key_path, settings.master_key_path.with_name(f"{settings.master_key_path.name}.new")
    new_key = load_or_create_master_key(new)
    with closing(Store(settings.database_url, master_key=new_key)) as store, store.reading() as uow:
        done_before = opens(uow) and not _opens_with(settings.database_url, old)
    if not done_before:
        with place.store() as store, store.serving():
            with store.writing() as uow:
                said = exchange_master_key(uow, place.actor(uow), new_key, at_utc=now_utc())
            store.wipe(*UNDER_THE_MASTER_KEY)
        click.echo(", ".join(f"{count} {name}" for name, count in said.items()) + " sealed anew")
    old.replace(old.with_name(f"{old.name}.old"))
    new.replace(old)
    click.echo(f"{old} is the new master key; put copies of it where those of the old one are")


def _opens_with(database_url: str, path: Path) -> bool:
    with closing(Store(database_url, master_key=load_or_create_master_key(path))) as store, store.reading() as uow:
        return opens(uow)
