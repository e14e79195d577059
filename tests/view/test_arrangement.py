"""Views side by side: they cover the canvas, do not overlap, and follow their separators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.arrangement import VIEWS, Area, Arrangement, Layout

layouts = st.sampled_from(sorted(VIEWS))
sizes = st.tuples(st.integers(50, 4000), st.integers(50, 3000))
shares = st.floats(0.15, 0.85)


@given(layouts, sizes, shares, shares, st.integers(0, 8))
def test_views_cover_all_but_the_separators(
    layout: Layout, size: tuple[int, int], upright: float, level: float, gap: int
) -> None:
    areas = Arrangement(layout, upright, level).areas(size, gap)
    assert len(areas) == VIEWS[layout]
    assert min(area.x for area in areas) == min(area.y for area in areas) == 0
    assert max(area.x + area.width for area in areas) == size[0]
    assert max(area.y + area.height for area in areas) == size[1]
    for number, area in enumerate(areas):
        assert area.width > 0
        assert area.height > 0
        for other in areas[:number]:
            apart = (area.x - other.x - other.width, other.x - area.x - area.width,
                     area.y - other.y - other.height, other.y - area.y - area.height)  # fmt: skip
            assert max(apart) in (gap, size[0], size[1]) or max(apart) >= gap


@given(layouts, sizes, shares, shares)
def test_a_separator_is_where_no_view_is_and_goes_where_it_is_dragged(
    layout: Layout, size: tuple[int, int], upright: float, level: float
) -> None:
    arrangement = Arrangement(layout, upright, level)
    gap = 4
    for x in range(0, size[0], 7):
        for y in range(0, size[1], max(size[1] // 5, 1)):
            between = not any(area.holds(x + 0.5, y + 0.5) for area in arrangement.areas(size, gap))
            if between:
                assert arrangement.separator_at(x + 0.5, y + 0.5, size, gap) is not None
    moved = arrangement.dragged("upright", (0.7 * size[0], 0), size).dragged("level", (0, 5.0), size)
    assert (moved.upright, moved.level) == pytest.approx((0.7, 0.15))
    assert arrangement.dragged("upright", (0.49 * size[0], 0), size).upright == 0.5


def test_the_level_separator_of_three_views_is_only_on_the_right() -> None:
    three = Arrangement("three")
    assert three.areas((100, 80), 2) == (Area(0, 0, 49, 80), Area(51, 0, 49, 39), Area(51, 41, 49, 39))
    assert three.separator_at(20, 40, (100, 80), 3) is None
    assert three.separator_at(80, 41, (100, 80), 3) == "level"
    assert three.separator_at(51, 10, (100, 80), 3) == "upright"
    assert Arrangement("one").separator_at(50, 40, (100, 80), 3) is None
