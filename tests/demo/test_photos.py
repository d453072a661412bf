"""The demo's photos are what phones make: media reads them back, and no two scenes look alike."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from demo.photos import HEIC, JPEG, MAKE, SIZE_3_MP, SIZE_12_MP, ExifPlace, picture
from media import fingerprints, read_photo, same_photo

TAKEN_AT = datetime(2026, 11, 20, 9, 30, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
PLACE = ExifPlace(119.448008, 27.224331)


@pytest.mark.parametrize(("media_type", "size_px"), [(JPEG, SIZE_12_MP), (JPEG, SIZE_3_MP), (HEIC, SIZE_3_MP)])
def test_what_the_camera_wrote_is_read_back(media_type: str, size_px: tuple[int, int]) -> None:
    facts = read_photo(picture(1, taken_at=TAKEN_AT, place=PLACE, size_px=size_px, media_type=media_type).data)
    assert (facts.width_px, facts.height_px) == size_px
    assert facts.make == MAKE
    assert facts.model == "Phone A"
    assert facts.lon_deg == pytest.approx(PLACE.lon_deg, abs=1e-6)
    assert facts.lat_deg == pytest.approx(PLACE.lat_deg, abs=1e-6)
    assert facts.taken_at is not None
    assert facts.taken_at.replace(tzinfo=None) == TAKEN_AT.replace(tzinfo=None)


def test_a_stripped_position_is_no_place() -> None:
    facts = read_photo(picture(2, taken_at=TAKEN_AT, place=ExifPlace(0.0, 0.0)).data)
    assert facts.lon_deg is None
    assert facts.lat_deg is None


def test_one_seed_is_one_photo() -> None:
    assert picture(3, taken_at=TAKEN_AT, place=PLACE) == picture(3, taken_at=TAKEN_AT, place=PLACE)


def test_scenes_have_fingerprints_and_none_is_taken_for_another() -> None:
    seen = [fingerprints(picture(seed, taken_at=TAKEN_AT, place=None).data) for seed in range(100, 106)]
    for number, one in enumerate(seen):
        assert same_photo(one, one) == "match"
        assert all(same_photo(one, other) != "match" for other in seen[number + 1 :])
