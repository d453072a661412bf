"""Where a fix lies: from the pair as received to a judgement in three words."""

import math
from dataclasses import dataclass
from typing import Any

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
    """Whether the fix lies in the village; a position without a known datum is never compared with a boundary."""
    place = canonical(fix)
    if place is None or extent is None or extent.area is None:
        return CANNOT_TELL
    found = whereabouts(
        place.lon_deg,
        place.lat_deg,
        fix["accuracy_m"],
        extent.area,
        boundary_error_m=extent.boundary_error_m,
        datum_error_m=DATUM_ERROR_M[Datum(fix["datum"])],
    )
    answer = str(found.answer)
    if answer == "outside" and extent.basis == "sites" and (found.signed_distance_m or 0.0) > -VILLAGE_REACH_M:
        answer = "cannot_tell"
    return PlaceJudgement(answer, found.probability_inside, found.signed_distance_m)


def best(judgements: list[tuple[PlaceJudgement, float | None]]) -> str:
    """One answer for several fixes of one moment: that of the most accurate fix which can tell."""
    telling = [(accuracy or math.inf, j.answer) for j, accuracy in judgements if j.answer != "cannot_tell"]
    return min(telling)[1] if telling else "cannot_tell"
