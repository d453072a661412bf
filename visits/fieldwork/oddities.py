"""What is odd in the series that one phone recorded on one visit, as ``geo`` tells it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from geo import Signal, constant_accuracy, identical_coordinates, light_at_night, time_disorder
from visits.fieldwork.photos import InspectedPhoto
from visits.fieldwork.positions import canonical
from visits.fieldwork.records import FieldRecord


def odd_series(records: Sequence[FieldRecord]) -> Iterator[tuple[str, Signal]]:
    """Each phone with what is odd in its fixes and its clock, in the order in which it numbered its records."""
    for phone in sorted({record.phone for record in records}):
        own = sorted((record for record in records if record.phone == phone), key=lambda record: record.seq)
        fixes = [fix for record in own for fix in record.fixes]
        times = [datetime.fromisoformat(fix["fixed_at"]) for fix in fixes]
        lon, lat = ([fix[axis] for fix in fixes] for axis in ("lon_deg", "lat_deg"))
        found = (
            identical_coordinates(lon, lat, times),
            constant_accuracy([fix["accuracy_m"] for fix in fixes]),
            # The phone's own clock and its own numbering: two phones merged are no disorder.
            time_disorder([record.made_at for record in own]),
        )
        yield from ((phone, signal) for signal in found if signal is not None)


def odd_light(record: FieldRecord, photo: InspectedPhoto) -> Signal | None:
    """A photo of the camera taken in bright light when and where the sun was down; never one with the flash."""
    light_lv, flash = photo.facts.get("light_lv"), photo.facts.get("flash_fired")
    places = [place for place in map(canonical, record.fixes) if place is not None]
    if light_lv is None or flash or not places or record.body["source"] != "camera":
        return None
    return light_at_night([light_lv], [record.at_utc], [places[0].lon_deg], [places[0].lat_deg])
