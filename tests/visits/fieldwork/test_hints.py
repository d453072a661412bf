"""Hints: raised by what is odd, silent on an honest visit, never in the way."""

import hashlib
import json
from datetime import datetime, timedelta

import pytest

from geo import Datum, convert
from tests.visits.world import NOW, OFFICE_SITE, Phone, World, fix
from visits import fieldwork

FAR = (119.9, 27.9)


def judged(world: World, *phones: Phone) -> set[str]:
    for phone in phones:
        world.send(phone)
    world.judge(phones[0].visit_id)
    return world.hints(phones[0].visit_id)


def test_one_inspector_is_a_fact_to_see(world: World) -> None:
    [first] = world.open_visit("first")
    first.arrive()
    first.close()
    assert "one_inspector" in judged(world, first)


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"accuracy_m": 500.0}, "poor_accuracy"),
        ({"accuracy_m": None}, "poor_accuracy"),
        ({"mocked": True}, "mocked"),
        ({"datum": "unknown"}, "datum_unknown"),
    ],
)
def test_an_odd_fix_is_told(world: World, odd: dict[str, object], code: str) -> None:
    first, second = world.open_visit()
    first.arrive(fix(**odd))
    second.arrive()
    assert code in judged(world, first, second)


def test_no_fix_is_legal_and_shown(world: World) -> None:
    first, _ = world.open_visit()
    first.make("arrive", fix=None, no_fix_reason="山谷无信号")
    assert {"no_fix", "arrival_cannot_tell"} <= judged(world, first)


def test_a_broken_chain_is_told(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "met")
    record = json.loads(first.texts[1]) | {"previous": "0" * 64}
    first.texts[1] = json.dumps(record)
    assert "chain_wrong_previous" in judged(world, first)


def test_a_fork_is_told(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    start = first.texts[:]
    first.sight(world.postings["演示张一"], "met")
    one = first.texts[:]
    first.texts = start
    first.sight(world.postings["演示张一"], "not_met")
    world.send(first, one)
    assert "chain_fork" in judged(world, first)


def test_an_impossible_speed_is_told(world: World) -> None:
    first, _ = world.open_visit()
    first.make("arrive", at=NOW, fix=fix(), no_fix_reason=None)
    first.sight(world.postings["演示张一"], "met", place=fix(FAR), at=NOW + timedelta(minutes=2))
    assert "impossible_speed" in judged(world, first)


def test_the_same_bytes_in_two_visits_are_told_in_both(world: World) -> None:
    one, _ = world.open_visit()
    one.photo(b"the same photo")
    judged(world, one)
    two, _ = world.open_visit()
    two.photo(b"the same photo")
    assert "photo_reused" in judged(world, two)
    world.judge(one.visit_id)
    assert "photo_reused" in world.hints(one.visit_id)


def inspect(world: World, phone: Phone, data: bytes, **facts: object) -> None:
    with world.store.writing() as uow:
        fieldwork.record_inspection(
            uow,
            phone.visit_id,
            hashlib.sha256(data).hexdigest(),
            facts=facts,
            at_utc=NOW,
        )


def with_photo(world: World) -> Phone:
    first, _ = world.open_visit()
    first.arrive()
    first.photo(b"a photo")
    world.send(first)
    return first


def test_an_exif_place_far_from_the_fix_is_told(world: World) -> None:
    first = with_photo(world)
    inspect(world, first, b"a photo", lon_deg=119.41, lat_deg=27.27)
    assert "exif_far_from_fix" in judged(world, first)


def test_an_exif_place_in_another_datum_is_explained_not_accused(world: World) -> None:
    lon, lat = convert(*OFFICE_SITE, source=Datum.WGS84, target=Datum.GCJ02)
    first = with_photo(world)
    inspect(world, first, b"a photo", lon_deg=lon, lat_deg=lat)
    found = judged(world, first)
    assert "exif_other_datum" in found
    assert "exif_far_from_fix" not in found


def test_an_agreeing_or_stripped_exif_raises_nothing(world: World) -> None:
    first = with_photo(world)
    inspect(world, first, b"a photo", lon_deg=OFFICE_SITE[0], lat_deg=OFFICE_SITE[1])
    assert not {h for h in judged(world, first) if h.startswith(("exif", "photo"))}


@pytest.mark.parametrize(
    ("taken_at", "utc_offset_s", "older"),
    [
        (datetime(2026, 11, 1, 10, 0), None, True),  # noqa: DTZ001 - a camera has no zone
        (datetime(2026, 11, 18, 9, 55), None, False),  # noqa: DTZ001
        (datetime(2026, 11, 18, 1, 55), 0, False),  # noqa: DTZ001
        (datetime(2026, 11, 18, 9, 55), 12 * 3600, True),  # noqa: DTZ001
    ],
)
def test_an_old_photo_is_told(world: World, taken_at: datetime, utc_offset_s: int | None, older: bool) -> None:
    first = with_photo(world)
    inspect(world, first, b"a photo", taken_at=taken_at, utc_offset_s=utc_offset_s)
    assert ("photo_older" in judged(world, first)) is older


def test_a_photo_that_cannot_be_read_keeps_its_reason(world: World) -> None:
    first = with_photo(world)
    digest = hashlib.sha256(b"a photo").hexdigest()
    with world.store.writing() as uow:
        fieldwork.reading_failed(uow, first.visit_id, digest, "truncated", at_utc=NOW)
    assert "photo_unreadable" in judged(world, first)
    with world.store.reading() as uow:
        [photo] = fieldwork.photos_of_visit(uow, world.actors["organization"], first.visit_id)
    assert (photo.readable, photo.reason) == (False, "truncated")
