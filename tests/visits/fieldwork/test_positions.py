"""Where a fix lies, by a boundary and by sites alone."""

from dataclasses import replace

import pytest

from geo import disc
from tests.visits.world import OFFICE_SITE, XIADANG, fix
from visits.fieldwork.positions import PlaceJudgement, best, canonical, judge_fix
from visits.places import Quality, VillageExtent


def extent(basis: str) -> VillageExtent:
    return VillageExtent(XIADANG, disc(*OFFICE_SITE, 500.0), 0.0, basis, "test", Quality.SURVEYED)


def away(metres: float) -> tuple[float, float]:
    return OFFICE_SITE[0] + metres / (111_320 * 0.889), OFFICE_SITE[1]


@pytest.mark.parametrize(
    ("metres", "by_boundary", "by_sites"),
    [
        (0, "inside", "inside"),
        (450, "inside", "inside"),
        (500, "cannot_tell", "cannot_tell"),
        (1_000, "outside", "cannot_tell"),
        (3_000, "outside", "cannot_tell"),
        (4_000, "outside", "outside"),
    ],
)
def test_beyond_a_site_nobody_is_outside_until_far(metres: float, by_boundary: str, by_sites: str) -> None:
    place = fix(away(metres))
    assert judge_fix(place, extent("boundary")).answer == by_boundary
    assert judge_fix(place, extent("sites")).answer == by_sites


@pytest.mark.parametrize(
    ("metres", "by_sites", "by_nothing"),
    [
        (0, "inside", "cannot_tell"),
        (1_000, "cannot_tell", "cannot_tell"),
        (1_900, "cannot_tell", "cannot_tell"),  # the township's own border is not that well known
        (2_500, "outside", "outside"),
        (4_000, "outside", "outside"),
    ],
)
def test_a_village_without_a_polygon_is_judged_by_its_sites_and_its_township(
    metres: float, by_sites: str, by_nothing: str
) -> None:
    place, town = fix(away(metres)), disc(*OFFICE_SITE, 2_000.0)
    sites = replace(extent("sites"), town=town, town_error_m=100.0)
    assert judge_fix(place, sites).answer == by_sites
    nothing = replace(sites, area=None, basis="none")
    assert judge_fix(place, nothing).answer == by_nothing
    # A summer pasture in the next township is the village's all the same.
    assert judge_fix(place, replace(sites, town=disc(119.9, 27.9, 2_000.0))).answer in ("inside", "outside")
    assert judge_fix(fix(), replace(sites, town=disc(119.9, 27.9, 2_000.0))).answer == "inside"


def test_no_extent_and_no_datum_tell_nothing() -> None:
    nothing = PlaceJudgement("cannot_tell", None, None)
    assert judge_fix(fix(), None) == nothing
    assert judge_fix(fix(datum="unknown"), extent("boundary")) == nothing
    assert canonical(fix((0.0, 0.0))) is None
    assert canonical(fix((0.0, 27.0))) is not None  # a single zero axis is a place


def test_the_most_accurate_fix_that_can_tell_speaks_for_all() -> None:
    def said(answer: str) -> PlaceJudgement:
        return PlaceJudgement(answer, 0.5, 1.0)

    assert best([(said("outside"), 40.0), (said("inside"), 8.0), (said("cannot_tell"), 2.0)]) == "inside"
    assert best([(said("cannot_tell"), 2.0)]) == "cannot_tell"
    assert best([]) == "cannot_tell"
    assert best([(said("inside"), None)]) == "inside"
