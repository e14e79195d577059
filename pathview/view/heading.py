"""Where a moving view is going to be."""

from __future__ import annotations

import math

from pathview.view.viewport import Viewport

# Reading and decoding the tiles of half a screen takes about this long.
_SOON_S = 0.35
# Views further apart in time are not one movement.
_PAUSE_S = 0.25
# The newest movement counts this much against those before.
_NEWEST = 0.5
_FARTHEST_SCREENS = 1.0


class Heading:
    """Follows the views that are shown; times are seconds of any one clock."""

    def __init__(self) -> None:
        self._last: tuple[float, Viewport] | None = None
        self._speed = (0.0, 0.0)

    def follow(self, viewport: Viewport, now: float) -> tuple[float, float]:
        """Take the view shown now and return how far it will have moved soon, level-0 pixels.

        A zoom is no movement; neither is what comes after a pause. Never more than one screen.
        """
        last, self._last = self._last, (now, viewport)
        if last is None or not 0 < now - last[0] < _PAUSE_S or last[1].downsample != viewport.downsample:
            self._speed = (0.0, 0.0)
            return self._speed
        passed = now - last[0]
        moved = (viewport.center[0] - last[1].center[0], viewport.center[1] - last[1].center[1])
        self._speed = (
            _NEWEST * moved[0] / passed + (1 - _NEWEST) * self._speed[0],
            _NEWEST * moved[1] / passed + (1 - _NEWEST) * self._speed[1],
        )
        way = math.hypot(*self._speed) * _SOON_S
        most = _FARTHEST_SCREENS * min(viewport.size) * viewport.downsample
        # Below a pixel it is the last of a glide, and nothing new comes into view.
        if way < viewport.downsample:
            return (0.0, 0.0)
        share = _SOON_S * min(1.0, most / way)
        return self._speed[0] * share, self._speed[1] * share
