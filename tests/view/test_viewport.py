from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.geometry import Box
from pathview.view.viewport import Viewport

places = st.tuples(st.floats(-1e5, 3e5), st.floats(-1e5, 3e5))
views = st.builds(
    Viewport,
    center=places,
    downsample=st.floats(1 / 64, 512),
    size=st.tuples(st.integers(1, 4000), st.integers(1, 3000)),
    rotation=st.floats(-360, 360),
    flipped=st.booleans(),
)
spots = st.tuples(st.floats(0, 4000), st.floats(0, 3000))


def apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.dist(a, b)


@given(views, spots)
def test_screen_to_slide_and_back_is_exact_to_a_millionth_pixel(
    view: Viewport, spot: tuple[float, float]
) -> None:
    assert apart(view.to_screen(*view.to_slide(*spot)), spot) <= 1e-6


@given(views, spots, st.floats(0.05, 20))
def test_zooming_keeps_the_point_under_the_cursor(
    view: Viewport, spot: tuple[float, float], factor: float
) -> None:
    zoomed = view.zoomed(factor, spot)
    assert zoomed.downsample == pytest.approx(view.downsample / factor)
    assert apart(zoomed.to_screen(*view.to_slide(*spot)), spot) <= 1e-6


@given(views, spots, st.floats(-2000, 2000), st.floats(-2000, 2000))
def test_a_dragged_slide_follows_the_hand(
    view: Viewport, spot: tuple[float, float], dx: float, dy: float
) -> None:
    moved = view.panned(dx, dy).to_screen(*view.to_slide(*spot))
    assert apart(moved, (spot[0] + dx, spot[1] + dy)) <= 1e-6


@given(views, st.floats(0, 1), st.floats(0, 1))
def test_the_box_holds_everything_visible(view: Viewport, across: float, down: float) -> None:
    x, y = view.to_slide(across * view.size[0], down * view.size[1])
    box = view.box()
    slack = 1e-6 * view.downsample
    assert box.x0 - slack <= x <= box.x1 + slack
    assert box.y0 - slack <= y <= box.y1 + slack


@given(views, places, st.floats(1, 1e5), st.floats(1, 1e5))
def test_a_fitted_box_is_inside_the_screen_and_touches_the_margin(
    view: Viewport, corner: tuple[float, float], width: float, height: float
) -> None:
    box = Box(corner[0], corner[1], corner[0] + width, corner[1] + height)
    fitted = view.fitted(box, margin=0.05)
    corners = [fitted.to_screen(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
    free = [
        min(min(x, fitted.size[0] - x) / fitted.size[0], min(y, fitted.size[1] - y) / fitted.size[1])
        for x, y in corners
    ]
    assert min(free) == pytest.approx(0.05, abs=1e-6)


@given(views)
def test_one_cannot_get_lost(view: Viewport) -> None:
    slide = Box(0, 0, 50_000, 30_000)
    clamped = view.clamped(slide)
    x, y = clamped.center
    assert slide.x0 <= x <= slide.x1
    assert slide.y0 <= y <= slide.y1
    assert 1 / 16 <= clamped.downsample <= max(2 * view.fitted(slide).downsample, 1 / 16)
    assert clamped.clamped(slide) == clamped


def test_a_view_inside_the_limits_is_left_alone() -> None:
    view = Viewport((100, 100), 1.0, (800, 600))
    assert view.clamped(Box(0, 0, 1000, 1000)) == view
    assert view.clamped(Box(0, 0, 1000, 1000), min_downsample=2.0).downsample == 2.0
    assert view.clamped(Box(0, 0, 1000, 1000), max_downsample=0.5).downsample == 0.5


def test_turning_clockwise_moves_the_right_to_the_bottom() -> None:
    view = Viewport((0, 0), 1.0, (100, 100)).rotated(90)
    assert view.to_screen(10, 0) == (50, 60)
    assert view.rotated(300).rotation == 30


def test_resizing_keeps_the_middle_and_is_never_empty() -> None:
    view = Viewport((5, 6), 2.0, (100, 100))
    assert view.resized((300, 0)) == replace(view, size=(300, 1))
    assert view.centered(1, 2).center == (1, 2)


@given(views, st.integers(0, 9))
def test_snapping_aligns_pixels_and_moves_less_than_one_sees(view: Viewport, octave: int) -> None:
    upright = replace(view, rotation=0.0, downsample=2.0**octave)
    snapped = upright.snapped()
    x, y = snapped.to_slide(0, 0)
    assert x / 2**octave == pytest.approx(round(x / 2**octave), abs=1e-6)
    assert y / 2**octave == pytest.approx(round(y / 2**octave), abs=1e-6)
    moved = upright.to_screen(*snapped.center)
    assert max(abs(moved[0] - view.size[0] / 2), abs(moved[1] - view.size[1] / 2)) <= 0.5 + 1e-6
    assert snapped.snapped() == snapped


@pytest.mark.parametrize(("downsample", "rotation"), [(1.5, 0.0), (0.5, 0.0), (1.0, 30.0)])
def test_other_views_are_not_snapped(downsample: float, rotation: float) -> None:
    view = Viewport((10.3, 20.7), downsample, (100, 100), rotation)
    assert view.snapped() is view


@given(views, spots)
def test_a_mirror_swaps_left_and_right_of_what_is_seen(view: Viewport, spot: tuple[float, float]) -> None:
    place = view.to_slide(*spot)
    x, y = view.mirrored().to_screen(*place)
    assert apart((view.size[0] - x, y), spot) <= 1e-6
    assert view.mirrored().mirrored() == view


@given(views, st.floats(-180, 180))
def test_a_turn_is_clockwise_as_it_is_seen(view: Viewport, degrees: float) -> None:
    right = view.to_slide(view.size[0] / 2 + 100, view.size[1] / 2)
    x, y = view.rotated(degrees).to_screen(*right)
    angle = math.radians(degrees)
    expected = (view.size[0] / 2 + 100 * math.cos(angle), view.size[1] / 2 + 100 * math.sin(angle))
    assert apart((x, y), expected) <= 1e-4


@given(views)
def test_upright_is_neither_turned_nor_mirrored(view: Viewport) -> None:
    assert (view.upright().rotation, view.upright().flipped) == (0.0, False)
    assert view.upright().center == view.center


@given(views, st.floats(0, 359))
def test_turned_is_what_is_seen(view: Viewport, degrees: float) -> None:
    assert view.upright().rotated(degrees).turned == pytest.approx(degrees)
    assert view.upright().mirrored().rotated(degrees).turned == pytest.approx(degrees)
