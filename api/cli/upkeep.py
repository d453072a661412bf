"""Keeping an installation well: its schema, its integrity, and what the visits amount to."""

import csv
import sys
from datetime import datetime
from pathlib import Path

import click

from api.cli.place import acting, here, located, now_utc
from visits import store as records
from visits.access import Actor
from visits.people import PostingView, postings
from visits.review import person_page, say_presence
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

PAGE = 200


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
    from visits import upkeep

    place = here(context, data_dir)
    with place.store() as store:
        report = upkeep.check(store, place.evidence(store))
    click.echo(
        f"{report.records} records, {report.photos} photos, log of {report.log_size}, root {report.log_root_hex}"
    )
    for finding in report.findings:
        click.echo(f"{finding.what}: {finding.about}: {finding.sentence}")
    if report.findings:
        raise click.exceptions.Exit(1)
    click.echo("all is there and unchanged")


@click.command()
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="The day to say it for; today if not given.")
@acting
@click.pass_context
def presence(context: click.Context, as_of: datetime | None, data_dir: Path | None, login: str | None) -> None:
    """Say what the recorded visits amount to, one line per posting, by village code."""
    at_utc = now_utc()
    today = at_utc.astimezone(LOCAL_ZONE).date()
    if as_of is not None and as_of.date() != today:
        raise click.ClickException("presence is said as of today; what was said on earlier days is stored with each")
    place = here(context, data_dir, login)
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["posting_id", "village_code", "visits", "found", "low95", "high95", "enough", "lacking"])
    with place.store() as store:
        with store.reading() as uow:
            known = _all_postings(uow, place.actor(uow))
        for posting in known:
            with store.writing() as uow:
                say_presence(uow, posting.id, at_utc=at_utc)
                said = person_page(uow, place.actor(uow), posting.id, at_utc=at_utc).presence
            if said is not None:
                lacking = "; ".join(f"{what} {has} of {needs}" for what, (has, needs) in said.lacking.items())
                figures = (said.visits, said.found, round(said.low95, 4), round(said.high95, 4))
                lines.writerow([posting.id, posting.village_code, *figures, "yes" if said.enough else "no", lacking])


def _all_postings(uow: UnitOfWork, actor: Actor) -> list[PostingView]:
    found: list[PostingView] = []
    while True:
        last = (found[-1].village_code, found[-1].id) if found else None
        more = postings(uow, actor, after=last, limit=PAGE)
        found += more
        if len(more) < PAGE:
            return found
