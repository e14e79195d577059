"""A line of text that ends in dots where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget


class ElidedLabel(QLabel):
    """A label that never asks for more room than it has; its tooltip holds the whole text while it is cut.

    Parameters
    ----------
    sample
        A text as long as is to be expected, for a label that keeps its width whatever it says; "" for one
        that takes the room there is.
    parent
        Owner.
    """

    def __init__(self, sample: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if sample:
            self.setFixedWidth(self.fontMetrics().horizontalAdvance(sample) + 4)

    def minimumSizeHint(self) -> QSize:
        """Ask for the height of a line, and for no width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much as fits."""
        inside = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, inside.width())
        cut = shown != self.text()
        if cut != bool(self.toolTip()):
            self.setToolTip(self.text() if cut else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(inside, self.alignment() | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()
