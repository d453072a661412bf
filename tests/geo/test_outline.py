"""``geo.outline``: drawn small, and still the same area."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo import NoOutline, disc, outline


def redrawn(drawn):
    """Return the path as a shape in degrees, by reading it the way SVG says."""
    rings = []
    for start, rest in re.findall(r"M([-\d ]+)l([-\d ]+)z", drawn.svg_path):
        numbers = [int(number) for number in re.findall(r"-?\d+", f"{start} {rest}")]
        rings.append(np.cumsum(np.array(numbers).reshape(-1, 2), axis=0))
    scale = [(drawn.east_deg - drawn.west_deg) / drawn.width, -(drawn.north_deg - drawn.south_deg) / drawn.height]
    shape = Polygon()
    for ring in rings:
        shape = shapely.symmetric_difference(
            shape, shapely.make_valid(Polygon(ring * scale + [drawn.west_deg, drawn.north_deg]))
        )
    return shape


def ragged(seed, corners=3000):
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    waves = sum(rng.normal(0, 0.12 / k) * np.sin(k * angles + rng.uniform(0, 6)) for k in range(1, 60))
    radius = 0.02 * np.exp(waves)
    return Polygon(np.column_stack([119.5 + radius * np.cos(angles), 27.4 + radius * np.sin(angles)]))


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.sampled_from([400, 1000, 3000]))
def test_it_keeps_to_its_bytes_and_to_the_area(seed, largest_bytes):
    area = ragged(seed)
    drawn = outline(area, largest_bytes=largest_bytes)
    assert len(drawn.svg_path) <= largest_bytes and max(drawn.width, drawn.height) == 1000
    shape = redrawn(drawn)
    off_m = shapely.hausdorff_distance(area.boundary, shape.boundary) * 111_000
    assert off_m <= drawn.error_m * 1.2 + 5.0
    assert shapely.symmetric_difference(area, shape).area < (0.12 if largest_bytes == 400 else 0.03) * area.area


def test_more_bytes_are_nearer_the_truth():
    area = ragged(7)
    errors_m = [outline(area, largest_bytes=count).error_m for count in (300, 1000, 4000, 20_000)]
    assert errors_m == sorted(errors_m, reverse=True) and errors_m[2] < 60 and errors_m[0] > 2 * errors_m[2]


def test_the_rings_are_the_same_drawing_in_degrees():
    area = shapely.difference(ragged(3), disc(119.5, 27.4, 300))
    drawn = outline(area)
    shape = Polygon()
    for ring in drawn.rings_deg:
        assert ring[0] == ring[-1]
        shape = shapely.symmetric_difference(shape, shapely.make_valid(Polygon(ring)))
    assert shapely.symmetric_difference(redrawn(drawn), shape).area < 0.01 * area.area


def test_holes_and_exclaves_stay_while_they_can_be_seen():
    holed = shapely.difference(disc(119.5, 27.4, 2000), disc(119.5, 27.4, 500))
    exclave = MultiPolygon([*shapely.get_parts(holed), disc(119.55, 27.4, 300), disc(119.56, 27.42, 1)])
    drawn = outline(exclave)
    assert drawn.svg_path.count("M") == 3
    assert shapely.symmetric_difference(redrawn(drawn), exclave).area < 0.02 * exclave.area


def test_many_small_parts_give_way():
    archipelago = MultiPolygon(
        [
            box(119 + 0.01 * i, 27 + 0.01 * j, 119.004 + 0.01 * i, 27.004 + 0.01 * j)
            for i in range(40)
            for j in range(20)
        ]
    )
    drawn = outline(archipelago, largest_bytes=500)
    assert 0 < len(drawn.svg_path) <= 500 and drawn.error_m > 100


def test_a_browser_can_read_it():
    drawn = outline(disc(119.5, 27.4, 500))
    svg = f'<svg viewBox="0 0 {drawn.width} {drawn.height}"><path fill-rule="evenodd" d="{drawn.svg_path}"/></svg>'
    path = ElementTree.fromstring(svg).find("path").get("d")
    assert re.fullmatch(r"(M\d+ \d+l-?\d+( ?-?\d+)*z)+", path)
    corners = shapely.get_coordinates(redrawn(drawn))
    assert corners.min(axis=0) == pytest.approx([drawn.west_deg, drawn.south_deg], abs=1e-5)


@pytest.mark.parametrize(
    "area", [Polygon(), MultiPolygon(), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), box(119, 27, 120, 27.0000001)]
)
def test_what_cannot_be_drawn_is_refused(area):
    with pytest.raises(NoOutline):
        outline(area)
    with pytest.raises(NoOutline, match="200"):
        outline(disc(119.5, 27.4, 500), largest_bytes=100)
