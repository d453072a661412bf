"""Where and when places were visited, and whether somebody could have known the day.

Plain counts over columns of visits: no score, no rank. What was shown to an inspector on an escorted visit is not what
a surprise would have found, so escorted visits are left out when the caller marks them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

from geo.errors import UnknownName

ENOUGH_VISITS = 10
# Classes of gaps grow by half each, so that a gap is compared with its own length: 28 and 31 days are alike, 3 and 6
# are not. Sixteen reach a year and a fifth; what is longer counts as the last.
GAP_FACTOR = 1.5
GAP_CLASSES = 16


class Season(StrEnum):
    """Three months each, by the local calendar; winter is December to February."""

    WINTER = "winter"
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"


@dataclass(frozen=True, slots=True)
class PlaceCoverage:
    """How one place was visited. ``never_in`` names the slots without a visit; ``since_last`` is ``None`` where there
    was none at all."""

    place: str
    visits: int
    by_slot: Mapping[str, int]
    by_season: Mapping[Season, int]
    directed: int
    random: int
    never_in: tuple[str, ...]
    last_utc: datetime | None
    since_last: timedelta | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly the times of visits are spread: 0 is always the same, 1 is as even as can be.

    ``None`` where there are fewer than ten values, of which nothing can be said.
    """

    visits: int
    weekday: float | None
    slot: float | None
    gap: float | None


def coverage(
    places: Sequence[str],
    visited: Sequence[str],
    at_utc: Sequence[datetime],
    slot: Sequence[str],
    directed: Sequence[bool],
    escorted: Sequence[bool],
    *,
    slots: Sequence[str],
    zone: tzinfo,
    as_of_utc: datetime,
) -> list[PlaceCoverage]:
    """Return one row for each place, in the order given, those never visited included.

    ``visited``, ``at_utc``, ``slot``, ``directed`` (sent there on purpose, not drawn) and ``escorted`` are columns of
    visits. Visits after ``as_of_utc`` and escorted ones are left out. A place or slot that is not in the lists raises
    :class:`UnknownName`: a visit that silently counted for nothing would be worse. Seasons are those of ``zone``.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 4, tzinfo=UTC)
    >>> [xiadang, xiyuan] = coverage(["Xiadang", "Xiyuan"], ["Xiadang"], [noon], ["day"], [False], [False],
    ...     slots=["day", "night"], zone=UTC, as_of_utc=noon + timedelta(days=30))
    >>> xiadang.visits, xiadang.never_in, xiadang.since_last.days, xiyuan.since_last
    (1, ('night',), 30, None)
    """
    _known("place", visited, places)
    _known("slot", slot, slots)
    kept: dict[str, list[tuple[datetime, str, bool]]] = {place: [] for place in places}
    for place, at, named, sent, shown in zip(visited, at_utc, slot, directed, escorted, strict=True):
        if not shown and at <= as_of_utc:
            kept[place].append((at, named, sent))
    return [_covered(place, kept[place], slots, zone, as_of_utc) for place in places]


def timing_spread(
    visited: Sequence[str],
    at_utc: Sequence[datetime],
    slot: Sequence[str],
    escorted: Sequence[bool],
    *,
    slots: Sequence[str],
    zone: tzinfo,
) -> Spread:
    """Return how evenly visits are spread over weekdays, slots, and lengths of time between visits to one place.

    The normalised entropy of each, with the Miller-Madow correction for few values (without it ten random visits look
    more regular than they are), cut at 1. Weak spots: a plan that alternates (Monday, Tuesday, Monday, …) looks random
    here, so an even spread is no proof of surprise, while a low one is a reason to change the plan. A low figure for
    slots may be wanted, if most slots are not to be visited.

    >>> from datetime import UTC
    >>> mondays = [datetime(2026, 3, 2, 4, tzinfo=UTC) + timedelta(weeks=4 * count) for count in range(12)]
    >>> timing_spread(["Xiadang"] * 12, mondays, ["day"] * 12, [False] * 12, slots=["day", "night"], zone=UTC)
    Spread(visits=12, weekday=0.0, slot=0.0, gap=0.0)
    """
    _known("slot", slot, slots)
    rows = [
        (place, at, named) for place, at, named, shown in zip(visited, at_utc, slot, escorted, strict=True) if not shown
    ]
    by_place: dict[str, list[datetime]] = {}
    for place, at, _ in rows:
        by_place.setdefault(place, []).append(at)
    gaps = [
        _gap_class(later - earlier) for instants in by_place.values() for earlier, later in pairwise(sorted(instants))
    ]
    return Spread(
        len(rows),
        _evenness([str(at.astimezone(zone).weekday()) for _, at, _ in rows], 7),
        _evenness([named for _, _, named in rows], len(slots)),
        _evenness(gaps, GAP_CLASSES),
    )


def _covered(
    place: str,
    visits: list[tuple[datetime, str, bool]],
    slots: Sequence[str],
    zone: tzinfo,
    as_of_utc: datetime,
) -> PlaceCoverage:
    in_slot = Counter(named for _, named, _ in visits)
    in_season = Counter(_season(at, zone) for at, _, _ in visits)
    last_utc = max((at for at, _, _ in visits), default=None)
    directed = sum(sent for _, _, sent in visits)
    return PlaceCoverage(
        place,
        len(visits),
        MappingProxyType({named: in_slot[named] for named in slots}),
        MappingProxyType({season: in_season[season] for season in Season}),
        directed,
        len(visits) - directed,
        tuple(named for named in slots if not in_slot[named]),
        last_utc,
        None if last_utc is None else as_of_utc - last_utc,
    )


def _known(what: str, said: Sequence[str], listed: Sequence[str]) -> None:
    unknown = sorted(set(said) - set(listed))
    if unknown:
        raise UnknownName(f"visits name a {what} that is not in the list: {', '.join(unknown[:5])}")


def _season(at: datetime, zone: tzinfo) -> Season:
    return tuple(Season)[at.astimezone(zone).month % 12 // 3]


def _gap_class(gap: timedelta) -> str:
    days = max(gap / timedelta(days=1), 1.0)
    return str(min(int(math.log(days) / math.log(GAP_FACTOR)), GAP_CLASSES - 1))


def _evenness(values: Sequence[str], classes: int) -> float | None:
    """Return the entropy of the values over the most it could be, between 0 and 1."""
    if len(values) < ENOUGH_VISITS or classes < 2:
        return None
    counts = list(Counter(values).values())
    shares = [count / len(values) for count in counts]
    entropy = sum(share * math.log(1.0 / share) for share in shares) + (len(counts) - 1) / (2 * len(values))
    return min(entropy / math.log(min(classes, len(values))), 1.0)
