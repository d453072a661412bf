"""The server's own key pairs: which there are, and their exchange."""

from pathlib import Path

import click

from api.cli.place import acting, here, located, now_utc
from visits.log import Purpose, public_keys
from visits.upkeep import rotate_server_key


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
