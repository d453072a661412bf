"""Where a fix lies: from the pair as received to a judgement in three words."""

import math
from dataclasses import dataclass, replace
from typing import Any

from shapely import MultiPolygon, Polygon

from geo import DATUM_ERROR_M, Datum, LonLat, convert, whereabouts
from visits.places import VillageExtent

# Where only sites of a village are known, its land goes on beyond them: a village of this county has 7 km² on average,
# a circle of 1.5 km. Within twice that of a known site nobody can be said to be outside.
VILLAGE_REACH_M = 3_000.0


@dataclass(frozen=True)
class PlaceJudgement:
    """Inside, outside or cannot tell, with what the answer rests on."""

    answer: str
    probability_inside: float | None
    signed_distance_m: float | None


CANNOT_TELL = PlaceJudgement("cannot_tell", None, None)


def canonical(fix: dict[str, Any]) -> LonLat | None:
    """The fix in WGS 84, or None where its datum is not known or it is no place ((0, 0) is a stripped position)."""
    datum, lon, lat = fix["datum"], fix["lon_deg"], fix["lat_deg"]
    if datum not in set(Datum) or (lon == 0 and lat == 0):
        return None
    lon, lat = convert(lon, lat, source=Datum(datum), target=Datum.WGS84)
    return LonLat(lon, lat) if math.isfinite(lon) and math.isfinite(lat) else None


def judge_fix(fix: dict[str, Any], extent: VillageExtent | None) -> PlaceJudgement:
    """Whether the fix lies in the village; a position without a known datum is never compared with a boundary.

    A village whose polygon is not known is judged by its sites, and by its township: beyond that nobody is in it.
    """
    place = canonical(fix)
    if place is None or extent is None:
        return CANNOT_TELL
    in_town = _judged(fix, place, extent.town, extent.town_error_m)
    if extent.area is None:
        return in_town if in_town.answer == "outside" else CANNOT_TELL
    found = _judged(fix, place, extent.area, extent.boundary_error_m)
    is_near = (found.signed_distance_m or 0.0) > -VILLAGE_REACH_M
    if found.answer == "outside" and extent.basis == "sites" and is_near and in_town.answer != "outside":
        return replace(found, answer="cannot_tell")
    return found


def _judged(
    fix: dict[str, Any], place: LonLat, area: Polygon | MultiPolygon | None, boundary_error_m: float
) -> PlaceJudgement:
    found = whereabouts(
        place.lon_deg,
        place.lat_deg,
        fix["accuracy_m"],
        area,
        boundary_error_m=boundary_error_m,
        datum_error_m=DATUM_ERROR_M[Datum(fix["datum"])],
    )
    return PlaceJudgement(str(found.answer), found.probability_inside, found.signed_distance_m)


def best(judgements: list[tuple[PlaceJudgement, float | None]]) -> str:
    """One answer for several fixes of one moment: that of the most accurate fix which can tell."""
    telling = [(accuracy or math.inf, j.answer) for j, accuracy in judgements if j.answer != "cannot_tell"]
    return min(telling)[1] if telling else "cannot_tell"
