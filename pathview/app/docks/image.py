"""The image panel: brightness, contrast, white, stains; for the screen alone."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from pathview.app.action_table import ActionTable
from pathview.app.docks.adjust_slider import AdjustSlider
from pathview.app.docks.stain_rows import StainRows
from pathview.app.tab_order import keep_in_place
from pathview.app.workspace import Workspace
from pathview.view.slider_scale import in_words

# A slider sends dozens of changes a second; each commit waits for the disk.
_KEEP_AFTER_MS = 800
_ROW = 20
_OPENED = "Only the screen changes: exports, thumbnails and models get the slide as scanned."
_CLOSED = "Open a slide: how it looks on the screen is adjusted here."
_LIGHT = {"brightness": "Brightness", "contrast": "Contrast", "gamma": "Gamma", "saturation": "Saturation"}
_WHITE = {"red": "Red", "green": "Green", "blue": "Blue"}


class ImageDock(QScrollArea):
    """How the picture is adjusted.

    Parameters
    ----------
    workspace
        Whose slide is shown.
    actions
        What the buttons do.
    """

    def __init__(self, workspace: Workspace, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("image")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._workspace = workspace
        self._actions = actions
        self.sliders: dict[str, tuple[AdjustSlider, QLabel]] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.stains = StainRows(workspace, actions)
        self.compare = QPushButton("Hold to compare")
        actions["compare"].changed.connect(self._show_key)
        self._show_key()
        self.compare.pressed.connect(lambda: workspace.adjustments.compare(True))
        self.compare.released.connect(lambda: workspace.adjustments.compare(False))
        self._note = QLabel()
        self._body = self._made()
        self.setWidget(self._body)
        keep_in_place(self)
        self._keep = QTimer(self, singleShot=True, interval=_KEEP_AFTER_MS)
        self._keep.timeout.connect(workspace.adjustments.keep)
        workspace.adjustments.changed.connect(self._on_change)
        workspace.panes.changed.connect(self.follow)
        self.follow()

    def _made(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(_row(self.compare, self._button("reset_adjustment", "Reset")))
        column.addLayout(self._heading("Light", self._button("auto_adjust", "Auto")))
        column.addLayout(self._sliders(_LIGHT))
        column.addLayout(self._heading("White", self._button("white_from_glass", "White from glass")))
        column.addLayout(self._sliders(_WHITE))
        column.addLayout(self._heading("Stains"))
        column.addWidget(self.stains)
        copies = (self._button("copy_adjustment", "Copy"), self._button("paste_adjustment", "Paste"))
        column.addLayout(self._heading("Transfer", *copies))
        self._note.setObjectName("muted")
        self._note.setWordWrap(True)
        column.addWidget(self._note)
        column.addStretch(1)
        return body

    def _heading(self, text: str, *buttons: QPushButton) -> QHBoxLayout:
        label = QLabel(text)
        label.setObjectName("section")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(label, 1)
        for button in buttons:
            row.addWidget(button)
        return row

    def _button(self, key: str, text: str) -> QPushButton:
        action, button = self._actions[key], QPushButton(text)
        button.setObjectName(f"button-{key}")
        button.clicked.connect(action.trigger)
        self.buttons[key] = button
        # Greyed like its menu entry, and with the keys that it has now.
        action.changed.connect(partial(self._show_action, key))
        self._show_action(key)
        return button

    def _show_action(self, key: str) -> None:
        self.buttons[key].setToolTip(self._actions[key].toolTip())
        self.buttons[key].setEnabled(self._actions[key].isEnabled())

    def _show_key(self) -> None:
        keys = self._actions["compare"].shortcut().toString()
        also = f", or the key {keys}" if keys else ""
        self.compare.setToolTip(f"Show the slide as scanned while this is held{also}")

    def _sliders(self, titles: dict[str, str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, 72)
        for row, (name, title) in enumerate(titles.items()):
            slider, value = AdjustSlider(name, title), QLabel()
            slider.wanted.connect(self._want)
            slider.setMinimumHeight(_ROW)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setMinimumWidth(value.fontMetrics().horizontalAdvance("+100 %"))
            for column, widget in enumerate((QLabel(title), slider, value)):
                grid.addWidget(widget, row, column)
            self.sliders[name] = (slider, value)
        return grid

    def _want(self, name: str, value: float) -> None:
        adjustments = self._workspace.adjustments
        adjustments.show(adjustments.current.limited(**{name: value}))

    def _on_change(self) -> None:
        self.follow()
        self._keep.start()

    def follow(self) -> None:
        """Show how the picture is adjusted, without echoing it."""
        adjustment: Any = self._workspace.adjustments.current
        opened = self._workspace.session is not None
        self._body.setEnabled(opened)
        self._note.setText(_OPENED if opened else _CLOSED)
        self.compare.setEnabled(not adjustment.neutral)
        for name, (slider, value) in self.sliders.items():
            slider.show_value(getattr(adjustment, name))
            value.setText(in_words(name, getattr(adjustment, name)))
        self.stains.follow(adjustment, opened=opened)


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
