"""A line of text that ends in dots where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """A label that never asks for more room than it has; its tooltip holds the whole text while it is cut.

    Parameters
    ----------
    sample
        A text as long as is to be expected: the label asks for its width whatever it says, so that nothing
        beside it jumps. "" asks for the width of the text itself.
    grows
        Ask for more while the text is longer than the sample.
    parent
        Owner.
    """

    def __init__(self, sample: str = "", parent: QWidget | None = None, *, grows: bool = False) -> None:
        super().__init__(parent)
        self._sample = sample
        self._grows = grows
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Ask for the width of the sample."""
        margins = self.contentsMargins()
        width = self.fontMetrics().horizontalAdvance(self._sample or self.text())
        if self._grows:
            width = max(width, self.fontMetrics().horizontalAdvance(self.text()))
        return QSize(width + margins.left() + margins.right() + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Ask for the height of a line, and for no width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much as fits."""
        inside = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, inside.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(inside, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)
        painter.end()
