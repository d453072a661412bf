"""The map of visits: where they have and have not been, drawn from the very table that stands beside it."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response, request

from api.http.house import house, now_utc
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.frame import page
from visits.access import Actor, Right
from visits.fieldwork import VillageCoverage, coverage, visit
from visits.places import SiteKind, SiteView, sites_of
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE


@dataclass(frozen=True)
class MappedVillage:
    """A village with its visits and the point that stands for it, when one is known."""

    visited: VillageCoverage
    point: SiteView | None


@desk.get("/map")
def show_map() -> Response:
    """Villages visited and never visited, with one visit marked when the address names it."""
    actor = current_actor()
    with house().store.writing() as uow:
        places = [
            MappedVillage(v, _point(uow, v.village.code))
            for v in coverage(uow, actor, on=now_utc().astimezone(LOCAL_ZONE).date())
        ]
        marked = _village_of_visit(uow, actor)
    return page(
        "map.html",
        places=places,
        counties=sorted({p.visited.village.county_code for p in places}),
        visited=sum(p.visited.last_visit_on is not None for p in places),
        synthetic=any(p.point is not None and p.point.quality == "synthetic" for p in places),
        visit_village=marked,
    )


def _point(uow: UnitOfWork, village_code: str) -> SiteView | None:
    """The village office where its position is known, else the first of its sites."""
    sites = sites_of(uow, village_code)
    return next((s for s in sites if s.kind == SiteKind.OFFICE), sites[0] if sites else None)


def _village_of_visit(uow: UnitOfWork, actor: Actor) -> str:
    """The code of the village of the visit to mark; what is no id marks nothing."""
    asked = request.args.get("visit", "")
    if not asked or not actor.may(Right.READ_VISITS):
        return ""
    try:
        return visit(uow, actor, UUID(asked), at_utc=now_utc()).summary.village.code
    except ValueError:
        return ""
