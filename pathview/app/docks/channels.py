"""The channel panel: which channels are shown, in which colours and contrast, and the focal plane."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pathview.app.docks.window_slider import WindowSlider
from pathview.app.tab_order import keep_in_place
from pathview.app.workspace import Workspace
from pathview.slides.channels import Channel, ChannelLook, Look
from pathview.slides.reader import SlideInfo
from pathview.study.session import Session

_SWATCH = 16


class ChannelsDock(QScrollArea):
    """The focal plane, and one block a channel.

    Parameters
    ----------
    workspace
        Whose slide is shown.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("channels")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._workspace = workspace
        self.rows: list[ChannelRow] = []
        self.plane: PlaneRow | None = None
        workspace.slide_changed.connect(self._rebuild)
        workspace.looks.changed.connect(self._on_look)
        self._rebuild(workspace.session)

    def _rebuild(self, session: Session | None) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(4)
        self.rows, self.plane = [], None
        look = self._workspace.looks.look
        if session is None or look is None:
            hint = QLabel("The slide has neither channels nor focal planes.")
            hint.setWordWrap(True)
            hint.setObjectName("muted")
            column.addWidget(hint)
        else:
            self._fill(column, session.slide.info, look)
        column.addStretch(1)
        old = self.takeWidget()
        if old is not None:
            old.deleteLater()
        self.setWidget(body)
        keep_in_place(self)

    def _fill(self, column: QVBoxLayout, info: SlideInfo, look: Look) -> None:
        if info.planes > 1:
            self.plane = PlaneRow(self._workspace, info)
            self.plane.show_plane(look.plane)
            column.addWidget(self.plane)
        for number, (channel, shown) in enumerate(zip(info.channels, look.channels, strict=True)):
            row = ChannelRow(self._workspace, number, channel, shown)
            self.rows.append(row)
            column.addWidget(row)
        if self.rows:
            column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        auto, reset = QPushButton("Auto contrast"), QPushButton("Reset")
        auto.setObjectName("channels-auto")
        auto.setToolTip("Suit the contrast of the visible channels to what is in view")
        auto.clicked.connect(self._workspace.looks.auto_contrast)
        reset.setObjectName("channels-reset")
        reset.setToolTip("Show all as it was when the slide was opened")
        reset.clicked.connect(self._workspace.looks.reset)
        row = QHBoxLayout()
        row.addWidget(auto)
        row.addWidget(reset)
        row.addStretch(1)
        return row

    def _on_look(self) -> None:
        look = self._workspace.looks.look
        if look is None:
            return
        if self.plane is not None:
            self.plane.show_plane(look.plane)
        for row, shown in zip(self.rows, look.channels, strict=True):
            row.show_look(shown)


class PlaneRow(QWidget):
    """The slider of the focal plane.

    Parameters
    ----------
    workspace
        Whose slide is shown.
    info
        Of the slide.
    """

    def __init__(self, workspace: Workspace, info: SlideInfo) -> None:
        super().__init__()
        self._info = info
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, info.planes - 1)
        self.slider.setPageStep(1)
        self.slider.setObjectName("focal-plane")
        self.slider.setAccessibleName("Focal plane")
        self.slider.setToolTip("Which focal plane is shown")
        self.slider.valueChanged.connect(workspace.looks.show_plane)
        self.words = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Plane"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        self.words.setMinimumWidth(self.words.fontMetrics().horizontalAdvance(self._text(info.planes - 1)))
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_plane(self, plane: int) -> None:
        """Follow a change that was made elsewhere, without echoing it."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(plane)
        self.words.setText(self._text(plane))

    def _text(self, plane: int) -> str:
        """Return the number, counted from 1, and the height over the first plane where it is known."""
        step = self._info.plane_um
        height = "" if step is None else f" · {plane * step:.4g} µm"
        return f"{plane + 1} of {self._info.planes}{height}"


class ChannelRow(QWidget):
    """The controls of one channel; those of its contrast are there while it is shown.

    Parameters
    ----------
    workspace
        Whose slide is shown.
    number
        Of the channel.
    channel
        What the file says of it.
    shown
        How it is shown.
    """

    def __init__(self, workspace: Workspace, number: int, channel: Channel, shown: ChannelLook) -> None:
        super().__init__()
        self._workspace = workspace
        self._number = number
        self._name = channel.name
        self.visible_box = QCheckBox(channel.name.replace("&", "&&"))
        self.visible_box.setAccessibleName(f"Show {channel.name}")
        self.visible_box.setToolTip("Show or hide this channel")
        self.visible_box.toggled.connect(lambda on: self._set(visible=on))
        self.swatch = QToolButton()
        self.swatch.setAutoRaise(True)
        self.swatch.setIconSize(QSize(_SWATCH, _SWATCH))
        self.swatch.setAccessibleName(f"Colour of {channel.name}")
        self.swatch.setToolTip("Choose the colour")
        self.swatch.clicked.connect(self._ask_colour)
        self.window_slider = WindowSlider(shown.low, shown.high)
        self.window_slider.setObjectName(f"channel-{number}-window")
        self.window_slider.setAccessibleName(f"Contrast of {channel.name}")
        self.window_slider.changed.connect(lambda low, high: self._set(low=low, high=high))
        self.values = QLabel()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.visible_box, 0, 0)
        grid.addWidget(self.values, 0, 1)
        grid.addWidget(self.swatch, 0, 2)
        grid.addWidget(self.window_slider, 1, 0, 1, 3)
        self.show_look(shown)

    def show_look(self, shown: ChannelLook) -> None:
        """Follow a change that was made elsewhere, without echoing it."""
        with QSignalBlocker(self.visible_box):
            self.visible_box.setChecked(shown.visible)
        self.window_slider.show_window(shown.low, shown.high, QColor(*shown.colour))
        self.values.setText(f"{_short(shown.low)} – {_short(shown.high)}")
        self.window_slider.setVisible(shown.visible)
        self.values.setVisible(shown.visible)
        square = QPixmap(_SWATCH, _SWATCH)
        square.fill(QColor(*shown.colour))
        self.swatch.setIcon(QIcon(square))
        self._colour = shown.colour

    def _ask_colour(self) -> None:
        chosen = QColorDialog.getColor(QColor(*self._colour), self, f"Colour of {self._name}")
        if chosen.isValid():
            self._set(colour=(chosen.red(), chosen.green(), chosen.blue()))

    def _set(self, **changes: object) -> None:
        look = self._workspace.looks.look
        if look is not None:
            self._workspace.looks.show(look.with_channel(self._number, **changes))


def _short(value: float) -> str:
    """Return a number in few letters: whole where the range is wide."""
    return f"{value:.0f}" if abs(value) >= 100 or value == math.floor(value) else f"{value:.3g}"
