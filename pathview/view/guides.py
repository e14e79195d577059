"""Lines over the slide that help to find one's way: a grid of known spacing."""

from __future__ import annotations

import math
from typing import NamedTuple

from pathview.core.geometry import Box
from pathview.view.viewport import Viewport

XY = tuple[float, float]
Line = tuple[XY, XY]
"""From one point of the screen to another, physical pixels."""

# Closer lines hide the tissue.
_CLOSEST_PX = 70.0
_STEPS = (1.0, 2.0, 5.0, 10.0)


class Grid(NamedTuple):
    """A grid.

    Attributes
    ----------
    lines
        On the screen.
    spacing
        Between two lines, in um where the scale is known, else in level-0 pixels.
    in_um
        Which of them.
    """

    lines: tuple[Line, ...]
    spacing: float
    in_um: bool


def grid(viewport: Viewport, size: tuple[int, int], mpp: tuple[float, float] | None) -> Grid:
    """Return a grid over a slide, from its corner, that is neither too fine nor too coarse to help.

    Parameters
    ----------
    viewport
        Where one looks.
    size
        Level-0 (width, height) of the slide: there is no grid beside it.
    mpp
        (x, y) um/px, or None where it is unknown.
    """
    unit = mpp or (1.0, 1.0)
    spacing = _nice(_CLOSEST_PX * viewport.downsample * math.sqrt(unit[0] * unit[1]))
    box = viewport.box().intersect(Box(0, 0, *size))
    lines: list[Line] = []
    if not box.empty:
        for axis in (0, 1):
            lines += _along(viewport, box, axis, spacing / unit[axis])
    return Grid(tuple(lines), spacing, mpp is not None)


def _along(viewport: Viewport, box: Box, axis: int, step: float) -> list[Line]:
    """Return the lines at the multiples of `step` level-0 pixels along an axis, as far as `box` reaches."""
    low, high, start, end = (
        (box.x0, box.x1, box.y0, box.y1) if axis == 0 else (box.y0, box.y1, box.x0, box.x1)
    )
    places = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    ends = ([(at, start), (at, end)] if axis == 0 else [(start, at), (end, at)] for at in places)
    return [(viewport.to_screen(*first), viewport.to_screen(*last)) for first, last in ends]


def _nice(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))
