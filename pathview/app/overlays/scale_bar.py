"""The scale bar over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pathview.view.scale_bar import ScaleBar

_LONGEST = 180
_HEIGHT = 40


class ScaleBarOverlay(QWidget):
    """A bar with its length, dark on a light plate, so that it reads on tissue and on glass alike."""

    longest = _LONGEST

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("scale-bar")
        self.resize(_LONGEST + 24, _HEIGHT)
        self._bar: ScaleBar | None = None
        self.hide()

    @property
    def bar(self) -> ScaleBar | None:
        """What is shown; None hides the bar."""
        return self._bar

    def show_bar(self, bar: ScaleBar | None) -> None:
        """Show `bar`, or nothing when the slide's scale is unknown."""
        if bar != self._bar:
            self._bar = bar
            self.setVisible(bar is not None)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint plate, bar and text."""
        if self._bar is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self._bar.pixels / self.devicePixelRatioF()
        plate = QRectF(0, 0, width + 24, _HEIGHT)
        painter.setBrush(QColor(255, 255, 255, 215))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(plate, 5, 5)
        painter.setPen(QPen(QColor(25, 26, 30), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(12, _HEIGHT - 11, round(12 + width), _HEIGHT - 11)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        text = QRectF(0, 4, width + 24, _HEIGHT - 17)
        painter.drawText(text, Qt.AlignmentFlag.AlignCenter, self._bar.text)
        painter.end()
