"""The one filter by division, and the one check of rights."""

from typing import Any

from sqlalchemy import ColumnElement

from visits.access.actor import Actor, Right
from visits.access.errors import NotAllowed


def within(actor: Actor, division_code: Any) -> ColumnElement[bool]:
    """The SQL condition that a division code column lies in the actor's reach.

    Every query that an actor's request leads to carries it; what it leaves out is answered like what never was.
    """
    condition: ColumnElement[bool] = division_code.startswith(actor.division_prefix, autoescape=True)
    return condition


def in_scope(actor: Actor, division_code: str) -> bool:
    """The same question for a value at hand."""
    return division_code.startswith(actor.division_prefix)


def require(actor: Actor, right: Right) -> None:
    """Raise unless the actor's role holds the right."""
    if not actor.may(right):
        raise NotAllowed(f"the role {actor.role} does not do this ({right})")
