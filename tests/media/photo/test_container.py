"""Containers are told by content, and walked without decoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import IncompletePhoto, MediaError, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from media.photo.container import check_skeleton, exif_of_png, format_of
from tests.media.photo import hostile
from tests.media.photo.pictures import encoded, some_scene


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_the_format_is_found_by_content(kind: str) -> None:
    data = encoded(kind=kind)
    assert format_of(data) == kind
    check_skeleton(data, format_of(data))


def test_a_heic_may_name_itself_among_its_compatible_brands_only() -> None:
    assert format_of(b"\0\0\0\x18ftypmiaf\0\0\0\0mif1heic") == "HEIF"
    with pytest.raises(UnsupportedFormat):
        format_of(b"\0\0\0\x14ftypmiaf\0\0\0\0isom" + b"heic")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_picture_cut_anywhere_is_never_taken_for_whole(kind: str) -> None:
    whole = encoded(some_scene(2, 48, 32), kind)
    for length in range(16, len(whole)):
        with pytest.raises((IncompletePhoto, UnsupportedFormat)):
            check_skeleton(whole[:length], format_of(whole[:length]))


def test_the_end_of_a_thumbnail_is_not_taken_for_the_end_of_the_picture() -> None:
    whole = encoded(some_scene(), exif=b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0" + encoded())
    assert whole.count(b"\xff\xd9") == 2
    check_skeleton(whole, "JPEG")
    with pytest.raises(IncompletePhoto):
        check_skeleton(whole[:-2], "JPEG")


def test_fill_bytes_between_segments_are_allowed() -> None:
    whole = encoded()
    check_skeleton(whole[:2] + b"\xff\xff\xff" + whole[2:], "JPEG")


def test_too_many_parts_are_refused_before_a_library_sees_them() -> None:
    with pytest.raises(PhotoTooLarge):
        check_skeleton(hostile.with_segments(60_000, b""), "JPEG")
    many = hostile.png_chunk(b"teXt", b"") * 60_000
    plain = encoded(kind="PNG")
    with pytest.raises(PhotoTooLarge):
        check_skeleton(plain[:33] + many + plain[33:], "PNG")
    with pytest.raises(PhotoTooLarge):
        check_skeleton(encoded(kind="HEIF") + b"\0\0\0\x08free" * 60_000, "HEIF")


def test_parts_that_do_not_follow_each_other_are_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        check_skeleton(b"\xff\xd8\xff\xe0\0\x04ab" + b"no marker", "JPEG")


def test_a_heif_box_may_have_a_long_length_or_reach_to_the_end() -> None:
    head = encoded(kind="HEIF")
    check_skeleton(head + (1).to_bytes(4) + b"free" + (20).to_bytes(8) + b"abcd", "HEIF")
    check_skeleton(head + (0).to_bytes(4) + b"free and whatever follows", "HEIF")


def test_what_a_phone_appends_behind_a_whole_heic_does_no_harm() -> None:
    check_skeleton(encoded(kind="HEIF") + b"SEFT, a trailer that is no box", "HEIF")


def test_exif_of_a_png_is_its_chunk_or_nothing() -> None:
    plain = encoded(kind="PNG")
    assert exif_of_png(plain) is None
    assert exif_of_png(plain[:33] + hostile.png_chunk(b"eXIf", b"II*\0") + plain[33:]) == b"II*\0"


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBP", b"\0\0\0\x14ftypheic"]), st.binary()
)
def test_any_bytes_behind_a_magic_give_an_answer_or_a_media_error(magic: bytes, noise: bytes) -> None:
    try:
        check_skeleton(magic + noise, format_of(magic + noise))
    except MediaError as error:
        assert str(error)
