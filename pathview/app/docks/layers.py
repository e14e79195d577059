"""The layer panel: what is shown, how strongly, and in which colours."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from pathview.app.docks.overview import to_image
from pathview.app.workspace import Workspace
from pathview.core.palette import COLORMAPS, colormap_table
from pathview.view.layers import Layer


class LayersDock(QScrollArea):
    """One block a layer, the topmost first.

    Parameters
    ----------
    workspace
        Whose layers are shown.
    """

    title = "Layers"

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("layers")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._workspace = workspace
        self._blocks: dict[str, _Block] = {}
        workspace.slide_changed.connect(lambda _: self._rebuild())
        workspace.layers_changed.connect(self._rebuild)
        workspace.view.changed.connect(self._on_view)
        self._rebuild()

    def _rebuild(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setSpacing(10)
        self._blocks = {}
        for layer in reversed(self._workspace.view.state.layers):
            self._blocks[layer.name] = _Block(self._workspace, layer)
            column.addWidget(self._blocks[layer.name])
        if not self._blocks:
            column.addWidget(QLabel("Layers appear when a slide is open."))
        column.addStretch(1)
        self.setWidget(body)

    def _on_view(self, old: object, new: object) -> None:
        for layer in self._workspace.view.state.layers:
            if layer.name in self._blocks:
                self._blocks[layer.name].show_layer(layer)


class _Block(QWidget):
    """The controls of one layer."""

    def __init__(self, workspace: Workspace, layer: Layer) -> None:
        super().__init__()
        self._workspace = workspace
        self._name = layer.name
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        self._visible = QCheckBox(layer.name)
        self._visible.setStyleSheet("font-weight: 600;")
        self._visible.toggled.connect(lambda on: self._set(visible=on))
        form.addRow(self._visible)
        self._opacity = self._slider("opacity", form, "Opacity")
        self._threshold: QSlider | None = None
        self._colormap: QComboBox | None = None
        self._class: QComboBox | None = None
        if layer.kind == "heatmap":
            self._class = QComboBox()
            self._class.addItems(workspace.runs.heatmaps[layer.name].facts.classes)
            self._class.currentIndexChanged.connect(lambda index: self._set(channel=index))
            form.addRow("Class", self._class)
            self._colormap = _colormap_box()
            self._colormap.currentTextChanged.connect(lambda name: self._set(colormap=name))
            form.addRow("Colours", self._colormap)
            self._threshold = self._slider("threshold", form, "Hide below")
        self.show_layer(layer)

    def _slider(self, field: str, form: QFormLayout, text: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, 100)
        slider.setObjectName(f"{self._name}-{field}")
        value = QLabel()
        value.setMinimumWidth(34)
        value.setAlignment(Qt.AlignmentFlag.AlignRight)
        slider.valueChanged.connect(lambda number: value.setText(f"{number} %"))
        slider.valueChanged.connect(lambda number: self._set(**{field: number / 100}))
        value.setText(f"{slider.value()} %")
        form.addRow(text, slider)
        return slider

    def show_layer(self, layer: Layer) -> None:
        """Follow a change that was made elsewhere, without echoing it."""
        widgets: list[QWidget | None] = [
            self._visible,
            self._opacity,
            self._threshold,
            self._colormap,
            self._class,
        ]
        for widget in widgets:
            if widget is not None:
                widget.blockSignals(True)
        self._visible.setChecked(layer.visible)
        self._opacity.setValue(round(layer.opacity * 100))
        self._opacity.setToolTip(f"{layer.opacity:.0%}")
        if self._threshold is not None and self._colormap is not None and self._class is not None:
            self._threshold.setValue(round(layer.threshold * 100))
            self._threshold.setToolTip(f"Cells below {layer.threshold:.2f} are not drawn")
            self._colormap.setCurrentText(layer.colormap or COLORMAPS[0])
            self._class.setCurrentIndex(layer.channel)
        for widget in widgets:
            if widget is not None:
                widget.blockSignals(False)

    def _set(self, **changes: object) -> None:
        self._workspace.set_layer(self._name, **changes)


def _colormap_box() -> QComboBox:
    box = QComboBox()
    box.setIconSize(QSize(64, 12))
    for name in COLORMAPS:
        strip = colormap_table(name)[None, ::4].repeat(12, axis=0)
        box.addItem(QIcon(QPixmap.fromImage(to_image(strip))), name)
    return box
