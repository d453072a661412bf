"""Tiles: what is drawn is what was given, neighbours keep one border, and nothing but numbers goes along."""

from __future__ import annotations

import gzip
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box
from shapely.geometry import shape as as_shape

from geo import TILE_ZOOMS, BadZooms, Tile, draw_tiles, join_tiles

WEST, SOUTH = 119.40, 27.40
UNITS = 4096


def features_of(tile: Tile, layer: str = "village") -> dict[int, Any]:
    """The features of one layer, by number, in units of the whole zoom, y downwards."""
    read = mapbox_vector_tile.decode(gzip.decompress(tile.data), default_options={"y_coord_down": True})
    corner = np.array([tile.column, tile.row]) * UNITS
    return {
        feature["id"]: shapely.transform(as_shape(feature["geometry"]), lambda at: at + corner)
        for feature in read.get(layer, {"features": []})["features"]
    }


def whole(tiles: list[Tile], zoom: int, layer: str = "village") -> dict[int, Any]:
    """Each feature put together from the tiles of a zoom, without what they show beyond their edges."""
    parts: dict[int, list[Any]] = {}
    for tile in tiles:
        if tile.zoom == zoom:
            own = box(*(np.array([tile.column, tile.row, tile.column + 1, tile.row + 1]) * UNITS))
            for number, shape in features_of(tile, layer).items():
                parts.setdefault(number, []).append(shape.intersection(own))
    return {number: shapely.union_all(pieces) for number, pieces in parts.items()}


def to_units(shape: Any, zoom: int) -> Any:
    """The shape as web maps place it; the textbook formula, not ours."""

    def place(at: Any) -> Any:
        y = np.log(np.tan(np.pi / 4 + np.radians(at[:, 1]) / 2))
        return np.column_stack([(at[:, 0] + 180.0) / 360.0, (1.0 - y / np.pi) / 2.0]) * (UNITS * 2.0**zoom)

    return shapely.transform(shape, place)


def wavy_grid(columns: int, rows: int, step_deg: float, seed: int = 7) -> list[Polygon]:
    """Neighbours with crooked borders that they share to the last digit."""
    dice = np.random.default_rng(seed)
    fine = 12
    xs, ys = np.arange(columns * fine + 1), np.arange(rows * fine + 1)
    east = dice.normal(0.0, step_deg / 60, (len(xs), len(ys))) + (WEST + xs[:, None] * step_deg / fine)
    north = dice.normal(0.0, step_deg / 60, (len(xs), len(ys))) + (SOUTH + ys[None, :] * step_deg / fine)

    def ring(column: int, row: int) -> Polygon:
        west, south = column * fine, row * fine
        at = [(west + k, south) for k in range(fine)] + [(west + fine, south + k) for k in range(fine)]
        at += [(west + fine - k, south + fine) for k in range(fine)] + [(west, south + fine - k) for k in range(fine)]
        return Polygon([(east[x, y], north[x, y]) for x, y in at])

    return [ring(column, row) for column in range(columns) for row in range(rows)]


def test_every_area_is_drawn_at_every_zoom_where_it_lies() -> None:
    villages = dict(enumerate(wavy_grid(4, 4, 0.03), start=1))
    tiles = list(draw_tiles({"village": villages}))
    assert {tile.zoom for tile in tiles} == set(TILE_ZOOMS)
    for zoom in TILE_ZOOMS:
        drawn = whole(tiles, zoom)
        assert set(drawn) == set(villages)
        for number, shape in drawn.items():
            wanted = to_units(villages[number], zoom)
            # Half a pixel, which is what is left out, and the rounding to the grid.
            assert shape.symmetric_difference(wanted).area <= 6.0 * wanted.length


def test_neighbours_keep_one_border_at_every_zoom() -> None:
    villages = wavy_grid(3, 3, 0.04)
    assert shapely.coverage_is_valid(villages)
    tiles = list(draw_tiles({"village": dict(enumerate(villages, start=1))}))
    for zoom in TILE_ZOOMS:
        for tile in (tile for tile in tiles if tile.zoom == zoom):
            shapes = list(features_of(tile).values())
            assert all(shape.is_valid for shape in shapes)
            together = shapely.union_all(shapes)
            assert sum(shape.area for shape in shapes) == pytest.approx(together.area, abs=1e-6)
            holes = [Polygon(ring) for part in shapely.get_parts(together) for ring in part.interiors]
            assert holes == []


def test_two_counties_drawn_apart_still_meet() -> None:
    villages = wavy_grid(4, 3, 0.04)
    left, right = villages[:6], villages[6:]
    one = whole(list(draw_tiles({"village": dict(enumerate(left, start=1))})), 9)
    other = whole(list(draw_tiles({"village": dict(enumerate(right, start=7))})), 9)
    left_side, right_side = (shapely.union_all(list(drawn.values())) for drawn in (one, other))
    assert left_side.intersection(right_side).area == 0.0
    assert len(shapely.get_parts(shapely.union_all([left_side, right_side]))) == 1


def test_far_zooms_have_fewer_corners() -> None:
    tiles = list(draw_tiles({"village": dict(enumerate(wavy_grid(5, 5, 0.03), start=1))}))
    corners = {
        zoom: sum(shapely.get_num_coordinates(s) for t in tiles if t.zoom == zoom for s in features_of(t).values())
        for zoom in (5, 8)
    }
    assert corners[5] < corners[8]


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        (None, set()),
        (Polygon(), set()),
        (MultiPolygon(), set()),
        (Point(), set()),
        (box(WEST, SOUTH, WEST + 1e-9, SOUTH + 1e-9), set()),
        (box(WEST, SOUTH, WEST + 0.05, SOUTH + 0.05), {5}),
        (MultiPolygon([box(WEST, SOUTH, WEST + 0.02, SOUTH + 0.02), box(119.6, 27.6, 119.62, 27.62)]), {5}),
        (box(WEST, SOUTH, WEST + 0.1, SOUTH + 0.1).difference(box(119.44, 27.44, 119.46, 27.46)), {5}),
        (Point(WEST, SOUTH), {5}),
    ],
    ids=["missing", "empty", "empty-multi", "empty-point", "too-small", "plain", "multi", "hole", "point"],
)
def test_each_kind_of_shape(shape: Any, drawn: set[int]) -> None:
    tiles = list(draw_tiles({"village": {5: shape}}, zooms=range(9, 10)))
    found = whole(tiles, 9)
    assert set(found) == drawn
    if shape is not None and drawn and shape.geom_type != "Point":
        assert found[5].area == pytest.approx(to_units(shape, 9).area, rel=0.05)


def test_a_bow_tie_is_drawn_by_the_one_rule_of_repair() -> None:
    tie = Polygon([(119.40, 27.40), (119.50, 27.50), (119.50, 27.40), (119.40, 27.50)])
    [shape] = whole(list(draw_tiles({"village": {1: tie}}, zooms=range(10, 11))), 10).values()
    assert shape.is_valid
    assert shape.area > 0.0


def test_areas_at_the_edge_of_the_map_and_beyond_it() -> None:
    tiles = list(draw_tiles({"village": {1: box(179.9, -89.0, 180.0, -84.0)}}, zooms=range(5, 7)))
    assert {(tile.zoom, tile.column, tile.row) for tile in tiles} == {(5, 31, 31), (6, 63, 63), (6, 63, 62)}


def test_a_point_lies_in_one_tile_and_where_it_should() -> None:
    tiles = list(draw_tiles({"point": {9: Point(119.5044, 27.4555)}}))
    for zoom in TILE_ZOOMS:
        [tile] = [tile for tile in tiles if tile.zoom == zoom]
        [at] = features_of(tile, "point").values()
        assert at.distance(to_units(Point(119.5044, 27.4555), zoom)) <= 0.71


def test_only_numbers_go_along_and_the_bytes_are_always_the_same() -> None:
    layers = {"village": dict(enumerate(wavy_grid(2, 2, 0.03), start=1)), "point": {8: Point(119.5, 27.5)}}
    tiles = list(draw_tiles(layers))
    assert list(draw_tiles(layers)) == tiles
    for tile in tiles:
        read = mapbox_vector_tile.decode(gzip.decompress(tile.data))
        assert {layer["extent"] for layer in read.values()} == {UNITS}
        assert all(feature["properties"] == {} for layer in read.values() for feature in layer["features"])


@pytest.mark.parametrize("zooms", [range(0), range(-1, 3), range(20, 30)])
def test_zooms_that_no_map_has_are_refused(zooms: range) -> None:
    with pytest.raises(BadZooms):
        list(draw_tiles({}, zooms=zooms))


@settings(max_examples=30, deadline=None)
@given(
    west=st.floats(-179.0, 178.0),
    south=st.floats(-80.0, 79.0),
    wide=st.floats(0.01, 0.9),
    high=st.floats(0.01, 0.9),
    zoom=st.integers(5, 9),
)
def test_a_box_anywhere_is_drawn_within_a_unit(west: float, south: float, wide: float, high: float, zoom: int) -> None:
    given_box = box(west, south, west + wide, south + high)
    drawn = whole(list(draw_tiles({"village": {1: given_box}}, zooms=range(zoom, zoom + 1))), zoom)
    wanted = to_units(given_box, zoom)
    if drawn:
        assert drawn[1].hausdorff_distance(wanted) <= 1.5
    else:
        assert min(wanted.bounds[2] - wanted.bounds[0], wanted.bounds[3] - wanted.bounds[1]) < 1.0


def test_joined_tiles_show_what_each_of_them_shows() -> None:
    west = {n: box(WEST + n / 50, SOUTH, WEST + (n + 1) / 50, SOUTH + 0.04) for n in range(3)}
    east = {n: box(WEST + n / 50, SOUTH, WEST + (n + 1) / 50, SOUTH + 0.04) for n in range(3, 300)}
    one = {
        t.column: t
        for t in draw_tiles({"village": west, "town": {900: box(WEST, SOUTH, 119.5, 27.5)}}, zooms=range(6, 7))
    }
    other = {t.column: t for t in draw_tiles({"village": east}, zooms=range(6, 7))}
    [column] = one
    joined = Tile(6, column, one[column].row, join_tiles([one[column].data, other[column].data]))
    found = features_of(joined)
    assert found == {**features_of(one[column]), **features_of(other[column])}
    assert len(found) > 128  # so that the length of the layer needs two bytes and more
    assert features_of(joined, "town") == features_of(one[column], "town")


def test_a_joined_tile_has_each_layer_once() -> None:
    [one] = draw_tiles({"village": {1: box(119.40, 27.40, 119.42, 27.44)}}, zooms=range(9, 10))
    joined = gzip.decompress(join_tiles([one.data, one.data]))
    assert len(mapbox_vector_tile.decode(joined)["village"]["features"]) == 2
    assert joined[0] == 0x1A
    length, begin = joined[1] & 0x7F | (joined[2] & 0x7F) << 7, 3 if joined[1] > 0x7F else 2
    assert (length if begin == 3 else joined[1]) == len(joined) - begin
