"""How a view moves on its own: a zoom that runs out, a slide that was thrown, arrows that speed up.

The hand is answered at once, and what follows only smooths the way: a view that waits for its own animation
feels slow however fast it draws.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

from pathview.view.viewport import Viewport

XY = tuple[float, float]

# After three of these a zoom or a step is over but for a twentieth.
_ZOOM_TAU_S = 0.045
_STEP_TAU_S = 0.06
# The time constant that touch screens have taught hands to expect of a thrown page.
_FLING_TAU_S = 0.325
# The hand's answer in the very event: what a frame at 60 Hz would have done.
_AT_ONCE_S = 0.016
_ZOOM_DONE = 0.005
_PIXEL_DONE = 0.5
# Physical pixels a second: slower than this a hand has come to rest before it let go.
_SLOWEST_THROW = 250.0
_STANDS_STILL = 25.0
_THROW_WINDOW_S = 0.08
# Less than this between first and last place is no movement of a hand that could be measured.
_SHORTEST_S = 0.015
_FASTEST_THROW = 12_000.0
# Presses of one arrow that follow within this time are a held key.
_HELD_S = 0.2
_FASTEST = 4.0
_GAIN = 1.15


class Motion:
    """Moves a viewport step by step; times are seconds of any one clock.

    Each call takes the viewport as it is and returns the one to show; a caller that moves the view by other
    means calls `stop`.
    """

    def __init__(self) -> None:
        self._goal: float | None = None
        self._at: XY = (0.0, 0.0)
        self._left: XY = (0.0, 0.0)
        self._speed: XY = (0.0, 0.0)
        self._gain = 1.0
        self._stepped = -math.inf
        self._by: XY = (0.0, 0.0)

    @property
    def going(self) -> bool:
        """Whether `advance` has something left to do."""
        return self._goal is not None or self._left != (0.0, 0.0) or self._speed != (0.0, 0.0)

    def stop(self) -> None:
        """Stay where the view is."""
        self._goal = None
        self._left = self._speed = (0.0, 0.0)

    def zoom_goal(self, viewport: Viewport) -> float:
        """Return the downsample that the view is on its way to."""
        return viewport.downsample if self._goal is None else self._goal

    def zoom(self, viewport: Viewport, goal: float, at: XY) -> Viewport:
        """Begin to zoom to the downsample `goal`, the slide staying under the screen point `at`."""
        self._left = self._speed = (0.0, 0.0)
        self._goal, self._at = goal, at
        return self.advance(viewport, _AT_ONCE_S)

    def step(self, viewport: Viewport, by: XY, now: float) -> Viewport:
        """Begin to pan by screen pixels, as `Viewport.panned`; steps that follow fast grow."""
        self._goal, self._speed = None, (0.0, 0.0)
        held = now - self._stepped < _HELD_S and by == self._by
        self._gain = min(self._gain * _GAIN, _FASTEST) if held else 1.0
        self._stepped, self._by = now, by
        self._left = (self._left[0] + by[0] * self._gain, self._left[1] + by[1] * self._gain)
        return self.advance(viewport, _AT_ONCE_S)

    def throw(self, speed: XY) -> None:
        """Let the slide go on with `speed`, screen pixels a second, until it comes to rest."""
        self.stop()
        fast = math.hypot(*speed)
        if fast >= _SLOWEST_THROW:
            share = min(1.0, _FASTEST_THROW / fast)
            self._speed = (speed[0] * share, speed[1] * share)

    def advance(self, viewport: Viewport, dt: float) -> Viewport:
        """Return the view `dt` seconds later."""
        if self._goal is not None:
            viewport = self._zoomed(viewport, dt)
        if self._left != (0.0, 0.0):
            viewport = self._stepped_on(viewport, dt)
        if self._speed != (0.0, 0.0):
            viewport = self._glided(viewport, dt)
        return viewport

    def _zoomed(self, viewport: Viewport, dt: float) -> Viewport:
        assert self._goal is not None, "the caller has looked"
        left = math.log(viewport.downsample / self._goal)
        share = 1 - math.exp(-dt / _ZOOM_TAU_S)
        moved = viewport.zoomed(math.exp(left * share), self._at)
        if abs(left * (1 - share)) > _ZOOM_DONE:
            return moved
        # The goal itself, not what floats make of it: 1:1 is to be 1:1.
        moved = replace(viewport.zoomed(viewport.downsample / self._goal, self._at), downsample=self._goal)
        self._goal = None
        return moved

    def _stepped_on(self, viewport: Viewport, dt: float) -> Viewport:
        share = 1 - math.exp(-dt / _STEP_TAU_S)
        if math.hypot(*self._left) * (1 - share) < _PIXEL_DONE:
            share = 1.0
        dx, dy = self._left[0] * share, self._left[1] * share
        self._left = (0.0, 0.0) if share == 1.0 else (self._left[0] - dx, self._left[1] - dy)
        return viewport.panned(dx, dy)

    def _glided(self, viewport: Viewport, dt: float) -> Viewport:
        decay = math.exp(-dt / _FLING_TAU_S)
        way = _FLING_TAU_S * (1 - decay)
        moved = viewport.panned(self._speed[0] * way, self._speed[1] * way)
        self._speed = (self._speed[0] * decay, self._speed[1] * decay)
        if math.hypot(*self._speed) < _STANDS_STILL:
            self._speed = (0.0, 0.0)
        return moved


class HandSpeed:
    """How fast the hand moved at last."""

    def __init__(self) -> None:
        self._places: deque[tuple[float, XY]] = deque()

    def moved(self, at: XY, now: float) -> None:
        """Note a place, screen pixels."""
        self._places.append((now, at))
        while now - self._places[0][0] > _THROW_WINDOW_S:
            self._places.popleft()

    def let_go(self, now: float) -> XY:
        """Return the speed in screen pixels a second; nothing for a hand that rested before it let go."""
        places = [place for place in self._places if now - place[0] <= _THROW_WINDOW_S]
        self._places.clear()
        if not places or places[-1][0] - places[0][0] < _SHORTEST_S:
            return (0.0, 0.0)
        (t0, (x0, y0)), (t1, (x1, y1)) = places[0], places[-1]
        return ((x1 - x0) / (t1 - t0), (y1 - y0) / (t1 - t0))
