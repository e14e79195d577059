"""Version, licence and intended use."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

import pathview

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


def _close_button(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    return buttons
