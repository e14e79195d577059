"""Thumbnails of views, read when a list first wants to show them."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPixmap, QTransform

from pathview.app.docks.overview import to_image
from pathview.app.workspace import Workspace
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.reader import Rgb
from pathview.tiles.source import SlideTiles
from pathview.view.viewport import Viewport

SIZE = QSize(44, 33)


class ViewPictures:
    """Small pictures in the slide's own colours for the screen, as it lies in the view; main thread only.

    Parameters
    ----------
    workspace
        Whose slide it is.
    ready
        Called when a picture that was asked for in vain is there.
    """

    def __init__(self, workspace: Workspace, ready: Callable[[], None]) -> None:
        self._workspace = workspace
        self._ready = ready
        self._made: dict[Viewport, QPixmap] = {}
        self._tiles: object = None

    def get(self, viewport: Viewport) -> QPixmap:
        """Return the picture of a view of `SIZE` pixels, or a grey one for now."""
        tiles = self._workspace.scene.slide_tiles
        if tiles is not self._tiles:  # another slide, or other colours
            self._made, self._tiles = {}, tiles
        if viewport not in self._made:
            self._made[viewport] = _grey()
            if isinstance(tiles, SlideTiles):
                self._read(tiles, viewport)
        return self._made[viewport]

    def _read(self, tiles: SlideTiles, viewport: Viewport) -> None:
        region, look = _square(viewport), tiles.look
        self._workspace.background.run(
            lambda: tiles.colour.apply(tiles.slide.read(region, look)),
            lambda pixels: self._keep(tiles, viewport, pixels),
            lambda _: None,  # what cannot be read stays grey
        )

    def _keep(self, tiles: SlideTiles, viewport: Viewport, pixels: Rgb) -> None:
        if tiles is self._tiles:
            self._made[viewport] = _turned(pixels, viewport)
            self._ready()


def _square(viewport: Viewport) -> Region:
    """Return a region about the middle that holds the thumbnail however it is turned."""
    half = math.ceil(math.hypot(*viewport.size) / 2) * viewport.downsample
    x, y = viewport.center
    return Region(Box(x - half, y - half, x + half, y + half), viewport.downsample)


def _turned(pixels: Rgb, viewport: Viewport) -> QPixmap:
    xx, xy, yx, yy = viewport.matrix
    lying = to_image(pixels).transformed(
        QTransform(xx, yx, xy, yy, 0, 0), Qt.TransformationMode.SmoothTransformation
    )
    left, top = (lying.width() - SIZE.width()) // 2, (lying.height() - SIZE.height()) // 2
    return QPixmap.fromImage(lying.copy(left, top, SIZE.width(), SIZE.height()))


def _grey() -> QPixmap:
    pixmap = QPixmap(SIZE)
    pixmap.fill(QColor(128, 128, 128, 60))
    return pixmap
