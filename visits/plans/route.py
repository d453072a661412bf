"""The order in which a team visits two to six villages in a day, pure: the one with the least lateness, then way.

Six stops have 720 orders; all of them are tried, which takes some milliseconds and needs no solver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, permutations

from geo import LonLat, distance_m

MOST_STOPS = 6
USUAL_STAY = timedelta(minutes=75)
# Mountain roads: half as long again as the straight line, at 30 km/h.
DETOUR, SPEED_KMH = 1.5, 30.0


class TooManyStops(ValueError):
    """A team's day has six villages at most."""


@dataclass(frozen=True)
class Stop:
    """A village to visit: where it is (None where nobody knows), and between when and when."""

    name: str
    place: LonLat | None
    earliest: datetime
    latest: datetime
    stay: timedelta = USUAL_STAY


@dataclass(frozen=True)
class Leg:
    """One stop in its place of the order: the way to it, when the team is there, and how late that is."""

    name: str
    metres: float | None
    minutes: float
    arrive: datetime
    late: timedelta


@dataclass(frozen=True)
class Route:
    """The stops in order. ``metres`` is straight-line, as far as places are known."""

    legs: tuple[Leg, ...]
    metres: float
    late: timedelta


def day_route(
    stops: Sequence[Stop],
    *,
    leave: datetime,
    start: LonLat | None = None,
    minutes: Mapping[tuple[str, str], float] | None = None,
) -> Route:
    """The best order. ``minutes`` are known travel times by pair of names ("" is the start), either way round.

    Without a known time, and with both places known, the straight line is taken; else an hour.
    """
    if len(stops) > MOST_STOPS:
        raise TooManyStops(f"a day has {MOST_STOPS} visits at most, these are {len(stops)}")
    known = dict(minutes or {})
    known |= {(b, a): taken for (a, b), taken in known.items() if (b, a) not in known}
    home = Stop("", start, leave, leave, timedelta())
    routes = (_along(home, order, known) for order in permutations(sorted(stops, key=lambda s: s.name)))
    return min(routes, key=lambda r: (r.late, sum(leg.minutes for leg in r.legs), [leg.name for leg in r.legs]))


def _along(home: Stop, order: Sequence[Stop], known: Mapping[tuple[str, str], float]) -> Route:
    now, legs = home.earliest, []
    for before, stop in pairwise((home, *order)):
        metres = distance_m(before.place, stop.place) if before.place and stop.place else None
        taken = known.get((before.name, stop.name), _minutes(metres, is_first=before is home and before.place is None))
        arrive = max(now + timedelta(minutes=taken), stop.earliest)
        legs.append(Leg(stop.name, metres, taken, arrive, max(timedelta(), arrive - stop.latest)))
        now = arrive + stop.stay
    return Route(tuple(legs), sum(leg.metres or 0.0 for leg in legs), sum((leg.late for leg in legs), timedelta()))


def _minutes(metres: float | None, *, is_first: bool) -> float:
    if metres is None:
        return 0.0 if is_first else 60.0
    return metres * DETOUR / 1000 / SPEED_KMH * 60
