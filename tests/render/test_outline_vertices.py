from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from pathview.render import outline_vertices

RED = np.array([[1, 0, 0]], np.float32)
SQUARE = shapely.box(0, 0, 10, 10)
RING = Polygon(SQUARE.exterior, [shapely.box(4, 4, 6, 6).exterior])


def doubled(high: object, low: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(high, np.float64) + np.asarray(low, np.float64)


@given(st.floats(-1e6, 1e6))
def test_two_floats_hold_a_coordinate_to_a_millionth_of_a_pixel(value: float) -> None:
    high, low = outline_vertices.split(np.array([value]))
    assert abs(doubled(high, low)[0] - value) < 1e-6


def test_a_ring_has_a_quad_for_each_side_and_hole_side() -> None:
    vertices = outline_vertices.lines([RING], RED)
    assert len(vertices) == 4 * 8
    ends = doubled(vertices["a_high"], vertices["a_low"])
    assert {tuple(point) for point in ends} == set(map(tuple, shapely.get_coordinates(RING)))
    assert np.allclose(np.hypot(*vertices["a_along"].T), 1)


def test_lengths_add_up_along_each_line() -> None:
    lines = [LineString([(0, 0), (3, 4), (3, 10)]), LineString([(100, 0), (101, 0)])]
    vertices = outline_vertices.lines(lines, np.repeat(RED, 2, axis=0))[::4]
    assert vertices["a_lengths"].tolist() == [[5, 0], [6, 5], [1, 0]]


def test_repeated_corners_make_no_quad_without_direction() -> None:
    vertices = outline_vertices.lines([LineString([(0, 0), (0, 0), (1, 0)])], RED)
    assert len(vertices) == 4
    assert np.all(np.isfinite(vertices["a_along"]))


def test_points_are_discs_in_the_color_of_their_geometry() -> None:
    colors = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    vertices = outline_vertices.lines([MultiPoint([(1, 2), (3, 4)]), Point(5, 6)], colors)[::4]
    assert doubled(vertices["a_high"], vertices["a_low"]).tolist() == [[1, 2], [3, 4], [5, 6]]
    assert vertices["a_style"][:, :3].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert np.all(vertices["a_style"][:, 3] == outline_vertices.DISC_RADII)


def test_mixed_geometries_keep_their_colors() -> None:
    colors = np.eye(3, dtype=np.float32)
    mixed = [LineString([(0, 0), (1, 0)]), SQUARE, shapely.geometrycollections([MultiPolygon([RING])])]
    vertices = outline_vertices.lines(mixed, colors)
    owners = [tuple(style[:3]) for style in vertices["a_style"][::4]]
    assert sorted(owners) == sorted([(1, 0, 0), *[(0, 1, 0)] * 4, *[(0, 0, 1)] * 8])


@pytest.mark.parametrize(
    "geometry", [SQUARE, RING, MultiPolygon([RING, shapely.box(20, 20, 25, 30)]), Point(3, 3).buffer(2)]
)
def test_triangles_cover_exactly_the_inside(geometry: Polygon) -> None:
    corners = outline_vertices.triangles(geometry).reshape(-1, 3, 2)
    pieces = shapely.polygons(corners)
    assert shapely.area(pieces).sum() == pytest.approx(geometry.area)
    assert shapely.union_all(pieces).symmetric_difference(geometry).area == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("geometry", [Point(1, 1), LineString([(0, 0), (5, 5)]), Polygon()])
def test_what_has_no_inside_has_no_triangles(geometry: BaseGeometry) -> None:
    assert outline_vertices.triangles(geometry).shape == (0, 2)


def test_nothing_makes_empty_arrays() -> None:
    none = np.empty((0, 3), np.float32)
    assert len(outline_vertices.lines([], none)) == 0
    assert len(outline_vertices.fills([], none)) == 0
    assert len(outline_vertices.handles([])) == 0
    assert len(outline_vertices.lines([Polygon()], RED)) == 0
