"""About, and the list of shortcuts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

import pathview
from pathview.app.actions import ACTIONS, ActionTable

_TEXT = """<h2>PathView {version}</h2>
<p>A whole-slide pathology viewer. <b>Research use only.</b> Models assist, people decide; nothing shown here
is a diagnosis.</p>
<p>Apache-2.0. Reads slides with OpenSlide (LGPL-2.1), draws with Qt for Python (LGPL-3) and VisPy (BSD).
Icons by Lucide (ISC).</p>"""


class AboutDialog(QDialog):
    """Version, licence and intended use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About PathView")
        layout = QVBoxLayout(self)
        text = QLabel(_TEXT.format(version=pathview.__version__))
        text.setWordWrap(True)
        text.setMinimumWidth(420)
        layout.addWidget(text)
        layout.addWidget(_close_button(self))


class ShortcutsDialog(QDialog):
    """Every action with its keys, made from the action table itself."""

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(620, 560)
        layout = QVBoxLayout(self)
        table = QTableWidget(len(ACTIONS), 3)
        table.setHorizontalHeaderLabels(["Action", "Keys", "What it does"])
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for row, info in enumerate(ACTIONS):
            keys = QKeySequence.listToString(
                actions[info.key].shortcuts(), QKeySequence.SequenceFormat.NativeText
            )
            for column, text in enumerate((info.text.replace("&", ""), keys, info.tip)):
                table.setItem(row, column, QTableWidgetItem(text))
        table.resizeColumnsToContents()
        table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        mouse = QLabel(
            "On the slide: the wheel zooms at the cursor; a drag with the Pan tool, the middle button or "
            "while Space is held moves; Enter or a double click closes a polygon, Backspace takes its last "
            "corner back, Esc drops it; 1 to 9 choose a class."
        )
        mouse.setWordWrap(True)
        mouse.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(table)
        layout.addWidget(mouse)
        layout.addWidget(_close_button(self))


def _close_button(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    return buttons
