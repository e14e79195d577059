from __future__ import annotations

from math import inf, nan, pi, sin

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon

from pathview.annotations.shapes import (
    areal,
    ellipse,
    polygon_from_points,
    rectangle,
    simplified,
    subtracted,
    translated,
    united,
)
from pathview.core.geometry import Box

_points = st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))


def test_thinning_keeps_both_lobes_of_a_stroke_that_crosses_itself() -> None:
    turns = [step * 2 * pi / 400 for step in range(400)]
    eight = [(100 * sin(turn), 50 * sin(2 * turn)) for turn in turns]
    whole, thin = polygon_from_points(eight), polygon_from_points(eight, 1.0)
    assert whole is not None
    assert thin is not None
    assert abs(thin.area - whole.area) < 0.02 * whole.area


@given(st.lists(_points, max_size=40), st.sampled_from([0.0, 1.0, 500.0]))
def test_any_stroke_gives_a_valid_area_or_none(points: list[tuple[float, float]], tolerance: float) -> None:
    shape = polygon_from_points(points, tolerance)
    assert shape is None or (shape.is_valid and shape.area > 0)


@pytest.mark.parametrize(
    "points",
    [[], [(0, 0), (1, 1)], [(0, 0), (5, 5), (9, 9)], [(0, 0), (nan, 0), (1, 1)], [(0, 0), (inf, 0), (1, 1)]],
)
def test_a_stroke_without_area_gives_none(points: list[tuple[float, float]]) -> None:
    assert polygon_from_points(points) is None


def test_a_figure_of_eight_keeps_both_lobes() -> None:
    shape = polygon_from_points([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert isinstance(shape, MultiPolygon)
    assert shape.area == pytest.approx(50)


def test_simplifying_stays_within_the_tolerance() -> None:
    wavy = shapely.Point(0, 0).buffer(100, quad_segs=64)
    slim = simplified(wavy, 1.0)
    assert shapely.get_num_coordinates(slim) < shapely.get_num_coordinates(wavy) / 4
    assert shapely.hausdorff_distance(wavy, slim) <= 1.0
    assert simplified(wavy, 0) is wavy


def test_simplifying_never_makes_a_small_shape_vanish() -> None:
    small = shapely.box(0, 0, 1, 1)
    assert not simplified(small, 100).is_empty


def test_areal_drops_lines_and_points() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(5, 5), shapely.Polygon()])
    assert areal(mixed) == shapely.box(0, 0, 1, 1)


def test_a_point_has_no_area() -> None:
    assert areal(shapely.Point(0, 0)) is None


def test_a_box_becomes_a_rectangle() -> None:
    shape = rectangle(Box(10, 20, 110, 60))
    assert shape == shapely.box(10, 20, 110, 60)
    assert rectangle(Box(5, 5, 5, 9)) is None


def test_a_box_becomes_an_ellipse() -> None:
    shape = ellipse(Box(10, 20, 110, 60)) or shapely.Point()
    assert shape.bounds == pytest.approx((10, 20, 110, 60))
    assert shape.area == pytest.approx(pi * 50 * 20, rel=1e-3)
    assert ellipse(Box(5, 5, 5, 9)) is None


def test_moving_keeps_the_shape() -> None:
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 3, 3))
    assert translated(translated(ring, 5, -7), -5, 7) == ring
    assert translated(shapely.Point(1, 2), 5, -7) == shapely.Point(6, -5)


def test_painting_and_erasing() -> None:
    left, right = shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)
    both, rest = united(left, right) or shapely.Point(), subtracted(left, right) or shapely.Point()
    assert (both.area, rest.area) == (150, 50)
    assert subtracted(left, shapely.box(-1, -1, 11, 11)) is None
