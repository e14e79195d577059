"""A picture of the window once everything in it is sharp: for the docs, and where nobody looks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from pathview.app.main_window import MainWindow

_POLL_MS = 50
_QUIET_POLLS = 6
_PATIENCE_MS = 60_000


class ScreenshotWhenSettled(QObject):
    """Saves the window to a PNG when tiles and docks have come to rest, then quits.

    Parameters
    ----------
    window
        Shown.
    target
        The PNG to write.
    """

    def __init__(self, window: MainWindow, target: Path) -> None:
        super().__init__(window)
        self._window = window
        self._target = target
        self._quiet = 0
        self._waited = 0
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin to wait."""
        self._timer.start()

    def _look(self) -> None:
        self._waited += _POLL_MS
        self._quiet = self._quiet + 1 if self._window.settled else 0
        if self._quiet >= _QUIET_POLLS or self._waited >= _PATIENCE_MS:
            self._timer.stop()
            saved = self._window.grab_picture().save(str(self._target), "PNG")
            self._window.close()
            QApplication.exit(0 if saved and self._waited < _PATIENCE_MS else 1)
