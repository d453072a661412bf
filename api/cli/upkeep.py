"""Keeping an installation well: its schema and its integrity."""

from datetime import timedelta
from pathlib import Path

import click

from api.cli.place import here, located, now_utc
from visits import store as records


@click.command()
@located
@click.pass_context
def migrate(context: click.Context, data_dir: Path | None) -> None:
    """Bring the database to the schema of this release; safe to repeat."""
    with here(context, data_dir).store() as store:
        records.migrate(store)
    click.echo("the schema is current")


@click.command()
@located
@click.pass_context
def check(context: click.Context, data_dir: Path | None) -> None:
    """Check every record, photo, the log and the audit chain; ends with 1 when something is wrong."""
    from api.rules import rules_of_removal
    from visits import upkeep

    place = here(context, data_dir)
    with place.store() as store:
        report = upkeep.check(store, place.evidence(store), place.tiles())
        with store.reading() as uow:
            due = upkeep.count_due(uow, rules_of_removal(place.settings()), at_utc=now_utc())
    click.echo(
        f"{report.records} records, {report.photos} photos, log of {report.log_size}, root {report.log_root_hex}"
    )
    if report.removed_visits:
        click.echo(f"removed by rule, and so not missing: what {report.removed_visits} visits held")
    for one in due:
        click.echo(
            f"due by the rules of removal in {one.county_code}: {one.removes} visits wait for the organization "
            f"department's order (shidi retention run), {one.stays} more are held back"
        )
    for finding in report.findings:
        click.echo(f"{finding.what}: {finding.about}: {finding.sentence}")
    for leftover in report.leftovers:
        click.echo(f"left over: {leftover}")
    if report.findings:
        raise click.exceptions.Exit(1)
    click.echo("all is there and unchanged")


@click.group()
def tiles() -> None:
    """The map's tiles, which are drawn from the boundaries."""


@tiles.command()
@click.option("--all", "every", is_flag=True, help="Also those that are whole: after a change of the drawing itself.")
@located
@click.pass_context
def redraw(context: click.Context, every: bool, data_dir: Path | None) -> None:
    """Draw the tiles again that are missing or damaged; safe while the server runs."""
    from api.jobs import draw_county
    from visits.places import counties_drawn, lost_tiles

    place = here(context, data_dir)
    folder = place.tiles()
    with place.store() as store:
        with store.reading() as uow:
            lost = dict(lost_tiles(uow, folder))
            wanted = counties_drawn(uow) if every else sorted(lost)
        for county_code in wanted:
            draw_county(store, folder, county_code, now_utc, anew=True)
            click.echo(f"county {county_code}: {lost.get(county_code, 'whole')}, drawn again")
    click.echo(f"{len(wanted)} counties drawn again")


@click.command()
@located
@click.pass_context
def sweep(context: click.Context, data_dir: Path | None) -> None:
    """Free half-arrived uploads that nobody went on with for SHIDI_UPLOAD_DAYS; never an original. Run it daily."""
    from visits import upkeep

    place = here(context, data_dir)
    idle_for = timedelta(days=place.settings().upload_days)
    with place.store() as store:
        swept = upkeep.sweep(store, place.evidence(store), idle_for=idle_for, at_utc=now_utc())
    click.echo(
        f"{swept.expired} expired uploads, {swept.strays} stray pieces and {swept.copies} unneeded copies were freed"
    )
