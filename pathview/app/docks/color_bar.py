"""The legend of a heatmap: its colours from 0 to 1, and where the model draws the line."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from pathview.app.docks.overview import to_image
from pathview.core.palette import COLORMAPS, colormap_table
from pathview.slides.reader import Rgb
from pathview.view.layers import FADED, WHOLE_RANGE

_BAR = 12
_TICK = 4
_INSET = 5


def _ends(value_range: tuple[float, float]) -> str:
    return f"{value_range[0]:.2g} to {value_range[1]:.2g}"


class ColorBar(QWidget):
    """A strip of colours; what is hidden is hatched, and a mark stands at the model's threshold."""

    def __init__(self) -> None:
        super().__init__()
        self._colormap = COLORMAPS[0]
        self._hidden = 0.0
        self._range = WHOLE_RANGE
        self._fade = False
        self._marked: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def marked(self) -> float | None:
        """The model's threshold, where it is shown."""
        return self._marked

    def show_map(
        self,
        colormap: str,
        hidden: float,
        value_range: tuple[float, float] = WHOLE_RANGE,
        *,
        fade: bool,
        marked: float | None,
    ) -> None:
        """Show a colormap as it is drawn.

        Parameters
        ----------
        colormap
            Its name.
        hidden
            Below this probability nothing is drawn; the strip is hatched there.
        value_range
            Values of the first and the last colour.
        fade
            Whether low values are more transparent.
        marked
            From which probability on the model calls a patch positive; None where that is not about the
            class that is shown.
        """
        self._colormap, self._hidden, self._fade, self._marked = colormap, hidden, fade, marked
        self._range = value_range
        text = f"Colours of the probabilities {_ends(value_range)}; below {hidden:.2f} nothing is drawn."
        if marked is not None:
            text += f" The mark at {marked:g} is where the model calls a patch positive."
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def show_difference(self, colormap: str, hidden: float) -> None:
        """Show a colormap from -1 to 1, hatched in the middle where less than `hidden` is not drawn."""
        self._colormap, self._hidden, self._fade, self._marked = colormap, hidden, False, 0.0
        self._range = (-1.0, 1.0)
        text = f"Colours of A minus B, from -1 to 1; differences below {hidden:.2f} are not drawn."
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for a strip and a line of text."""
        return QSize(160, _BAR + _TICK + self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint strip, hatching, mark and numbers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(_INSET, 0.5, self.width() - 2 * _INSET, _BAR)
        strip = QPixmap.fromImage(to_image(self._strip()))
        painter.drawPixmap(bar, strip, QRectF(strip.rect()))
        ink = self.palette().windowText().color()
        if self._hidden > 0:
            first, last = self._share(-self._hidden), self._share(self._hidden)
            gone = QRectF(bar.x() + bar.width() * first, bar.y(), bar.width() * (last - first), bar.height())
            painter.fillRect(gone, self.palette().window())
            painter.fillRect(gone, QBrush(ink, Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(QColor(128, 128, 128), 1))
        painter.drawRect(bar)
        low, high = self._range
        marks = [(0.0, f"{low:.2g}"), (1.0, f"{high:.2g}")]
        if self._marked is not None and low <= self._marked <= high:
            share = self._share(self._marked)
            marks.append((share, f"{self._marked:g}"))
            self._paint_mark(painter, bar.x() + bar.width() * share, bar.bottom(), ink)
        painter.setPen(ink)
        for at, text in marks:
            width = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(bar.x() + bar.width() * at - width / 2, 0.0), self.width() - width)
            painter.drawText(QPointF(left, bar.bottom() + _TICK + painter.fontMetrics().ascent()), text)
        painter.end()

    def _share(self, value: float) -> float:
        low, high = self._range
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _strip(self) -> Rgb:
        table = colormap_table(self._colormap)[None]
        if not self._fade:
            return table
        # As over glass: what lies under a faded value shines through.
        share = np.linspace(FADED, 1, table.shape[1])[None, :, None]
        return np.rint(255 + share * (table - 255.0)).astype(np.uint8)

    def _paint_mark(self, painter: QPainter, x: float, y: float, ink: QColor) -> None:
        painter.setPen(QPen(ink, 1.5))
        painter.drawLine(QPointF(x, 0), QPointF(x, y))
        painter.setBrush(ink)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(
            QPolygonF([QPointF(x - 4, y + _TICK), QPointF(x + 4, y + _TICK), QPointF(x, y - 1)])
        )
