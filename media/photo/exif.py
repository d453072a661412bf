"""What EXIF says, read as if everybody who wrote it had misread the standard: because somebody has.

Tags hold other types than they should, rationals divide by zero, texts are in GBK, and a removed position is often
left as zeros. Whatever cannot be understood is ``None``, and never an exception.
"""

from __future__ import annotations

import contextlib
import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from PIL import Image

from media.photo.facts import Oddity

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_TAKEN, _TAKEN_OFFSET, _FLASH = 0x9003, 0x9011, 0x9209
_F_NUMBER, _EXPOSURE_S, _ISO = 0x829D, 0x829A, 0x8827
_LAT_REF, _LAT, _LON_REF, _LON, _ALT_REF, _ALT, _GPS_TIME, _GPS_DATUM, _GPS_DATE = 1, 2, 3, 4, 5, 6, 7, 18, 29

_TEXT_LIMIT = 200
_DATE_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_WGS84_NAMES = {"WGS84", "WGS1984"}


@dataclass(frozen=True)
class Position:
    """Where the camera app says it was, and what was odd about how it says so."""

    lon_deg: float | None = None
    lat_deg: float | None = None
    altitude_m: float | None = None
    oddities: tuple[Oddity, ...] = ()


def main_tags(exif: Image.Exif) -> Mapping[int, object]:
    """Return the tags on the picture itself."""
    return {tag: exif.get(tag) for tag in (_MAKE, _MODEL, _ORIENTATION)}


def camera_tags(exif: Image.Exif) -> Mapping[int, object]:
    """Return the tags on how the picture was taken."""
    return exif.get_ifd(_EXIF_IFD)


def gps_tags(exif: Image.Exif) -> Mapping[int, object]:
    """Return the tags on where the picture was taken."""
    return exif.get_ifd(_GPS_IFD)


def make(tags: Mapping[int, object]) -> str | None:
    """Return the maker of the camera."""
    return _text(tags.get(_MAKE))


def model(tags: Mapping[int, object]) -> str | None:
    """Return the model of the camera."""
    return _text(tags.get(_MODEL))


def orientation(tags: Mapping[int, object]) -> int:
    """Return how the stored picture is to be turned, 1 to 8; 1 when nothing sensible is said."""
    value = _number(tags.get(_ORIENTATION))
    return int(value) if value is not None and value in range(1, 9) else 1


def taken_at(tags: Mapping[int, object]) -> datetime | None:
    """Return the camera's clock at the shutter, without a zone, since most cameras know none."""
    found = _DATE_TIME.match(_text(tags.get(_TAKEN)) or "")
    if not found:
        return None
    try:
        return datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def utc_offset(tags: Mapping[int, object]) -> timedelta | None:
    """Return the offset of the camera's clock from UTC, where the photo names it."""
    found = _OFFSET.match(_text(tags.get(_TAKEN_OFFSET)) or "")
    if not found:
        return None
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or offset > timedelta(hours=15):
        return None
    return -offset if sign == "-" else offset


def flash_fired(tags: Mapping[int, object]) -> bool | None:
    """Return whether the flash fired, where the photo says so."""
    value = _number(tags.get(_FLASH))
    return bool(int(value) & 1) if value is not None else None


def light_lv(tags: Mapping[int, object]) -> float | None:
    """Return the light the exposure was made for, as a light value at ISO 100: 15 in full sun, 5 in a lit room."""
    f_number, seconds, iso = (_number(tags.get(tag)) for tag in (_F_NUMBER, _EXPOSURE_S, _ISO))
    if f_number is None or seconds is None or iso is None or not min(f_number, seconds, iso) > 0.0:
        return None
    try:
        return math.log2(f_number**2 / seconds * 100.0 / iso)
    except (OverflowError, ValueError):
        return None


def gps_at_utc(tags: Mapping[int, object]) -> datetime | None:
    """Return the time of the satellites, apart from the camera's clock."""
    found = _DATE.match(_text(tags.get(_GPS_DATE)) or "")
    clock = _numbers(tags.get(_GPS_TIME))
    if not found or clock is None or len(clock) != 3:
        return None
    hours, minutes, seconds = clock
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    try:
        day = datetime(*(int(part) for part in found.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return None


def gps_datum(tags: Mapping[int, object]) -> str | None:
    """Return the name of the datum as written."""
    return _text(tags.get(_GPS_DATUM))


def position(tags: Mapping[int, object]) -> Position:
    """Return the position, or none with the reason: both coordinates or neither.

    Exactly (0, 0) is what remains when a phone blanks the values and leaves the tags, so it is "stripped", and an
    altitude beside it means nothing either. A single zero is a legitimate place.
    """
    if _LAT not in tags and _LON not in tags:
        return Position(altitude_m=_altitude_m(tags))
    odd: list[Oddity] = []
    lat_deg = _signed_degrees(tags, _LAT, _LAT_REF, "N", "S", odd)
    lon_deg = _signed_degrees(tags, _LON, _LON_REF, "E", "W", odd)
    if lat_deg == 0 and lon_deg == 0:
        return Position(oddities=("gps_stripped",))
    if lat_deg is None or lon_deg is None:
        return Position(altitude_m=_altitude_m(tags), oddities=("gps_unreadable",))
    if abs(lat_deg) > 90 or abs(lon_deg) > 180:
        return Position(altitude_m=_altitude_m(tags), oddities=("gps_out_of_range",))
    datum = gps_datum(tags)
    if datum is not None and re.sub(r"[^A-Z0-9]", "", datum.upper()) not in _WGS84_NAMES:
        odd.append("gps_datum_not_wgs84")
    return Position(lon_deg, lat_deg, _altitude_m(tags), tuple(dict.fromkeys(odd)))


def _signed_degrees(
    tags: Mapping[int, object], tag: int, ref_tag: int, positive: str, negative: str, odd: list[Oddity]
) -> float | None:
    """Return one coordinate. Its hemisphere must be named: to guess it would put the photo on another continent."""
    parts = _numbers(tags.get(tag))
    if parts is None or not 1 <= len(parts) <= 3 or min(parts) < 0:
        return None
    degrees, minutes, seconds = [*parts, 0.0, 0.0][:3]
    value = degrees + minutes / 60 + seconds / 3600
    if value == 0:
        # Blanked values often come without their hemisphere.
        return 0.0
    if minutes >= 60 or seconds >= 60:
        odd.append("gps_minutes_or_seconds_over_59")
    hemisphere = (_text(tags.get(ref_tag)) or "")[:1].upper()
    if hemisphere == positive:
        return value
    return -value if hemisphere == negative else None


def _altitude_m(tags: Mapping[int, object]) -> float | None:
    """Return the altitude; references 1 and (EXIF 3.0, above the ellipsoid) 3 lie below zero."""
    parts = _numbers(tags.get(_ALT))
    if parts is None or len(parts) != 1:
        return None
    ref = tags.get(_ALT_REF)
    if isinstance(ref, str):
        ref = ref.encode("latin-1", "replace")
    below = ref[:1] in (b"\x01", b"\x03", b"1", b"3") if isinstance(ref, bytes) else _number(ref) in (1, 3)
    return -parts[0] if below else parts[0]


def _numbers(value: object) -> list[float] | None:
    """Return one or several numbers as a list, or nothing when a single one of them is none."""
    parts = [_number(part) for part in value] if isinstance(value, tuple | list) else [_number(value)]
    finite = [part for part in parts if part is not None]
    return finite if finite and len(finite) == len(parts) else None


def _number(value: object) -> float | None:
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, numbers.Real) or getattr(value, "denominator", 1) == 0:
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str | None:
    """Return a text tag. Pillow reads it as Latin-1; what was written is UTF-8, or GBK on many phones."""
    if isinstance(value, str):
        try:
            raw = value.encode("latin-1")
        except UnicodeEncodeError:
            return _clean(value)
    elif isinstance(value, bytes):
        raw = value
    else:
        return None
    for encoding in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return _clean(raw.decode(encoding))
    return _clean(raw.decode("latin-1"))


def _clean(text: str) -> str | None:
    """Return the text up to the first NUL, without what cannot be printed; nothing is left of an empty one."""
    printable = "".join(letter for letter in text.split("\0")[0] if letter.isprintable())
    return printable.strip()[:_TEXT_LIMIT] or None
