"""What the worker says arrives as it was, and nonsense arrives as an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import Fingerprints, Inspection, MediaError, PhotoFacts
from media.errors import IncompletePhoto, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from media.photo.wire import from_line, to_line

FACTS = PhotoFacts(
    format="JPEG",
    width_px=4000,
    height_px=3000,
    lon_deg=119.296111,
    lat_deg=26.075,
    altitude_m=-3.5,
    gps_at_utc=datetime(2026, 3, 14, 7, 9, 25, 500_000, tzinfo=UTC),
    gps_datum="WGS-84",
    taken_at=datetime(2026, 3, 14, 15, 9, 26),  # noqa: DTZ001
    utc_offset=timedelta(hours=8),
    make="华为",
    model="Mate",
    orientation=6,
    flash_fired=False,
    oddities=("gps_datum_not_wgs84",),
)


@pytest.mark.parametrize("facts", [FACTS, PhotoFacts("PNG", 1, 1), PhotoFacts("PNG", 1, 1, utc_offset=timedelta(0))])
@pytest.mark.parametrize(
    "prints", [Fingerprints(b"\x01" * 8, b"\x02" * 32, 77, (b"\x03" * 40,) * 7), Fingerprints(None, None, 7)]
)
def test_an_inspection_arrives_as_it_was(facts: PhotoFacts, prints: Fingerprints) -> None:
    inspection = Inspection(facts, prints, b"\xff\xd8 a picture")
    line = to_line(inspection)
    assert line.count(b"\n") == 1
    assert from_line(line) == inspection


@pytest.mark.parametrize("kind", [UnreadablePhoto, IncompletePhoto, UnsupportedFormat, PhotoTooLarge])
def test_an_error_arrives_as_its_own_kind(kind: type[MediaError]) -> None:
    received = from_line(to_line(kind("请重拍\nplease")))
    assert type(received) is kind
    assert str(received) == "请重拍\nplease"


@given(st.binary(max_size=100))
def test_nonsense_is_an_unreadable_photo(line: bytes) -> None:
    assert isinstance(from_line(line), UnreadablePhoto)


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"7",
        b'{"error": "SystemExit", "sentence": "x"}',
        b'{"error": "PhotoTooLarge"}',
        b'{"error": ["x"], "sentence": "x"}',
        to_line(Inspection(FACTS, Fingerprints(None, None, 1), b"")).replace(b'"make"', b'"__class__"'),
        to_line(Inspection(FACTS, Fingerprints(None, None, 1), b"")).replace(b"2026-", b"26-"),
        to_line(Inspection(FACTS, Fingerprints(b"\x01" * 7, b"\x02" * 32, 77), b"")),
        to_line(Inspection(FACTS, Fingerprints(b"\x01" * 8, b"\x02" * 32, 77, (b"\x03" * 39,)), b"")),
        b"[" * 100_000,
    ],
)
def test_nonsense_of_better_form_is_one_too(line: bytes) -> None:
    assert isinstance(from_line(line), UnreadablePhoto)
