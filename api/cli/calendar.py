"""The calendar: days a place works or is free on, against the announced ones."""

from datetime import datetime
from pathlib import Path

import click

from api.cli.place import acting, here, now_utc
from visits.people import declare_days


@click.group()
def calendar() -> None:
    """Working and free days."""


@calendar.command("declare")
@click.argument("days", nargs=-1, required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--working/--free", "works", required=True, help="Whether people work on these days (调休) or are free.")
@click.option("--reason", required=True, help="Why, for those who read it later.")
@acting
@click.pass_context
def declare(
    context: click.Context,
    days: tuple[datetime, ...],
    works: bool,
    reason: str,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """Say that the account's division works, or is free, on these days."""
    place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        on = [day.date() for day in days]
        declare_days(uow, place.actor(uow), on, works=works, reason=reason, at_utc=now_utc())
    said = ", ".join(day.isoformat() for day in on)
    click.echo(f"{said}: {'working' if works else 'free'}")
