"""Villages as forms and lists need them: all of the reader's division at once."""

from visits.access import Actor
from visits.places import VillageView, villages
from visits.store import UnitOfWork

PER_READ = 1000


def every_village(uow: UnitOfWork, actor: Actor) -> list[VillageView]:
    """Every village of the reader's division, by code."""
    found: list[VillageView] = []
    while part := villages(uow, actor, after_code=found[-1].code if found else None, limit=PER_READ):
        found += part
    return found
