"""The vault of reporters' identities, for the discipline organ's own machine: no server, no database, no account."""

import json
from pathlib import Path

import click

from media.proof import key_id, new_device_key, open_identity, read_vault_key, seal_identity, vault_key_bytes

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW = click.Path(path_type=Path, dir_okay=False)
_SHORTEST = 12


@click.group()
def vault() -> None:
    """Who reported something: the key that opens it stays off the server. Needs files only."""


@vault.command("new")
@click.option(
    "--key", "key_path", required=True, type=_NEW, help="The private key file to write; keep it off the server."
)
@click.option("--public", "public_path", required=True, type=_NEW, help="The public key to file at the desk.")
@click.password_option("--passphrase", help="What opens the key file; asked for when not given.")
def new(key_path: Path, public_path: Path, passphrase: str) -> None:
    """Make a key pair; neither file may exist before."""
    if len(passphrase) < _SHORTEST:
        raise click.ClickException(f"a passphrase has at least {_SHORTEST} characters")
    pair = new_device_key()
    with public_path.open("x", encoding="utf-8") as file:
        file.write(json.dumps(pair.public_jwk) + "\n")
    key_path.touch(mode=0o600, exist_ok=False)
    key_path.write_bytes(vault_key_bytes(pair, passphrase))
    click.echo(f"key {key_id(pair.public_jwk)}: write this name down on paper and compare it with the page of tip-offs")


@vault.command("open")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--key", "key_path", required=True, type=_FILE, help="The private key file.")
@click.option("--passphrase", prompt=True, hide_input=True, help="What opens it; asked for when not given.")
def open_files(files: tuple[Path, ...], key_path: Path, passphrase: str) -> None:
    """Show who reported, from files that the page of a tip-off gave."""
    pair = read_vault_key(key_path.read_bytes(), passphrase)
    for path in files:
        identity = open_identity(path.read_text("utf-8"), pair)
        click.echo(path.name)
        for name, value in identity.items():
            click.echo(f"  {name}: {value}")


@vault.command("seal")
@click.option("--public", "public_path", required=True, type=_FILE, help="The public key.")
@click.option("--name", prompt=True, help="Who reported.")
@click.option("--contact", default="", help="How to reach them.")
@click.option("--verbatim", default="", help="What they said, word for word.")
@click.option("--out", required=True, type=_NEW, help="The sealed text to paste into the form.")
def seal(public_path: Path, name: str, contact: str, verbatim: str, out: Path) -> None:
    """Seal an identity on this machine, for those who do not trust a page's script with it."""
    said = {"name": name, "contact": contact, "verbatim": verbatim}
    sealed = seal_identity(json.loads(public_path.read_text("utf-8")), {k: v for k, v in said.items() if v})
    with out.open("x", encoding="utf-8") as file:
        file.write(sealed)
    click.echo(f"{out.name}: paste its text into the form of a new tip-off")
