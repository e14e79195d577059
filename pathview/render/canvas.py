"""The canvas: shows pictures on a surface."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import replace
from typing import Any

import numpy as np
from vispy import gloo
from vispy.gloo.glir import GlirParser

from pathview.core.pyramid import TileKey
from pathview.render.fades import Fades
from pathview.render.painter import Painter
from pathview.render.surface import Surface
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import Rgb, TileSource
from pathview.view.arrangement import Area
from pathview.view.picture import Picture, Placed

UPLOAD_BUDGET_S = 0.004


class GlCanvas:
    """Shows pictures, frames in their places, on a surface; main thread only.

    Parameters
    ----------
    surface
        What to draw on.
    fades
        Which tiles fade in; by default none.
    """

    def __init__(self, surface: Surface, fades: Fades | None = None) -> None:
        self._surface = surface
        self._fades = fades or Fades(0.0)
        self._picture = Picture(surface.physical_size)
        self._loader: TileLoader | None = None
        self._painter: Painter | None = None
        self._pending = False
        surface.serve(self._on_initialize, self._on_draw)

    @property
    def native(self) -> Any:
        """The widget that shows it, a QWidget under Qt."""
        return self._surface.native

    @property
    def physical_size(self) -> tuple[int, int]:
        """Width and height in physical pixels."""
        return self._surface.physical_size

    @property
    def pixel_scale(self) -> float:
        """Physical pixels per logical pixel."""
        return self._surface.pixel_scale

    @property
    def drawing(self) -> bool:
        """Whether the last frame is still being drawn; another one would have to wait for it."""
        return self._surface.drawing

    @property
    def pending_uploads(self) -> bool:
        """Whether tiles in memory still wait to be drawn; compose and show again soon."""
        return self._pending

    def resident(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles of `source` that are on the GPU; a live view."""
        return frozenset() if self._painter is None else self._painter.resident(source)

    def fading(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles of `source` that are only fading in."""
        return self._fades.shares(source)

    @property
    def fades_go_on(self) -> bool:
        """Whether a tile is still fading in; compose and show again soon."""
        return self._fades.going

    def show(
        self, picture: Picture, tiles: TileLoader, budget_s: float | None = None, *, same: bool = False
    ) -> bool:
        """Upload what `picture` lacks and ask for a painting, which draws it.

        Before the first painting there may be no context, and nothing is uploaded yet.

        Parameters
        ----------
        picture
            What to show.
        tiles
            Where its pixels are.
        budget_s
            How long uploads may take, about; default `UPLOAD_BUDGET_S`.
        same
            It differs from the picture before by nothing but tiles: where none of those that are uploaded
            lies in view, no painting is asked for.

        Returns
        -------
        bool
            Whether a painting was asked for.
        """
        self._picture = picture
        self._loader = tiles
        seen = True
        if self._painter is not None:
            self._surface.set_current()
            seen, self._pending = self._painter.upload(
                picture, tiles, UPLOAD_BUDGET_S if budget_s is None else budget_s
            )
        if same and not seen:
            return False
        self._surface.update()
        return True

    def snapshot(self) -> Rgb:
        """Draw what is shown into memory, with all uploads done.

        Returns
        -------
        Rgb
            (height, width, 3) uint8, physical pixels, top row first.
        """
        self._surface.set_current()
        painter = self._complete()
        width, height = self._picture.size
        target = gloo.FrameBuffer(
            gloo.Texture2D((height, width, 4)), gloo.RenderBuffer((height, width), "depth")
        )
        with target:
            painter.draw(self._picture, self.pixel_scale, faded=True)
            pixels = gloo.read_pixels((0, 0, width, height), alpha=False)
        self._surface.context.flush_commands()
        return np.ascontiguousarray(pixels)

    def forget(self, source: TileSource) -> None:
        """Free what `source` occupies on the GPU."""
        if self._painter is not None:
            self._painter.forget(source)

    def rebuild(self) -> None:
        """Start over with empty GL objects after the context was lost; tiles come back from memory."""
        self._drop_painter()
        # The names of the lost objects may be given out again: deleting them later would hit living ones.
        self._surface.context.glir.clear()
        self._surface.context.shared.parser = GlirParser()
        self._surface.renew()
        self._surface.update()

    def close(self) -> None:
        """Close the canvas and drop what it holds."""
        self._drop_painter()
        self._loader = None
        self._surface.close()

    def _drop_painter(self) -> None:
        if self._painter is not None:
            self._painter.close()
        self._painter = None

    def _on_initialize(self) -> None:
        # A context that is new although there was one before: see `VispySurface`.
        if self._painter is not None:
            self.rebuild()

    def _on_draw(self) -> None:
        painter = self._painter or self._complete()
        painter.draw(self._fitting(), self.pixel_scale)

    def _complete(self) -> Painter:
        # The painter, with all of the picture uploaded, however long that takes.
        if self._painter is None:
            self._painter = Painter(self._surface.context, self._fades)
        if self._loader is not None:
            self._painter.upload(self._picture, self._loader, math.inf)
        self._pending = False
        return self._painter

    def _fitting(self) -> Picture:
        # Between a resize and the next frame the old one is drawn about the new middle. A difference of one
        # pixel is only the rounding of a fractional scale, and shifting by half a pixel would blur.
        size, shown = self.physical_size, self._picture
        if max(abs(size[0] - shown.size[0]), abs(size[1] - shown.size[1])) <= 1:
            return shown
        if len(shown.placed) != 1:
            return replace(shown, size=size)
        frame = shown.placed[0].frame
        area = Area(0, 0, *size)
        return Picture(
            size, (Placed(replace(frame, viewport=frame.viewport.resized(size)), area),), shown.background
        )
