"""Summer pastures and forest camps: sites that are there for a part of the year, and villages whose codes changed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import whereabouts
from tests.visits.places.makers import (
    NAMESAKE,
    NOW,
    OTHER_VILLAGE,
    VILLAGE,
    load_areas,
    load_sites,
    load_villages,
    site_row,
    some_actor,
    some_area,
    three_villages,
    village_row,
)
from visits.places import (
    ImportRefused,
    Season,
    lineage,
    season_of,
    site_versions,
    sites_of,
    successor_of,
    village,
    village_extent,
)
from visits.store import Store

SUMMER, WINTER = date(2026, 7, 1), date(2026, 1, 10)
CAMP = (119.50, 27.60)


@pytest.fixture(autouse=True)
def loaded(request: pytest.FixtureRequest) -> None:
    if "store" in request.fixturenames:
        load_villages(request.getfixturevalue("store"))


def camp(**said: object) -> object:
    row = {"name": "夏季牧场", "kind": "季节性居住点", "lon_deg": CAMP[0], "lat_deg": CAMP[1], "season": "5月-10月"}
    return site_row(2, **{**row, **said})


@pytest.mark.parametrize(
    ("text", "season"),
    [
        ("5月-10月", ("05-01", "10-31")),
        ("5月1日至10月15日", ("05-01", "10-15")),
        ("11-15~03-31", ("11-15", "03-31")),
        ("１１月 到 2月", ("11-01", "02-29")),
        ("5月1日—5月1日", ("05-01", "05-01")),
        ("夏季", None),
        ("13月-14月", None),
        ("2月30日至3月1日", None),
        ("", None),
    ],
)
def test_a_season_is_read_or_refused(text: str, season: tuple[str, str] | None) -> None:
    assert season_of(text) == (Season(*season) if season else None)


@given(st.dates(date(2023, 1, 1), date(2028, 12, 31)), st.dates(), st.dates())
def test_a_season_and_the_rest_of_the_year_share_no_day(day: date, first: date, last: date) -> None:
    season = Season(first.strftime("%m-%d"), last.strftime("%m-%d"))
    before = (date(2024, first.month, first.day) - timedelta(days=1)).strftime("%m-%d")
    after = (date(2024, last.month, last.day) + timedelta(days=1)).strftime("%m-%d")
    if after != first.strftime("%m-%d"):
        assert season.holds(day) != Season(after, before).holds(day)


def test_a_summer_site_counts_in_summer_only(store: Store) -> None:
    load_sites(store, site_row(), camp())
    with store.reading() as uow:
        summer, winter = (village_extent(uow, VILLAGE, on=day) for day in (SUMMER, WINTER))
        assert [site.name for site in sites_of(uow, VILLAGE, on=WINTER)] == ["村部"]
        assert len(sites_of(uow, VILLAGE)) == 2
    assert summer.area is not None
    assert winter.area is not None
    assert whereabouts(*CAMP, 10, summer.area, boundary_error_m=0).answer == "inside"
    assert whereabouts(*CAMP, 10, winter.area).answer == "outside"
    assert summer.version != winter.version


def test_a_pasture_beyond_the_border_belongs_to_the_village_in_its_season(store: Store) -> None:
    load_areas(store, some_area())
    load_sites(store, site_row(), camp())
    with store.reading() as uow:
        summer, winter = (village_extent(uow, VILLAGE, on=day) for day in (SUMMER, WINTER))
    assert summer.area is not None
    assert winter.area is not None
    assert (summer.basis, winter.basis) == ("boundary", "boundary")
    assert winter.version == f"boundary:{VILLAGE}:1"
    assert whereabouts(*CAMP, 10, summer.area).answer == "inside"
    assert whereabouts(*CAMP, 10, winter.area).answer == "outside"


def test_a_site_may_begin_and_end(store: Store) -> None:
    load_sites(store, camp(season=None, valid_from=date(2026, 6, 1), valid_to=date(2026, 8, 31)))
    with store.reading() as uow:
        used = [
            bool(sites_of(uow, VILLAGE, on=date(2026, month, day))) for month, day in ((5, 31), (6, 1), (8, 31), (9, 1))
        ]
    assert used == [False, True, True, False]


def test_another_season_is_a_new_version(store: Store) -> None:
    load_sites(store, camp())
    assert load_sites(store, camp(season="6月-9月"), at_utc=NOW + timedelta(days=1)).changed == 1
    assert load_sites(store, camp(season="6月-9月"), at_utc=NOW + timedelta(days=2)).unchanged == 1
    with store.reading() as uow:
        [site] = sites_of(uow, VILLAGE)
        assert [one.season for one in site_versions(uow, site.id)] == [
            Season("05-01", "10-31"),
            Season("06-01", "09-30"),
        ]


def test_what_cannot_be_read_is_refused(store: Store) -> None:
    bad = camp(season="夏季", valid_from=date(2026, 6, 1), valid_to=date(2026, 5, 1))
    with pytest.raises(ImportRefused) as caught:
        load_sites(store, bad)
    assert [c.field for c in caught.value.complaints] == ["season", "valid_to"]


# ---- Codes that became others ----


def merged(store: Store, *, ended: date = date(2026, 2, 1), began: date | None = None) -> None:
    """The village of 下党 is merged into 溪源."""
    rows = three_villages()
    rows[0] = village_row(1, VILLAGE, valid_to=ended, successor_code=OTHER_VILLAGE)
    rows[1] = village_row(2, OTHER_VILLAGE, village_name="溪源村委会", valid_from=began)
    load_villages(store, rows)


def test_an_old_code_leads_to_what_it_became_and_back(store: Store) -> None:
    merged(store)
    with store.reading() as uow:
        assert successor_of(uow, VILLAGE) == OTHER_VILLAGE
        assert successor_of(uow, NAMESAKE) == NAMESAKE
        assert lineage(uow, OTHER_VILLAGE) == [OTHER_VILLAGE, VILLAGE]
        assert lineage(uow, VILLAGE) == [VILLAGE]
        assert village(uow, some_actor(), OTHER_VILLAGE).predecessor_codes == (VILLAGE,)
        assert village(uow, some_actor(), VILLAGE).successor_code == OTHER_VILLAGE


def test_lists_that_contradict_each_other_end_somewhere(store: Store) -> None:
    ended = {"valid_to": date(2026, 2, 1)}
    one = village_row(1, VILLAGE, successor_code=OTHER_VILLAGE, **ended)
    other = village_row(2, OTHER_VILLAGE, village_name="溪源村委会", successor_code=VILLAGE, **ended)
    load_villages(store, [one, other])
    with store.reading() as uow:
        assert successor_of(uow, VILLAGE) == OTHER_VILLAGE
        assert set(lineage(uow, VILLAGE)) == {VILLAGE, OTHER_VILLAGE}


def test_boundaries_and_sites_under_an_old_code_are_taken_and_remarked(store: Store) -> None:
    merged(store)
    told = [*load_areas(store, some_area()).remarks, *load_sites(store, site_row()).remarks]
    assert [(one.field, OTHER_VILLAGE in one.reason_zh, OTHER_VILLAGE in one.reason_en) for one in told] == [
        ("village_code", True, True)
    ] * 2
    with store.reading() as uow:
        assert [site.village_code for site in sites_of(uow, OTHER_VILLAGE)] == [VILLAGE]


def test_a_merged_village_reaches_over_both_polygons(store: Store) -> None:
    load_areas(store, some_area(VILLAGE), at_utc=NOW - timedelta(days=100))
    far = some_area(OTHER_VILLAGE, feature_number=1)
    load_areas(store, far, at_utc=NOW - timedelta(days=100))
    merged(store)
    with store.reading() as uow:
        both = village_extent(uow, OTHER_VILLAGE)
    assert both.basis == "boundary"
    assert both.version.startswith("boundary:")
    load_areas(store, some_area(OTHER_VILLAGE, radius_m=2500.0))
    with store.reading() as uow:
        assert village_extent(uow, OTHER_VILLAGE).version == f"boundary:{OTHER_VILLAGE}:2"


def test_half_a_border_makes_nobody_outside(store: Store) -> None:
    load_areas(store, some_area(VILLAGE), at_utc=NOW - timedelta(days=100))
    merged(store)
    with store.reading() as uow:
        assert village_extent(uow, OTHER_VILLAGE).basis == "sites"


def test_a_village_that_was_only_given_a_new_code_keeps_its_border(store: Store) -> None:
    load_areas(store, some_area(VILLAGE), at_utc=NOW - timedelta(days=100))
    merged(store, ended=date(2026, 1, 31), began=date(2026, 2, 1))
    with store.reading() as uow:
        extent = village_extent(uow, OTHER_VILLAGE)
    assert (extent.basis, extent.version) == ("boundary", f"boundary:{VILLAGE}:1")
