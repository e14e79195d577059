"""What lasts as long as a key is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class HeldKey(QObject):
    """Switches something on when an action is chosen, and off when its key is let go.

    Chosen without a key, it stays on until it is chosen again.

    Parameters
    ----------
    window
        Whose action it is.
    key
        Of the action.
    is_on
        Tells whether it is on: others may switch it, too.
    switch
        Called with whether it is to be on.
    """

    def __init__(
        self, window: MainWindow, key: str, is_on: Callable[[], bool], switch: Callable[[bool], object]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._key = key
        self._is_on = is_on
        self._switch = switch

    def toggle(self) -> None:
        """Switch it on, or off where it is on: the action was chosen."""
        self._set(not self._is_on())

    def _set(self, on: bool) -> None:
        application = QApplication.instance()
        assert application is not None
        # Only meanwhile: a filter on the program sees every event there is.
        if on:
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)
        self._switch(on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice that the key is let go, or that its release will go to another window."""
        released = event.type() == QEvent.Type.KeyRelease and self._is_key(event)
        if released or (event.type() == QEvent.Type.WindowDeactivate and watched is self._window):
            self._set(False)
        return False

    def _is_key(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.isAutoRepeat():
            return False
        # Modifiers may have been let go first, so the key alone counts.
        key = QKeySequence(event.key()).toString()
        shortcuts = self._window.actions_table[self._key].shortcuts()
        return any(keys.toString().endswith(key) for keys in shortcuts)
