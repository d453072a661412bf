"""Synthetic positions: inside the county, spread, the same every time."""

from collections import Counter
from itertools import pairwise

import shapely

from demo.cast import NAMESAKE_CODE, VISITED_CODE
from demo.county import sample_county
from demo.places import FROM_BORDER_M, Placed, place_villages, seat_positions
from geo import distance_m


def test_the_county_is_whole() -> None:
    county = sample_county()
    assert len(county.towns) == 14
    assert len(county.villages) == 205
    assert county.boundary.is_valid
    assert [town.name for town in county.towns if town.seat is None] == ["犀溪镇"]
    namesakes = [village for village in county.villages if village.short_name == "下党村"]
    assert {village.code for village in namesakes} == {VISITED_CODE, NAMESAKE_CODE}


def test_every_village_lies_inside_the_county_clear_of_its_border(placed: dict[str, Placed]) -> None:
    border = sample_county().boundary
    assert set(placed) == {village.code for village in sample_county().villages}
    for place in placed.values():
        point = shapely.Point(place.at.lon_deg, place.at.lat_deg)
        assert border.contains(point)
        nearest = shapely.shortest_line(point, border.boundary).coords[1]
        assert distance_m(place.at, type(place.at)(*nearest)) > FROM_BORDER_M * 0.95


def test_no_two_villages_stand_in_one_heap(placed: dict[str, Placed]) -> None:
    spots = sorted(placed.values(), key=lambda p: p.at.lat_deg)
    for one, other in pairwise(spots):
        assert one.at != other.at
    for number, one in enumerate(spots):
        assert all(distance_m(one.at, other.at) > 600 for other in spots[number + 1 :])


def test_villages_lie_around_their_own_town(placed: dict[str, Placed]) -> None:
    seats = seat_positions(sample_county())
    nearest_is_own = Counter(
        min(seats, key=lambda code: distance_m(place.at, seats[code])) == place.town.code for place in placed.values()
    )
    assert nearest_is_own[True] > 0.6 * len(placed)
    assert all(distance_m(place.at, seats[place.town.code]) < 14_000 for place in placed.values())


def test_a_town_without_a_seat_gets_an_anchor_inside_the_county() -> None:
    anchor = seat_positions(sample_county())["350924104"]
    assert sample_county().boundary.contains(shapely.Point(anchor.lon_deg, anchor.lat_deg))


def test_the_same_seed_gives_the_same_map(placed: dict[str, Placed]) -> None:
    assert place_villages(sample_county()) == placed
    assert place_villages(sample_county(), seed=7) != placed


def test_the_canteen_of_the_visited_town_is_well_outside_the_visited_village(placed: dict[str, Placed]) -> None:
    visited = placed[VISITED_CODE]
    assert 3_800 < distance_m(visited.at, seat_positions(sample_county())[visited.town.code]) < 5_000
