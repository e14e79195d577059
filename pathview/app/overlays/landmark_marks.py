"""Landmarks over the panes: numbered crosses where the pairs of a link lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pathview.app.links import Links
from pathview.app.open_slide import Pane
from pathview.app.workspace import Workspace
from pathview.view.landmarks import Point

_ARM, _GAP = 12.0, 3.0
_DARK, _LIGHT, _HALF = QColor(20, 20, 30), QColor(255, 255, 255, 230), QColor(213, 94, 0)


class LandmarkMarks(QWidget):
    """Lies over the canvas and is not felt by the mouse.

    Parameters
    ----------
    parent
        The canvas.
    workspace
        Whose panes they are.
    wanted
        Tells whether marks are to be seen.
    """

    def __init__(
        self, parent: QWidget, workspace: Workspace, links: Links, wanted: Callable[[], bool]
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("landmarks")
        self._canvas = parent
        self._workspace = workspace
        self._links = links
        self._wanted = wanted
        self.hide()
        links.changed.connect(self.follow)
        workspace.view.changed.connect(lambda *_: self.follow())
        workspace.panes.state_changed.connect(lambda _: self.follow())

    def follow(self) -> None:
        """Lie over the whole canvas and mark what is linked now; hidden where nothing is to be seen."""
        self.setVisible(self._wanted() and any(True for _ in self.marks()))
        if self.isVisible():
            self.setGeometry(self._canvas.rect())
            self.update()

    def marks(self) -> Iterator[tuple[Pane, Point, str]]:
        """Return the landmarks: in which pane, where on its slide, and its number; "?" for half a pair."""
        links, active, partner = self._links, self._workspace.slide, self._links.partner
        panes = self._workspace.panes
        if active is not None and partner is not None:
            link = links.link()
            for number, pair in enumerate(() if link.placed else link.pairs, start=1):
                for slide, place in ((active, pair.a), (partner, pair.b)):
                    yield from ((pane, place, str(number)) for pane in panes.showing(slide))
        if links.clicked is not None:
            slide, place = links.clicked
            yield from ((pane, place, "?") for pane in panes.showing(slide))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the crosses, each inside its pane."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        for pane, place, text in self.marks():
            area = self._workspace.panes.area(pane)
            painter.setClipRect(QRectF(*(edge / ratio for edge in area)))
            x, y = pane.state.viewport.snapped().to_screen(*place)
            _paint(painter, QPointF((area.x + x) / ratio, (area.y + y) / ratio), text)
        painter.end()


def _paint(painter: QPainter, at: QPointF, text: str) -> None:
    arms = [
        QLineF(at + QPointF(dx, dy) * _GAP, at + QPointF(dx, dy) * _ARM)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    for colour, width in ((_LIGHT, 4.5), (_HALF if text == "?" else _DARK, 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawLines(arms)
    plate = QRectF(at.x() + 8, at.y() - 26, 10.0 + painter.fontMetrics().horizontalAdvance(text), 18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_LIGHT)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(_DARK)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
