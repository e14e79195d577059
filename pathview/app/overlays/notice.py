"""A short notice at the top of the canvas, such as "synthetic slide"."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

_STYLE = (
    "background: rgba(255, 244, 214, 235); color: #5c4300; border-radius: 6px; padding: 6px 12px;"
    " font-weight: 600;"
)


class Notice(QLabel):
    """One line of text on a plate; hidden while there is nothing to say."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setStyleSheet(_STYLE)
        self.setObjectName("notice")
        self.hide()

    def say(self, text: str) -> None:
        """Show `text`, or hide when it is empty."""
        self.setText(text)
        self.adjustSize()
        self.setVisible(bool(text))
