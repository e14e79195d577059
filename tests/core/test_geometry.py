from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pathview.core.geometry import Box

numbers = st.floats(-1e6, 1e6)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y, w, h = draw(numbers), draw(numbers), draw(st.floats(0, 1e5)), draw(st.floats(0, 1e5))
    return Box(x, y, x + w, y + h)


def test_a_box_is_half_open() -> None:
    box = Box(1, 2, 4, 6)
    assert (box.width, box.height, box.center) == (3, 4, (2.5, 4))
    assert box.contains(1, 2)
    assert not box.contains(4, 2)
    assert not box.contains(1, 6)


def test_boxes_that_only_touch_share_nothing() -> None:
    assert Box(0, 0, 1, 1).intersect(Box(1, 0, 2, 1)).empty


def test_expanding_grows_all_sides() -> None:
    assert Box(0, 0, 2, 1).expand(1) == Box(-1, -1, 3, 2)


@given(boxes(), boxes(), numbers, numbers)
def test_a_shared_point_lies_in_both(a: Box, b: Box, x: float, y: float) -> None:
    assert a.intersect(b).contains(x, y) == (a.contains(x, y) and b.contains(x, y))
    if a.contains(x, y) or b.contains(x, y):
        assert a.union(b).contains(x, y)


@given(boxes(), boxes())
def test_order_does_not_matter(a: Box, b: Box) -> None:
    assert a.intersect(b) == b.intersect(a)
    assert a.union(b) == b.union(a)
