"""The display copy: small, upright, in sRGB, and silent about everything but what it shows."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageCms

from media import fingerprints, same_photo
from media.errors import UnreadablePhoto
from media.photo.picture import inspect_here
from tests.media.photo import hostile
from tests.media.photo.pictures import (
    MAKE,
    ORIENTATION,
    ascii_tag,
    encoded,
    exif_block,
    short_tag,
    some_gps,
    some_scene,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

RED, GREEN = (220, 30, 30), (30, 180, 60)


def flag(width_px: int = 80, height_px: int = 40) -> Image.Image:
    """Red on the left, green on the right."""
    picture = Image.new("RGB", (width_px, height_px), GREEN)
    picture.paste(RED, (0, 0, width_px // 2, height_px))
    return picture


def shown(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(inspect_here(data).display_jpeg))
    picture.load()
    return picture


def looks_like(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    pixel = picture.convert("RGB").getpixel(place)
    assert isinstance(pixel, tuple)
    return all(abs(seen - meant) < 40 for seen, meant in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_large_photo_becomes_a_small_jpeg_of_the_same_picture(kind: str) -> None:
    data = encoded(some_scene(1, 2000, 1000), kind)
    inspection = inspect_here(data)
    picture = shown(data)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1280, 640))
    assert (inspection.facts.width_px, inspection.facts.height_px) == (2000, 1000)
    assert same_photo(inspection, fingerprints(inspection.display_jpeg)) == "match"


def test_a_small_photo_is_not_blown_up() -> None:
    assert shown(encoded(some_scene(1, 100, 60))).size == (100, 60)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda p: p),
        (2, lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        (3, lambda p: p.rotate(180)),
        (4, lambda p: p.transpose(Image.Transpose.FLIP_TOP_BOTTOM)),
        (5, lambda p: p.transpose(Image.Transpose.TRANSPOSE)),
        (6, lambda p: p.rotate(90, expand=True)),
        (7, lambda p: p.transpose(Image.Transpose.TRANSVERSE)),
        (8, lambda p: p.rotate(-90, expand=True)),
    ],
)
def test_the_copy_stands_upright(orientation: int, upright: object) -> None:
    # The stored picture is the upright one turned the other way, as a camera held askew stores it.
    assert callable(upright)
    stored = upright(flag())
    picture = shown(encoded(stored, quality=95, exif=exif_block({ORIENTATION: short_tag(orientation)})))
    assert picture.size == (80, 40)
    assert looks_like(picture, (10, 20), RED)
    assert looks_like(picture, (70, 20), GREEN)


SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("profile", [None, SRGB_PROFILE], ids=["without profile", "with profile"])
def test_nothing_of_the_original_but_its_picture_is_in_the_copy(profile: bytes | None) -> None:
    exif = exif_block({MAKE: ascii_tag("HUAWEI")}, None, some_gps())
    data = encoded(some_scene(), exif=exif, comment=b"secret remark", icc_profile=profile)
    copy = inspect_here(data).display_jpeg
    picture = shown(data)
    assert len(picture.getexif()) == 0
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(picture.info)
    assert b"HUAWEI" not in copy
    assert b"secret" not in copy


def test_what_is_transparent_is_shown_on_white() -> None:
    picture = shown(encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG"))
    assert looks_like(picture, (20, 20), (255, 255, 255))


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    picture = shown(encoded(Image.new("I;16", (40, 40), 128 * 256), "PNG"))
    assert looks_like(picture, (20, 20), (128, 128, 128))


def test_a_profile_is_applied() -> None:
    # A profile that is nearly all the same but for its red and green channels, swapped by hand.
    swapped = swapped_channels_profile()
    picture = shown(encoded(flag(), quality=95, icc_profile=swapped))
    assert looks_like(picture, (10, 20), (RED[1], RED[0], RED[2]))


@pytest.mark.parametrize("profile", [b"\0" * 200, b"not a profile"])
def test_a_broken_profile_is_left_out_of_account(profile: bytes) -> None:
    assert looks_like(shown(encoded(flag(), quality=95, icc_profile=profile)), (10, 20), RED)


@pytest.mark.parametrize("name", hostile.odd_but_honest())
def test_odd_but_honest_photos_can_be_seen(name: str) -> None:
    picture = shown(hostile.odd_but_honest()[name])
    assert picture.mode == "RGB"
    assert max(picture.size) <= 1280


def test_a_photo_that_is_whole_outside_and_spoiled_inside_is_unreadable() -> None:
    data = bytearray(encoded(some_scene(1), "PNG"))
    middle = len(data) // 2
    data[middle : middle + 40] = b"\0" * 40
    with pytest.raises(UnreadablePhoto):
        inspect_here(bytes(data))


def test_fingerprints_agree_with_the_inspection() -> None:
    data = encoded(some_scene(4, 640, 480))
    inspection, prints = inspect_here(data), fingerprints(data)
    assert inspection.prints == prints
    assert prints.pdq256 is not None


def test_fingerprints_do_not_depend_on_how_the_camera_was_held() -> None:
    turned = encoded(some_scene(4).rotate(90, expand=True), quality=95, exif=exif_block({ORIENTATION: short_tag(6)}))
    assert same_photo(fingerprints(turned), fingerprints(encoded(some_scene(4)))) == "match"


def swapped_channels_profile() -> bytes:
    """sRGB with the places of red and green exchanged in its table of tags."""
    profile = bytearray(SRGB_PROFILE)
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)
