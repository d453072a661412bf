"""Accounts: the first admin, and further ones."""

from datetime import datetime
from pathlib import Path

import click

from api.cli.place import acting, here, located, now_utc
from visits.access import NewAccount, Role, bootstrap_admin, create_account, link_outside
from visits.store import migrate, schema_is_current


@click.command()
@click.option("--login", required=True, help="The login name of the first admin.")
@click.option("--name", required=True, help="The name of the person.")
@click.option("--division", required=True, help="The code of the county, or its beginning, such as 350924.")
@located
@click.pass_context
def bootstrap(context: click.Context, login: str, name: str, division: str, data_dir: Path | None) -> None:
    """Prepare an empty installation and make its first admin; the passphrase is shown this once."""
    if not (division.isascii() and division.isdigit() and 2 <= len(division) <= 12):
        raise click.BadParameter("a division code has 2 to 12 digits", param_hint="--division")
    with here(context, data_dir).store() as store:
        if not schema_is_current(store):
            migrate(store)
        with store.writing() as uow:
            invited = bootstrap_admin(uow, login=login, name=name, division_prefix=division, at_utc=now_utc())
    click.echo(f"account {invited.account.login} ({invited.account.role}, {invited.account.division_prefix}) is made")
    click.echo(f"passphrase: {invited.passphrase}")


@click.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.option("--login", "new_login", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--division", required=True)
@click.option("--unit")
@click.option("--approval-number", help="For an account of a third party.")
@click.option("--ends-on", type=click.DateTime(["%Y-%m-%d"]), help="The last day of an account of a third party.")
@acting
@click.pass_context
def add_user(
    context: click.Context,
    new_login: str,
    name: str,
    role: str,
    division: str,
    unit: str | None,
    approval_number: str | None,
    ends_on: datetime | None,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """Make an account; its passphrase is shown this once."""
    place = here(context, data_dir, login)
    new = NewAccount(new_login, name, Role(role), division, unit, approval_number, ends_on.date() if ends_on else None)
    with place.store() as store, store.writing() as uow:
        invited = create_account(uow, place.actor(uow), new, at_utc=now_utc())
    click.echo(f"account {invited.account.login} ({invited.account.role}, {invited.account.division_prefix}) is made")
    click.echo(f"passphrase: {invited.passphrase}")


@user.command("link")
@click.option("--login", "of_login", required=True, help="The login name of the account here.")
@click.option("--subject", required=True, help="Who that is at the provider of OpenID Connect (its `sub`).")
@acting
@click.pass_context
def link_user(context: click.Context, of_login: str, subject: str, data_dir: Path | None, login: str | None) -> None:
    """Let an account sign in at the provider (SHIDI_OIDC_ISSUER)."""
    place = here(context, data_dir, login)
    issuer = place.settings().oidc_issuer
    if issuer is None:
        raise click.UsageError("no provider is set up (SHIDI_OIDC_ISSUER)")
    with place.store() as store, store.writing() as uow:
        link_outside(uow, place.actor(uow), of_login, issuer=issuer, subject=subject, at_utc=now_utc())
    click.echo(f"{of_login} may sign in at {issuer} as {subject}")
