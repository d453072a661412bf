"""Series of one phone, and light after dark: odd is told with its strength, honest is silent."""

import hashlib
from datetime import datetime, timedelta

import pytest

from tests.visits.world import NOW, OFFICE_SITE, Phone, World, fix
from visits import fieldwork

LON, LAT = OFFICE_SITE
ODD = {"identical_coordinates", "constant_accuracy", "time_disorder", "light_at_night"}
NIGHT = NOW.replace(hour=16)  # midnight in China


def told(world: World, phone: Phone) -> dict[str, str]:
    world.send(phone)
    world.judge(phone.visit_id)
    seen = world.look(phone.visit_id, "organization")
    return {hint.code: hint.strength for hint in seen.hints if hint.code in ODD}


def series(world: World, *, same_place: bool, same_accuracy: bool, back: timedelta = timedelta()) -> Phone:
    """Six problems, ten minutes apart, each with a fix of its own."""
    [phone] = world.open_visit("first")
    for count in range(6):
        at = NOW + timedelta(minutes=10 * count) - (back if count == 5 else timedelta())
        place = (LON, LAT) if same_place else (LON + 0.0000107 * count, LAT - 0.0000113 * count)
        accuracy_m = 20.0 if same_accuracy else 12.0 + count
        phone.make("arrive", at=at, fix=fix(place, accuracy_m=accuracy_m, fixed_at=at.isoformat()), no_fix_reason=None)
    return phone


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"same_place": False, "same_accuracy": False}, {}),
        ({"same_place": True, "same_accuracy": False}, {"identical_coordinates": "weak"}),
        ({"same_place": False, "same_accuracy": True}, {"constant_accuracy": "weak"}),
        ({"same_place": False, "same_accuracy": False, "back": timedelta(minutes=90)}, {"time_disorder": "medium"}),
    ],
)
def test_a_series_of_one_phone(world: World, how: dict[str, object], expected: dict[str, str]) -> None:
    assert told(world, series(world, **how)) == expected  # type: ignore[arg-type]


def photographed(world: World, at: datetime, **facts: object) -> Phone:
    [phone] = world.open_visit("first", at_utc=at)
    data = b"a photo"
    body = {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data), "media_type": "image/jpeg"}
    phone.make("arrive", at=at, fix=fix(fixed_at=at.isoformat()), no_fix_reason=None)
    phone.make("photo", at=at, **body, taken_at=at.isoformat(), source="camera", fixes=[fix()], of_record=None)
    world.send(phone)
    with world.store.writing() as uow:
        fieldwork.record_inspection(uow, phone.visit_id, body["sha256"], facts=facts, at_utc=NOW)
    return phone


@pytest.mark.parametrize(
    ("at", "facts", "strength"),
    [
        (NIGHT, {"light_lv": 13.0, "flash_fired": False}, "medium"),
        (NIGHT, {"light_lv": 10.0, "flash_fired": None}, "weak"),
        (NIGHT, {"light_lv": 13.0, "flash_fired": True}, None),
        (NIGHT, {"light_lv": 5.0, "flash_fired": False}, None),
        (NIGHT, {}, None),
        (NOW, {"light_lv": 13.0, "flash_fired": False}, None),
        (NOW, {"light_lv": 1.0, "flash_fired": False}, None),
    ],
    ids=["daylight", "bright", "flash", "lamps", "unknown", "by-day", "a-dark-room-by-day"],
)
def test_light_after_dark_is_one_sided(world: World, at: datetime, facts: dict[str, object], strength: str) -> None:
    assert told(world, photographed(world, at, **facts)).get("light_at_night") == strength
