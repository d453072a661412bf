"""A team's day: the released visits of one inspector in the order of the shortest way, for that inspector alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from geo import LonLat
from visits.access import Actor, Right, require
from visits.places import SiteKind, VillageView, sites_of, village, village_extent
from visits.plans.reading import reach
from visits.plans.route import MOST_STOPS, Leg, Route, Stop, day_route
from visits.plans.rows import Assignment
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE


@dataclass(frozen=True)
class DayStop:
    """One stop of a day."""

    assignment_id: UUID
    village: VillageView
    leg: Leg


def route_of_day(
    uow: UnitOfWork,
    actor: Actor,
    *,
    day: date,
    done: Collection[UUID] = (),
    minutes: Mapping[tuple[str, str], float] | None = None,
    at_utc: datetime,
) -> list[DayStop]:
    """The caller's own visits of a day that are released and open, in the best order; at most six, soonest first.

    What is still sealed is no part of it: an order would tell where. ``done`` are assignments whose visit has ended,
    ``minutes`` travel times by village code.
    """
    require(actor, Right.RECORD)
    begins = datetime.combine(day, time(0), tzinfo=LOCAL_ZONE)
    rows = uow.session.scalars(
        select(Assignment)
        .where(
            reach(actor),
            Assignment.id.not_in(done),
            Assignment.withdrawn_utc.is_(None),
            Assignment.release_utc <= at_utc,
            Assignment.expires_utc > max(at_utc, begins),
            Assignment.release_utc < begins + timedelta(days=1),
        )
        .order_by(Assignment.expires_utc, Assignment.id)
        .limit(MOST_STOPS)
    ).all()
    mine = {str(row.id): row for row in rows}
    stops = [Stop(name, _place(uow, row.village_code, day), at_utc, row.expires_utc) for name, row in mine.items()]
    by_id = {
        (a, b): taken
        for (one, other), taken in (minutes or {}).items()
        for a in _named(mine, one)
        for b in _named(mine, other)
    }
    route: Route = day_route(stops, leave=at_utc, minutes=by_id)
    return [DayStop(mine[leg.name].id, village(uow, actor, mine[leg.name].village_code), leg) for leg in route.legs]


def _named(mine: Mapping[str, Assignment], code: str) -> list[str]:
    return [""] if not code else [name for name, row in mine.items() if row.village_code == code]


def _place(uow: UnitOfWork, village_code: str, day: date) -> LonLat | None:
    """The village's office where one is known, else the middle of what is known of it."""
    sites = sites_of(uow, village_code, on=day)
    if sites:
        best = next((site for site in sites if site.kind is SiteKind.OFFICE), sites[0])
        return LonLat(best.lon_deg, best.lat_deg)
    extent = village_extent(uow, village_code, on=day)
    if extent.area is None:
        return None
    middle = extent.area.representative_point()
    return LonLat(middle.x, middle.y)
