"""What floats over one pane: its name, its frame, scale bar, guides, and what to do where it is empty."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from pathview.app.elided_label import ElidedLabel
from pathview.app.open_slide import Pane
from pathview.app.overlays.guides import GuidesOverlay
from pathview.app.overlays.scale_bar import ScaleBarOverlay
from pathview.app.scale_words import view_words
from pathview.view.adjust import in_words
from pathview.view.scale_bar import scale_bar

_MARGIN = 16
_FRAME = 3
_EMPTY = "Click a tab to show its slide here,\nor open another one with Ctrl+O"
_EMPTY_ELSEWHERE = "Click here first\nto choose what is shown in this place"


class PaneOverlay(QWidget):
    """Lies over one pane and is not felt by the mouse.

    Attributes
    ----------
    guides, scale_bar
        Of the pane.
    label
        Name and magnification; there while several panes are.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("pane")
        self._active = self._several = False
        self.guides = GuidesOverlay(self)
        self.scale_bar = ScaleBarOverlay(self)
        self.label = ElidedLabel(parent=self)
        self.label.setObjectName("pane-label")
        self.label.move(_FRAME + 5, _FRAME + 5)
        self._hint = QLabel(_EMPTY, self)
        self._hint.setObjectName("pane-hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def follow(self, pane: Pane, *, active: bool, several: bool) -> None:
        """Say and mark what the pane shows now.

        Parameters
        ----------
        pane
            What it lies over.
        active
            Whether that is the active one.
        several
            Whether there are others, from which it is to be told.
        """
        self._active, self._several = active, several
        viewport, slide = pane.state.viewport, pane.slide
        info = None if slide is None else slide.session.slide.info
        longest = ScaleBarOverlay.longest * self.devicePixelRatioF()
        self.scale_bar.show_bar(scale_bar(viewport.downsample, None if info is None else info.mpp, longest))
        if info is None:
            self.guides.follow(None, (1, 1), None)
        else:
            self.guides.follow(viewport, info.size, info.mpp)
        self._hint.setText(_EMPTY if active else _EMPTY_ELSEWHERE)
        self._hint.setVisible(slide is None)
        self.label.setVisible(several and slide is not None)
        if several and slide is not None:
            self._name(pane, active=active)
        self.update()

    def _name(self, pane: Pane, *, active: bool) -> None:
        assert pane.slide is not None
        info = pane.slide.session.slide.info
        words = [pane.slide.name, view_words(info, pane.state.viewport)]
        if any(in_words(layer.adjustment) for layer in pane.state.layers) and not pane.state.comparing:
            words.append("adjusted picture")
        self.label.setText(" · ".join(words))
        if self.label.property("active") != active:
            self.label.setProperty("active", active)
            self.label.style().polish(self.label)
        self.lay_out()

    def lay_out(self) -> None:
        """Put the parts where they belong in the present size."""
        self.guides.setGeometry(self.rect())
        self.scale_bar.move(_MARGIN, self.height() - self.scale_bar.height() - _MARGIN)
        self._hint.setGeometry(self.rect())
        wanted = self.label.sizeHint()
        room = self.width() - 2 * self.label.x()
        self.label.resize(min(wanted.width(), room), wanted.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a frame where the pane is active, light beside dark to show on any slide, else a line."""
        if not self._several:
            return
        painter = QPainter(self)
        if self._active:
            self._paint_frame(painter, self.palette().highlight().color(), _FRAME, _FRAME / 2)
            self._paint_frame(painter, QColor(255, 255, 255, 200), 1, _FRAME + 0.5)
        else:
            self._paint_frame(painter, self.palette().mid().color(), 1, 0.5)
        painter.end()

    def _paint_frame(self, painter: QPainter, color: QColor, width: int, inset: float) -> None:
        painter.setPen(QPen(color, width))
        painter.drawRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset))
