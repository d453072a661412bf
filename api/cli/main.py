"""The ``shidi`` command and what its parts share."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from api.cli.accounts import bootstrap, user
from api.cli.backup import backup, restore
from api.cli.bundle import bundle, verify
from api.cli.calendar import calendar
from api.cli.imports import imports
from api.cli.keys import keys
from api.cli.phones import phone
from api.cli.place import Place
from api.cli.plans import plan
from api.cli.presence import presence
from api.cli.residence import residence_command
from api.cli.retention import retention
from api.cli.serve import serve
from api.cli.standards import standard
from api.cli.upkeep import check, migrate, sweep, tiles
from api.cli.vault import vault
from api.cli.witness import checkpoint, witness
from api.settings import BadSetting
from api.workbooks import WorkbookError
from geo import GeoError
from media.errors import MediaError
from visits.errors import VisitsError

_TOLD_PLAINLY = (VisitsError, MediaError, GeoError, WorkbookError, BadSetting)


class ShidiGroup(click.Group):
    """A group whose refusals are one sentence and exit code 1, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except _TOLD_PLAINLY as reason:
            raise click.ClickException(str(reason)) from reason


@click.group(cls=ShidiGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="The data folder (or SHIDI_DATA).")
@click.option("--as", "login", help="The login name of the account a command acts as.")
@click.pass_context
def shidi(context: click.Context, data_dir: Path | None, login: str | None) -> None:
    """Shidi (实地): unannounced village visits and their evidence."""
    begun = context.obj if isinstance(context.obj, Place) else Place(environ=context.obj or {})
    context.obj = replace(begun, data_dir=data_dir or begun.data_dir, login=login or begun.login)


imports.add_command(phone)
for command in (bootstrap, user, imports, calendar, plan, migrate, serve, check, sweep, presence, standard, keys):
    shidi.add_command(command)
for command in (residence_command, tiles, checkpoint, witness, vault, bundle, verify, retention, backup, restore):
    shidi.add_command(command)
