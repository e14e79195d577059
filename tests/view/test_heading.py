"""Where a moving view is going to be."""

from __future__ import annotations

import pytest

from pathview.view.heading import Heading
from pathview.view.viewport import Viewport

VIEW = Viewport((5000.0, 4000.0), 2.0, (800, 600))


def test_a_steady_pan_is_expected_to_go_on() -> None:
    heading = Heading()
    found = (0.0, 0.0)
    for step in range(20):
        found = heading.follow(VIEW.panned(-5 * step, 0), step * 0.01)
    # 500 screen pixels a second to the right, for 0.35 s, at two slide pixels each.
    assert found == pytest.approx((500 * 2 * 0.35, 0), rel=0.01)


def test_a_view_at_rest_goes_nowhere() -> None:
    heading = Heading()
    assert heading.follow(VIEW, 0.0) == (0.0, 0.0)
    assert heading.follow(VIEW, 0.01) == (0.0, 0.0)


def test_zooms_and_jumps_after_a_pause_are_no_movement() -> None:
    heading = Heading()
    heading.follow(VIEW, 0.0)
    assert heading.follow(VIEW.zoomed(1.5, (0, 0)), 0.01) == (0.0, 0.0)
    assert heading.follow(VIEW.zoomed(1.5, (0, 0)).panned(300, 300), 5.0) == (0.0, 0.0)


def test_never_further_than_a_screen() -> None:
    heading = Heading()
    heading.follow(VIEW, 0.0)
    dx, dy = heading.follow(VIEW.panned(0, -5000), 0.01)
    assert dx == 0
    assert dy == pytest.approx(600 * 2.0)
