"""Synthetic positions for the villages of the sample county, the same every time for one seed.

No open source has village positions. These are spread over the county the way villages are (a little denser around
the towns' seats, no heaps), each town's villages together around its seat, and every one is marked 合成.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree
from shapely import MultiPolygon

from demo.county import County, Town, Village
from geo import LonLat, distance_m

SYNTHETIC = "合成"
SEED = 8
FROM_BORDER_M = 900.0
# Samples of the county's ground, and rounds of moving each point to the middle of its share of them. Few rounds on
# purpose: many would lay the villages out like a honeycomb.
SAMPLES = 12_000
ROUNDS = 4
SEAT_DENSITY = 2.0
SEAT_REACH_M = 4_000.0

Plane = NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """A village with its synthetic position, WGS 84 degrees."""

    village: Village
    town: Town
    at: LonLat


def place_villages(county: County, *, seed: int = SEED) -> dict[str, Placed]:
    """A synthetic position for every village of the county, by village code."""
    random = np.random.default_rng(seed)
    scale = _scale(county.boundary)
    seats = seat_positions(county)
    seats_m = np.array([[seats[t.code].lon_deg, seats[t.code].lat_deg] for t in county.towns]) * scale
    spots_m = _spread(_ground(county.boundary, scale, random), seats_m, len(county.villages), random)
    town_of_village = [next(i for i, t in enumerate(county.towns) if t.code == v.town_code) for v in county.villages]
    town_of_spot = _share_out(spots_m, seats_m, np.bincount(town_of_village, minlength=len(county.towns)))
    placed = {}
    for number, town in enumerate(county.towns):
        villages = [v for v, t in zip(county.villages, town_of_village, strict=True) if t == number]
        mine_m = spots_m[town_of_spot == number]
        nearest_first = mine_m[np.argsort(np.hypot(*(mine_m - seats_m[number]).T), kind="stable")]
        for village, spot_m in zip(_central_first(town, villages, random), nearest_first, strict=True):
            lon_deg, lat_deg = (float(round(value, 6)) for value in spot_m / scale)
            placed[village.code] = Placed(village, town, LonLat(lon_deg, lat_deg))
    return dict(sorted(placed.items()))


def seat_positions(county: County) -> dict[str, LonLat]:
    """The seats of the towns by town code; a town without one in open data gets a synthetic anchor."""
    known = {town.code: LonLat(*town.seat) for town in county.towns if town.seat}
    missing = [town for town in county.towns if not town.seat]
    if missing:
        anchors = _emptiest_places(county.boundary, list(known.values()), len(missing))
        known |= {town.code: anchor for town, anchor in zip(missing, anchors, strict=True)}
    return known


def _emptiest_places(boundary: MultiPolygon, taken: list[LonLat], count: int) -> list[LonLat]:
    """Points of a coarse grid, each the one that is farthest from every seat so far and from the border."""
    west, south, east, north = boundary.bounds
    lon_deg, lat_deg = (
        axis.ravel() for axis in np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40), indexing="ij")
    )
    here = np.round(np.column_stack((lon_deg, lat_deg)), 4)
    here = here[shapely.contains_xy(boundary, here[:, 0], here[:, 1])]
    spots = [LonLat(*map(float, spot)) for spot in here]
    to_border = shapely.shortest_line(shapely.points(here), boundary.boundary)
    border = shapely.get_coordinates(to_border)[1::2]
    free_m = np.array([2.0 * distance_m(s, LonLat(*map(float, b))) for s, b in zip(spots, border, strict=True)])
    for seat in taken:
        free_m = np.minimum(free_m, [distance_m(spot, seat) for spot in spots])
    found: list[LonLat] = []
    for _ in range(count):
        found.append(spots[int(free_m.argmax())])
        free_m = np.minimum(free_m, [distance_m(spot, found[-1]) for spot in spots])
    return found


def _scale(boundary: MultiPolygon) -> Plane:
    """Metres per degree at the county's middle: good enough to spread points by."""
    lon_deg, lat_deg = boundary.centroid.coords[0]
    here = LonLat(lon_deg, lat_deg)
    east_m = distance_m(here, LonLat(lon_deg + 0.1, lat_deg)) * 10.0
    return np.array([east_m, distance_m(here, LonLat(lon_deg, lat_deg + 0.1)) * 10.0])


def _ground(boundary: MultiPolygon, scale: Plane, random: np.random.Generator) -> Plane:
    """Random points of the county, in metres, that keep clear of its border."""
    inner = shapely.transform(boundary, lambda degrees: degrees * scale).buffer(-FROM_BORDER_M)
    west, south, east, north = inner.bounds
    tries = random.uniform((west, south), (east, north), size=(SAMPLES * 3, 2))
    return np.asarray(tries[shapely.contains_xy(inner, tries[:, 0], tries[:, 1])][:SAMPLES])


def _spread(ground_m: Plane, seats_m: Plane, count: int, random: np.random.Generator) -> Plane:
    """``count`` points of the ground, apart from each other and a little denser around the seats."""
    to_seat_m, _ = KDTree(seats_m).query(ground_m)
    weight = 1.0 + SEAT_DENSITY * np.exp(-to_seat_m / SEAT_REACH_M)
    spots_m = ground_m[random.choice(len(ground_m), size=count, replace=False, p=weight / weight.sum())]
    for _ in range(ROUNDS):
        _, nearest = KDTree(spots_m).query(ground_m)
        for spot in range(count):
            mine = nearest == spot
            if mine.any():
                spots_m[spot] = np.average(ground_m[mine], axis=0, weights=weight[mine])
    # A county is no convex shape, and the mean of a bay's shores lies in the water: each point goes to real ground.
    _, nearest = KDTree(ground_m).query(spots_m)
    return np.asarray(ground_m[nearest])


def _share_out(spots_m: Plane, seats_m: Plane, sizes: NDArray[np.int_]) -> NDArray[np.int_]:
    """The town of each spot: each town gets as many as it has villages, and no swap of two would bring both nearer."""
    cost = _distances(spots_m, seats_m) ** 2
    town = np.repeat(np.arange(len(sizes)), sizes)
    rows, towns = np.arange(len(spots_m)), np.arange(len(sizes))
    while True:
        # What it gains to move each spot to each town; of each town, the spot that gains most by moving to another.
        moved = cost[rows, town][:, None] - cost
        most = np.full((len(sizes), len(sizes)), -np.inf)
        which = np.zeros((len(sizes), len(sizes)), dtype=int)
        for mine in np.unique(town):
            there = rows[town == mine]
            which[mine] = there[moved[there].argmax(axis=0)]
            most[mine] = moved[which[mine], towns]
        gain = most + most.T
        one, other = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[one, other] <= 1e-6:
            return town
        leaves, comes = which[one, other], which[other, one]
        town[leaves], town[comes] = other, one


def _central_first(town: Town, villages: list[Village], random: np.random.Generator) -> list[Village]:
    """A town's villages in the order of how near the seat they may lie: residents' committees, then its namesake."""
    order = random.permutation(len(villages))

    def key(number: int) -> tuple[bool, bool, int]:
        village = villages[number]
        return village.is_village, village.short_name[:2] != town.name[:2], int(order[number])

    return [villages[number] for number in sorted(range(len(villages)), key=key)]


def _distances(these_m: Plane, those_m: Plane) -> Plane:
    return np.asarray(np.hypot(*(these_m[:, None, :] - those_m[None, :, :]).transpose(2, 0, 1)))
