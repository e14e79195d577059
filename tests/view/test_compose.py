from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pathview.annotations.annotation import Annotation
from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import Rgb, SlideTiles, TileSource
from pathview.view import compose as compose_module
from pathview.view.compose import Frame, Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SLIDE, HEAT, LINES = Layer("slide", "slide"), Layer("heat", "heatmap"), Layer("lines", "annotations")
STATE = ViewState(Viewport((1000, 800), 1.0, (320, 240)), (SLIDE, HEAT, LINES))


class FakeCanvas:
    def __init__(self) -> None:
        self.holds: set[TileKey] = set()

    def resident(self, source: TileSource) -> Container[TileKey]:
        return self.holds

    def fading(self, source: TileSource) -> Container[TileKey]:
        return frozenset()

    def show(
        self, picture: Picture, tiles: TileLoader, budget_s: float | None = None, *, same: bool = False
    ) -> bool:
        return True

    def snapshot(self) -> Rgb:
        return np.zeros((1, 1, 3), np.uint8)


@pytest.fixture
def loader(inbox: Inbox) -> Iterator[TileLoader]:
    loader = TileLoader(inbox, threads=0)
    yield loader
    loader.close()


@pytest.fixture
def shown(loader: TileLoader) -> Callable[..., Frame]:
    def shown(state: ViewState, scene: Scene, holds: set[TileKey] | None = None, **more: Any) -> Frame:
        canvas = FakeCanvas()
        canvas.holds = holds or set()
        return compose(state, scene, loader, canvas, **more)

    return shown


def test_raster_layers_come_in_order_with_their_sources(
    shown: Callable[..., Frame], made_slide: Slide
) -> None:
    slide, heat = SlideTiles(made_slide), SlideTiles(made_slide)
    scene = Scene(slide, {"heat": heat})
    frame = shown(STATE, scene)
    assert [(raster.source, raster.layer) for raster in frame.rasters] == [(slide, SLIDE), (heat, HEAT)]
    assert [source for source, _ in frame.wishes] == [slide, heat]
    upside_down = shown(replace(STATE, layers=(HEAT, SLIDE)), scene)
    assert [raster.source for raster in upside_down.rasters] == [heat, slide]


def test_what_is_hidden_or_missing_plans_nothing(shown: Callable[..., Frame], made_slide: Slide) -> None:
    scene = Scene(SlideTiles(made_slide), annotations=AnnotationStore([Annotation(shapely.Point(1000, 800))]))
    assert [raster.layer for raster in shown(STATE, scene).rasters] == [SLIDE]
    hidden = replace(STATE, layers=(replace(SLIDE, visible=False), replace(LINES, opacity=0.0)))
    frame = shown(hidden, scene)
    assert (frame.rasters, frame.outlines, frame.outline_layer) == ((), (), None)
    assert shown(STATE, Scene()).rasters == ()


def test_what_the_canvas_holds_is_drawn_and_the_rest_wanted(
    shown: Callable[..., Frame], made_slide: Slide
) -> None:
    frame = shown(STATE, Scene(SlideTiles(made_slide)), {TileKey(0, 1, 1)})
    plan = frame.rasters[0].plan
    assert plan.draw == (TileKey(0, 1, 1),)
    assert TileKey(0, 2, 1) in plan.want


def test_only_annotations_near_the_view_are_in_the_frame(shown: Callable[..., Frame]) -> None:
    near, far = Annotation(shapely.Point(1000, 800)), Annotation(shapely.Point(9000, 9000))
    state = replace(STATE, selection=frozenset({near.id}))
    frame = shown(state, Scene(annotations=AnnotationStore([far, near])))
    assert frame.outlines == (near,)
    assert frame.selection == {near.id}
    assert frame.outline_layer == LINES


def test_unreadable_cells_in_view_are_named(
    shown: Callable[..., Frame], make_slide: Any, loader: TileLoader, inbox: Inbox
) -> None:
    source = SlideTiles(make_slide(failing=[(0, 4, 4)]))
    scene = Scene(source)
    state = replace(STATE, viewport=replace(STATE.viewport, center=(1280, 1280)))
    for _ in range(3):
        loader.wish("test", shown(state, scene).wishes)
        while loader.work():
            pass
        inbox.drain()
    assert shown(state, scene).rasters[0].failed == (TileKey(0, 2, 2),)


def test_preview_colors_and_background_pass_through(shown: Callable[..., Frame]) -> None:
    line = shapely.LineString([(0, 0), (1, 1)])
    scene = Scene(colors={"Tumor": (1, 2, 3)}, background=(4, 5, 6))
    frame = shown(STATE, scene, preview=line)
    assert (frame.preview, frame.colors, frame.background) == (line, scene.colors, (4, 5, 6))


@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.floats(1e-2, 1e5), st.floats(1e-2, 1e5))
def test_the_cells_asked_for_hold_the_box_and_not_much_more(
    x: float, y: float, width: float, height: float
) -> None:
    box = Box(x, y, x + width, y + height)
    cells = compose_module._cells(box)
    assert cells.union(box) == cells
    assert max(cells.width, cells.height) <= 4 * max(box.width, box.height, 1)


def test_contours_are_those_of_visible_layers_that_show_them(shown: Callable[..., Frame]) -> None:
    lines = shapely.MultiLineString([[(0, 0), (10, 10)]])
    scene = Scene(contours={"heat": lines})
    assert shown(STATE, scene).contours == ()
    on = STATE.with_layer(replace(HEAT, contours=True))
    assert shown(on, scene).contours == (lines,)
    assert shown(on, Scene()).contours == ()
    assert shown(on.with_layer(replace(HEAT, contours=True, opacity=0.0)), scene).contours == (lines,)
    assert shown(on.with_layer(replace(HEAT, contours=True, visible=False)), scene).contours == ()
