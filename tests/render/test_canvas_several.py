"""Several views on one canvas: each shows what it shows alone, to the pixel, and nothing beyond its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.store import AnnotationStore
from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.render.canvas import GlCanvas
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import FAILED, NOT_RUN, Rgb, SlideTiles
from pathview.view.arrangement import Area, Arrangement, Layout
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture, Placed
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SIZE = (331, 247)
GAP = 3
PICTURE = (Layer("slide", "slide"), Layer("heat", "heatmap", opacity=0.8), Layer("marks", "annotations"))


def outlined(*boxes: tuple[float, float, float, float]) -> AnnotationStore:
    return AnnotationStore(Annotation(shapely.box(*box)) for box in boxes)


@pytest.fixture
def scenes(made_slide: Slide, array_tiles: Callable[..., Any]) -> list[Scene]:
    """Return four scenes: a slide, one with hatched cells, one with annotations, and another slide."""
    values = np.full((40, 40), NOT_RUN, np.float32)
    values[::3] = FAILED
    noise = np.random.default_rng(3).integers(0, 255, (900, 1100, 3), np.uint8)
    slide = SlideTiles(made_slide)
    return [
        Scene(slide),
        Scene(slide, {"heat": array_tiles(values, scale=64.0)}),
        Scene(slide, annotations=outlined((600, 400, 900, 700), (950, 720, 1400, 1000))),
        Scene(array_tiles(noise), annotations=outlined((300, 200, 700, 700))),
    ]


def state(number: int, size: tuple[int, int]) -> ViewState:
    viewport = Viewport((700.0 + 31 * number, 500.0 + 17 * number), (1.0, 2.3, 1.4, 0.6)[number], size)
    return ViewState(replace(viewport, rotation=(0.0, 30.0, 0.0, 90.0)[number], flipped=number == 2), PICTURE)


@pytest.mark.parametrize("layout", ["beside", "stacked", "three", "four"])
def test_a_view_beside_others_shows_what_it_shows_alone(
    shoot: Callable[..., Rgb], shoot_several: Callable[..., Rgb], scenes: list[Scene], layout: Layout
) -> None:
    areas = Arrangement(layout, 0.4, 0.6).areas(SIZE, GAP)
    views = [(state(n, area.size), scenes[n], area, None) for n, area in enumerate(areas)]
    picture = shoot_several(SIZE, views)
    covered = np.zeros(SIZE[::-1], bool)
    for view, scene, area, _ in views:
        here = np.s_[area.y : area.y + area.height, area.x : area.x + area.width]
        alone = shoot(view, scene)
        # Hatches are worked out from the corner of the canvas, in floats.
        differing = np.abs(picture[here].astype(int) - alone).max(axis=-1) > 2
        assert differing.mean() < 0.001
        assert not covered[here].any()
        covered[here] = True
    assert np.all(picture[~covered] == scenes[0].background), "something was drawn between the views"


def test_two_views_in_one_place_are_cut_at_the_divider(
    shoot: Callable[..., Rgb], shoot_several: Callable[..., Rgb], scenes: list[Scene]
) -> None:
    place, cut = Area(40, 10, 240, 200), 97
    first, second = (
        state(1, place.size),
        replace(state(3, place.size), viewport=state(1, place.size).viewport),
    )
    picture = shoot_several(
        SIZE,
        [
            (first, scenes[1], place, Area(40, 10, cut, 200)),
            (second, scenes[3], place, Area(40 + cut, 10, 240 - cut, 200)),
        ],
    )
    here = picture[10:210, 40:280].astype(int)
    assert (np.abs(here[:, :cut] - shoot(first, scenes[1])[:, :cut]).max(axis=-1) > 2).mean() < 0.001
    assert (np.abs(here[:, cut:] - shoot(second, scenes[3])[:, cut:]).max(axis=-1) > 2).mean() < 0.001


def test_views_of_one_slide_upload_each_tile_once(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, made_slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(SlideTiles(made_slide))
    areas = Arrangement("beside").areas(SIZE, GAP)
    put: list[TileKey] = []
    canvas.show(Picture(SIZE), loader)
    canvas.snapshot()
    painter: Any = canvas._painter
    for _ in range(6):
        picture = Picture(
            SIZE, tuple(Placed(compose(state(0, a.size), scene, loader, canvas), a) for a in areas)
        )
        loader.wish("test", picture.wishes)
        while loader.work():
            pass
        inbox.drain()
        canvas.show(picture, loader)
        for atlas in painter._atlases.values():
            if not isinstance(atlas.put, _Counted):
                monkeypatch.setattr(atlas, "put", _Counted(atlas.put, put))
        canvas.snapshot()
    assert put
    assert len(put) == len(set(put))


class _Counted:
    """Notes the keys that are put."""

    def __init__(self, put: Callable[..., bool], keys: list[TileKey]) -> None:
        self._put, self._keys = put, keys

    def __call__(self, source: Any, key: TileKey, *rest: Any) -> bool:
        self._keys.append(key)
        return self._put(source, key, *rest)
