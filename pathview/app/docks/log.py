"""The log panel: the program's last messages."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPlainTextEdit

from pathview.core.log import RECENT

_EVERY_MS = 500


class LogDock(QPlainTextEdit):
    """The newest messages, for bug reports; refreshed while it is visible."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("log")
        self.setReadOnly(True)
        self.setAccessibleName("Log")
        self.setWhatsThis("The program's last messages; they can be copied.")
        self.setPlaceholderText("Nothing has been logged yet.")
        self._shown = ""
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self._refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to follow."""
        self._refresh()
        self._timer.start()
        super().showEvent(event)

    def _refresh(self) -> None:
        if not self.isVisible():
            self._timer.stop()
        text = "\n".join(RECENT)
        if text != self._shown:
            self._shown = text
            self.setPlainText(text)
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
