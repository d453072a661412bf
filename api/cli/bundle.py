"""Evidence bundles: take one out, and check one on a machine that has nothing but this program."""

from pathlib import Path
from uuid import UUID

import click

from api.cli.place import acting, here, now_utc
from media.errors import ProofError
from media.proof import Verdict, verify_bundle, write_archive

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("visit", type=click.UUID)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The zip to write.")
@acting
@click.pass_context
def bundle(context: click.Context, visit: UUID, out: Path, data_dir: Path | None, login: str | None) -> None:
    """Write a visit's evidence as one file that proves itself."""
    from visits.upkeep import bundle_of_visit

    place = here(context, data_dir, login)
    with place.store() as store:
        evidence = place.evidence(store)
        with store.writing() as uow:
            members = bundle_of_visit(uow, place.actor(uow), visit, evidence, at_utc=now_utc())
        with out.open("xb") as file:
            file.writelines(write_archive(members))
    click.echo(f"{out.name}: {len(members)} members, {out.stat().st_size} bytes")


@click.command()
@click.argument("bundle_file", metavar="BUNDLE", type=_FILE)
@click.option("--checkpoint", "kept", type=_FILE, help="A checkpoint that somebody outside kept.")
@click.option("--authority", type=_FILE, help="The certificates (PEM) of the timestamp authority one trusts.")
def verify(bundle_file: Path, kept: Path | None, authority: Path | None) -> None:
    """Check an evidence bundle; ends with 1 and names the first thing that is wrong."""
    try:
        with bundle_file.open("rb") as file:
            verdict = verify_bundle(
                file,
                witness_file=kept.read_bytes() if kept else None,
                authority_pem=authority.read_bytes() if authority else None,
            )
    except ProofError as reason:
        raise click.ClickException(f"{bundle_file.name}: {reason}") from reason
    _tell(verdict)


def _tell(verdict: Verdict) -> None:
    said = verdict.checkpoint
    click.echo(
        f"visit {verdict.visit_id}: {verdict.records} records and {verdict.photos} photos are whole and in the log"
    )
    click.echo(f"removed by rule: {verdict.removed}; withheld from whoever asked: {verdict.withheld}; missing: 0")
    if verdict.blurred:
        click.echo(f"blurred by rule: {verdict.blurred} records, whose positions are gone")
    click.echo(f"checkpoint of {said.size} entries, {said.at_utc.isoformat()}, root {said.root_hex}, key {said.kid}")
    if verdict.stamped_utc is not None:
        click.echo(f"the timestamp authority saw this checkpoint at {verdict.stamped_utc.isoformat()}")
    if verdict.compared:
        click.echo("it belongs to the same unchanged log as the checkpoint that was kept outside")
    for remark in verdict.remarks:
        click.echo(f"note: {remark}")
    click.echo("nothing is wrong")
