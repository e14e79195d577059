"""Grid and crosshair over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pathview.view.guides import Grid, grid
from pathview.view.viewport import Viewport

_ARM = 14.0
_GAP = 4.0


class GuidesOverlay(QWidget):
    """Lines that the mouse does not feel; dark beside light, so that they read on tissue and on glass."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("guides")
        self._grid_wanted = self._cross_wanted = False
        self._viewport: Viewport | None = None
        self._size = (1, 1)
        self._mpp: tuple[float, float] | None = None
        self.hide()

    @property
    def grid(self) -> Grid | None:
        """The grid that is shown, or None."""
        if self._viewport is None or not self._grid_wanted:
            return None
        return grid(self._viewport, self._size, self._mpp)

    @property
    def crosshair(self) -> bool:
        """Whether the middle is marked."""
        return self._viewport is not None and self._cross_wanted

    def switch(self, *, grid: bool | None = None, crosshair: bool | None = None) -> None:
        """Switch what is named; the rest stays."""
        self._grid_wanted = self._grid_wanted if grid is None else grid
        self._cross_wanted = self._cross_wanted if crosshair is None else crosshair
        self.setVisible(self._viewport is not None and (self._grid_wanted or self._cross_wanted))
        self.update()

    def follow(
        self, viewport: Viewport | None, size: tuple[int, int], mpp: tuple[float, float] | None
    ) -> None:
        """Lie over another view; None shows nothing."""
        self._viewport, self._size, self._mpp = viewport, size, mpp
        self.switch()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each line twice, light upon dark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = self.grid
        if shown is not None:
            self._paint_grid(painter, shown)
        if self.crosshair:
            self._paint_cross(painter)
        painter.end()

    def _paint_grid(self, painter: QPainter, shown: Grid) -> None:
        ratio = self.devicePixelRatioF()
        lines = [QLineF(ax / ratio, ay / ratio, bx / ratio, by / ratio) for (ax, ay), (bx, by) in shown.lines]
        for colour, width in ((QColor(255, 255, 255, 110), 2.0), (QColor(30, 40, 60, 150), 0.8)):
            painter.setPen(QPen(colour, width))
            painter.drawLines(lines)
        text = f"Grid {shown.spacing:g} {'µm' if shown.in_um else 'px'}"
        place = QRectF(self.width() - 140.0, self.height() - 38.0, 124.0, 22.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 215))
        painter.drawRoundedRect(place, 5, 5)
        painter.setPen(QColor(25, 26, 30))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_cross(self, painter: QPainter) -> None:
        middle = QPointF(self.width() / 2, self.height() / 2)
        arms = [
            QLineF(middle + QPointF(dx, dy) * _GAP, middle + QPointF(dx, dy) * _ARM)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        for colour, width in ((QColor(255, 255, 255, 220), 3.5), (QColor(20, 20, 30), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawLines(arms)
