"""Whether a figure about people may be told to somebody who may not know who they are."""

from collections.abc import Iterable

FEWEST_PEOPLE = 5
FEWEST_UNITS = 2


def large_enough(members: Iterable[tuple[object, str]]) -> bool:
    """Whether a group of (person, sending unit) hides each of its members: five people or more, from two units or more.

    A person who is posted twice counts once, and where all but one come from one unit that one would stand alone, so
    at least two people come from outside the largest unit.
    """
    unit_of = dict(members)
    units = list(unit_of.values())
    most = max((units.count(unit) for unit in set(units)), default=0)
    outside = len(units) - most
    return len(unit_of) >= FEWEST_PEOPLE and len(set(units)) >= FEWEST_UNITS and outside >= FEWEST_UNITS
