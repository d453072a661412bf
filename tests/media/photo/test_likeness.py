"""The two rules, at their borders."""

from __future__ import annotations

import pytest

from media import Fingerprints, Inspection, PhotoFacts, same_photo
from media.photo.likeness import differing_bits


def with_bits(dhash_bits: int, pdq_bits: int) -> Fingerprints:
    """Fingerprints that differ from all zeros in so many bits."""
    return Fingerprints(((1 << dhash_bits) - 1).to_bytes(8), ((1 << pdq_bits) - 1).to_bytes(32), 100)


ZERO = with_bits(0, 0)


@pytest.mark.parametrize(
    ("dhash_bits", "pdq_bits", "expected"),
    [
        (0, 0, "match"),
        (64, 31, "match"),
        (13, 32, None),
        (12, 32, "look"),
        (8, 70, "match"),
        (9, 70, "look"),
        (8, 71, "look"),
        (12, 90, "look"),
        (12, 91, None),
        (13, 90, None),
        (0, 91, None),
        (64, 256, None),
    ],
)
def test_the_rules_at_their_borders(dhash_bits: int, pdq_bits: int, expected: str | None) -> None:
    other = with_bits(dhash_bits, pdq_bits)
    assert same_photo(ZERO, other) == same_photo(other, ZERO) == expected


def test_a_picture_without_hashes_is_like_no_other_not_even_itself() -> None:
    blank = Fingerprints(None, None, 3)
    assert same_photo(blank, blank) is None
    assert same_photo(blank, ZERO) is None
    assert same_photo(ZERO, blank) is None


def test_an_inspection_can_be_compared_as_it_is() -> None:
    inspection = Inspection(PhotoFacts("JPEG", 1, 1), ZERO, b"")
    assert same_photo(inspection, ZERO) == "match"


def test_hashes_of_different_kinds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="not of one kind"):
        differing_bits(b"\0" * 8, b"\0" * 32)
