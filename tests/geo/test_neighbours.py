"""``geo.neighbours``: overlaps and gaps of squares whose sizes are known by hand."""

from __future__ import annotations

import pytest
import shapely
from pyproj import Geod
from shapely import Polygon, box

from geo import SeamKind, seams

GEOD = Geod(ellps="WGS84")
LEFT, RIGHT = box(119.40, 27.40, 119.50, 27.50), box(119.50, 27.40, 119.60, 27.50)


def size_m2(shape):
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])


def test_neighbours_that_fit_have_no_seams():
    assert seams([LEFT, RIGHT, box(119.40, 27.50, 119.60, 27.55)]) == []


def test_an_overlap_is_told_with_both_and_its_size():
    [seam] = seams([LEFT, box(119.498, 27.40, 119.60, 27.50), box(120.0, 27.4, 120.1, 27.5)])
    assert (seam.kind, seam.members) == (SeamKind.OVERLAP, (0, 1))
    assert seam.size_m2 == pytest.approx(size_m2(box(119.498, 27.40, 119.50, 27.50)), rel=5e-3)
    assert LEFT.contains(shapely.Point(seam.place.lon_deg, seam.place.lat_deg))


def test_a_narrow_gap_between_two_is_found_and_a_wide_one_is_country():
    # 0.0001 degrees of longitude are 9.9 m here, 0.001 are 99 m.
    [seam] = seams([LEFT, box(119.5001, 27.40, 119.60, 27.50)])
    assert (seam.kind, seam.members) == (SeamKind.GAP, (0, 1))
    assert seam.size_m2 == pytest.approx(size_m2(box(119.50, 27.40, 119.5001, 27.50)), rel=0.02)
    assert seams([LEFT, box(119.501, 27.40, 119.60, 27.50)]) == []
    assert len(seams([LEFT, box(119.501, 27.40, 119.60, 27.50)], gap_width_m=150)) == 1


def test_enclosed_ground_is_a_gap_however_wide():
    inner = box(119.43, 27.43, 119.47, 27.47)
    [seam] = seams([shapely.difference(LEFT, inner), RIGHT])
    assert (seam.kind, seam.members) == (SeamKind.GAP, (0,))
    assert seam.size_m2 == pytest.approx(size_m2(inner), rel=5e-3)
    assert seams([shapely.difference(LEFT, inner), inner]) == []


def test_a_notch_of_one_area_lies_between_nobody():
    notched = shapely.difference(LEFT, Polygon([(119.44, 27.5), (119.4402, 27.5), (119.4401, 27.45)]))
    assert seams([notched, RIGHT]) == []


def test_crumbs_are_left_out_and_the_largest_comes_first():
    areas = [LEFT, box(119.499, 27.40, 119.60, 27.50), box(119.40, 27.4999999, 119.45, 27.55)]
    assert [seam.members for seam in seams(areas)] == [(0, 1)]
    assert [seam.members for seam in seams(areas, smallest_m2=0.0)][:2] == [(0, 1), (0, 2)]


def test_exclaves_and_empty_areas_do_no_harm():
    far = shapely.MultiPolygon([box(119.7, 27.4, 119.75, 27.45), RIGHT])
    assert seams([LEFT, far, Polygon()]) == []
    assert seams([]) == [] == seams([Polygon()])
