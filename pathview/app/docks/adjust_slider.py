"""A slider for one number of an adjustment: neutral in the middle, and a way back there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider

from pathview.view.slider_scale import place_of, value_at

_STEPS = 100
_HANDLE, _TRACK, _TICK = 6.0, 4.0, 4.0
_BACK = frozenset({Qt.Key.Key_Backspace, Qt.Key.Key_Delete})


class AdjustSlider(QSlider):
    """A double click, Backspace or Delete sets it back to neutral.

    Parameters
    ----------
    name
        Of the number, a key of `pathview.view.adjust.RANGES`.
    title
        What a screen reader says.
    """

    wanted = Signal(str, float)
    """The number's name, and what the user wants it to be."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._name = name
        self.setRange(-_STEPS, _STEPS)
        self.setPageStep(10)
        self.setObjectName(f"adjust-{name}")
        self.setAccessibleName(title)
        self.setToolTip(f"{title}; double click sets it back")
        self.valueChanged.connect(lambda place: self.wanted.emit(name, value_at(name, place / _STEPS)))

    def show_value(self, value: float) -> None:
        """Follow a change that was made elsewhere, without echoing it."""
        with QSignalBlocker(self):
            self.setValue(round(place_of(self._name, value) * _STEPS))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Set it back."""
        self._set_back()

    def event(self, event: QEvent) -> bool:
        """Claim Backspace and Delete, which elsewhere delete annotations."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _BACK
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Set it back, or move as sliders do."""
        if event.key() in _BACK:
            self._set_back()
        else:
            super().keyPressEvent(event)

    def _set_back(self) -> None:
        # Also where a number that was judged lies so near that the handle is in the middle already.
        self.setValue(0)
        self.wanted.emit(self._name, value_at(self._name, 0.0))

    # looks -----------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what differs from neutral: the style's own sliders are filled from the left end."""
        palette, painter = self.palette(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        center, handle, y = self.width() / 2, self._handle_x(), self.height() / 2
        painter.setPen(QPen(palette.mid().color(), 1))
        painter.setBrush(palette.base())
        painter.drawRoundedRect(QRectF(_HANDLE, y - _TRACK / 2, self.width() - 2 * _HANDLE, _TRACK), 2, 2)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Dark), 1))
        painter.drawLine(QPointF(center, y - _TRACK / 2 - _TICK), QPointF(center, y + _TRACK / 2 + _TICK))
        if self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.highlight())
            painter.drawRect(QRectF(min(center, handle), y - 1.5, abs(handle - center), 3))
        edge = palette.highlight() if self.hasFocus() else palette.windowText()
        painter.setPen(QPen(edge.color(), 2.0 if self.hasFocus() else 1.3))
        painter.setBrush(palette.button())
        painter.drawEllipse(QPointF(handle, y), _HANDLE - 1, _HANDLE - 1)
        painter.end()

    def _handle_x(self) -> float:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control = QStyle.ComplexControl.CC_Slider
        return (
            self.style()
            .subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
            .toRectF()
            .center()
            .x()
        )
