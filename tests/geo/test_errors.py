"""``geo.errors``: one base, and sentences a person can act on."""

from __future__ import annotations

import inspect

import pytest

import geo
from geo import errors


def test_every_error_has_the_one_base_and_stands_at_the_door():
    found = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]
    assert len(found) == 14
    for error in found:
        assert issubclass(error, errors.GeoError)
        assert getattr(geo, error.__name__) is error


def test_a_refusal_reads_as_a_row_with_a_name():
    assert str(errors.Refusal(7, "下党村", "it has no geometry")) == "feature 7 (下党村): it has no geometry"
    assert str(errors.Refusal(7, None, "it has no geometry")) == "feature 7: it has no geometry"


def test_refused_areas_carry_every_refusal():
    refusals = (errors.Refusal(1, None, "a"), errors.Refusal(2, None, "b"))
    with pytest.raises(errors.GeoError, match="feature 1: a; feature 2: b") as caught:
        raise errors.AreasRefused(refusals)
    assert caught.value.refusals == refusals
