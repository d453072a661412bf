"""How far a place can be trusted."""

import pytest

from visits.places import Quality, SiteKind
from visits.places.rules import BOUNDARY_ERROR_M, DEFAULT_RADIUS_M, SITE_ERROR_M, worst


@pytest.mark.parametrize(
    ("qualities", "claimed"),
    [
        ([Quality.SURVEYED], Quality.SURVEYED),
        ([Quality.SURVEYED, Quality.MAP], Quality.MAP),
        ([Quality.MAP, Quality.SYNTHETIC], Quality.SYNTHETIC),
        ([Quality.SYNTHETIC, Quality.UNKNOWN, Quality.SURVEYED], Quality.UNKNOWN),
        ([], Quality.UNKNOWN),
    ],
)
def test_a_whole_is_as_good_as_its_worst_part(qualities: list[Quality], claimed: Quality) -> None:
    assert worst(qualities) is claimed


def test_every_quality_has_its_errors_and_every_kind_its_radius() -> None:
    assert set(SITE_ERROR_M) == set(BOUNDARY_ERROR_M) == set(Quality)
    assert set(DEFAULT_RADIUS_M) == set(SiteKind)
    assert SITE_ERROR_M[Quality.SURVEYED] < SITE_ERROR_M[Quality.MAP] < SITE_ERROR_M[Quality.UNKNOWN]
