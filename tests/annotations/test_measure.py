from __future__ import annotations

from math import hypot

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pathview.annotations.measure import Measures, measure


def test_a_rectangle_on_pixels_that_are_not_square() -> None:
    assert measure(shapely.box(0, 0, 100, 10), (0.5, 0.25)) == Measures(1000, 220, 125, 105)


def test_a_slanted_line_on_pixels_that_are_not_square() -> None:
    line = measure(shapely.LineString([(10, 10), (40, 50)]), (0.5, 0.25))
    assert line.area_px == 0
    assert line.length_px == 50
    assert line.length_um == pytest.approx(hypot(15, 10))


def test_an_unknown_pixel_size_gives_no_micrometres() -> None:
    assert measure(shapely.box(0, 0, 2, 3), None) == Measures(6, 10, None, None)


def test_a_point_has_no_size() -> None:
    assert measure(shapely.Point(3, 4), (0.25, 0.25)) == Measures(0, 0, 0, 0)


@given(st.floats(0.1, 1e4), st.floats(0.1, 1e4), st.floats(0.02, 100), st.floats(0.02, 100))
def test_area_scales_by_both_pixel_sizes(width: float, height: float, mpp_x: float, mpp_y: float) -> None:
    hole = shapely.box(width / 4, height / 4, width / 2, height / 2)
    shape = shapely.box(0, 0, width, height).difference(hole)
    sizes = measure(shape, (mpp_x, mpp_y))
    assert sizes.area_um2 == pytest.approx(sizes.area_px * mpp_x * mpp_y)
