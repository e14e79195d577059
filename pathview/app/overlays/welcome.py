"""What the window shows while no slide is open."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from pathview.app.theme import application_icon
from pathview.core.place import place_of

_SHOWN = 6
_WIDTH = 420
_PICTURE = 88


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
        card.setFixedWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setSpacing(0)
        picture = _centered(QLabel())
        picture.setPixmap(application_icon((_PICTURE, 2 * _PICTURE)).pixmap(_PICTURE, _PICTURE))
        title = _centered(QLabel("Open a slide to begin"))
        title.setObjectName("welcome-title")
        hint = _centered(QLabel("Drop a slide file anywhere in this window, or choose one."))
        hint.setObjectName("muted")
        open_button = _button("&Open slide …", self.open_asked)
        open_button.setObjectName("primary")
        self._recent_heading = QLabel("Recent slides")
        self._recent_heading.setObjectName("welcome-heading")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._buttons: dict[str, QPushButton] = {}
        note = _centered(QLabel("For research use only, not for diagnosis."))
        note.setObjectName("muted")
        for widget, space in ((picture, 12), (title, 6), (hint, 24), (open_button, 10)):
            column.addWidget(widget)
            column.addSpacing(space)
        column.addWidget(_button("&Try the synthetic demo slide", self.demo_asked))
        column.addSpacing(24)
        column.addWidget(self._recent_heading)
        column.addSpacing(4)
        column.addLayout(self._recent)
        column.addSpacing(24)
        column.addWidget(note)
        outer.addWidget(card)
        self.show_recent(())

    def show_recent(self, paths: tuple[str, ...]) -> None:
        """List the slides opened last."""
        for button in self._buttons.values():
            self._recent.removeWidget(button)
            button.hide()  # at once: it goes only when the event loop comes to it
            button.deleteLater()
        self._buttons = {path: self._recent_button(path) for path in paths[:_SHOWN]}
        self._recent_heading.setVisible(bool(paths))

    def grey(self, missing: Collection[str]) -> None:
        """Disable the slides that are not there now, and say so."""
        for path, button in self._buttons.items():
            if path in missing and button.isEnabled():
                button.setEnabled(False)
                button.setText(f"{button.text()} (not there now)")

    def _recent_button(self, path: str) -> QPushButton:
        button = QPushButton(place_of(path).name.replace("&", "&&"))
        button.setFlat(True)
        button.setObjectName("welcome-recent")
        button.setToolTip(path)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.recent_asked.emit(path))
        self._recent.addWidget(button)
        return button


def _centered(label: QLabel) -> QLabel:
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _button(text: str, asked: object) -> QPushButton:
    button = QPushButton(text)
    button.setMinimumHeight(36)
    button.clicked.connect(asked)
    return button
