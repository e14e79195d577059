"""Tiles that fade in: their shares by a clock, and what is on the screen meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.render.canvas import GlCanvas
from pathview.render.fades import Fades
from pathview.render.offscreen import Offscreen
from pathview.render.vispy_surface import VispySurface
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SLIDE = Layer("slide", "slide")
FINE, COARSE = (200, 200, 200), (0, 0, 100)
ROOT = TileKey(2, 0, 0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fading(surface: VispySurface, clock: Clock) -> Iterator[GlCanvas]:
    canvas = GlCanvas(surface, Fades(0.1, clock))
    yield canvas
    canvas.close()


class TwoColours:
    """Four tiles of one colour, and everything coarser of another."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.kind = source.kind
        self.pyramid = source.pyramid

    def revision(self, key: TileKey) -> int:
        return 0

    def read_tile(self, key: TileKey) -> NDArray[np.uint8]:
        pixels: NDArray[np.uint8] = np.empty_like(self._source.read_tile(key))
        pixels[:] = FINE if key.level == 0 else COARSE
        return pixels


@pytest.fixture
def source(array_tiles: Callable[..., Any]) -> TwoColours:
    return TwoColours(array_tiles(np.zeros((256, 256, 3), np.uint8)))


class Screen:
    """Shows one place of a slide over and over, and reads what is drawn."""

    def __init__(self, canvas: GlCanvas, surface: VispySurface, loader: TileLoader, inbox: Inbox) -> None:
        self.canvas, self._loader, self._inbox = canvas, loader, inbox
        self._aside = Offscreen(surface.context)
        canvas.snapshot()  # there is a context from here on

    def read(self, source: Any, *keys: TileKey) -> None:
        self._loader.wish("test", [(source, TilePlan((), (), keys))])
        while self._loader.work():
            pass
        self._inbox.drain()

    def shown(self, source: Any, layer: Layer = SLIDE, downsample: float = 1.0) -> tuple[int, ...]:
        state = ViewState(Viewport((32.0, 32.0), downsample, (40, 40)), (layer,))
        picture = Picture.of(compose(state, Scene(source), self._loader, self.canvas))
        self.canvas.show(picture, self._loader)
        self._aside.begin((40, 40), lambda: self.canvas._complete().draw(picture, 1.0))
        pixel = int(self._aside.take()[20, 20])
        return pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255


@pytest.fixture
def screen(fading: GlCanvas, surface: VispySurface, loader: TileLoader, inbox: Inbox) -> Screen:
    return Screen(fading, surface, loader, inbox)


def test_shares_grow_with_the_clock_and_end(clock: Clock, source: Any) -> None:
    fades = Fades(0.1, clock)
    fades.start(source, ROOT)
    assert fades.going
    clock.now += 0.025
    assert fades.shares(source)[ROOT] == pytest.approx(0.25)
    clock.now += 0.08
    assert not fades.shares(source)
    assert not fades.going


def test_without_time_nothing_fades(clock: Clock, source: Any) -> None:
    fades = Fades(0.0, clock)
    fades.start(source, ROOT)
    assert not fades.shares(source)
    assert not fades.going


def test_a_sharp_tile_fades_in_over_its_stand_in(screen: Screen, clock: Clock, source: Any) -> None:
    screen.read(source, ROOT)
    assert screen.shown(source) == COARSE
    screen.read(source, TileKey(0, 0, 0))
    assert screen.shown(source) == COARSE
    assert screen.canvas.fades_go_on
    clock.now += 0.05
    assert np.allclose(screen.shown(source), (100, 100, 150), atol=2)
    clock.now += 0.06
    assert screen.shown(source) == FINE
    assert not screen.canvas.fades_go_on


def test_a_tile_that_nothing_stood_in_for_is_there_at_once(screen: Screen, source: Any) -> None:
    screen.read(source, TileKey(0, 0, 0), ROOT)
    screen.shown(source)
    assert screen.shown(source) == FINE


def test_one_that_was_read_ahead_does_not_fade_when_it_comes_into_view(screen: Screen, source: Any) -> None:
    screen.read(source, ROOT, TileKey(0, 0, 0))
    screen.shown(source)
    neighbour = TileKey(0, 1, 0)
    screen.read(source, neighbour)
    screen.shown(source)
    assert neighbour in screen.canvas.resident(source)
    assert neighbour not in screen.canvas.fading(source)


def test_over_finer_tiles_nothing_fades(screen: Screen, source: Any) -> None:
    screen.read(source, ROOT, *(TileKey(0, col, row) for col in (0, 1) for row in (0, 1)))
    screen.shown(source)
    screen.shown(source)
    screen.read(source, TileKey(1, 0, 0))
    screen.shown(source, downsample=2.0)
    assert not screen.canvas.fades_go_on
    assert screen.shown(source, downsample=2.0) == COARSE


def test_a_translucent_layer_is_never_blended_twice(screen: Screen, clock: Clock, source: Any) -> None:
    layer = replace(SLIDE, opacity=0.5)
    screen.read(source, ROOT)
    screen.shown(source, layer)
    screen.read(source, TileKey(0, 0, 0))
    clock.now += 0.05
    background = np.array(Scene().background)
    expected = 0.5 * np.array(FINE) + 0.5 * background
    assert np.allclose(screen.shown(source, layer), expected, atol=2)


def test_a_snapshot_shows_what_will_be_there(screen: Screen, source: Any) -> None:
    screen.read(source, ROOT)
    screen.shown(source)
    screen.read(source, TileKey(0, 0, 0))
    screen.shown(source)
    assert screen.canvas.fades_go_on
    assert tuple(screen.canvas.snapshot()[20, 20]) == FINE
