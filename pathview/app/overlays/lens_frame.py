"""The rim of the magnifier, with its magnification."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pathview.app.magnifier import Glass, Magnifier
from pathview.app.scale_words import magnification
from pathview.app.workspace import Workspace

_DARK, _LIGHT = QColor(25, 26, 30), QColor(255, 255, 255)


class LensFrame(QWidget):
    """A rim round what the canvas draws magnified; the mouse does not feel it.

    Parameters
    ----------
    parent
        The canvas.
    workspace
        Whose slides are magnified.
    magnifier
        Where the lens is.
    """

    def __init__(self, parent: QWidget, workspace: Workspace, magnifier: Magnifier) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("lens")
        self._magnifier = magnifier
        self.text = ""
        self.hide()
        magnifier.changed.connect(self.follow)
        workspace.view.changed.connect(lambda *_: self.follow())

    def follow(self) -> None:
        """Lie round the lens, and say how much it magnifies."""
        glass = self._magnifier.glass()
        self.setVisible(glass is not None)
        if glass is not None:
            ratio = self.devicePixelRatioF()
            self.setGeometry(QRect(*(round(edge / ratio) for edge in glass.clip)))
            self.text = _words(glass)
            self.raise_()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a light line inside a dark one, and the words on a plate."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(self.rect())
        for colour, width, inset in ((_LIGHT, 4.0, 2.0), (_DARK, 1.5, 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawRect(whole.adjusted(inset, inset, -inset, -inset))
        wide = self.fontMetrics().horizontalAdvance(self.text) + 16.0
        plate = QRectF((whole.width() - wide) / 2, whole.height() - 28.0, wide, 20.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 225))
        painter.drawRoundedRect(plate, 5, 5)
        painter.setPen(_DARK)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self.text)
        painter.end()


def _words(glass: Glass) -> str:
    assert glass.pane.slide is not None, "a lens lies over a slide"
    shown = magnification(glass.pane.slide.session.slide.info, glass.viewport.downsample)
    return f"{glass.factor:.3g}× larger · {shown}"
