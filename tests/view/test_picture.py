from __future__ import annotations

from dataclasses import replace

import pytest

from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.tiles.plan import TilePlan
from pathview.tiles.source import SlideTiles, TileSource
from pathview.view.arrangement import Area
from pathview.view.compose import Frame, RasterPass
from pathview.view.layers import Layer
from pathview.view.picture import Picture, Placed
from pathview.view.viewport import Viewport

SLIDE = Layer("slide", "slide")


@pytest.fixture
def source() -> TileSource:
    return SlideTiles(Slide(MadeReader((40_000, 30_000))))


def at(x: float, source: TileSource, downsample: float = 1.0) -> Frame:
    raster = RasterPass(source, TilePlan((), (), ()), SLIDE)
    return Frame(Viewport((x, 1000.0), downsample, (400, 300)), (raster,))


def test_another_spot_of_the_same_slide_is_a_jump(source: TileSource) -> None:
    before = Picture.of(at(1000.0, source))
    assert Picture.of(at(2000.0, source)).jumps_from(before)
    assert not Picture.of(at(1100.0, source)).jumps_from(before), "part of it was seen before"
    assert not Picture.of(at(1000.0, source, 8.0)).jumps_from(before), "zooming keeps the middle"
    assert not before.jumps_from(before)


def test_another_slide_is_no_jump(source: TileSource) -> None:
    other = SlideTiles(Slide(MadeReader((40_000, 30_000))))
    assert not Picture.of(at(2000.0, other)).jumps_from(Picture.of(at(1000.0, source)))


def test_another_size_is_no_jump(source: TileSource) -> None:
    before = Picture.of(at(1000.0, source))
    assert not replace(Picture.of(at(2000.0, source)), size=(300, 300)).jumps_from(before)


def test_views_that_stand_still_are_left_out_but_one_that_moves_a_little_is_not(source: TileSource) -> None:
    def two(left: float, right: float) -> Picture:
        areas = Area(0, 0, 400, 300), Area(400, 0, 400, 300)
        frames = at(left, source), at(right, source)
        return Picture((800, 300), tuple(Placed(*one) for one in zip(frames, areas, strict=True)))

    before = two(1000.0, 5000.0)
    assert two(1000.0, 9000.0).jumps_from(before)
    assert not two(1010.0, 9000.0).jumps_from(before)
