"""What the window shows while no slide is open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from pathview.app.theme import application_icon

_SHOWN = 6


class Welcome(QWidget):
    """Says what to do: open a slide, drop one, take a recent one, or look at the demo."""

    open_asked = Signal()
    demo_asked = Signal()
    recent_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        outer = QVBoxLayout(self)
        outer.setAlignment(Qt.AlignmentFlag.AlignCenter)
        card = QFrame(self)
        card.setFixedWidth(460)
        layout = QVBoxLayout(card)
        layout.setSpacing(8)
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(72, 72))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = QLabel("Open a slide to begin")
        title.setStyleSheet("font-size: 22px; font-weight: 600;")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint = QLabel("Drop a slide file anywhere in this window, or choose one.")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        open_button = QPushButton("Open slide …")
        open_button.setDefault(True)
        open_button.setMinimumHeight(34)
        open_button.clicked.connect(self.open_asked)
        demo_button = QPushButton("Try the synthetic demo slide")
        demo_button.setMinimumHeight(34)
        demo_button.clicked.connect(self.demo_asked)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        for widget in (picture, title, hint, open_button, demo_button):
            layout.addWidget(widget)
        layout.addLayout(self._recent)
        note = QLabel("For research use only.")
        note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        note.setEnabled(False)
        layout.addWidget(note)
        outer.addWidget(card)

    def show_recent(self, paths: tuple[str, ...]) -> None:
        """List the slides opened last."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if paths:
            heading = QLabel("Recent")
            heading.setStyleSheet("font-weight: 600; margin-top: 14px;")
            self._recent.addWidget(heading)
        for path in paths[:_SHOWN]:
            button = QPushButton(Path(path).name)
            button.setFlat(True)
            button.setStyleSheet("text-align: left; padding: 4px 6px;")
            button.setToolTip(path)
            button.clicked.connect(lambda _=False, chosen=path: self.recent_asked.emit(chosen))
            self._recent.addWidget(button)
