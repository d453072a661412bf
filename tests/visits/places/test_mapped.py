"""What a map is drawn from: one point for a village, never where somebody sleeps, and only what is in reach."""

from dataclasses import replace
from datetime import timedelta

from shapely import box
from sqlalchemy import update

from geo import Area, Datum
from tests.visits.world import COUNTY, NOW, OFFICE_SITE, OTHER_XIADANG, XIADANG, XIPU, World
from visits import places
from visits.places import Division, SiteRow


def add_sites(world: World, *rows: SiteRow) -> None:
    with world.store.writing() as uow:
        places.import_sites(uow, world.actors["admin"], rows, datum=Datum.WGS84, at_utc=NOW)


def site(number: int, kind: str, code: str, lon_deg: float) -> SiteRow:
    return SiteRow(number, f"驻点{number}", kind, lon_deg, 27.3, village_code=code)


def test_where_somebody_sleeps_is_never_the_point(world: World) -> None:
    add_sites(world, site(1, "quarters", XIPU, 119.45), site(2, "hamlet", OTHER_XIADANG, 119.46))
    add_sites(world, site(3, "quarters", OTHER_XIADANG, 119.47))
    with world.store.reading() as uow:
        points = places.village_points(uow, world.actors["leader"])
    assert set(points) == {XIADANG, OTHER_XIADANG}
    assert (points[XIADANG].lon_deg, points[XIADANG].lat_deg) == OFFICE_SITE
    assert points[OTHER_XIADANG].lon_deg == 119.46


def test_a_village_without_a_site_of_its_own_has_that_of_one_that_became_it(world: World) -> None:
    add_sites(world, site(1, "office", XIPU, 119.45))
    with world.store.writing() as uow:
        ended = {"valid_to": NOW.date() - timedelta(days=1)}
        for code, after in ((XIPU, OTHER_XIADANG), (OTHER_XIADANG, None)):
            values = {"successor_code": after, **(ended if after else {})}
            uow.session.execute(update(Division).where(Division.code == code).values(**values))
    with world.store.reading() as uow:
        rows = places.map_villages(uow, world.actors["leader"], on=NOW.date())
        assert places.successors(uow) == {XIPU: OTHER_XIADANG}
    assert (rows.codes, rows.lon_deg) == ([XIADANG, OTHER_XIADANG], [OFFICE_SITE[0], 119.45])


def test_codes_that_name_each_other_make_no_endless_way(world: World) -> None:
    with world.store.writing() as uow:
        for code, after in ((XIPU, OTHER_XIADANG), (OTHER_XIADANG, XIPU)):
            uow.session.execute(update(Division).where(Division.code == code).values(successor_code=after))
    with world.store.reading() as uow:
        assert places.successors(uow) == {XIPU: OTHER_XIADANG, OTHER_XIADANG: XIPU}


def test_a_reach_holds_its_own_places_only(world: World) -> None:
    add_sites(world, site(1, "office", XIPU, 119.45))
    leader = world.actors["leader"]
    with world.store.reading() as uow:
        for prefix, towns, codes in (
            (COUNTY, 2, [XIPU, XIADANG, OTHER_XIADANG]),
            (XIADANG[:9], 1, [XIPU, XIADANG]),
            (XIADANG, 1, [XIADANG]),
            ("350999", 0, []),
        ):
            actor = replace(leader, division_prefix=prefix)
            assert len(places.map_towns(uow, actor)) == towns
            assert places.map_villages(uow, actor, on=NOW.date()).codes == codes
        around = places.reach_box(uow, leader)
        assert places.reach_box(uow, replace(leader, division_prefix="350999")) is None
    assert around is not None
    assert (around.west_deg, around.east_deg) == (OFFICE_SITE[0], 119.45)


def test_the_boundaries_of_all_counties_stand_for_what_lies_in_them(world: World) -> None:
    leader = world.actors["leader"]
    county, town = box(119.0, 27.0, 120.0, 28.0), box(119.4, 27.2, 119.6, 27.5)
    areas = [
        Area(number, {"code": code}, shape, None)
        for number, (code, shape) in enumerate({XIADANG[:9]: town, COUNTY: county}.items(), 1)
    ]
    said = {"quality": places.Quality.SYNTHETIC, "source": "drawn", "licence": "none", "at_utc": NOW}
    seen = []
    for known in (areas[:1], areas):
        with world.store.writing() as uow:
            places.import_areas(uow, world.actors["admin"], known, datum=Datum.WGS84, **said)
            seen.append(places.reach_box(uow, leader))
            of_town = places.reach_box(uow, replace(leader, division_prefix=XIADANG[:9]))
    assert [(found.west_deg, found.north_deg) for found in seen if found] == [(119.4, 27.5), (119.0, 28.0)]
    assert of_town is not None
    assert (of_town.west_deg, of_town.east_deg) == (119.4, 119.6)
    with world.store.writing() as uow:
        # Of a county that is there without a boundary nothing may be left out, nor of the others.
        uow.session.add(Division(code=f"{COUNTY[:4]}99", level="county", name="演示县"))
        uow.session.flush()
        more = places.reach_box(uow, replace(leader, division_prefix=COUNTY[:4]))
    assert more == seen[-1]


def test_numbers_come_with_the_tiles(world: World) -> None:
    with world.store.writing() as uow:
        before = places.map_villages(uow, world.actors["leader"], on=NOW.date())
        places.number_divisions(uow, COUNTY)
        after = places.map_villages(uow, world.actors["leader"], on=NOW.date())
        numbers = places.map_numbers(uow, COUNTY)
    assert before.numbers == [None] * 3
    assert after.numbers == [numbers[code] for code in after.codes]
