"""A slider with two handles: the values that are shown as black and at full colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

_HANDLE = 6.0
_TRACK = 6.0
# A window may not become narrower than this share of the range: nobody could take it apart again.
_NARROWEST = 0.002
_STEP, _PAGE = 0.01, 0.1


class WindowSlider(QWidget):
    """Drag either handle, or the bar between them to move both; arrow keys move the handle used last.

    Parameters
    ----------
    low, high
        The window at first; the range is twice as wide, from 0 or from `low` where that is below.
    """

    changed = Signal(float, float)
    """The window that the user wants."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self._least = min(0.0, low)
        self._most = high + (high - self._least)
        self._low, self._high = low, high
        self._colour = QColor("white")
        self._held: str | None = None
        self._chosen = "high"
        self._from = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Drag the ends: what is shown as black, and at full colour")

    def sizeHint(self) -> QSize:
        """Ask for a line."""
        return QSize(160, 18)

    def show_window(self, low: float, high: float, colour: QColor) -> None:
        """Show a window; the range grows where it does not hold it."""
        self._low, self._high, self._colour = low, high, colour
        self._least, self._most = min(self._least, low), max(self._most, high)
        self.update()

    # mouse -----------------------------------------------------------
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the nearer handle, or both between them."""
        x = event.position().x()
        low, high = self._x(self._low), self._x(self._high)
        if low + _HANDLE * 1.5 < x < high - _HANDLE * 1.5:
            self._held = "both"
        else:
            self._held = self._chosen = "low" if abs(x - low) < abs(x - high) else "high"
        self._from = self._value(x)
        self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held."""
        self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None

    def _drag(self, x: float) -> None:
        value = self._value(x)
        if self._held == "both":
            # As far as the ends allow, so that the window keeps its width.
            by = min(max(value - self._from, self._least - self._low), self._most - self._high)
            self._from += by
            self._want(self._low + by, self._high + by)
        elif self._held is not None:
            self._move(self._held, value)

    # keys ------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the handle used last; Home and End choose a handle."""
        steps = {
            Qt.Key.Key_Left: -_STEP,
            Qt.Key.Key_Right: _STEP,
            Qt.Key.Key_PageDown: -_PAGE,
            Qt.Key.Key_PageUp: _PAGE,
        }
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._chosen = "low" if key == Qt.Key.Key_Home else "high"
            self.update()
        elif key in steps:
            present = self._low if self._chosen == "low" else self._high
            self._move(self._chosen, present + steps[key] * (self._most - self._least))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which handle the keys move."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keys move none."""
        self.update()

    def _move(self, handle: str, value: float) -> None:
        gap = _NARROWEST * (self._most - self._least)
        if handle == "low":
            self._want(min(max(value, self._least), self._high - gap), self._high)
        else:
            self._want(self._low, max(min(value, self._most), self._low + gap))

    def _want(self, low: float, high: float) -> None:
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self.update()
            self.changed.emit(low, high)

    # looks -----------------------------------------------------------
    def _x(self, value: float) -> float:
        share = (value - self._least) / (self._most - self._least)
        return _HANDLE + share * (self.width() - 2 * _HANDLE)

    def _value(self, x: float) -> float:
        share = (x - _HANDLE) / max(self.width() - 2 * _HANDLE, 1.0)
        return self._least + share * (self._most - self._least)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, black to full colour between the handles, and the handles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, low, high = self.height() / 2, self._x(self._low), self._x(self._high)
        track = QRectF(_HANDLE, middle - _TRACK / 2, self.width() - 2 * _HANDLE, _TRACK)
        painter.setPen(QPen(self.palette().mid().color(), 1))
        painter.setBrush(self.palette().base())
        painter.drawRoundedRect(track, 2, 2)
        ramp = QLinearGradient(low, 0, high, 0)
        ramp.setColorAt(0, QColor("black"))
        ramp.setColorAt(1, self._colour)
        painter.setBrush(ramp)
        painter.drawRect(QRectF(low, track.top(), high - low, _TRACK))
        for name, x in (("low", low), ("high", high)):
            marked = self.hasFocus() and name == self._chosen
            palette = self.palette()
            painter.setPen(QPen(palette.highlight().color() if marked else palette.text().color(), 1.5))
            painter.setBrush(palette.button())
            painter.drawEllipse(QPointF(x, middle), _HANDLE - 1, _HANDLE - 1)
        painter.end()
