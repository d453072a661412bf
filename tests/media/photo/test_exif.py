"""EXIF as phones, converters and vandals write it: each line says what is odd about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import PhotoFacts, read_photo
from tests.media.photo.pictures import (
    FLASH,
    MAKE,
    MODEL,
    ORIENTATION,
    TAKEN,
    TAKEN_OFFSET,
    Tag,
    ascii_tag,
    byte_tag,
    encoded,
    exif_block,
    rational_tag,
    short_tag,
    signed_rational_tag,
    some_gps,
    undefined_tag,
)

# In the program Pillow's remarks on damaged EXIF are not raised; pytest would otherwise raise them here.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LAT_DEG, LON_DEG = 26 + 4 / 60 + 30 / 3600, 119 + 17 / 60 + 46 / 3600


def facts_of(
    main: dict[int, Tag] | None = None, camera: dict[int, Tag] | None = None, gps: dict[int, Tag] | None = None
) -> PhotoFacts:
    return read_photo(encoded(exif=exif_block(main, camera, gps)))


def test_an_honest_photo_is_read_as_written() -> None:
    facts = facts_of(
        {MAKE: ascii_tag("HUAWEI"), MODEL: ascii_tag("ALN-AL00"), ORIENTATION: short_tag(6)},
        {TAKEN: ascii_tag("2026:03:14 15:09:26"), TAKEN_OFFSET: ascii_tag("+08:00"), FLASH: short_tag(0x19)},
        some_gps(date=ascii_tag("2026:03:14"), time=rational_tag((7, 1), (9, 1), (255, 10)), datum=ascii_tag("WGS-84")),
    )
    assert facts.lat_deg == pytest.approx(LAT_DEG, abs=1e-9)
    assert facts.lon_deg == pytest.approx(LON_DEG, abs=1e-9)
    assert facts.altitude_m == pytest.approx(123.4)
    assert facts.gps_at_utc == datetime(2026, 3, 14, 7, 9, 25, 500_000, tzinfo=UTC)
    assert facts.gps_datum == "WGS-84"
    assert facts.taken_at == datetime(2026, 3, 14, 15, 9, 26)  # noqa: DTZ001
    assert facts.utc_offset == timedelta(hours=8)
    assert (facts.make, facts.model, facts.orientation, facts.flash_fired) == ("HUAWEI", "ALN-AL00", 6, True)
    assert (facts.format, facts.width_px, facts.height_px, facts.oddities) == ("JPEG", 64, 48, ())


def test_a_photo_without_exif_says_nothing() -> None:
    assert read_photo(encoded()) == PhotoFacts(format="JPEG", width_px=64, height_px=48)


@pytest.mark.parametrize(
    ("changes", "lat_deg", "lon_deg"),
    [
        pytest.param({"lat": rational_tag((26075, 1000))}, 26.075, LON_DEG, id="one rational, decimal degrees"),
        pytest.param({"lat": rational_tag((26, 1), (45, 10))}, 26.075, LON_DEG, id="two rationals, decimal minutes"),
        pytest.param({"lat_ref": ascii_tag("n")}, LAT_DEG, LON_DEG, id="small letter"),
        pytest.param({"lat_ref": ascii_tag("North")}, LAT_DEG, LON_DEG, id="a whole word"),
        pytest.param({"lat_ref": undefined_tag(b"N")}, LAT_DEG, LON_DEG, id="bytes instead of text"),
        pytest.param({"lat_ref": ascii_tag("S")}, -LAT_DEG, LON_DEG, id="south"),
        pytest.param({"lon_ref": ascii_tag("W")}, LAT_DEG, -LON_DEG, id="west"),
        pytest.param({"lat": short_tag(26, 4, 30)}, LAT_DEG, LON_DEG, id="whole numbers instead of rationals"),
        pytest.param({"lat": rational_tag((0, 1), (0, 1), (0, 1))}, 0.0, LON_DEG, id="on the equator, legitimate"),
        pytest.param(
            {"lon": rational_tag((0, 1)), "lon_ref": None}, LAT_DEG, 0.0, id="on the meridian, without a side"
        ),
        pytest.param({"lat": rational_tag((90, 1))}, 90.0, LON_DEG, id="the pole"),
    ],
)
def test_positions_written_in_other_ways_are_still_read(
    changes: dict[str, Tag | None], lat_deg: float, lon_deg: float
) -> None:
    facts = facts_of(gps=some_gps(**changes))
    assert facts.lat_deg == pytest.approx(lat_deg, abs=1e-9)
    assert facts.lon_deg == pytest.approx(lon_deg, abs=1e-9)
    assert facts.oddities == ()


@pytest.mark.parametrize(
    ("changes", "oddity"),
    [
        pytest.param({"lat": rational_tag((26, 0), (4, 1), (30, 1))}, "gps_unreadable", id="degrees by zero"),
        pytest.param({"lat": rational_tag((26, 1), (4, 1), (0, 0))}, "gps_unreadable", id="seconds 0/0, as Leica"),
        pytest.param(
            {"lat": rational_tag(*[(0, 0)] * 3), "lon": rational_tag(*[(0, 0)] * 3)}, "gps_unreadable", id="all 0/0"
        ),
        pytest.param({"lat": rational_tag((1, 1), (2, 1), (3, 1), (4, 1))}, "gps_unreadable", id="four rationals"),
        pytest.param({"lat": signed_rational_tag((-26, 1))}, "gps_unreadable", id="a negative beside a hemisphere"),
        pytest.param({"lat": ascii_tag("26.075")}, "gps_unreadable", id="text instead of numbers"),
        pytest.param({"lat": undefined_tag(b"26")}, "gps_unreadable", id="bytes instead of numbers"),
        pytest.param({"lat_ref": None}, "gps_unreadable", id="no hemisphere: never guessed"),
        pytest.param({"lat_ref": ascii_tag("?")}, "gps_unreadable", id="no such hemisphere"),
        pytest.param({"lat_ref": ascii_tag("E")}, "gps_unreadable", id="the other axis' hemisphere"),
        pytest.param({"lat_ref": ascii_tag("")}, "gps_unreadable", id="an empty hemisphere"),
        pytest.param({"lon": None}, "gps_unreadable", id="half a position"),
        pytest.param({"lat": rational_tag((91, 1))}, "gps_out_of_range", id="beyond the pole"),
        pytest.param({"lon": rational_tag((4294967295, 1))}, "gps_out_of_range", id="all ones"),
    ],
)
def test_positions_that_cannot_be_understood_are_none_with_the_reason(
    changes: dict[str, Tag | None], oddity: str
) -> None:
    facts = facts_of(gps=some_gps(**changes))
    assert (facts.lat_deg, facts.lon_deg, facts.oddities) == (None, None, (oddity,))
    assert facts.altitude_m == pytest.approx(123.4), "the altitude is a value of its own"


@pytest.mark.parametrize("zero", [rational_tag((0, 1)), rational_tag((0, 1), (0, 1), (0, 1)), short_tag(0)])
@pytest.mark.parametrize("hemispheres", [("N", "E"), ("S", "W"), (None, None)])
def test_zero_zero_is_stripped_and_no_place(zero: Tag, hemispheres: tuple[str | None, str | None]) -> None:
    lat_ref, lon_ref = (ascii_tag(letter) if letter else None for letter in hemispheres)
    facts = facts_of(gps=some_gps(lat=zero, lon=zero, lat_ref=lat_ref, lon_ref=lon_ref, alt=rational_tag((0, 1))))
    assert (facts.lat_deg, facts.lon_deg, facts.altitude_m) == (None, None, None)
    assert facts.oddities == ("gps_stripped",)


@pytest.mark.parametrize(
    ("changes", "oddity"),
    [
        ({"lat": rational_tag((26, 1), (75, 1), (0, 1))}, "gps_minutes_or_seconds_over_59"),
        ({"lon": rational_tag((119, 1), (17, 1), (60, 1))}, "gps_minutes_or_seconds_over_59"),
        ({"datum": ascii_tag("GCJ-02")}, "gps_datum_not_wgs84"),
        ({"datum": ascii_tag("TOKYO")}, "gps_datum_not_wgs84"),
    ],
)
def test_a_strange_position_is_kept_and_marked(changes: dict[str, Tag | None], oddity: str) -> None:
    facts = facts_of(gps=some_gps(**changes))
    assert facts.lat_deg is not None
    assert facts.lon_deg is not None
    assert facts.oddities == (oddity,)


@pytest.mark.parametrize("datum", ["WGS-84", "WGS84", "wgs 84", "WGS-1984", "", "   "])
def test_the_usual_names_of_the_datum_are_nothing_strange(datum: str) -> None:
    assert facts_of(gps=some_gps(datum=ascii_tag(datum))).oddities == ()


@pytest.mark.parametrize(
    ("ref", "altitude", "expected_m"),
    [
        pytest.param(byte_tag(1), rational_tag((166, 1)), -166.0, id="below the sea, as an honest iPhone 6 plus"),
        pytest.param(ascii_tag("1"), rational_tag((166, 1)), -166.0, id="reference as a text"),
        pytest.param(byte_tag(3), rational_tag((5, 1)), -5.0, id="below the ellipsoid, EXIF 3.0"),
        pytest.param(byte_tag(2), rational_tag((5, 1)), 5.0, id="above the ellipsoid, EXIF 3.0"),
        pytest.param(None, rational_tag((5, 1)), 5.0, id="no reference"),
        pytest.param(byte_tag(0), rational_tag((5, 0)), None, id="by zero"),
        pytest.param(byte_tag(0), rational_tag((5, 1), (6, 1)), 5.0, id="two altitudes, the first counts"),
        pytest.param(byte_tag(0), None, None, id="none"),
    ],
)
def test_altitudes(ref: Tag | None, altitude: Tag | None, expected_m: float | None) -> None:
    assert facts_of(gps=some_gps(alt_ref=ref, alt=altitude)).altitude_m == expected_m


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026:03:14 15:09:26", (2026, 3, 14, 15, 9, 26)),
        ("2026-03-14T15:09:26", (2026, 3, 14, 15, 9, 26)),
        ("2026:03:14 15:09:26.123", (2026, 3, 14, 15, 9, 26)),
        ("0000:00:00 00:00:00", None),
        ("2026:02:30 10:00:00", None),
        ("2026:03:14 24:00:00", None),
        ("    :  :     :  :  ", None),
        ("昨天", None),
        ("", None),
    ],
)
def test_the_cameras_clock(text: str, expected: tuple[int, int, int, int, int, int] | None) -> None:
    taken_at = facts_of(camera={TAKEN: ascii_tag(text)}).taken_at
    assert taken_at == (datetime(*expected) if expected else None)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("+08:00", 8.0),
        ("-03:30", -3.5),
        ("+0800", 8.0),
        ("+00:00", 0.0),
        ("Z", None),
        ("+99:00", None),
        ("+08:99", None),
    ],
)
def test_the_offset_of_the_cameras_clock(text: str, hours: float | None) -> None:
    offset = facts_of(camera={TAKEN_OFFSET: ascii_tag(text)}).utc_offset
    assert offset == (timedelta(hours=hours) if hours is not None else None)


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        pytest.param(ascii_tag("2026:03:14"), rational_tag((25, 1), (0, 1), (0, 1)), id="hour 25"),
        pytest.param(ascii_tag("2026:13:14"), rational_tag((7, 1), (0, 1), (0, 1)), id="month 13"),
        pytest.param(ascii_tag("2026:03:14"), rational_tag((7, 1), (0, 0), (0, 1)), id="by zero"),
        pytest.param(ascii_tag("2026:03:14"), rational_tag((7, 1), (0, 1)), id="no seconds"),
        pytest.param(None, rational_tag((7, 1), (0, 1), (0, 1)), id="no date"),
        pytest.param(ascii_tag("2026:03:14"), ascii_tag("07:00:00"), id="text"),
    ],
)
def test_a_satellite_time_that_is_none(date: Tag | None, clock: Tag) -> None:
    facts = facts_of(gps=some_gps(date=date, time=clock))
    assert facts.gps_at_utc is None
    assert facts.lat_deg is not None, "the position does not suffer from it"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("华为".encode("gbk"), "华为", id="GBK, as many phones write it"),
        pytest.param("华为".encode(), "华为", id="UTF-8"),
        pytest.param(b"Xiaomi\0\0\0junk", "Xiaomi", id="padded with NULs and more"),
        pytest.param(b"  vivo  ", "vivo", id="padded with spaces"),
        pytest.param(b"\x01\x02", None, id="control characters only"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"\xff\xff", "ÿÿ", id="in no encoding of ours"),
        pytest.param(b"x" * 60_000, "x" * 200, id="a novel"),
    ],
)
def test_texts(raw: bytes, expected: str | None) -> None:
    assert facts_of(main={MAKE: ascii_tag(raw)}).make == expected


@pytest.mark.parametrize(("value", "expected"), [(short_tag(8), 8), (short_tag(0), 1), (short_tag(9), 1)])
def test_the_orientation_is_one_of_eight(value: Tag, expected: int) -> None:
    assert facts_of(main={ORIENTATION: value}).orientation == expected


def test_a_count_of_half_a_billion_is_survived() -> None:
    gps = some_gps()
    gps[2] = (5, 0x1FFFFFFF, b"\0" * 24)
    facts = facts_of(gps=gps)
    assert facts.lat_deg is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_in_the_exif_block_leave_a_readable_photo(noise: bytes, place: int) -> None:
    block = bytearray(exif_block({MAKE: ascii_tag("HUAWEI")}, {TAKEN: ascii_tag("2026:03:14 15:09:26")}, some_gps()))
    place = 6 + place % (len(block) - 6)
    block[place : place + len(noise)] = noise
    facts = read_photo(encoded(exif=bytes(block)))
    assert (facts.width_px, facts.height_px) == (64, 48)
    assert facts.lat_deg is None or -90 <= facts.lat_deg <= 90
    assert facts.lon_deg is None or -180 <= facts.lon_deg <= 180
