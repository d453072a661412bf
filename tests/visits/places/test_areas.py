"""Boundaries: matched by code, versioned, scoped."""

from dataclasses import replace
from datetime import timedelta

import pytest

from geo import Datum, read_areas
from tests.visits.places.makers import (
    COUNTY,
    NOW,
    VILLAGE,
    load_areas,
    load_villages,
    some_actor,
    some_area,
)
from visits.access import Role
from visits.places import ImportRefused, NoSuchBoundary, Quality, boundary, boundary_of
from visits.store import Store


@pytest.fixture(autouse=True)
def loaded(store: Store) -> None:
    load_villages(store)


def test_a_boundary_says_where_it_comes_from_and_how_far_it_holds(store: Store) -> None:
    area = some_area()
    load_areas(store, area, quality=Quality.UNKNOWN, source="县志", licence="内部资料")
    with store.reading() as uow:
        seen = boundary(uow, some_actor(Role.INSPECTOR), VILLAGE)
    assert seen.geometry.equals(area.geometry)
    assert (seen.division_name, seen.level, seen.version) == ("下党村委会", "village", 1)
    assert (seen.quality, seen.boundary_error_m) == (Quality.UNKNOWN, 500.0)
    assert (seen.source, seen.licence, seen.datum) == ("县志", "内部资料", Datum.WGS84)


def test_a_changed_boundary_is_a_new_version_and_the_old_one_is_still_known(store: Store) -> None:
    load_areas(store, some_area())
    later = NOW + timedelta(days=3)
    assert load_areas(store, some_area(radius_m=2100.0), at_utc=later).changed == 1
    assert load_areas(store, some_area(radius_m=2100.0), at_utc=later).unchanged == 1
    with store.reading() as uow:
        now, then = boundary_of(uow, VILLAGE), boundary_of(uow, VILLAGE, as_of_utc=NOW)
        assert boundary_of(uow, VILLAGE, as_of_utc=NOW - timedelta(seconds=1)) is None
    assert now is not None
    assert then is not None
    assert (then.version, now.version) == (1, 2)
    assert then.geometry.area < now.geometry.area


def test_codes_may_be_numbers_and_may_belong_to_any_level(store: Store) -> None:
    load_areas(store, some_area(350924), some_area(350924106, feature_number=2))
    with store.reading() as uow:
        levels = {code: boundary(uow, some_actor(), code).level for code in (COUNTY, "350924106")}
    assert levels == {COUNTY: "county", "350924106": "town"}


def test_everything_bad_is_told_in_one_pass_and_nothing_is_stored(store: Store) -> None:
    areas = [
        some_area(VILLAGE, feature_number=1),
        some_area(None, feature_number=2),
        some_area("350981", feature_number=3),
        some_area("350924999", feature_number=4),
        some_area(VILLAGE, feature_number=5),
    ]
    with pytest.raises(ImportRefused) as refused:
        load_areas(store, *areas, boundary_error_m=-1.0)
    assert [c.row_number for c in refused.value.complaints] == [0, 2, 3, 4, 5]
    with store.reading() as uow:
        assert boundary_of(uow, VILLAGE) is None


def test_what_was_repaired_is_told(store: Store) -> None:
    bow_tie = (
        '{"type":"Polygon","coordinates":[[[119.3,27.4],[119.31,27.41],[119.31,27.4],[119.3,27.41],[119.3,27.4]]]}'
    )
    [area] = read_areas(bow_tie, datum=Datum.WGS84)
    report = load_areas(store, replace(area, properties={"code": VILLAGE}))
    assert [r.field for r in report.remarks] == ["geometry"]


def test_another_county_and_an_unknown_boundary_look_the_same(store: Store) -> None:
    load_areas(store, some_area())
    with store.reading() as uow:
        with pytest.raises(NoSuchBoundary):
            boundary(uow, some_actor(division_prefix="350981"), VILLAGE)
        with pytest.raises(NoSuchBoundary):
            boundary(uow, some_actor(), COUNTY)
