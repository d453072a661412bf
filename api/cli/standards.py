"""The standards of presence: what a place asks of a kind of posting, over which years, by which paper."""

from datetime import date, datetime
from pathlib import Path

import click

from api.cli.place import acting, here, now_utc
from visits.people import PostingKind
from visits.presence import Gate, Standard
from visits.review import EXAMPLE_SOURCES, EXAMPLES, set_standard

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def standard() -> None:
    """What presence is held against in the account's division."""


@standard.command("set")
@click.option("--example", type=click.Choice(sorted(EXAMPLES)), help="One of the shipped examples, as it is.")
@click.option("--name", help="What the standard is called; it stands beside everything said by it.")
@click.option("--rate", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="The rate of presence.")
@click.option("--source", help="The paper it stands in.")
@click.option("--kind", type=click.Choice([str(k) for k in PostingKind]), help="Only for postings of this kind.")
@click.option("--from", "valid_from", type=_DAY, required=True, help="The first day it holds.")
@click.option("--to", "valid_to", type=_DAY, help="The last day it holds.")
@click.option("--visits", type=click.IntRange(4), default=4, show_default=True, help="The least visits that count.")
@acting
@click.pass_context
def set_it(
    context: click.Context,
    example: str | None,
    name: str | None,
    rate: float | None,
    source: str | None,
    kind: str | None,
    valid_from: datetime,
    valid_to: datetime | None,
    visits: int,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """Say what holds from a day on; what held before stays as it was."""
    if example is not None:
        wanted, paper = EXAMPLES[example], source or EXAMPLE_SOURCES[example]
    elif name and rate is not None and source:
        wanted, paper = Standard(name=name, rate=rate, gate=Gate(visits=visits)), source
    else:
        raise click.UsageError("give --example, or --name, --rate and --source")
    ends: date | None = valid_to.date() if valid_to else None
    place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        made = set_standard(
            uow,
            place.actor(uow),
            wanted,
            kind=PostingKind(kind) if kind else None,
            valid_from=valid_from.date(),
            valid_to=ends,
            source=paper,
            at_utc=now_utc(),
        )
    click.echo(f"standard {made.number}: {wanted.name}, rate {wanted.rate}, from {made.valid_from}")
