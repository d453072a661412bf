"""Sites: converted from the datum they say, each version kept, and what they tell of a village's extent."""

from datetime import timedelta

import pytest
from shapely import Polygon

from geo import Answer, Datum, convert, whereabouts
from tests.visits.places.makers import (
    COUNTY,
    NAMESAKE,
    NOW,
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
from visits.access import NotAllowed, Role
from visits.places import ImportRefused, Quality, SiteKind, import_sites, site_versions, sites_of, village_extent
from visits.store import Store


@pytest.fixture(autouse=True)
def loaded(store: Store) -> None:
    load_villages(store)


def test_a_site_keeps_the_pair_as_received_and_is_found_in_wgs84(store: Store) -> None:
    load_sites(store, site_row(datum="GCJ-02"), datum=None)
    with store.reading() as uow:
        [site] = sites_of(uow, VILLAGE)
    assert (site.raw_lon_deg, site.raw_lat_deg, site.datum) == (119.31, 27.41, Datum.GCJ02)
    assert (site.lon_deg, site.lat_deg) == convert(119.31, 27.41, source=Datum.GCJ02, target=Datum.WGS84)
    assert (site.kind, site.radius_m, site.quality) == (SiteKind.OFFICE, 300.0, Quality.UNKNOWN)


def test_a_changed_site_is_a_new_version_and_the_old_one_is_still_known(store: Store) -> None:
    load_sites(store, site_row())
    later = NOW + timedelta(days=10)
    report = load_sites(store, site_row(lon_deg=119.32, quality="实测"), at_utc=later)
    assert (report.created, report.changed, report.unchanged) == (0, 1, 0)
    assert load_sites(store, site_row(lon_deg=119.32, quality="实测"), at_utc=later).unchanged == 1
    with store.reading() as uow:
        [now] = sites_of(uow, VILLAGE)
        [then] = sites_of(uow, VILLAGE, as_of_utc=later - timedelta(seconds=1))
        assert sites_of(uow, VILLAGE, as_of_utc=NOW - timedelta(seconds=1)) == []
        assert [s.version for s in site_versions(uow, now.id)] == [1, 2]
    assert (then.id, then.version, then.lon_deg) == (now.id, 1, 119.31)
    assert (now.version, now.lon_deg, now.quality) == (2, 119.32, Quality.SURVEYED)
    assert then.superseded_utc == later


def test_everything_bad_is_told_in_one_pass_and_nothing_is_stored(store: Store) -> None:
    load_areas(store, some_area(COUNTY, radius_m=15_000.0))
    rows = [
        site_row(1),
        site_row(2, name="别处", village_code="350924106999"),
        site_row(3, name="宿舍", kind="食堂"),
        site_row(4, name="零点", lon_deg=0.0, lat_deg=0.0),
        site_row(5, name="颠倒", lon_deg=27.41, lat_deg=119.31),
        site_row(6, name="很远", lon_deg=120.31),
        site_row(7, name="不知坐标系", datum="北京54"),
        site_row(8, name="太大", radius_m=1e6),
        site_row(9, name="村　部"),
        site_row(10, name="无经度", lon_deg=None),
        site_row(11, name="两可", village_code=None, village_name="下党村"),
        site_row(12, name="怎么来的", quality="听说"),
    ]
    with pytest.raises(ImportRefused) as refused:
        load_sites(store, *rows)
    assert [(c.row_number, c.field) for c in refused.value.complaints] == [
        (2, "village_code"),
        (3, "kind"),
        (4, "lon_deg"),
        (5, "lon_deg"),
        (6, "lon_deg"),
        (7, "datum"),
        (8, "radius_m"),
        (9, "name"),
        (10, "lon_deg"),
        (11, "village_name"),
        (12, "quality"),
    ]
    assert "50" in refused.value.complaints[4].reason_zh
    assert NAMESAKE in refused.value.complaints[9].reason_en
    with store.reading() as uow:
        assert sites_of(uow, VILLAGE) == []


def test_a_datum_is_never_guessed(store: Store) -> None:
    with pytest.raises(ImportRefused) as refused:
        load_sites(store, site_row(), datum=None)
    assert [c.field for c in refused.value.complaints] == ["datum"]


def test_a_village_is_found_by_town_and_name(store: Store) -> None:
    load_sites(store, site_row(village_code=None, town_name="下党乡", village_name="下党村"))
    with store.reading() as uow:
        assert len(sites_of(uow, NAMESAKE)) == 1


def test_a_village_of_another_county_is_not_there(store: Store) -> None:
    actor = some_actor(division_prefix="350981")
    with store.writing() as uow, pytest.raises(ImportRefused):
        import_sites(uow, actor, [site_row()], datum=Datum.WGS84, at_utc=NOW)
    with store.writing() as uow, pytest.raises(NotAllowed):
        import_sites(uow, some_actor(Role.INSPECTOR), [site_row()], datum=Datum.WGS84, at_utc=NOW)


def test_without_boundary_and_sites_nothing_can_be_told(store: Store) -> None:
    with store.reading() as uow:
        extent = village_extent(uow, VILLAGE)
    assert (extent.area, extent.basis) == (None, "none")
    assert whereabouts(119.31, 27.41, 10, extent.area).answer is Answer.CANNOT_TELL


def test_the_extent_is_all_sites_until_a_boundary_is_known(store: Store) -> None:
    quarters = site_row(2, name="宿舍", kind="驻点", lon_deg=119.33, quality="实测", radius_m=250.0)
    load_sites(store, site_row(1, quality="地图"), quarters)
    with store.reading() as uow:
        extent = village_extent(uow, VILLAGE)
    assert (extent.basis, extent.quality, extent.boundary_error_m) == ("sites", Quality.MAP, 30.0)
    for lon_deg, answer in [(119.31, Answer.INSIDE), (119.33, Answer.INSIDE), (119.32, Answer.OUTSIDE)]:
        seen = whereabouts(lon_deg, 27.41, 20, extent.area, boundary_error_m=extent.boundary_error_m)
        assert seen.answer is answer

    later = NOW + timedelta(days=1)
    load_areas(store, some_area(radius_m=4000.0), at_utc=later, boundary_error_m=80.0, datum=Datum.GCJ02)
    with store.reading() as uow:
        bounded = village_extent(uow, VILLAGE)
        before = village_extent(uow, VILLAGE, as_of_utc=NOW)
    assert (bounded.basis, bounded.version, bounded.boundary_error_m) == ("boundary", f"boundary:{VILLAGE}:1", 85.0)
    assert whereabouts(119.32, 27.41, 20, bounded.area, boundary_error_m=85.0).answer is Answer.INSIDE
    assert before == extent


def test_the_township_is_told_while_the_village_has_no_polygon(store: Store) -> None:
    town = some_area(VILLAGE[:9], radius_m=8000.0)
    load_areas(store, town, boundary_error_m=50.0, datum=Datum.CGCS2000)
    with store.reading() as uow:
        bare = village_extent(uow, VILLAGE)
    assert (bare.basis, bare.area, bare.town_error_m) == ("none", None, 51.0)
    assert bare.town is not None and bare.town.equals(town.geometry)
    load_sites(store, site_row())
    with store.reading() as uow:
        by_site = village_extent(uow, VILLAGE)
    assert (by_site.basis, by_site.town) == ("sites", bare.town)
    load_areas(store, town, boundary_error_m=60.0, datum=Datum.CGCS2000, at_utc=NOW + timedelta(hours=1))
    with store.reading() as uow:
        assert village_extent(uow, VILLAGE).version != by_site.version, "the version names the township's too"
    load_areas(store, some_area(), at_utc=NOW + timedelta(hours=2))
    with store.reading() as uow:
        bounded = village_extent(uow, VILLAGE)
    assert (bounded.basis, bounded.town) == ("boundary", None)


def test_the_version_of_an_extent_changes_with_any_site(store: Store) -> None:
    load_sites(store, site_row())
    with store.reading() as uow:
        before = village_extent(uow, VILLAGE).version
        assert village_extent(uow, VILLAGE).version == before
    load_sites(store, site_row(radius_m=350.0))
    with store.reading() as uow:
        assert village_extent(uow, VILLAGE).version != before


def test_a_site_may_be_a_polygon_in_its_datum(store: Store) -> None:
    square = Polygon([(119.30, 27.40), (119.31, 27.40), (119.31, 27.41), (119.30, 27.41)])
    load_sites(store, site_row(shape=square, lon_deg=None, lat_deg=None, datum="gcj02"))
    with store.reading() as uow:
        [site] = sites_of(uow, VILLAGE)
    corner = convert(119.30, 27.40, source=Datum.GCJ02, target=Datum.WGS84)
    assert corner in list(site.geometry.exterior.coords)
    assert site.geometry.covers(Polygon(site.geometry).representative_point())


def test_a_polygon_that_crosses_itself_is_refused(store: Store) -> None:
    bow_tie = Polygon([(119.30, 27.40), (119.31, 27.41), (119.31, 27.40), (119.30, 27.41)])
    with pytest.raises(ImportRefused) as refused:
        load_sites(store, site_row(shape=bow_tie))
    assert [c.field for c in refused.value.complaints] == ["shape"]


def test_a_site_outside_its_village_is_taken_and_told(store: Store) -> None:
    load_areas(store, some_area(radius_m=2000.0), boundary_error_m=10.0)
    report = load_sites(store, site_row(1), site_row(2, name="飞地", kind="其他", lon_deg=119.36))
    assert report.created == 2
    assert [(r.row_number, r.field) for r in report.remarks] == [(2, "lon_deg")]


def test_a_village_row_changed_meanwhile_leaves_its_sites(store: Store) -> None:
    load_sites(store, site_row())
    _, second, third = three_villages()
    load_villages(store, [village_row(1, VILLAGE, village_name="下党新村"), second, third])
    with store.reading() as uow:
        assert len(sites_of(uow, VILLAGE)) == 1
