"""``shidi residence``: patterns from logs of positions that an organization already holds lawfully."""

from collections import Counter
from pathlib import Path

import click

from geo import Datum, residence
from geo.residence import warnings_of, write_table
from visits.zone import LOCAL_ZONE

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("residence")
@click.option(
    "--fixes", required=True, type=click.Path(exists=True, path_type=Path), help="Parquet, or a folder of it."
)
@click.option("--areas", required=True, type=_FILE, help="GeoParquet or GeoPackage with village_code.")
@click.option("--postings", required=True, type=_FILE, help="CSV or Parquet: posting_id, village_code, kind, from, to.")
@click.option("--leave", type=_FILE, help="CSV or Parquet: posting_id, from, to, kind.")
@click.option("--month", required=True, help="The month, such as 2026-03.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="CSV or Parquet to write.")
@click.option(
    "--datum", type=click.Choice([datum.value for datum in Datum]), help="Of the fixes, where they do not say."
)
@click.option("--timezone", default=LOCAL_ZONE.key, show_default=True, help="In which nights are nights.")
@click.option(
    "--need", type=click.FloatRange(0.5, 1.0), default=0.9, show_default=True, help="How sure a pattern must be."
)
@click.option("--dask", help="The address of a Dask scheduler whose workers see the same files.")
def residence_command(
    fixes: Path,
    areas: Path,
    postings: Path,
    leave: Path | None,
    month: str,
    out: Path,
    datum: str | None,
    timezone: str,
    need: float,
    dask: str | None,
) -> None:
    """Patterns of a month from position logs (驻村轨迹). Shidi itself collects none; no database is opened."""
    table = residence(fixes, areas, postings, leave, month=month, timezone=timezone, need=need, datum=datum, dask=dask)
    write_table(table, out)
    for warning in warnings_of(table):
        click.echo(f"warning: {warning}", err=True)
    said = Counter(table.column("pattern").to_pylist())
    for pattern in ("nights_here", "days_only", "rarely_here", "insufficient"):
        click.echo(f"{pattern}: {said[pattern]}")
    click.echo(f"{table.num_rows} postings, written to {out}")
