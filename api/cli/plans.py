"""The year's plan on the command line: begun, looked at, and its lines added and withdrawn."""

from datetime import datetime
from pathlib import Path

import click

from api.cli.place import Place, acting, here, now_utc
from visits.access import Actor
from visits.places import division_names
from visits.plans import CheckKind, LineView, NewLine, PlanView, add_line, make_plan, plan_of, withdraw_line
from visits.store import UnitOfWork

_DAY = click.DateTime(["%Y-%m-%d"])
_YEAR = click.option("--year", type=click.IntRange(2000, 2099), required=True, help="The year of the plan.")
_COUNTY = click.option("--county", help="The county's six digits, where the account's division is not one county.")


def _quota(text: str) -> tuple[str, int]:
    """A town's nine digits and the most checks in it, as ``350924100=6``."""
    town, _, most = text.partition("=")
    if not (town.isascii() and town.isdigit() and most.isascii() and most.isdigit() and len(most) <= 4):
        raise ValueError(f"{text} is not a town and a number, such as 350924100=6")
    return town, int(most)


@click.group()
def plan() -> None:
    """The year's plan of checks; a whole list comes in by `shidi import plan`."""


@plan.command("make")
@_YEAR
@_COUNTY
@click.option("--most", type=click.IntRange(1, 100), required=True, help="The most checks of a village in the year.")
@acting
@click.pass_context
def make(
    context: click.Context, year: int, county: str | None, most: int, data_dir: Path | None, login: str | None
) -> None:
    """Begin a county's plan of a year."""
    place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        actor = place.actor(uow)
        code = county or actor.division_prefix
        made = make_plan(uow, actor, county_code=code, year=year, most_checks_per_village=most, at_utc=now_utc())
        _tell(uow, actor, made)


@plan.command("show")
@_YEAR
@_COUNTY
@acting
@click.pass_context
def show(context: click.Context, year: int, county: str | None, data_dir: Path | None, login: str | None) -> None:
    """Print a plan with every line it ever had."""
    place = here(context, data_dir, login)
    with place.store() as store, store.reading() as uow:
        actor = place.actor(uow)
        _tell(uow, actor, plan_of(uow, actor, county or actor.division_prefix, year))


@plan.command("add")
@_YEAR
@_COUNTY
@click.option("--kind", type=click.Choice([str(kind) for kind in CheckKind]), required=True)
@click.option("--title", required=True, help="What is checked.")
@click.option("--from", "from_date", type=_DAY, required=True, help="The first day.")
@click.option("--to", "to_date", type=_DAY, required=True, help="The last day.")
@click.option("--quota", "quotas", type=_quota, metavar="TOWN=N", multiple=True, help="The most checks in a town.")
@click.option("--approver", "approver_name", default="", help="Who approved it; needed for the kind `other`.")
@click.option("--paper", "paper_number", default="", help="The number of the paper that approved it.")
@click.option("--third-party", default="", help="The body that checks, where it is a third party.")
@click.option("--approval", "approval_number", default="", help="The province's approval number for a third party.")
@click.option("--approval-ends", "approval_ends_on", type=_DAY, help="The last day of that approval.")
@acting
@click.pass_context
def add(
    context: click.Context,
    /,
    year: int,
    county: str | None,
    kind: str,
    from_date: datetime,
    to_date: datetime,
    quotas: tuple[tuple[str, int], ...],
    approval_ends_on: datetime | None,
    data_dir: Path | None,
    login: str | None,
    **said: str,
) -> None:
    """Add a check to a plan."""
    new = NewLine(
        kind=CheckKind(kind),
        from_date=from_date.date(),
        to_date=to_date.date(),
        quotas=dict(quotas),
        approval_ends_on=approval_ends_on.date() if approval_ends_on else None,
        **said,
    )
    place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        actor = place.actor(uow)
        known = plan_of(uow, actor, county or actor.division_prefix, year)
        _tell(uow, actor, add_line(uow, actor, known.id, new, version=known.version, at_utc=now_utc()))


@plan.command("withdraw")
@_YEAR
@_COUNTY
@click.argument("line")
@click.option("--reason", required=True, help="Why; it stays with the line.")
@acting
@click.pass_context
def withdraw(
    context: click.Context,
    line: str,
    year: int,
    county: str | None,
    reason: str,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """Withdraw a LINE, named as `shidi plan show` prints it; it stays in the plan with the reason."""
    place: Place = here(context, data_dir, login)
    with place.store() as store, store.writing() as uow:
        actor = place.actor(uow)
        known = plan_of(uow, actor, county or actor.division_prefix, year)
        meant = [one for one in known.lines if str(one.id).startswith(line)]
        if len(meant) != 1:
            raise click.UsageError(f"{len(meant)} lines of the plan begin with {line}")
        at_utc = now_utc()
        made = withdraw_line(uow, actor, meant[0].id, reason=reason, version=known.version, at_utc=at_utc)
        _tell(uow, actor, made)


def _tell(uow: UnitOfWork, actor: Actor, made: PlanView) -> None:
    names = division_names(uow, actor)
    county = names.get(made.county_code, made.county_code)
    click.echo(f"{county} {made.year}: at most {made.most_checks_per_village} checks for each village")
    for line in made.lines:
        click.echo(_sentence(line, names))


def _sentence(line: LineView, names: dict[str, str]) -> str:
    parts = [str(line.id)[:8], line.kind, line.title, f"{line.from_date} to {line.to_date}"]
    parts += [f"approved by {line.approver_name} {line.paper_number}".rstrip()] if line.approver_name else []
    if line.third_party:
        parts.append(f"by {line.third_party}, {line.approval_number} until {line.approval_ends_on}")
    parts += [f"{names.get(town, town)} {most}" for town, most in line.quotas.items()]
    parts += [f"runs into {title}" for title in line.conflicts]
    parts += [f"withdrawn: {line.withdrawn_reason}"] if line.withdrawn_utc else []
    return "  " + "; ".join(parts)
