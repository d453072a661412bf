"""Inspectors are looked at too (items 28, 29): what the newest run says of them, for the few who may read it.

By login, never by a figure: it asks for a blind second visit and is no measure of anybody's work.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from visits.access import Account, Actor, Right, note, require
from visits.presence import LEAST_PEOPLE, LEAST_VISITS_OF_AN_INSPECTOR
from visits.review.runs import newest_runs
from visits.store import UnitOfWork

LEAST_PAIRS = 10


@dataclass(frozen=True)
class InspectorView:
    """What one inspector's random visits found; the shares are None where there are too few visits to say.

    ``share`` is how often people are found on such visits, all else as usual, with an 80 % interval, beside ``usual``.
    """

    name: str
    visits: int
    looked: int
    found: int
    visits_with_a_problem: int
    usual: float | None
    share: float | None
    low80: float | None
    high80: float | None
    never_finds: bool


@dataclass(frozen=True)
class AgreementView:
    """How two blind teams agreed; all but the number of pairs is None where there are fewer than ``LEAST_PAIRS``."""

    pairs: int
    agree: float | None = None
    kappa: float | None = None
    low95: float | None = None
    high95: float | None = None


@dataclass(frozen=True)
class InspectorsView:
    """The inspectors of one county, none where fewer than ``LEAST_PEOPLE`` made enough visits to be compared."""

    county_code: str
    as_of: date
    inspectors: tuple[InspectorView, ...]
    agreement: AgreementView
    agreement_days_apart: AgreementView


def inspectors_looked_at(uow: UnitOfWork, actor: Actor, *, at_utc: datetime) -> list[InspectorsView]:
    """What the newest runs of the calendar say of inspectors, by county. Reading it is noted, so the caller commits."""
    require(actor, Right.READ_INSPECTORS)
    note(uow, actor, "inspectors.read", about=f"division:{actor.division_prefix}", at_utc=at_utc)
    return [
        InspectorsView(
            county_code=run.county_code,
            as_of=run.as_of,
            inspectors=_inspectors(uow, run.population["inspectors"]["facts"]),
            agreement=agreement_view(run.population, "agreement"),
            agreement_days_apart=agreement_view(run.population, "agreement_days_apart"),
        )
        for run in newest_runs(uow, actor)
    ]


def agreement_view(population: dict[str, Any], which: str) -> AgreementView:
    """How far the blind doubles of a stored run agreed, as far as it may be told."""
    stored = population["inspectors"].get(which) or {}
    pairs = sum(stored.get(part, 0) for part in ("both_found", "only_first", "only_second", "both_missed"))
    if pairs < LEAST_PAIRS:
        return AgreementView(pairs)
    return AgreementView(pairs, stored["agree"], *(stored.get(name) for name in ("kappa", "low95", "high95")))


def enough_visits(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of those who made enough visits, none at all where these are too few to be set beside each other."""
    many = [f for f in facts if f["visits"] >= LEAST_VISITS_OF_AN_INSPECTOR]
    return many if len(many) >= LEAST_PEOPLE else []


def _inspectors(uow: UnitOfWork, facts: list[dict[str, Any]]) -> tuple[InspectorView, ...]:
    told = {f["inspector"]: f for f in enough_visits(facts)}
    accounts = uow.session.scalars(select(Account).order_by(Account.login)).all() if told else []
    return tuple(_one(account.name, told[str(account.id)]) for account in accounts if str(account.id) in told)


def _one(name: str, f: dict[str, Any]) -> InspectorView:
    of_model = f.get("model") or {}
    return InspectorView(
        name=name,
        visits=f["visits"],
        looked=f["looked"],
        found=f["found"],
        visits_with_a_problem=f["visits_with_a_problem"],
        **{figure: of_model.get(figure) for figure in ("usual", "share", "low80", "high80")},
        never_finds=f["never_finds"],
    )
