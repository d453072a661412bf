"""``geo.sun``: heights others have published, and the sky's own symmetries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import sun_height_deg


def test_the_worked_example_of_nrel():
    # Reda and Andreas, "Solar Position Algorithm for Solar Radiation Applications" (2004), appendix: 39.872046 degrees
    # before refraction, seen from the ground (parallax of some 0.002 degrees).
    at = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    assert sun_height_deg([at], -105.1786, 39.742476)[0] == pytest.approx(39.872, abs=0.015)


@pytest.mark.parametrize("at", [datetime(2024, 6, 20, 20, 51, tzinfo=UTC), datetime(2026, 12, 21, 20, 50, tzinfo=UTC)])
def test_at_the_solstices_the_poles_see_the_tilt_of_the_earth(at):
    heights = sun_height_deg([at, at], [0.0, 0.0], [90.0, -90.0])
    assert np.abs(heights) == pytest.approx([23.436, 23.436], abs=0.01)
    assert heights[0] == pytest.approx(-heights[1])


def test_at_the_equinox_the_pole_sees_it_on_the_horizon():
    assert sun_height_deg([datetime(2026, 3, 20, 14, 46, tzinfo=UTC)], 0.0, 90.0)[0] == pytest.approx(0.0, abs=0.01)


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)),  # noqa: DTZ001 -- Hypothesis wants bounds without a zone
    st.floats(-180.0, 180.0),
    st.floats(-90.0, 90.0),
)
def test_on_the_other_side_of_the_earth_it_is_as_low_as_here_high(naive, lon_deg, lat_deg):
    at = naive.replace(tzinfo=UTC)
    here, there = sun_height_deg([at, at], [lon_deg, lon_deg - np.sign(lon_deg) * 180.0], [lat_deg, -lat_deg])
    if lon_deg != 0.0:
        assert here == pytest.approx(-there, abs=1e-5)


def test_missing_instants_and_places_have_no_sun():
    noon = datetime(2026, 3, 1, 4, tzinfo=UTC)
    heights = sun_height_deg([None, noon, noon, noon], [119.5, np.nan, 27.4, 119.5], [27.4, 27.4, 119.5, 27.4])
    assert np.isnan(heights).tolist() == [True, True, True, False]
    assert sun_height_deg([], [], []).tolist() == []


def test_an_instant_needs_its_time_zone():
    with pytest.raises(TypeError, match="time zone"):
        sun_height_deg([datetime(2026, 3, 1, 4)], 119.5, 27.4)  # noqa: DTZ001 -- this is what is refused
