"""What is known about the slide, with its label and macro image."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pathview.app.action_table import ActionTable
from pathview.app.after_tiles import AfterTiles
from pathview.app.docks.overview import to_image
from pathview.app.scale_words import doubts, extent, of_file, of_user
from pathview.app.tab_order import keep_in_place
from pathview.app.workspace import Workspace
from pathview.core.stated import StatedMpp
from pathview.slides.reader import Rgb, SlideInfo
from pathview.study.session import Session
from pathview.tiles.source import SlideTiles

_WIDTH = 240
_SHOWN = ("label", "macro")


class SlideFactsDock(QScrollArea):
    """A table of facts, and the label and macro images with a switch, since labels carry names.

    Parameters
    ----------
    workspace
        Whose slide is shown.
    actions
        The window's actions; the pixel size can be set from here.
    """

    def __init__(self, workspace: Workspace, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("slide-facts")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._workspace = workspace
        self._actions = actions
        body = QWidget()
        layout = QVBoxLayout(body)
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._switch = QCheckBox("Show label and macro image")
        self._switch.setChecked(True)
        self._switch.setToolTip("Switch off when others can see the screen: labels may carry names")
        self._pictures = QVBoxLayout()
        layout.addLayout(self._form)
        layout.addWidget(self._switch)
        layout.addLayout(self._pictures)
        layout.addStretch(1)
        self.setWidget(body)
        self._first = AfterTiles(workspace.loader, self._fetch, self)
        self._switch.toggled.connect(self._toggle)
        self._switch.hide()
        workspace.slide_changed.connect(self._on_slide)
        workspace.layers_changed.connect(self._on_layers)
        workspace.scale_changed.connect(self._show_facts)
        self._on_slide(workspace.session)

    def _on_slide(self, session: Session | None) -> None:
        self._clear_pictures()
        self._switch.hide()
        self._show_facts()
        if session is None:
            self._first.stop()
        else:
            self._switch.setVisible(any(name in session.slide.associated_sizes() for name in _SHOWN))
            self._first.start()

    def _show_facts(self) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        session = self._workspace.session
        if session is None:
            self._form.addRow(QLabel("Open a slide: what its file says of it is listed here."))
            return
        for name, value in about_file(session.slide.info).items():
            self._add(name, value)
        self._show_scale(session)
        self._add("Colours", self._colours())

    def _show_scale(self, session: Session) -> None:
        info, own = session.slide.info, session.slide.file_info
        for name, value in about_scale(info, own, session.scale.stated).items():
            self._add(name, value)
        for words in doubts(info, own):
            self._form.addRow(_text("fact-doubt", f"⚠ {words}"))
        unknown = info.mpp is None
        button = QPushButton("Pixel size unknown: state it …" if unknown else "Set pixel size …")
        button.setObjectName("state-pixel-size")
        button.setToolTip(self._actions["pixel_size"].toolTip())
        button.clicked.connect(self._actions["pixel_size"].trigger)
        self._form.addRow(button)
        keep_in_place(self)

    def _add(self, name: str, value: str) -> None:
        self._form.addRow(f"{name}:", _text(f"fact-{name}", value))

    def _colours(self) -> str:
        tiles = self._workspace.scene.slide_tiles
        return tiles.colour.state if isinstance(tiles, SlideTiles) else ""

    def _on_layers(self) -> None:
        text = self.findChild(QLabel, "fact-Colours")
        if text is not None:
            text.setText(self._colours())

    def _fetch(self) -> None:
        """Read the pictures if they are wanted: behind a switched-off switch they are not even decoded."""
        session = self._workspace.session
        if session is None or not self._switch.isChecked() or self._pictures.count():
            return
        self._workspace.background.run(
            session.slide.associated_images, lambda images: self._show(session, images), lambda _: None
        )

    def _show(self, session: Session, images: Mapping[str, Rgb]) -> None:
        if self._workspace.session is not session or self._pictures.count():
            return
        for name in _SHOWN:
            if name not in images:
                continue
            caption, picture = QLabel(name.capitalize()), QLabel()
            pixmap = QPixmap.fromImage(to_image(images[name]))
            picture.setPixmap(pixmap.scaledToWidth(_WIDTH, Qt.TransformationMode.SmoothTransformation))
            picture.setObjectName(f"picture-{name}")
            for widget in (caption, picture):
                widget.setVisible(self._switch.isChecked())
                self._pictures.addWidget(widget)

    def _toggle(self, shown: bool) -> None:
        for index in range(self._pictures.count()):
            item = self._pictures.itemAt(index)
            if item is not None and (widget := item.widget()) is not None:
                widget.setVisible(shown)
        self._fetch()

    def _clear_pictures(self) -> None:
        while (item := self._pictures.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()


def about_file(info: SlideInfo) -> dict[str, str]:
    """Return what the panel says of a file, by heading."""
    width, height = info.size
    known = {
        "File": info.path.name,
        "Format": info.format,
        "Size": f"{width:,} × {height:,} px".replace(",", "\u202f"),
        "Levels": ", ".join(f"{level.downsample:.4g}×" for level in info.levels),
    }
    if info.channels:
        known["Channels"] = ", ".join(channel.name for channel in info.channels)
    if info.planes > 1:
        step = "" if info.plane_um is None else f", {info.plane_um:.4g} µm apart"
        known["Focal planes"] = f"{info.planes}{step}"
    if info.objective_power is not None:
        known["Objective"] = f"{info.objective_power:g}×"
    return known


def about_scale(info: SlideInfo, own: SlideInfo, stated: StatedMpp | None) -> dict[str, str]:
    """Return what the panel says of the pixel size, by heading.

    Parameters
    ----------
    info, own
        The slide with the stated pixel size, and what the file itself says.
    stated
        What was stated, or None.
    """
    known = {"Pixel size": of_file(own)} if stated is None else {}
    if stated is not None:
        known = {"Pixel size": of_user(stated), "The file says": of_file(own)}
    if info.mpp is not None:
        known["Extent"] = extent(info, info.mpp)
    return known


def _text(name: str, words: str) -> QLabel:
    text = QLabel(words)
    text.setWordWrap(True)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    text.setObjectName(name)
    return text
