"""What the overview draws over tissue that was not looked at, and how much of it there is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap

from pathview.view.coverage import Coverage

_TINT = QColor(0, 114, 178, 70)
_LINES = (QColor(255, 255, 255, 150), QColor(0, 60, 110, 230))
_PERIOD = 6


class Unseen(NamedTuple):
    """Where there is tissue that was not looked at, on the pixels of a thumbnail.

    Attributes
    ----------
    mask
        (rows, columns) bool.
    share
        How much of the tissue was looked at, 0 to 1; None where there is no tissue.
    """

    mask: NDArray[np.bool_]
    share: float | None


def unseen(coverage: Coverage, tissue: NDArray[np.bool_], size: tuple[int, int], limit: float) -> Unseen:
    """Return where tissue was not looked at as closely as `limit`.

    Parameters
    ----------
    coverage
        Of the slide.
    tissue
        Where there is tissue, on the pixels of a thumbnail of the whole slide.
    size
        (width, height) of the slide, level-0 px.
    limit
        Downsample.
    """
    seen = coverage.seen(limit)
    rows, columns = (
        np.minimum(((np.arange(n) + 0.5) / n * edge / coverage.cell).astype(int), cells - 1)
        for n, edge, cells in zip(tissue.shape, size[::-1], coverage.shape, strict=True)
    )
    missed = tissue & ~seen[np.ix_(rows, columns)]
    there = int(tissue.sum())
    return Unseen(missed, None if not there else 1 - int(missed.sum()) / there)


def shading(mask: NDArray[np.bool_], size: QSize) -> QPixmap:
    """Return a picture of `size` that is tinted and hatched where `mask` is true, and clear elsewhere."""
    rows, columns = mask.shape
    alpha = np.ascontiguousarray(np.where(mask, 255, 0).astype(np.uint8))
    stencil = QImage(alpha.data, columns, rows, columns, QImage.Format.Format_Alpha8)
    picture = QPixmap(size)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    hatch(painter, QRectF(0, 0, size.width(), size.height()))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, size.width(), size.height()), stencil)
    painter.end()
    return picture


def hatch(painter: QPainter, place: QRectF) -> None:
    """Fill a rectangle as unseen tissue looks."""
    painter.fillRect(place, _TINT)
    painter.fillRect(place, QBrush(_hatching()))


def _hatching() -> QPixmap:
    """Return one period of lines from the lower left to the upper right, dark beside light."""
    tile = QImage(_PERIOD, _PERIOD, QImage.Format.Format_ARGB32)
    tile.fill(Qt.GlobalColor.transparent)
    for x in range(_PERIOD):
        for color, step in zip(_LINES, (1, 0), strict=True):
            tile.setPixelColor(x, (_PERIOD - x + step) % _PERIOD, color)
    return QPixmap.fromImage(tile)
