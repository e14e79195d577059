from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from pathview.render import outline_vertices
from pathview.render.outline_vertices import Shape

RED, GREEN, BLUE = (outline_vertices.packed(*rgb) for rgb in ((255, 0, 0), (0, 255, 0), (0, 0, 255)))
SQUARE = shapely.box(0, 0, 10, 10)
RING = Polygon(SQUARE.exterior, [shapely.box(4, 4, 6, 6).exterior])


def doubled(high: object, low: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(high, np.float64) + np.asarray(low, np.float64)


@given(st.floats(-1e6, 1e6))
def test_two_floats_hold_a_coordinate_to_a_millionth_of_a_pixel(value: float) -> None:
    high, low = outline_vertices.split(np.array([value]))
    assert abs(doubled(high, low)[0] - value) < 1e-6


def one(geometry: BaseGeometry) -> Shape:
    return outline_vertices.shapes([geometry], [RED])[0]


def test_a_ring_has_a_segment_for_each_side_and_hole_side() -> None:
    segments = one(RING).segments
    assert len(segments) == 8
    starts = doubled(segments["a_high"], segments["a_low"])
    assert {tuple(point) for point in starts} == set(map(tuple, shapely.get_coordinates(RING)))
    assert np.allclose(np.abs(segments["a_delta"]).sum(axis=1)[:4], 10)


def test_lengths_add_up_along_each_line() -> None:
    lines = [LineString([(0, 0), (3, 4), (3, 10)]), LineString([(100, 0), (101, 0)])]
    shapes = outline_vertices.shapes(lines, [RED, RED])
    assert [shape.segments["a_before"].tolist() for shape in shapes] == [[0, 5], [0]]


def test_repeated_corners_make_no_segment_without_direction() -> None:
    assert len(one(LineString([(0, 0), (0, 0), (1, 0)])).segments) == 1


def test_points_are_discs_in_the_color_of_their_geometry() -> None:
    shapes = outline_vertices.shapes([MultiPoint([(1, 2), (3, 4)]), Point(5, 6)], [RED, GREEN])
    segments = outline_vertices.joined(shapes).segments
    assert doubled(segments["a_high"], segments["a_low"]).tolist() == [[1, 2], [3, 4], [5, 6]]
    assert segments["a_color"].tolist() == [RED, RED, GREEN]
    assert np.all(segments["a_radius"] == outline_vertices.DISC_RADII)
    assert np.all(segments["a_delta"] == 0)


def test_mixed_geometries_keep_their_order_and_colors() -> None:
    mixed = [
        LineString([(0, 0), (1, 0)]),
        SQUARE,
        shapely.geometrycollections([MultiPolygon([RING]), Point(1, 1)]),
    ]
    shapes = outline_vertices.shapes(mixed, [RED, GREEN, BLUE])
    assert [len(shape.segments) for shape in shapes] == [1, 4, 9]
    for shape, color in zip(shapes, (RED, GREEN, BLUE), strict=True):
        assert np.all(shape.segments["a_color"] == color)
        assert np.all(shape.corners["a_color"] == color)


@pytest.mark.parametrize(
    "geometry", [SQUARE, RING, MultiPolygon([RING, shapely.box(20, 20, 25, 30)]), Point(3, 3).buffer(2)]
)
def test_triangles_cover_exactly_the_inside(geometry: BaseGeometry) -> None:
    assert covered(one(geometry)).symmetric_difference(geometry).area == pytest.approx(0, abs=1e-6)


def test_joined_triangles_still_cover_each_inside() -> None:
    apart = [shapely.box(x, 0, x + 5, 5) for x in (0, 10, 20)]
    shapes = outline_vertices.shapes([apart[0], Point(7, 7), *apart[1:]], [RED] * 4)
    whole = covered(outline_vertices.joined(shapes))
    assert whole.symmetric_difference(MultiPolygon(apart)).area == pytest.approx(0, abs=1e-6)


def covered(shape: Shape) -> BaseGeometry:
    corners = doubled(shape.corners["a_high"], shape.corners["a_low"])[shape.triangles]
    pieces = shapely.polygons(corners.reshape(-1, 3, 2))
    union: BaseGeometry = shapely.union_all(pieces)
    assert shapely.area(pieces).sum() == pytest.approx(union.area), "no triangle on another"
    return union


@pytest.mark.parametrize("geometry", [Point(1, 1), LineString([(0, 0), (5, 5)]), Polygon()])
def test_what_has_no_inside_has_no_triangles(geometry: BaseGeometry) -> None:
    assert len(one(geometry).triangles) == 0


def test_nothing_makes_empty_arrays() -> None:
    assert outline_vertices.shapes([], []) == []
    nothing = outline_vertices.joined([])
    assert (len(nothing.segments), len(nothing.corners), len(nothing.triangles)) == (0, 0, 0)
    assert len(outline_vertices.handles([])) == 0
    assert len(one(Polygon()).segments) == 0


def test_quads_number_the_corners_of_each_segment() -> None:
    vertices, indices = outline_vertices.quads(one(SQUARE).segments)
    assert vertices["a_corner"].tolist() == [0, 1, 2, 3] * 4
    assert sorted(set(indices.tolist())) == list(range(16))


def test_handles_are_the_corners_once_each() -> None:
    assert len(outline_vertices.handles([RING, LineString([(0, 0), (1, 1)]), Point(1, 1)])) == 4 + 4 + 2


def test_coarser_shapes_stay_near_and_none_vanishes() -> None:
    circle, speck = Point(0, 0).buffer(100, quad_segs=64), Point(500, 0).buffer(1)
    slim = outline_vertices.coarser([circle, speck, Point(1, 1)], 2.0)
    assert len(shapely.get_coordinates(slim[0])) < 40
    assert slim[0].hausdorff_distance(circle) <= 2.0
    assert slim[1].area > 0
    assert slim[2].equals(Point(1, 1))
