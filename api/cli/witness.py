"""Checkpoints on the command line: make one, and what a witness with nothing but files can do."""

import json
from itertools import pairwise
from pathlib import Path

import click

from api.cli.place import acting, here, now_utc
from media.errors import ProofError
from media.proof import (
    ES256,
    CheckpointFile,
    check_checkpoint_file,
    check_same_log,
    checkpoint_of_bundle,
    key_id,
    load_or_create_private,
    read_checkpoint_file,
    sign_p256,
    write_checkpoint_file,
)

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the file for a witness here.")
@acting
@click.pass_context
def checkpoint(context: click.Context, out: Path | None, data_dir: Path | None, login: str | None) -> None:
    """Sign the log as it stands now; the server does so by itself once a day."""
    from visits.log import checkpoint_file
    from visits.upkeep import checkpoint_by_hand

    place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        made = checkpoint_by_hand(uow, place.actor(uow), at_utc=now_utc())
        written = write_checkpoint_file(checkpoint_file(uow, made.size))
    if out is not None:
        out.write_bytes(written)
    click.echo(f"checkpoint of {made.size} entries, root {made.root_hex}, key {made.kid}")


@click.group()
def witness() -> None:
    """For a second department that keeps checkpoints: needs the files only, no server, no account."""


@witness.command("check")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--against", type=_FILE, help="A bundle or another checkpoint file that must belong to the same log.")
def check_kept(files: tuple[Path, ...], against: Path | None) -> None:
    """Check kept checkpoints: each by itself, and that each later log begins with the earlier one."""
    kept = [(path.name, _read(path)) for path in (*files, *((against,) if against else ()))]
    kept.sort(key=lambda one: one[1].said.size)
    for name, file in kept:
        said = file.said
        click.echo(f"{name}: size {said.size}, root {said.root_hex}, {said.at_utc.isoformat()}, key {said.kid}: holds")
    for (name, earlier), (later_name, later) in pairwise(kept):
        try:
            check_same_log(earlier, later)
        except ProofError as reason:
            raise click.ClickException(f"{name} and {later_name}: {reason}") from reason
    if len(kept) > 1:
        click.echo("nothing that an earlier one covers was changed or removed")


@witness.command("sign")
@click.argument("file", type=_FILE)
@click.option("--name", required=True, help="Who signs, such as the name of the department.")
@click.option(
    "--key", "key_path", required=True, type=click.Path(path_type=Path), help="The witness's own key; made if missing."
)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
def sign_kept(file: Path, name: str, key_path: Path, out: Path) -> None:
    """Sign a checked checkpoint with one's own key; the result is filed with the server by whoever has an account."""
    kept = _read(file)
    pair = load_or_create_private(key_path)
    signed = {
        "witness": name,
        "algorithm": ES256,
        "public_jwk": pair.public_jwk,
        "signature_hex": sign_p256(pair, kept.text.encode()).hex(),
    }
    out.write_text(json.dumps(signed, ensure_ascii=False, indent=1) + "\n", "utf-8")
    click.echo(f"signed by key {key_id(pair.public_jwk)}")


def _read(path: Path) -> CheckpointFile:
    try:
        with path.open("rb") as held:
            is_bundle = held.read(4) == b"PK\x03\x04"
            data = checkpoint_of_bundle(held) if is_bundle else path.read_bytes()
        file = read_checkpoint_file(data)
        check_checkpoint_file(file)
    except ProofError as reason:
        raise click.ClickException(f"{path.name}: {reason}") from reason
    return file
