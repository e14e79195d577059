from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pathview.core.pyramid import TileKey
from pathview.slides.made import level_pixels
from pathview.slides.slide import Slide
from pathview.tiles.source import SlideTiles


@pytest.mark.parametrize(("native", "edge"), [(256, 512), (240, 512), (512, 512), (400, 400)])
def test_the_tile_edge_follows_the_native_tile(
    make_slide: Callable[..., Slide], native: int, edge: int
) -> None:
    assert SlideTiles(make_slide(tile=native)).pyramid.tile == edge


def test_every_tile_of_every_level_is_as_large_as_the_pyramid_says(make_slide: Callable[..., Slide]) -> None:
    source = SlideTiles(make_slide((1201, 1803), downsamples=(1, 4)), tile=256)
    pyramid = source.pyramid
    for level in range(pyramid.levels):
        for key in pyramid.cover(source.slide.info.box, level):
            width, height = pyramid.pixels(key)
            assert source.read_tile(key).shape == (height, width, 3)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_tiles_hold_the_block_means(make_slide: Callable[..., Slide], level: int) -> None:
    size = (1201, 803)
    source = SlideTiles(make_slide(size, downsamples=(1,)), tile=256)
    for key in source.pyramid.cover(source.slide.info.box, level):
        width, height = source.pyramid.pixels(key)
        want = level_pixels(1 << level, key.col * 256, key.row * 256, width, height, size)
        assert np.abs(source.read_tile(key).astype(int) - want.astype(int)).max() <= 1


def test_a_slide_never_changes(made_slide: Slide) -> None:
    assert SlideTiles(made_slide).revision(TileKey(0, 0, 0)) == 0
