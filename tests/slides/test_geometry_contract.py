"""Where a pixel lies: 200 regions all over a large slide, at odd scales, against the exact average.

Red and green of a made slide count the level-0 pixels along x and y (modulo 256), so that a difference in
grey levels is a distance in level-0 pixels wherever no jump of the count is near; blue tells the period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide

SIZE = (40_003, 30_001)
SCALES = (0.5, 1.0, 1.37, 4.0, 7.3, 29.6)
REGIONS = 200
SHAPE = (24, 32)
BACKGROUND = (7, 8, 9)
TOLERANCE_PX = 0.5
ENOUGH = 8

type Floats = NDArray[np.float64]


class Floored(MadeReader):
    """A slide whose writer threw away what fills no whole pixel of a level, as most scanners do."""

    def __init__(self) -> None:
        super().__init__(SIZE, downsamples=(1, 4, 16), background=BACKGROUND)
        levels = [
            replace(level, size=(int(SIZE[0] // level.downsample), int(SIZE[1] // level.downsample)))
            for level in self._info.levels
        ]
        self._info = replace(self._info, levels=tuple(levels))


READERS = {
    "no levels": lambda: MadeReader(SIZE, downsamples=(1,), background=BACKGROUND),
    "levels of powers of two": lambda: MadeReader(SIZE, downsamples=(1, 4, 16), background=BACKGROUND),
    "odd levels": lambda: MadeReader(SIZE, downsamples=(1, 3, 10), background=BACKGROUND),
    "levels rounded down": Floored,
}


# Up to their first level, slides with levels are read like one without.
CASES = [(kind, scale) for kind in READERS for scale in SCALES if kind == "no levels" or scale >= 4]


@dataclass(frozen=True, slots=True)
class Axis:
    """What is true along one axis of a region.

    Attributes
    ----------
    low, high
        Exact means (count,) of the low byte and of the four bits above it, over the part inside.
    inside
        Which pixels meet the slide at all.
    ramp
        Which pixels, with a margin for the level's own pixels, meet neither a jump nor a border.
    border
        Which pixels lie across a border of the slide or beside it, and meet no jump.
    """

    low: Floats
    high: Floats
    inside: NDArray[np.bool_]
    ramp: NDArray[np.bool_]
    border: NDArray[np.bool_]


def exact(start: float, step: float, count: int, size: int, margin: float) -> Axis:
    edges = start + step * np.arange(count + 1)
    left, right = np.clip(edges[:-1], 0, size), np.clip(edges[1:], 0, size)
    length = np.maximum(right - left, 1e-12)
    pixel = np.arange(size + 1)
    means = [
        (np.interp(right, pixel, sums) - np.interp(left, pixel, sums)) / length for sums in integrals(size)
    ]
    first, last = edges[:-1] - margin, edges[1:] + margin
    clear = (np.maximum(first, 0) // 256) == (np.minimum(last, size) // 256)
    wholly = (first >= 0) & (last <= size)
    inside = right - left > 1e-3 * step
    return Axis(means[0], means[1], inside, clear & wholly, clear & inside & ~wholly)


@cache
def integrals(size: int) -> tuple[Floats, Floats]:
    """Return the integrals of the low byte and the four bits above it from 0 to each pixel's edge."""
    pixel = np.arange(size)
    low, high = (np.append(0.0, np.cumsum(code, dtype=float)) for code in (pixel & 255, (pixel >> 8) & 15))
    return low, high


def places(seed: int, scale: float) -> list[Region]:
    """Return regions all over the slide, every fourth of them across one of its edges or corners."""
    random = np.random.default_rng(seed)
    extent = np.array(SHAPE[::-1]) * scale
    regions = []
    for number in range(REGIONS):
        corner = random.uniform(0, np.array(SIZE) - extent)
        if number % 4 == 0:
            side = random.integers(1, 4)  # x, y or both
            border = random.integers(0, 2, 2) * np.array(SIZE) - random.uniform(0.2, 0.8, 2) * extent
            corner = np.where([side & 1, side & 2], border, corner)
        x, y = np.floor(corner) if number % 3 == 0 else corner
        regions.append(Region(Box(x, y, x + extent[0], y + extent[1]), scale))
    return regions


def level_downsample(slide: Slide, scale: float) -> float:
    return max(d for d in (level.downsample for level in slide.info.levels) if d <= max(scale, 1) * 1.01)


def off_by(got: Floats, x: Axis, y: Axis) -> Iterator[tuple[Floats, Axis]]:
    """Yield how many level-0 pixels off pixels are, as (pixels along the axis, others), and the axis."""
    yield (got[..., 0] - x.low)[y.inside].T, x
    yield (got[..., 1].T - y.low)[x.inside].T, y


@pytest.mark.parametrize(("kind", "scale"), CASES)
def test_every_region_lies_where_it_was_asked_for(kind: str, scale: float) -> None:
    judged = 0
    with Slide(READERS[kind]()) as slide:
        d = level_downsample(slide, scale)
        # The mean of an even number of neighbours ends in .5, and made levels round that up.
        bias = 0.5 if d % 2 == 0 else 0.0
        # Grey levels are whole; and a level's pixel counts by its share, as if it were of one colour, which
        # puts one pixel off by that much, and the next as much the other way.
        single = 0.501 + (d * d / (8 * scale) if d > 1 else 0)
        for region in places(round(10 * scale), scale):
            box = region.box
            got = slide.read(region).astype(float)
            assert got.shape == (*SHAPE, 3)
            x = exact(box.x0, scale, SHAPE[1], SIZE[0], d)
            y = exact(box.y0, scale, SHAPE[0], SIZE[1], d)
            for error, axis in off_by(got, x, y):
                clear = error[axis.ramp] - bias
                assert np.abs(clear).max(initial=0) <= single
                if len(clear) >= ENOUGH and clear.size:
                    assert abs(clear.mean()) <= TOLERANCE_PX
                judged += clear.size
            period = got[..., 2] - (16 * x.high + y.high[:, None])
            assert np.abs(period[np.ix_(y.ramp, x.ramp)]).max(initial=0) <= 1e-6
    assert judged > 150_000


@pytest.mark.parametrize(("kind", "scale"), CASES)
def test_at_the_edges_pixels_average_the_part_inside(kind: str, scale: float) -> None:
    borders, outside = 0, 0
    with Slide(READERS[kind]()) as slide:
        d = level_downsample(slide, scale)
        # Half a pixel of the level, which is a mean itself; all of it where the last one was thrown away.
        reach = 0.51 if d == 1 else 0.51 + d / (1 if kind == "levels rounded down" else 2)
        for region in places(round(10 * scale), scale):
            box = region.box
            got = slide.read(region).astype(float)
            x = exact(box.x0, scale, SHAPE[1], SIZE[0], d)
            y = exact(box.y0, scale, SHAPE[0], SIZE[1], d)
            beside = ~(y.inside[:, None] & x.inside)
            assert (got[beside] == BACKGROUND).all()
            outside += int(beside.sum())
            for error, axis in off_by(got, x, y):
                border = np.abs(error[axis.border])
                assert border.max(initial=0) <= reach
                borders += border.size
    assert borders > 500
    assert outside > 5_000
