"""Slide.read against an exact oracle: the mean over the area of every output pixel."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pathview.core.errors import ImpossibleScaleError, TileReadError, UnknownScaleError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.made import MadeReader, coordinate_pixels
from pathview.slides.slide import Slide

SCALES = (0.5, 1.0, 1.37, 2.0, 4.0, 7.3)
SIZE = (603, 411)


def shares(start: float, step: float, count: int, size: int) -> NDArray[np.float64]:
    """Share (count, size) of each source pixel in each output pixel; NaN in pixels wholly outside."""
    edges = start + step * np.arange(count + 1)
    pixel = np.arange(size)
    weight = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    weight = np.maximum(weight, 0)
    with np.errstate(invalid="ignore"):
        result: NDArray[np.float64] = weight / weight.sum(axis=1, keepdims=True)
    return result


def oracle(size: tuple[int, int], region: Region) -> NDArray[np.float64]:
    """Means over the part of each pixel inside the slide, NaN where it lies outside."""
    rows, columns = region.shape
    box = region.box
    down = shares(box.y0, box.height / rows, rows, size[1])
    across = shares(box.x0, box.width / columns, columns, size[0])
    y, x = used(down), used(across)
    return np.stack([down[:, y] @ plane[y, x] @ across[:, x].T for plane in planes(size)], axis=2)


def used(share: NDArray[np.float64]) -> slice:
    found = np.flatnonzero((share > 0).any(axis=0))
    return slice(found[0], found[-1] + 1) if len(found) else slice(0, 1)


@cache
def planes(size: tuple[int, int]) -> list[NDArray[np.float64]]:
    pixels = coordinate_pixels(np.arange(size[0]), np.arange(size[1]))
    return [np.ascontiguousarray(pixels[..., channel], float) for channel in range(3)]


def differences(slide: Slide, region: Region) -> NDArray[np.float64]:
    got = slide.read(region)
    want = oracle(slide.info.size, region)
    assert got.shape == (*region.shape, 3)
    assert got.dtype == np.uint8
    outside = np.isnan(want)
    want[outside] = np.broadcast_to(slide.info.background, want.shape)[outside]
    difference: NDArray[np.float64] = np.abs(got - want)
    return difference


@pytest.mark.parametrize("scale", SCALES)
@settings(max_examples=40)
@given(x=st.floats(-300, 650), y=st.floats(-300, 450), w=st.integers(1, 90), h=st.integers(1, 90))
def test_every_pixel_is_the_mean_of_its_area(scale: float, x: float, y: float, w: int, h: int) -> None:
    slide = Slide(MadeReader(SIZE, downsamples=(1,), background=(7, 8, 9)))
    region = Region(Box(x, y, x + w * scale, y + h * scale), scale)
    # Half a grey level of rounding; positions closer than a ten-thousandth of a pixel are taken as equal.
    assert differences(slide, region).max() <= 0.55


@given(level=st.integers(0, 4), col=st.integers(0, 4), row=st.integers(0, 3))
def test_whole_blocks_are_averaged_exactly(level: int, col: int, row: int) -> None:
    slide = Slide(MadeReader(SIZE, downsamples=(1,)))
    step = 1 << level
    edge = 128 * step
    region = Region(Box(col * edge, row * edge, (col + 1) * edge, (row + 1) * edge), float(step))
    assert differences(slide, region).max() <= 0.5001


@given(
    scale=st.sampled_from((4.0, 5.1, 6.0, 8.0, 16.0, 23.7)), x=st.floats(-200, 600), y=st.floats(-200, 400)
)
def test_native_levels_add_only_their_own_rounding(scale: float, x: float, y: float) -> None:
    slide = Slide(MadeReader(SIZE, downsamples=(1, 4, 16)))
    difference = differences(slide, Region(Box(x, y, x + 20 * scale, y + 20 * scale), scale))
    # Averages of averages: what a level has mixed across a jump of the code cannot be parted again.
    assert np.median(difference) <= 1.0
    if scale in (4.0, 16.0) and x % scale == 0 and y % scale == 0:
        assert difference.max() <= 0.5


@pytest.mark.parametrize("downsample", [1, 4, 16])
def test_an_aligned_read_gives_the_reader_s_bytes(downsample: int) -> None:
    reader = MadeReader((4096, 3072))
    slide = Slide(reader)
    level = (1, 4, 16).index(downsample)
    region = Region(Box(64 * downsample, 32 * downsample, 164 * downsample, 112 * downsample), downsample)
    np.testing.assert_array_equal(slide.read(region), reader.read_level(level, 64, 32, 100, 80))


class Edge(MadeReader):
    """Black to the left of a level-0 place, white to the right of it, every level exactly averaged."""

    place = 2011.0

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> NDArray[np.uint8]:
        scale = self.info.levels[level].downsample
        white = np.clip(x + np.arange(w) + 1 - self.place / scale, 0, 1)
        return np.broadcast_to(np.rint(white * 255).astype(np.uint8)[None, :, None], (h, w, 3)).copy()


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5, 2.0, 3.7, 4.0, 8.0, 11.0, 16.0, 40.0])
@pytest.mark.parametrize("x", [1500.0, 1500.5, 1600.25, 1777.7])
def test_nothing_drifts(scale: float, x: float) -> None:
    slide = Slide(Edge((4096, 512), downsamples=(1, 4, 16)))
    count = math.ceil(600 / scale)
    row = slide.read(Region(Box(x, 16, x + count * scale, 16 + scale), scale))[0, :, 0]
    # The black that is seen, in level-0 pixels, ends where the edge is: grey pixels count by their share.
    seen = x + scale * np.sum(1 - row / 255)
    assert abs(seen - Edge.place) <= 0.01 * scale


def test_reading_far_outside_gives_the_background() -> None:
    slide = Slide(MadeReader(SIZE, background=(1, 2, 3)))
    pixels = slide.read(Region(Box(5000, 5000, 5100, 5050), 1.0))
    assert pixels.shape == (50, 100, 3)
    assert (pixels == (1, 2, 3)).all()


def test_pixels_half_outside_average_the_part_inside(make_slide: Callable[..., Slide]) -> None:
    slide = make_slide((100, 100), downsamples=(1,), background=(255, 0, 0))
    last = slide.read(Region(Box(96, 96, 104, 104), 8.0))
    np.testing.assert_array_equal(last[0, 0], [98, 98, 0])


def test_a_huge_read_is_done_in_bands(make_slide: Callable[..., Slide]) -> None:
    slide = make_slide((40_003, 30_001), downsamples=(1,))
    region = Region(Box(0, 0, 40_003, 1024), 256.0)
    wide = slide.read(region)
    assert wide.shape == (4, 156, 3)
    row = slide.read(Region(Box(0, 256, 40_003, 512), 256.0))
    np.testing.assert_array_equal(wide[1], row[0])


def test_levels_rounded_up_or_down_keep_the_last_pixel(make_slide: Callable[..., Slide]) -> None:
    slide = make_slide((1201, 801), downsamples=(1, 4))
    assert slide.read(Region(Box(0, 0, 1204, 804), 4.0)).shape == (201, 301, 3)


def test_downsample_for_needs_a_scale(make_slide: Callable[..., Slide]) -> None:
    assert make_slide(mpp=0.25).downsample_for(0.5) == 2.0
    with pytest.raises(UnknownScaleError, match="does not state its pixel size"):
        make_slide(mpp=None).downsample_for(0.5)


def test_a_stated_scale_serves_until_it_is_taken_back(make_slide: Callable[..., Slide]) -> None:
    slide = make_slide((64, 64), mpp=None)
    own = slide.info
    slide.state_mpp((0.5, 0.5), "stated by somebody")
    assert (slide.info.mpp, slide.info.mpp_source) == ((0.5, 0.5), "stated by somebody")
    assert slide.downsample_for(1.0) == 2
    assert slide.file_info == own
    with pytest.raises(ImpossibleScaleError):
        slide.state_mpp((0.0, 0.5))
    assert slide.info.mpp == (0.5, 0.5)
    slide.state_mpp(None)
    assert slide.info == own
    with pytest.raises(UnknownScaleError):
        slide.downsample_for(1.0)


def test_a_stated_scale_goes_before_the_file_s(make_slide: Callable[..., Slide]) -> None:
    slide = make_slide((64, 64), mpp=0.25)
    slide.state_mpp((0.5, 0.5))
    assert slide.info.mpp == (0.5, 0.5)
    assert slide.file_info.mpp == (0.25, 0.25)


def test_thumbnail_shows_the_whole(make_slide: Callable[..., Slide]) -> None:
    assert make_slide((4096, 3072)).thumbnail(256).shape == (192, 256, 3)
    assert make_slide((40, 30)).thumbnail(256).shape == (30, 40, 3)


def test_a_closed_slide_says_so(made_slide: Slide) -> None:
    made_slide.close()
    with pytest.raises(TileReadError, match="closed"):
        made_slide.read(Region(Box(0, 0, 8, 8), 1.0))
