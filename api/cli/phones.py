"""Phones' unsent work from a stick, on the command line: for files of any size."""

import json
from collections import Counter
from pathlib import Path

import click

from api.cli.place import acting, here, now_utc
from api.resources.phone_import import Importer
from visits.intake import phone_export


@click.command("phone")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--receipt",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the signed receipt goes, to be carried back to the phone.",
)
@acting
@click.pass_context
def phone(context: click.Context, file: Path, receipt: Path, data_dir: Path | None, login: str | None) -> None:
    """A phone's unsent work (手机未上传记录). Taking it twice is harmless; what cannot be opened is kept."""
    place = here(context, data_dir, login)
    with place.store() as store:
        with store.reading() as uow:
            actor = place.actor(uow)
        importer = Importer(store, place.evidence(store), now_utc, place.settings().max_photo_bytes)
        with file.open("rb") as stream:
            export_id = importer.take(actor, stream)
        with store.reading() as uow:
            taken = phone_export(uow, actor, export_id)
    if taken.receipt is None:
        raise click.ClickException(f"the file cannot be opened: {taken.reason}; it was kept as {taken.sha256}")
    receipt.write_text(json.dumps(taken.receipt, ensure_ascii=False), encoding="utf-8")
    for result in json.loads(taken.receipt["receipts"])["results"]:
        for what in ("records", "photos"):
            for outcome, count in sorted(Counter(one["outcome"] for one in result[what]).items()):
                click.echo(f"visit {result['visit_id']}: {count} {what} {outcome}")
    click.echo(f"the receipt for the phone is {receipt}")
