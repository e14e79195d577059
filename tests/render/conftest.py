"""A canvas without a display: vispy on EGL, which other tests' Qt neither sees nor shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from vispy import app as vispy_app

from pathview.core.inbox import Inbox
from pathview.core.pyramid import Pyramid, TileKey
from pathview.render.canvas import GlCanvas
from pathview.render.vispy_surface import VispySurface
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import Rgb, Scalar
from pathview.view.arrangement import Area
from pathview.view.compose import Scene, compose
from pathview.view.picture import Picture, Placed
from pathview.view.state import ViewState

View = tuple[ViewState, Scene, Area, Area | None]


@pytest.fixture(scope="session")
def egl() -> Any:
    """Return vispy's EGL application; skip where there is no EGL."""
    # EGL looks at the platform when it is loaded; Qt's own choice must not see this.
    stated = os.environ.get("EGL_PLATFORM")
    os.environ.setdefault("EGL_PLATFORM", "surfaceless")
    try:
        application = vispy_app.Application("egl")
    except RuntimeError as error:
        pytest.skip(f"no EGL here: {error}")
    finally:
        if stated is None:
            del os.environ["EGL_PLATFORM"]
    return application


@pytest.fixture
def surface(egl: Any) -> Iterator[VispySurface]:
    """Return a surface of 320 x 240 pixels, and let go of its context afterwards."""
    _release_qt()
    surface = VispySurface(egl, (320, 240))
    yield surface
    surface.close()
    backend = egl.backend_module
    # A context left current would keep GLX, which real windows use, from making its own current.
    backend.egl.eglMakeCurrent(backend._EGL_DISPLAY, None, None, None)


@pytest.fixture
def canvas(surface: VispySurface) -> Iterator[GlCanvas]:
    """Return a canvas of 320 x 240 pixels."""
    canvas = GlCanvas(surface)
    yield canvas
    canvas.close()


@pytest.fixture
def loader(inbox: Inbox) -> Iterator[TileLoader]:
    """Return a loader that reads when it is told to."""
    loader = TileLoader(inbox, threads=0)
    yield loader
    loader.close()


@pytest.fixture
def shoot_several(canvas: GlCanvas, loader: TileLoader, inbox: Inbox) -> Callable[..., Rgb]:
    """Return a function (size, [(state, scene, area, clip)]) that takes a picture once nothing is missing."""

    def shoot(size: tuple[int, int], views: list[View], preview: Any = None) -> Rgb:
        for _ in range(50):
            placed = tuple(
                Placed(compose(state, scene, loader, canvas, preview), area, clip)
                for state, scene, area, clip in views
            )
            picture = Picture(size, placed, views[0][1].background)
            loader.wish("test", picture.wishes)
            busy = loader.work()
            while loader.work():
                pass
            inbox.drain()
            canvas.show(picture, loader)
            pixels = canvas.snapshot()
            if not busy and not any(raster.plan.upload for one in placed for raster in one.frame.rasters):
                break
        return pixels

    return shoot


@pytest.fixture
def shoot(shoot_several: Callable[..., Rgb]) -> Callable[..., Rgb]:
    """Return a function (state, scene, preview=None) that takes a picture of a single view."""

    def shoot(state: ViewState, scene: Scene, preview: Any = None) -> Rgb:
        size = state.viewport.size
        return shoot_several(size, [(state, scene, Area(0, 0, *size), None)], preview)

    return shoot


def _release_qt() -> None:
    # Where a window was tested before, its context is still current, and EGL cannot take over from GLX.
    if "PySide6.QtGui" in sys.modules:
        from PySide6.QtGui import QOpenGLContext

        current = QOpenGLContext.currentContext()
        if current is not None:
            current.doneCurrent()


class ArrayTiles:
    """Tiles of an array, (h, w) float32 or (h, w, 3) uint8; coarser levels take every second pixel."""

    def __init__(self, pixels: Rgb | Scalar, tile: int, scale: float) -> None:
        self.pixels = pixels
        self.kind: Any = "rgb" if pixels.ndim == 3 else "scalar"
        self.pyramid = Pyramid((pixels.shape[1], pixels.shape[0]), tile, scale)
        self.version = 0

    def revision(self, key: TileKey) -> int:
        return self.version

    def read_tile(self, key: TileKey) -> Rgb | Scalar:
        width, height = self.pyramid.pixels(key)
        step, tile = 1 << key.level, self.pyramid.tile
        level = self.pixels[::step, ::step]
        x, y = key.col * tile, key.row * tile
        piece: Any = np.ascontiguousarray(level[y : y + height, x : x + width])
        return cast("Rgb | Scalar", piece)


@pytest.fixture
def array_tiles() -> Callable[..., Any]:
    """Return a function (pixels, tile=64, scale=1.0) that makes a tile source of an array."""

    def make(pixels: NDArray[Any], tile: int = 64, scale: float = 1.0) -> ArrayTiles:
        return ArrayTiles(pixels, tile, scale)

    return make
