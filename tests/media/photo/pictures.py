"""Tiny pictures for the tests, and EXIF blocks written by hand, since no library writes them wrong enough."""

from __future__ import annotations

import io
import struct
import warnings
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

Tag = tuple[int, int, bytes]  # type, count, value


def ascii_tag(text: str | bytes) -> Tag:
    raw = (text.encode("utf-8") if isinstance(text, str) else text) + b"\0"
    return 2, len(raw), raw


def byte_tag(*values: int) -> Tag:
    return 1, len(values), bytes(values)


def short_tag(*values: int) -> Tag:
    return 3, len(values), struct.pack(f"<{len(values)}H", *values)


def rational_tag(*pairs: tuple[int, int]) -> Tag:
    return 5, len(pairs), b"".join(struct.pack("<II", *pair) for pair in pairs)


def signed_rational_tag(*pairs: tuple[int, int]) -> Tag:
    return 10, len(pairs), b"".join(struct.pack("<ii", *pair) for pair in pairs)


def undefined_tag(raw: bytes) -> Tag:
    return 7, len(raw), raw


MAKE, MODEL, ORIENTATION, TAKEN, TAKEN_OFFSET, FLASH = 0x010F, 0x0110, 0x0112, 0x9003, 0x9011, 0x9209
LAT_REF, LAT, LON_REF, LON, ALT_REF, ALT, GPS_TIME, GPS_DATUM, GPS_DATE = 1, 2, 3, 4, 5, 6, 7, 18, 29


def exif_block(
    main: dict[int, Tag] | None = None, camera: dict[int, Tag] | None = None, gps: dict[int, Tag] | None = None
) -> bytes:
    """An EXIF block with three directories, in the order given, with whatever types and values they hold."""
    main, camera, gps = main or {}, camera or {}, gps or {}
    main_at = 8
    camera_at = main_at + _directory_bytes({**main, 0x8769: short_tag(0), 0x8825: short_tag(0)})
    gps_at = camera_at + _directory_bytes(camera)
    pointers = {0x8769: (4, 1, struct.pack("<I", camera_at)), 0x8825: (4, 1, struct.pack("<I", gps_at))}
    body = _directory({**main, **pointers}, main_at) + _directory(camera, camera_at) + _directory(gps, gps_at)
    return b"Exif\0\0II*\0" + struct.pack("<I", main_at) + body


def _directory_bytes(tags: dict[int, Tag]) -> int:
    return 2 + 12 * len(tags) + 4 + sum(len(raw) + len(raw) % 2 for _, _, raw in tags.values() if len(raw) > 4)


def _directory(tags: dict[int, Tag], place: int) -> bytes:
    entries, values = b"", b""
    values_at = place + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        kind, count, raw = tags[tag]
        if len(raw) > 4:
            inline = struct.pack("<I", values_at + len(values))
            values += raw + b"\0" * (len(raw) % 2)
        else:
            inline = raw.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + inline
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0) + values


def some_gps(**changes: Tag | None) -> dict[int, Tag]:
    """The GPS directory of an honest photo at 26.075 N, 119.296111 E; changes by name, None leaves a tag out."""
    tags: dict[str, Tag | None] = {
        "lat_ref": ascii_tag("N"),
        "lat": rational_tag((26, 1), (4, 1), (3000, 100)),
        "lon_ref": ascii_tag("E"),
        "lon": rational_tag((119, 1), (17, 1), (4600, 100)),
        "alt_ref": byte_tag(0),
        "alt": rational_tag((1234, 10)),
        **changes,
    }
    numbers = {
        "lat_ref": LAT_REF,
        "lat": LAT,
        "lon_ref": LON_REF,
        "lon": LON,
        "alt_ref": ALT_REF,
        "alt": ALT,
        "time": GPS_TIME,
        "datum": GPS_DATUM,
        "date": GPS_DATE,
    }
    return {numbers[name]: tag for name, tag in tags.items() if tag is not None}


def some_scene(seed: int = 1, width_px: int = 320, height_px: int = 240) -> Image.Image:
    """A picture with large and small structure, like a landscape; another seed is another place."""
    return _landscape(seed, width_px, height_px).copy()


@cache
def _landscape(seed: int, width_px: int, height_px: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    layers = np.zeros((height_px, width_px, 3))
    for cells, weight in ((4, 4.0), (9, 2.0), (23, 1.0)):
        coarse = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        layers += weight * np.asarray(coarse.resize((width_px, height_px), Image.Resampling.BICUBIC), dtype=float)
    return Image.fromarray((layers / 7).astype(np.uint8))


def encoded(picture: Image.Image | None = None, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (picture or some_scene(width_px=64, height_px=48)).save(out, kind, **options)
    return out.getvalue()


def numbered_picture(seed: int) -> Image.Image:
    """A picture made from whole numbers alone, so that it is the same everywhere: blocks, and a slope across them."""
    rng = np.random.default_rng(seed)
    width_px, height_px = (int(edge) for edge in rng.integers(64, 513, 2))
    cells = int(rng.integers(3, 33))
    blocks = rng.integers(0, 200, (cells, cells, 3))
    rows = np.arange(height_px) * cells // height_px
    columns = np.arange(width_px) * cells // width_px
    slope = (np.arange(height_px)[:, np.newaxis] * 3 + np.arange(width_px) * 2) % 56
    return Image.fromarray((blocks[np.ix_(rows, columns)] + slope[:, :, np.newaxis]).astype(np.uint8))
