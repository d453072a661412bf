"""Only still photos come in, whatever they are called; only MediaError goes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import MediaError, read_photo
from media.errors import IncompletePhoto, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from media.photo.reader import MAX_PHOTO_BYTES
from tests.media.photo import hostile
from tests.media.photo.pictures import MAKE, TAKEN, ascii_tag, encoded, exif_block, some_gps, some_scene

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

EXIF = exif_block({MAKE: ascii_tag("Apple")}, {TAKEN: ascii_tag("2026:03:14 15:09:26")}, some_gps())
WHOLE = {kind: encoded(some_scene(5, 96, 64), kind, exif=EXIF) for kind in ("JPEG", "PNG", "WEBP", "HEIF")}


@pytest.mark.parametrize("kind", WHOLE)
def test_every_accepted_container_tells_the_same(kind: str, tmp_path: Path) -> None:
    facts = read_photo(WHOLE[kind])
    assert (facts.format, facts.width_px, facts.height_px, facts.make) == (kind, 96, 64, "Apple")
    assert facts.lat_deg == pytest.approx(26.075)
    assert facts.taken_at is not None
    path = tmp_path / "photo.bin"
    path.write_bytes(WHOLE[kind])
    assert read_photo(path) == read_photo(str(path)) == facts


def test_exif_behind_the_picture_of_a_png_is_found() -> None:
    plain = encoded(some_scene(5, 96, 64), "PNG")
    end = plain.rindex(b"IEND") - 4
    facts = read_photo(plain[:end] + hostile.png_chunk(b"eXIf", EXIF[6:]) + plain[end:])
    assert facts.make == "Apple"


@pytest.mark.parametrize("name", hostile.not_pictures())
def test_no_still_picture(name: str) -> None:
    with pytest.raises(UnsupportedFormat):
        read_photo(hostile.not_pictures()[name])


# As in the program, where a warning stops nobody.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", hostile.too_large())
def test_too_much_for_one_photo(name: str) -> None:
    with pytest.raises(PhotoTooLarge):
        read_photo(hostile.too_large()[name])


@pytest.mark.parametrize("name", hostile.broken())
def test_broken_pictures(name: str) -> None:
    with pytest.raises(UnreadablePhoto):
        read_photo(hostile.broken()[name])


@pytest.mark.parametrize("name", hostile.cut())
def test_cut_pictures_are_told_from_broken_ones(name: str) -> None:
    with pytest.raises(IncompletePhoto):
        read_photo(hostile.cut()[name])


@pytest.mark.parametrize("name", hostile.odd_but_honest())
def test_odd_but_honest_photos_are_read(name: str) -> None:
    facts = read_photo(hostile.odd_but_honest()[name])
    assert facts.width_px > 0
    assert facts.format in ("JPEG", "PNG", "WEBP", "HEIF")


def test_a_file_that_is_not_there_or_no_file_is_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jpg", tmp_path):
        with pytest.raises(UnreadablePhoto):
            read_photo(path)


def test_a_file_of_more_bytes_than_any_photo_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_PHOTO_BYTES + 1)
    with pytest.raises(PhotoTooLarge):
        read_photo(path)


def test_the_reason_is_a_sentence_and_keeps_its_cause() -> None:
    with pytest.raises(UnreadablePhoto, match="please take it again") as caught:
        read_photo(hostile.broken()["PNG magic and noise"][:8] + WHOLE["PNG"][33:])
    assert caught.value.__cause__ is not None


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_any_changed_bytes_give_facts_or_a_media_error(kind: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE[kind])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        assert read_photo(bytes(data)).width_px > 0
    except MediaError as error:
        assert str(error)
