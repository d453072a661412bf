"""What may be said about a photo, as plain values: facts, fingerprints, and both with a display copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

PhotoFormat = Literal["JPEG", "PNG", "WEBP", "HEIF"]

Oddity = Literal[
    "exif_unreadable",
    "gps_stripped",
    "gps_unreadable",
    "gps_out_of_range",
    "gps_minutes_or_seconds_over_59",
    "gps_datum_not_wgs84",
]


@dataclass(frozen=True)
class PhotoFacts:
    """What a photo says about itself, as received; nothing here is proof, and ``None`` is the normal case.

    The position is the one written by the camera app, on the datum it names in ``gps_datum`` (most name none).
    Phones and browsers remove it from nearly every photo that is picked from a gallery. ``taken_at`` is the
    camera's own clock and has no zone; ``utc_offset`` is that clock's offset where the photo names it. The time of
    the satellites is kept apart in ``gps_at_utc``: honest cameras are often hours off it.

    ``width_px`` and ``height_px`` are those of the stored picture, before ``orientation`` (EXIF, 1 to 8) turns it.
    ``oddities`` names what was strange on the way; each of them has an innocent explanation.
    """

    format: PhotoFormat
    width_px: int
    height_px: int
    lon_deg: float | None = None
    lat_deg: float | None = None
    altitude_m: float | None = None
    gps_at_utc: datetime | None = None
    gps_datum: str | None = None
    taken_at: datetime | None = None
    utc_offset: timedelta | None = None
    make: str | None = None
    model: str | None = None
    orientation: int = 1
    flash_fired: bool | None = None
    light_lv: float | None = None
    oddities: tuple[Oddity, ...] = ()


class Turn(NamedTuple):
    """One of the eight ways to lay a picture: rows and columns changed for each other, then mirrored."""

    transposed: bool
    upside_down: bool
    left_to_right: bool

    @property
    def mirrors(self) -> bool:
        """Whether writing in the picture becomes mirror writing; otherwise the picture is only turned."""
        return (self.transposed + self.upside_down + self.left_to_right) % 2 == 1


# The picture as it is comes first.
TURNS = tuple(Turn(*(bool(number & bit) for bit in (4, 2, 1))) for number in range(8))


@dataclass(frozen=True)
class Fingerprints:
    """Two hashes of what a picture looks like; both are ``None`` when it shows too little to be told apart.

    ``turned`` are those of the picture laid in the seven other ways, in the order of ``TURNS``: 8 bytes of dHash and 32
    of PDQ each. They are for asking; what is kept of a photo is the first pair.
    """

    dhash64: bytes | None
    pdq256: bytes | None
    pdq_quality: int
    turned: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """All that decoding a photo once can tell: its facts, its fingerprints, and a small copy for people to see."""

    facts: PhotoFacts
    prints: Fingerprints
    display_jpeg: bytes

    @property
    def dhash64(self) -> bytes | None:
        """The dHash of the picture as it is."""
        return self.prints.dhash64

    @property
    def pdq256(self) -> bytes | None:
        """The PDQ hash of the picture as it is."""
        return self.prints.pdq256


@dataclass(frozen=True)
class Box:
    """A part of a picture to be covered, as shares of its width and height from the upper left corner, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float
