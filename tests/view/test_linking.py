from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.linking import Transform, followed
from pathview.view.viewport import Viewport

places = st.tuples(st.floats(-1e5, 3e5), st.floats(-1e5, 3e5))
views = st.builds(
    Viewport,
    center=places,
    downsample=st.floats(1 / 16, 256),
    size=st.just((800, 600)),
    rotation=st.floats(0, 360),
    flipped=st.booleans(),
)


def similarity(scale: float, turn: float, mirrored: bool, dx: float, dy: float) -> Transform:
    xx, xy, yx, yy = Viewport((0, 0), 1.0, (1, 1), turn, mirrored).matrix
    return Transform(scale * xx, scale * xy, scale * yx, scale * yy, dx, dy)


similarities = st.builds(
    similarity,
    st.floats(0.1, 10),
    st.floats(0, 360),
    st.booleans(),
    st.floats(-1e5, 1e5),
    st.floats(-1e5, 1e5),
)


def alike(a: Viewport, b: Viewport, tolerance: float = 1e-3) -> bool:
    """Whether two views put the corners of the screen on the same places, to a part of a screen pixel."""
    corners = ((0, 0), (800, 0), (0, 600), (800, 600))
    return a.flipped == b.flipped and all(
        math.dist(a.to_slide(*at), b.to_slide(*at)) < tolerance * a.downsample for at in corners
    )


@given(views, similarities, st.floats(0, 800), st.floats(0, 600))
def test_every_point_of_the_screen_shows_the_same_place(
    view: Viewport, transform: Transform, sx: float, sy: float
) -> None:
    other = followed(view, transform)
    there = transform.apply(*view.to_slide(sx, sy))
    assert math.dist(other.to_screen(*there), (sx, sy)) < 1e-3


@given(views, similarities)
def test_there_and_back_is_the_view_itself(view: Viewport, transform: Transform) -> None:
    assert alike(view, followed(followed(view, transform), transform.inverse()))


@given(views, similarities, similarities)
def test_two_links_in_a_row_are_one(view: Viewport, first: Transform, second: Transform) -> None:
    assert alike(followed(followed(view, first), second), followed(view, first.then(second)))


@given(similarities, places)
def test_the_inverse_takes_back(transform: Transform, place: tuple[float, float]) -> None:
    back = transform.inverse().apply(*transform.apply(*place))
    assert math.dist(back, place) < 1e-4
    both = transform.then(transform.inverse())
    assert math.dist(both.apply(*place), place) < 1e-4


@given(views, similarities, st.tuples(st.integers(1, 3000), st.integers(1, 3000)))
def test_middles_meet_in_windows_of_other_sizes(
    view: Viewport, transform: Transform, size: tuple[int, int]
) -> None:
    other = followed(view, transform, size)
    assert other.size == size
    assert other.center == transform.apply(*view.center)
    scale = math.sqrt(abs(transform.determinant))
    assert other.downsample == pytest.approx(view.downsample * scale)


def test_panning_zooming_turning_and_mirroring_are_followed() -> None:
    transform = similarity(0.5, 30.0, True, 1000.0, -200.0)
    view = Viewport((5000.0, 4000.0), 8.0, (800, 600), 10.0)
    other = followed(view, transform)
    assert alike(followed(view.panned(40, -25), transform), other.panned(40, -25))
    assert alike(followed(view.zoomed(3.0, (100, 50)), transform), other.zoomed(3.0, (100, 50)))
    assert alike(followed(view.rotated(45.0), transform), other.rotated(45.0))
    assert alike(followed(view.mirrored(), transform), other.mirrored())


def test_quarter_turns_stay_exact_so_that_pixels_stay_sharp() -> None:
    other = followed(Viewport((10.0, 20.0), 1.0, (8, 8), 90.0), similarity(2.0, 180.0, False, 0.0, 0.0))
    assert other.rotation == 270.0
    assert not other.flipped


def test_a_sheared_slide_is_followed_as_nearly_as_a_view_can() -> None:
    sheared = Transform(2.0, 0.2, 0.0, 1.0, 0.0, 0.0)
    other = followed(Viewport((100.0, 100.0), 4.0, (800, 600)), sheared)
    assert other.center == sheared.apply(100.0, 100.0)
    assert other.downsample == pytest.approx(4.0 * math.sqrt(2.0))
    assert min(other.rotation, 360 - other.rotation) < 6


def test_a_map_onto_a_line_has_no_inverse() -> None:
    with pytest.raises(ZeroDivisionError):
        Transform(1.0, 1.0, 1.0, 1.0).inverse()
