"""Removal by rule: first look, then order exactly what was looked at."""

from pathlib import Path

import click

from api.cli.place import acting, here, now_utc

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def retention() -> None:
    """Removal of old evidence by rule."""


@retention.command("run")
@click.option("--rules", type=_FILE, help="A TOML file; SHIDI_RETENTION_RULES where it is not given.")
@click.option("--confirm", metavar="DIGEST", help="What the dry run ended with; without it nothing is removed.")
@acting
@click.pass_context
def run(
    context: click.Context, rules: Path | None, confirm: str | None, data_dir: Path | None, login: str | None
) -> None:
    """Show what the rules remove today; with --confirm, remove it for good."""
    from api.rules import rules_of_removal
    from visits.upkeep import carry_out, plan_retention, read_rules

    place = here(context, data_dir, login)
    read = list(rules_of_removal(place.settings())) if rules is None else read_rules(rules.read_text("utf-8"))
    if not read:
        raise click.UsageError("give --rules, or set SHIDI_RETENTION_RULES")
    with place.store() as store:
        evidence = place.evidence(store)
        with store.reading() as uow:
            actor = place.actor(uow)
            plan = plan_retention(uow, actor, read, at_utc=now_utc())
        if confirm is not None:
            plan = carry_out(store, evidence, actor, read, digest=confirm, at_utc=now_utc())
    done = "removed" if confirm is not None else "would remove"
    for one in plan.removes:
        click.echo(f"{done} visit {one.visit_id} by rule {one.rule.name!r}, settled {one.settled_utc.date()}")
    for one in plan.stays:
        click.echo(f"stays: visit {one.visit_id}, although old enough: {one.stays_because}")
    click.echo(f"{len(plan.removes)} {done}, {len(plan.stays)} stay")
    if confirm is None:
        click.echo(f"to remove exactly this for good, and finish what an earlier run left: --confirm {plan.digest}")


@retention.command("blurring")
@acting
@click.pass_context
def blurring(context: click.Context, data_dir: Path | None, login: str | None) -> None:
    """Show the visits whose positions are due to be blurred, and what holds each of them back."""
    from visits.upkeep import held_back

    place = here(context, data_dir, login)
    days = place.settings().blur_days
    with place.store() as store, store.reading() as uow:
        due = held_back(uow, place.actor(uow), days=days, at_utc=now_utc())
    for one in due:
        click.echo(f"visit {one.visit_id}, {one.decided_utc.date()}: {one.stays_because or 'in the next run'}")
    held = sum(bool(one.stays_because) for one in due)
    click.echo(f"{days} days: {len(due) - held} are blurred by the server's next nightly run, {held} are held back")
