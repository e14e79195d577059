"""A short notice at the top of the canvas, such as "synthetic slide"."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget


class Notice(QLabel):
    """One line of text on a plate; hidden while there is nothing to say."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("notice")
        self.hide()

    def say(self, text: str) -> bool:
        """Show `text`, or hide when it is empty; tell whether that is news."""
        if text == self.text():
            return False
        self.setText(text)
        self.adjustSize()
        self.setVisible(bool(text))
        return True
