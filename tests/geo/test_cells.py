"""The squares tell inside, outside and the way to the border as shapely does, for every kind of geometry."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo import disc
from geo.cells import REACH_M, cut_into_cells
from geo.distance import metres_per_degree
from geo.residence_kernel import leanings

HERE = (119.5, 27.4)
RING = disc(*HERE, 1500)
KINDS = {
    "disc": RING,
    "hole": RING.difference(disc(*HERE, 400)),
    "exclave": MultiPolygon([box(119.49, 27.39, 119.50, 27.40), box(119.51, 27.41, 119.52, 27.42)]),
    "island in a hole": shapely.union(RING.difference(disc(*HERE, 800)), disc(*HERE, 300)),
    "square on round numbers": box(119.49, 27.39, 119.51, 27.41),
    "sliver": box(119.49, 27.4, 119.51, 27.4001),
    "corner twice": Polygon([(119.49, 27.39), (119.51, 27.39), (119.51, 27.39), (119.5, 27.41)]),
    "large": box(119.2, 27.1, 119.8, 27.7),
}


def asked(area: shapely.Geometry, lon: np.ndarray, lat: np.ndarray, sigma_m: np.ndarray) -> np.ndarray:
    return leanings(cut_into_cells([None, area]), np.ones(len(lon), np.int32), lon, lat, sigma_m, REACH_M)


def by_shapely(area: shapely.Geometry, lon: np.ndarray, lat: np.ndarray, sigma_m: np.ndarray) -> np.ndarray:
    west, south, east, north = area.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    scale = np.array([float(metres) for metres in metres_per_degree(middle[1])])
    plane = shapely.transform(area, lambda at: (at - middle) * scale)
    x, y = ((np.column_stack([lon, lat]) - middle) * scale).T
    way_m = shapely.distance(shapely.boundary(plane), shapely.points(x, y))
    return np.clip(np.where(shapely.contains_xy(plane, x, y), way_m, -way_m) / sigma_m, -3.0, 3.0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_geometry_is_told_as_shapely_tells_it(kind: str) -> None:
    area = KINDS[kind]
    dice = np.random.default_rng(7)
    west, south, east, north = area.bounds
    width, height = east - west, north - south
    lon = dice.uniform(west - 0.3 * width, east + 0.3 * width, 4000)
    lat = dice.uniform(south - 0.3 * height - 0.002, north + 0.3 * height + 0.002, 4000)
    # Half of them along the border, where it matters.
    line = shapely.boundary(area)
    on = shapely.get_coordinates(shapely.line_interpolate_point(line, dice.random(2000), normalized=True))
    lon[:2000], lat[:2000] = (on + dice.normal(0.0, 4e-4, on.shape)).T
    sigma_m = np.exp(dice.normal(2.5, 1.0, 4000)).clip(1.0)
    # Single precision is good for a centimetre here, which at a metre's accuracy is a hundredth.
    tolerance = 0.02 * max(1.0, max(width, height) / 0.03)
    assert np.max(np.abs(asked(area, lon, lat, sigma_m) - by_shapely(area, lon, lat, sigma_m))) < tolerance


@given(
    corners=st.lists(st.tuples(st.floats(0, 0.02), st.floats(0, 0.02)), min_size=3, max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_any_polygon_is_told_as_shapely_tells_it(corners: list[tuple[float, float]], seed: int) -> None:
    raw = Polygon([(HERE[0] + x, HERE[1] + y) for x, y in corners])
    area = shapely.make_valid(raw, method="structure", keep_collapsed=False)
    if not isinstance(area, Polygon | MultiPolygon) or area.is_empty or area.area < 1e-8:
        return
    dice = np.random.default_rng(seed)
    lon, lat = HERE[0] + dice.uniform(-0.01, 0.03, 300), HERE[1] + dice.uniform(-0.01, 0.03, 300)
    sigma_m = np.full(300, 15.0)
    assert np.max(np.abs(asked(area, lon, lat, sigma_m) - by_shapely(area, lon, lat, sigma_m))) < 0.01


def test_empty_and_missing_areas_are_known_as_such() -> None:
    cells = cut_into_cells([None, Polygon(), RING, MultiPolygon()])
    assert cells.known.tolist() == [False, False, True, False]
    assert cells.columns.tolist()[:2] == [0, 0]


def test_nothing_but_areas_that_are_missing() -> None:
    assert cut_into_cells([None]).state.size == 0
