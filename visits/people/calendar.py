"""A place's own working and free days (调休, typhoon days), over the announced holidays."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import literal, select

from visits.access import Actor, Right, note, require
from visits.people.rows import DeclaredDay
from visits.people.rules import DEFAULT_RULES, RuleSet
from visits.store import UnitOfWork


def declare_days(
    uow: UnitOfWork, actor: Actor, days: Iterable[date], *, works: bool, reason: str, at_utc: datetime
) -> None:
    """Say that the actor's division works, or is free, on these days; what was judged before stays as it was."""
    require(actor, Right.IMPORT_LEAVE)
    for day in days:
        uow.session.add(
            DeclaredDay(division_prefix=actor.division_prefix, day=day, works=works, reason=reason, recorded_utc=at_utc)
        )
        about = f"calendar:{day.isoformat()}"
        note(uow, actor, "calendar.declare", about=about, detail={"works": works, "reason": reason}, at_utc=at_utc)
    uow.session.flush()


def rules_of(uow: UnitOfWork, village_code: str) -> RuleSet:
    """The rule set of a village: the default one with the days its divisions declared."""
    query = (
        select(DeclaredDay)
        .where(literal(village_code).startswith(DeclaredDay.division_prefix))
        .order_by(DeclaredDay.number)
    )
    declared = {row.day: row.works for row in uow.session.scalars(query)}
    return replace(
        DEFAULT_RULES,
        working_days=frozenset(day for day, works in declared.items() if works),
        free_days=frozenset(day for day, works in declared.items() if not works),
    )
