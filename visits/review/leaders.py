"""The figures of everybody together, as leaders are told them: no posting, no inspector, no small group."""

from dataclasses import asdict, replace

from visits.access import Actor, Right, require
from visits.review.inspectors import agreement_view, enough_visits
from visits.review.runs import RunView, newest_runs
from visits.store import UnitOfWork


def figures_for_leaders(uow: UnitOfWork, actor: Actor) -> list[RunView]:
    """The newest run of each county in reach, without what it says of anybody."""
    require(actor, Right.READ_COVERAGE)
    return [_for_leaders(run) for run in newest_runs(uow, actor)]


def _for_leaders(run: RunView) -> RunView:
    many = enough_visits(run.population["inspectors"]["facts"])
    of_inspectors = {
        "agreement": asdict(agreement_view(run.population, "agreement")),
        "compared": len(many),
        "never_find": sum(f["never_finds"] for f in many),
    }
    return replace(run, population={**run.population, "inspectors": of_inspectors})
