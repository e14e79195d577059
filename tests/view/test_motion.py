"""Views that move on their own: they answer at once, come to rest, and end where they were sent."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.motion import HandSpeed, Motion
from pathview.view.viewport import Viewport

VIEW = Viewport((5000.0, 4000.0), 8.0, (800, 600))
POINTS = st.tuples(st.floats(0, 800), st.floats(0, 600))
STEPS = st.lists(st.floats(0.001, 0.2), min_size=1, max_size=40)


def run(motion: Motion, view: Viewport, dt: float = 0.016, limit: int = 400) -> Viewport:
    for _ in range(limit):
        if not motion.going:
            return view
        view = motion.advance(view, dt)
    raise AssertionError("it never comes to rest")


@given(st.floats(0.1, 60), POINTS, STEPS)
def test_the_point_under_the_cursor_stays_all_the_way(
    goal: float, at: tuple[float, float], steps: list[float]
) -> None:
    motion = Motion()
    place = VIEW.to_slide(*at)
    view = motion.zoom(VIEW, goal, at)
    for dt in steps:
        assert view.to_screen(*place) == pytest.approx(at, abs=1e-6)
        view = motion.advance(view, dt)
    view = run(motion, view)
    assert view.downsample == goal
    assert view.to_screen(*place) == pytest.approx(at, abs=1e-6)


def test_a_zoom_answers_at_once_and_is_over_soon() -> None:
    motion = Motion()
    view = motion.zoom(VIEW, 4.0, (400, 300))
    assert math.log2(VIEW.downsample / view.downsample) > 0.25
    for _ in range(15):
        view = motion.advance(view, 0.016)
    assert view.downsample == 4.0
    assert not motion.going


def test_turns_of_the_wheel_add_up() -> None:
    motion = Motion()
    view = motion.zoom(VIEW, 4.0, (400, 300))
    assert motion.zoom_goal(view) == 4.0
    view = motion.zoom(view, motion.zoom_goal(view) / 2, (400, 300))
    assert run(motion, view).downsample == 2.0


@given(st.floats(-500, 500), st.floats(-500, 500), STEPS)
def test_a_step_ends_where_it_was_sent(dx: float, dy: float, steps: list[float]) -> None:
    motion = Motion()
    view = motion.step(VIEW, (dx, dy), 0.0)
    for dt in steps:
        view = motion.advance(view, dt)
    assert run(motion, view).center == pytest.approx(VIEW.panned(dx, dy).center, abs=1e-6)


def test_a_held_arrow_speeds_up_and_a_new_press_does_not() -> None:
    motion = Motion()
    view = VIEW
    for press in range(10):
        view = run(motion, motion.step(view, (100, 0), press * 0.03))
    assert VIEW.center[0] - view.center[0] > 1.5 * 1000 * VIEW.downsample
    before = view
    view = run(motion, motion.step(view, (100, 0), 10.0))
    assert view.center == pytest.approx(before.panned(100, 0).center)


def test_a_thrown_slide_comes_to_rest_and_a_slow_hand_does_not_throw() -> None:
    motion = Motion()
    motion.throw((2000.0, 0.0))
    view = run(motion, VIEW)
    # The whole way of an exponential decay is its time constant times the first speed.
    assert (VIEW.center[0] - view.center[0]) / VIEW.downsample == pytest.approx(0.325 * 2000, rel=0.02)
    motion.throw((100.0, 0.0))
    assert not motion.going


def test_stop_stops() -> None:
    motion = Motion()
    motion.throw((2000.0, 0.0))
    motion.stop()
    assert not motion.going
    assert motion.advance(VIEW, 1.0) == VIEW


def test_the_speed_of_a_hand_is_that_of_its_last_moments() -> None:
    hand = HandSpeed()
    for step in range(20):
        hand.moved((0.0, 0.0), step * 0.01)
    for step in range(20):
        hand.moved((10.0 * step, 5.0 * step), 0.2 + step * 0.01)
    assert hand.let_go(0.39) == pytest.approx((1000.0, 500.0))
    assert hand.let_go(0.39) == (0.0, 0.0)


def test_a_hand_that_rested_does_not_throw() -> None:
    hand = HandSpeed()
    for step in range(5):
        hand.moved((20.0 * step, 0.0), step * 0.01)
    assert hand.let_go(0.5) == (0.0, 0.0)
