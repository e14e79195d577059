"""What floats over one pane: its name, its frame, scale bar, guides, and what to do where it is empty."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
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
_NAME_MARGIN = _FRAME + 5
_KNOB = 13.0
_EMPTY = "Click a tab to show its slide here,\nor open another one with Ctrl+O"
_EMPTY_ELSEWHERE = "Click here first\nto choose what is shown in this place"


class Compared(NamedTuple):
    """What is laid over a pane.

    Attributes
    ----------
    name
        What it is called.
    pane
        The other view.
    at
        Logical pixels from the left edge at which it begins; None where it shows instead of the pane.
    """

    name: str
    pane: Pane
    at: float | None


class PaneOverlay(QWidget):
    """Lies over one pane and is not felt by the mouse.

    Attributes
    ----------
    guides, scale_bar
        Of the pane.
    label, other_label
        Name and magnification of what shows, and of what shows to the right of a divider.
    divider
        Where that is, logical pixels from the left edge; None without one.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("pane")
        self._active = self._several = False
        self.divider: float | None = None
        self.guides = GuidesOverlay(self)
        self.scale_bar = ScaleBarOverlay(self)
        self.label, self.other_label = ElidedLabel(parent=self), ElidedLabel(parent=self)
        for label in (self.label, self.other_label):
            label.setObjectName("pane-label")
            label.hide()
        self._hint = QLabel(_EMPTY, self)
        self._hint.setObjectName("pane-hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def follow(self, pane: Pane, *, active: bool, several: bool, compared: Compared | None) -> None:
        """Say and mark what the pane shows now.

        Parameters
        ----------
        pane
            What it lies over.
        active
            Whether that is the active one.
        several
            Whether there are others, from which it is to be told.
        compared
            What is laid over it, or None.
        """
        painted = (self._active, self._several, self.divider)
        self._active, self._several = active, several
        self.divider = None if compared is None else compared.at
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
        self._name(pane, compared)
        # It covers the canvas, all of which would be painted anew with it.
        if painted != (self._active, self._several, self.divider):
            self.update()

    def _name(self, pane: Pane, compared: Compared | None) -> None:
        instead = compared is not None and compared.at is None
        self.label.setVisible(pane.slide is not None and (self._several or compared is not None))
        self.other_label.setVisible(compared is not None and not instead)
        if pane.slide is not None and not self.label.isHidden():
            shown = compared if compared is not None and instead else Compared(pane.slide.name, pane, None)
            self.label.setText(_words(shown))
            _mark(self.label, active=self._active and not instead)
        if compared is not None:
            self.other_label.setText(_words(compared))
        self._lay_out_names()

    def lay_out(self) -> None:
        """Put the parts where they belong in the present size."""
        self.guides.setGeometry(self.rect())
        self.scale_bar.move(_MARGIN, self.height() - self.scale_bar.height() - _MARGIN)
        self._hint.setGeometry(self.rect())
        self._lay_out_names()

    def _lay_out_names(self) -> None:
        divider = self.width() if self.divider is None else round(self.divider)
        for label, left, right in ((self.label, 0, divider), (self.other_label, divider, self.width())):
            wanted = label.sizeHint()
            room = right - left - 2 * _NAME_MARGIN
            label.setGeometry(left + _NAME_MARGIN, _NAME_MARGIN, min(wanted.width(), room), wanted.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a frame where the pane is active, light beside dark to show on any slide, else a line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.divider is not None)
        if self._several and self._active:
            self._paint_frame(painter, self.palette().highlight().color(), _FRAME, _FRAME / 2)
            self._paint_frame(painter, QColor(255, 255, 255, 200), 1, _FRAME + 0.5)
        elif self._several:
            self._paint_frame(painter, self.palette().mid().color(), 1, 0.5)
        if self.divider is not None:
            self._paint_divider(painter, self.divider)
        painter.end()

    def _paint_frame(self, painter: QPainter, color: QColor, width: int, inset: float) -> None:
        painter.setPen(QPen(color, width))
        painter.drawRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset))

    def _paint_divider(self, painter: QPainter, x: float) -> None:
        for color, width in ((QColor(255, 255, 255, 220), 4.0), (self.palette().highlight().color(), 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        middle = QPointF(x, self.height() / 2)
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(middle, _KNOB, _KNOB)
        for side in (-1, 1):
            tip = middle + QPointF(side * 8, 0)
            painter.drawPolyline([tip + QPointF(-side * 4, -4), tip, tip + QPointF(-side * 4, 4)])


def _words(compared: Compared) -> str:
    slide, state = compared.pane.slide, compared.pane.state
    assert slide is not None, "only slides are named"
    words = [compared.name, view_words(slide.session.slide.info, state.viewport)]
    if any(in_words(layer.adjustment) for layer in state.layers) and not state.comparing:
        words.append("adjusted picture")
    return " · ".join(words)


def _mark(label: QLabel, *, active: bool) -> None:
    if label.property("active") != active:
        label.setProperty("active", active)
        label.style().polish(label)
