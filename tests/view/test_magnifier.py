from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.magnifier import POWERS, Power, lens
from pathview.view.viewport import Viewport

views = st.builds(
    Viewport,
    center=st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)),
    downsample=st.floats(1 / 16, 256),
    size=st.just((1200, 900)),
    rotation=st.floats(0, 360),
    flipped=st.booleans(),
)
spots = st.tuples(st.floats(0, 1200), st.floats(0, 900))
powers = st.sampled_from(POWERS)


@given(views, spots, st.integers(100, 400), powers)
def test_what_lies_under_its_middle_is_shown_there(
    view: Viewport, at: tuple[float, float], edge: int, power: Power
) -> None:
    found = lens(view, at, edge, power)
    seen = found.viewport.to_screen(*view.to_slide(*at))
    assert math.dist(seen, (edge / 2, edge / 2)) < 1e-3
    # The lens itself lies on whole pixels, not more than half of one beside the place.
    assert abs(found.left + edge / 2 - at[0]) <= 0.5 + 1e-9
    assert abs(found.top + edge / 2 - at[1]) <= 0.5 + 1e-9


@given(views, spots, powers, st.floats(0, 6.28))
def test_it_lies_as_the_view_and_is_larger_by_its_factor(
    view: Viewport, at: tuple[float, float], power: Power, way: float
) -> None:
    found = lens(view, at, 240, power)
    x, y = view.to_slide(at[0] + 10 * math.cos(way), at[1] + 10 * math.sin(way))
    sx, sy = found.viewport.to_screen(x, y)
    assert (sx - 120) == pytest.approx(10 * found.factor * math.cos(way), abs=1e-3)
    assert (sy - 120) == pytest.approx(10 * found.factor * math.sin(way), abs=1e-3)


@pytest.mark.parametrize(
    ("downsample", "power", "shown", "factor"),
    [
        (8.0, "2x", 4.0, 2.0),
        (8.0, "4x", 2.0, 4.0),
        (8.0, "full", 1.0, 8.0),
        (1.0, "full", 0.5, 2.0),
        (0.5, "full", 0.25, 2.0),
        (0.1, "4x", 1 / 16, 1.6),
        (1 / 16, "2x", 1 / 16, 1.0),
    ],
)
def test_powers(downsample: float, power: Power, shown: float, factor: float) -> None:
    found = lens(Viewport((0, 0), downsample, (100, 100)), (50, 50), 240, power)
    assert found.viewport.downsample == pytest.approx(shown)
    assert found.factor == pytest.approx(factor)
