"""Keys that belong to the widget that has the focus before they belong to the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QTabBar,
    QWidget,
)

from pathview.app.docks.window_slider import WindowSlider

_NAVIGATION = frozenset(
    {
        Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End,
        Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
    }
)  # fmt: skip
UNSEARCHED = "unsearched"
"""Name of the property that lists have in which no letter finds anything."""
_MODIFIED = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class KeyGuard(QObject):
    """Lets lists, sliders and boxes keep the arrow keys, and lists and boxes the letters they search with.

    The window's single-key shortcuts (arrows move the view, letters choose tools) would otherwise take them,
    and nobody could work the panels from the keyboard. Text fields look after themselves.

    Parameters
    ----------
    window
        Whose widgets are guarded.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        # Only the focused widget is watched: a filter on the program would see every event there is.
        if old is not None:
            old.removeEventFilter(self)
        if new is not None and new.window() is self._window:
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim a key for the focused widget before any shortcut gets it."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and isinstance(watched, QWidget)
            and keeps(watched, event)
        ):
            event.accept()
            return True
        return False


def keeps(widget: QWidget, event: QKeyEvent) -> bool:
    """Tell whether a key means something to `widget` itself."""
    if event.modifiers() & _MODIFIED:
        return False
    scrolls = isinstance(widget, QAbstractSlider | QComboBox | QAbstractScrollArea | QTabBar | WindowSlider)
    if event.key() in _NAVIGATION:
        return scrolls
    searches = isinstance(widget, QComboBox | QAbstractItemView) and widget.property(UNSEARCHED) is None
    return searches and event.text().isalpha()
