"""The one filter by division, and the one check of rights."""

from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, column, or_, select, table

from visits.access.actor import Actor, Right
from visits.access.errors import NotAllowed
from visits.store import UnitOfWork

_CODE_DIGITS = 12
# Divisions belong to a room above this one; what became of their codes is all that scope asks of them.
_became = table("division", column("code", String), column("successor_code", String))
# Asked for every sign-in that is looked up, so built once.
_BECAME_ONE_BETWEEN = select(_became.c.code).where(
    _became.c.successor_code.between(bindparam("first"), bindparam("last"))
)


def within(actor: Actor, division_code: Any) -> ColumnElement[bool]:
    """The SQL condition that a division code column lies in the actor's reach.

    Every query that an actor's request leads to carries it; what it leaves out is answered like what never was.
    """
    condition: ColumnElement[bool] = division_code.startswith(actor.division_prefix, autoescape=True)
    return or_(condition, division_code.in_(sorted(actor.predecessors))) if actor.predecessors else condition


def in_scope(actor: Actor, division_code: str) -> bool:
    """The same question for a value at hand."""
    return division_code.startswith(actor.division_prefix) or division_code in actor.predecessors


def predecessors_of(uow: UnitOfWork, division_prefix: str) -> frozenset[str]:
    """Codes outside a division that became one inside it, whatever lay between; hardly ever are there any."""
    # Digits only, so that this range is the prefix in every collation, and an index serves it.
    last = division_prefix.ljust(_CODE_DIGITS, "9")
    fresh = set(uow.session.scalars(_BECAME_ONE_BETWEEN, {"first": division_prefix, "last": last}))
    found = set(fresh)
    while fresh:
        reached = _became.c.successor_code.in_(sorted(fresh))
        fresh = set(uow.session.scalars(select(_became.c.code).where(reached))) - found
        found |= fresh
    return frozenset(code for code in found if not code.startswith(division_prefix))


def require(actor: Actor, right: Right) -> None:
    """Raise unless the actor's role holds the right."""
    if not actor.may(right):
        raise NotAllowed(f"the role {actor.role} does not do this ({right})")
