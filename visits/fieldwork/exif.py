"""What a photo says of itself, held against the record that announced it and against itself.

Nearly every photo arrives without a position, which is normal and raises nothing. Where there is one it may be an old
fix that the camera kept, and camera clocks are often hours off the satellites' time: so nothing here is more than odd.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from geo import Datum, LonLat, convert, distance_m, explained_by_datum
from visits.fieldwork.photos import InspectedPhoto
from visits.fieldwork.positions import canonical
from visits.fieldwork.raised import RaisedHint
from visits.fieldwork.records import FieldRecord
from visits.zone import LOCAL_ZONE

EXIF_FAR_M = 300.0
PHOTO_OLD = timedelta(hours=1)
# What reading a photo may find strange and a person is told; a position that was only removed is none of it.
_ODD = {
    "exif_unreadable": "exif_unreadable",
    "gps_unreadable": "exif_place_unreadable",
    "gps_out_of_range": "exif_place_out_of_range",
    "gps_minutes_or_seconds_over_59": "exif_place_odd_minutes",
}
_NAMED = {datum.name.replace("_", ""): datum for datum in Datum}


def odd_exif(about: str, record: FieldRecord, photo: InspectedPhoto) -> Iterable[RaisedHint]:
    """Hints from the position and the two clocks that a readable photo carries."""
    facts = photo.facts
    for oddity in facts.get("oddities", ()):
        if oddity in _ODD:
            yield RaisedHint(_ODD[oddity], about, "weak")
    yield from _place_against_fix(about, record, facts)
    yield from _clocks(about, record, facts)


def exif_place(facts: dict[str, Any]) -> LonLat | None:
    """The photo's own position in WGS 84; none where it names a datum that cannot be converted.

    Most photos name no datum: cameras write what the system gives them, and WGS 84 is what EXIF readers take it for.
    """
    lon, lat, named = facts.get("lon_deg"), facts.get("lat_deg"), facts.get("gps_datum")
    if lon is None or lat is None:
        return None
    if "gps_datum_not_wgs84" not in facts.get("oddities", ()):
        return LonLat(lon, lat)
    datum = _NAMED.get(re.sub(r"[^A-Z0-9]", "", str(named).upper()))
    return None if datum is None else LonLat(*convert(lon, lat, source=datum, target=Datum.WGS84))


def camera_time(facts: dict[str, Any]) -> datetime | None:
    """When the camera says the photo was taken; without an offset of its own the camera is taken to be set locally."""
    taken_at: datetime | None = facts.get("taken_at")
    if taken_at is None:
        return None
    offset_s: int | None = facts.get("utc_offset_s")
    return taken_at.replace(tzinfo=LOCAL_ZONE if offset_s is None else timezone(timedelta(seconds=offset_s)))


def _place_against_fix(about: str, record: FieldRecord, facts: dict[str, Any]) -> Iterable[RaisedHint]:
    exif = exif_place(facts)
    if exif is None and facts.get("lon_deg") is not None:
        yield RaisedHint("exif_datum_unknown", about, "weak", {"datum": facts.get("gps_datum")})
    places = [(canonical(fix), fix["accuracy_m"] or 0.0) for fix in record.fixes]
    known = [(place, accuracy) for place, accuracy in places if place is not None]
    if exif is None or not known:
        return
    place, accuracy_m = min(known, key=lambda pair: pair[1])
    apart_m = distance_m(exif, place)
    if apart_m <= EXIF_FAR_M + accuracy_m:
        return
    mix_up = explained_by_datum(exif, place, tolerance_m=max(60.0, accuracy_m))
    if mix_up is not None:
        yield RaisedHint("exif_other_datum", about, "weak", {"metres": round(apart_m), "datum": str(mix_up.really)})
    else:
        yield RaisedHint("exif_far_from_fix", about, "medium", {"metres": round(apart_m)})


def _clocks(about: str, record: FieldRecord, facts: dict[str, Any]) -> Iterable[RaisedHint]:
    taken_at, satellites_utc = camera_time(facts), facts.get("gps_at_utc")
    if taken_at is not None and record.at_utc - taken_at > PHOTO_OLD:
        yield RaisedHint("photo_older", about, "weak", {"hours": _hours(record.at_utc - taken_at)})
    if satellites_utc is not None and record.at_utc - satellites_utc > PHOTO_OLD:
        yield RaisedHint("photo_fix_older", about, "weak", {"hours": _hours(record.at_utc - satellites_utc)})
    if taken_at is not None and satellites_utc is not None and abs(taken_at - satellites_utc) > PHOTO_OLD:
        yield RaisedHint("camera_clock", about, "weak", {"hours": _hours(abs(taken_at - satellites_utc))})


def _hours(span: timedelta) -> int:
    return round(span.total_seconds() / 3600)
