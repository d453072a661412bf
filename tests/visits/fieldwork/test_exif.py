"""What a photo says of itself: told where it is odd, explained where it can be, silent where it is normal."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from geo import Datum, convert
from tests.visits.fieldwork.records import some_record
from tests.visits.world import NOW, OFFICE_SITE, World, fix
from visits import fieldwork
from visits.fieldwork.exif import odd_exif
from visits.fieldwork.photos import InspectedPhoto

LON, LAT = OFFICE_SITE
FAR = {"lon_deg": 119.41, "lat_deg": 27.27}
HERE = {"lon_deg": LON, "lat_deg": LAT}
OTHER_DATUM = {"oddities": ["gps_datum_not_wgs84"]}


def told(**facts: object) -> dict[str, str]:
    """The hints about a photo that says this of itself, taken at the office, with their strengths."""
    record = some_record("photo", fixes=[fix()])
    photo = InspectedPhoto(record.id, "ab" * 32, readable=True, reason="", facts=dict(facts))
    raised = list(odd_exif("photo:ab", record, photo))
    assert {hint.about for hint in raised} <= {"photo:ab"}
    return {hint.code: hint.strength for hint in raised}


def test_it_is_told_with_the_visit(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.photo(b"a photo")
    world.send(first)
    digest = hashlib.sha256(b"a photo").hexdigest()
    odd = {**FAR, "gps_at_utc": NOW - timedelta(hours=5), "oddities": ("gps_minutes_or_seconds_over_59",)}
    with world.store.writing() as uow:
        fieldwork.record_inspection(uow, first.visit_id, digest, facts=odd, at_utc=NOW)
    world.judge(first.visit_id)
    seen = world.look(first.visit_id, "organization")
    assert {(hint.code, hint.strength) for hint in seen.hints if hint.about == f"photo:{digest}"} == {
        ("exif_far_from_fix", "medium"),
        ("exif_place_odd_minutes", "weak"),
        ("photo_fix_older", "weak"),
    }


def test_a_place_far_from_the_fix_is_told() -> None:
    assert told(**FAR) == {"exif_far_from_fix": "medium"}


def test_a_place_in_another_datum_is_explained_not_accused() -> None:
    lon, lat = convert(LON, LAT, source=Datum.WGS84, target=Datum.GCJ02)
    assert told(lon_deg=lon, lat_deg=lat) == {"exif_other_datum": "weak"}


@pytest.mark.parametrize("facts", [HERE, {}, {"oddities": ["gps_stripped"]}])
def test_an_agreeing_a_missing_or_a_stripped_place_raises_nothing(facts: dict[str, object]) -> None:
    assert told(**facts) == {}


def test_a_place_that_names_its_datum_is_read_in_it() -> None:
    lon, lat = convert(LON, LAT, source=Datum.WGS84, target=Datum.GCJ02)
    assert told(lon_deg=lon, lat_deg=lat, gps_datum="GCJ-02", **OTHER_DATUM) == {}


def test_a_place_in_a_datum_nobody_can_convert_is_not_compared() -> None:
    assert told(**FAR, gps_datum="TOKYO", **OTHER_DATUM) == {"exif_datum_unknown": "weak"}


@pytest.mark.parametrize(
    ("oddity", "code"),
    [
        ("exif_unreadable", "exif_unreadable"),
        ("gps_unreadable", "exif_place_unreadable"),
        ("gps_out_of_range", "exif_place_out_of_range"),
        ("gps_minutes_or_seconds_over_59", "exif_place_odd_minutes"),
    ],
)
def test_what_reading_found_strange_is_told_weakly(oddity: str, code: str) -> None:
    assert told(oddities=[oddity]) == {code: "weak"}


@pytest.mark.parametrize(
    ("taken_at", "utc_offset_s", "older"),
    [
        (datetime(2026, 11, 1, 10, 0), None, True),  # noqa: DTZ001 - a camera has no zone
        (datetime(2026, 11, 18, 9, 55), None, False),  # noqa: DTZ001
        (datetime(2026, 11, 18, 1, 55), 0, False),  # noqa: DTZ001
        (datetime(2026, 11, 18, 9, 55), 12 * 3600, True),  # noqa: DTZ001
    ],
)
def test_an_old_photo_is_told(taken_at: datetime, utc_offset_s: int | None, older: bool) -> None:
    assert ("photo_older" in told(taken_at=taken_at, utc_offset_s=utc_offset_s)) is older


@pytest.mark.parametrize(
    ("camera", "satellites", "codes"),
    [
        pytest.param(timedelta(), timedelta(minutes=-5), set(), id="an old fix of some minutes"),
        pytest.param(timedelta(hours=3), timedelta(), {"camera_clock"}, id="a camera that is hours ahead"),
        pytest.param(timedelta(), timedelta(hours=-22), {"camera_clock", "photo_fix_older"}, id="a fix of yesterday"),
        pytest.param(
            timedelta(hours=-30), timedelta(hours=-30), {"photo_older", "photo_fix_older"}, id="both say yesterday"
        ),
    ],
)
def test_satellite_time_is_held_against_the_cameras_clock(
    camera: timedelta, satellites: timedelta, codes: set[str]
) -> None:
    taken_at = (NOW.astimezone(UTC) + camera).replace(tzinfo=None)
    found = told(taken_at=taken_at, utc_offset_s=0, gps_at_utc=NOW + satellites)
    assert found == dict.fromkeys(codes, "weak")
