"""Facts are values: what is not known is None, and nothing can be changed afterwards."""

from __future__ import annotations

import dataclasses

import pytest

from media import PhotoFacts


def test_what_a_photo_does_not_say_is_none() -> None:
    facts = PhotoFacts(format="JPEG", width_px=4, height_px=3)
    assert (facts.lon_deg, facts.lat_deg, facts.altitude_m, facts.taken_at, facts.utc_offset) == (None,) * 5
    assert facts.oddities == ()


def test_facts_cannot_be_changed_and_can_be_compared() -> None:
    facts = PhotoFacts(format="JPEG", width_px=4, height_px=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.lat_deg = 26.0  # type: ignore[misc]
    assert {facts, PhotoFacts(format="JPEG", width_px=4, height_px=3)} == {facts}
