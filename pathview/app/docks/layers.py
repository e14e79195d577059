"""The layer panel: what is shown, how strongly, and in which colours."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from pathview.app.docks.color_bar import ColorBar
from pathview.app.docks.overview import to_image
from pathview.app.tab_order import keep_in_place
from pathview.app.workspace import Workspace
from pathview.core.palette import COLORMAPS, colormap_table
from pathview.view.layers import Layer

_NAME_WIDTH = 230


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
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._workspace = workspace
        self._blocks: dict[str, LayerBlock] = {}
        workspace.slide_changed.connect(lambda _: self._rebuild())
        workspace.panes.changed.connect(self._on_layers)
        workspace.layers_changed.connect(self._on_layers)
        workspace.scale_changed.connect(self._on_scale)
        workspace.view.changed.connect(self._on_view)
        self._rebuild()

    def block(self, name: str) -> LayerBlock:
        """Return the controls of the layer called `name`."""
        return self._blocks[name]

    def _on_layers(self) -> None:
        # Not while they are the same: the change may come from one of these very widgets.
        if list(self._blocks) != [layer.name for layer in reversed(self._workspace.view.state.layers)]:
            self._rebuild()

    def _on_scale(self) -> None:
        for block in self._blocks.values():
            block.show_misfit()

    def _rebuild(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(8)
        self._blocks = {}
        for layer in reversed(self._workspace.view.state.layers):
            self._blocks[layer.name] = LayerBlock(self._workspace, layer)
            column.addWidget(self._blocks[layer.name])
        if not self._blocks:
            hint = QLabel("Open a slide: its layers are listed here.")
            hint.setObjectName("muted")
            column.addWidget(hint)
        column.addStretch(1)
        old = self.takeWidget()
        if old is not None:
            old.deleteLater()
        self.setWidget(body)
        keep_in_place(self)

    def _on_view(self, old: object, new: object) -> None:
        for layer in self._workspace.view.state.layers:
            if layer.name in self._blocks:
                self._blocks[layer.name].show_layer(layer)


class LayerBlock(QWidget):
    """The controls of one layer: one row, or five for a heatmap.

    Parameters
    ----------
    workspace
        Whose layer it is.
    layer
        As it is now.
    """

    def __init__(self, workspace: Workspace, layer: Layer) -> None:
        super().__init__()
        self._workspace = workspace
        self._name = layer.name
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, 96)
        self._grid.setColumnStretch(1, 1)
        shown = self.fontMetrics().elidedText(layer.name, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self.visible_box = QCheckBox(shown.replace("&", "&&"))
        self.visible_box.setAccessibleName(f"Show {layer.name}")
        self.visible_box.setToolTip(layer.name if shown != layer.name else "Show or hide this layer")
        self.visible_box.toggled.connect(lambda on: self._set(visible=on))
        self._sliders: dict[str, tuple[QSlider, QLabel]] = {}
        self.colormap: QComboBox | None = None
        self.class_box: QComboBox | None = None
        self.color_bar: ColorBar | None = None
        self.misfit = QLabel()
        self.misfit.setObjectName("layer-misfit")
        self.misfit.setWordWrap(True)
        if layer.kind == "heatmap":
            self._grid.addWidget(self.visible_box, 0, 0, 1, 3)
            self._grid.addWidget(self.misfit, 1, 0, 1, 3)
            self._grid.addWidget(QLabel("Opacity"), 2, 0)
            self._add_slider("opacity", 2, "Opacity")
            self._add_heatmap_rows()
        else:
            self._grid.addWidget(self.visible_box, 0, 0)
            self._add_slider("opacity", 0, "Opacity")
        self.show_layer(layer)
        self.show_misfit()

    def slider(self, field: str) -> QSlider:
        """Return the slider of "opacity" or "threshold"."""
        return self._sliders[field][0]

    def _add_heatmap_rows(self) -> None:
        facts = self._workspace.runs.heatmaps[self._name].facts
        self._grid.addWidget(QLabel("Hide below"), 3, 0)
        self._add_slider("threshold", 3, "Hide cells below")
        self.class_box = QComboBox()
        self.class_box.setToolTip("The class whose probability is shown")
        self.class_box.setAccessibleName("Class shown")
        self.class_box.addItems(facts.classes)
        self.class_box.currentIndexChanged.connect(lambda index: self._set(channel=index))
        self.colormap = _colormap_box()
        self.colormap.currentTextChanged.connect(lambda name: self._set(colormap=name))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.class_box, 1)
        row.addWidget(self.colormap, 1)
        self.color_bar = ColorBar(facts.threshold)
        self._grid.addLayout(row, 4, 0, 1, 3)
        self._grid.addWidget(self.color_bar, 5, 0, 1, 3)

    def _add_slider(self, field: str, row: int, what: str) -> None:
        slider, value = QSlider(Qt.Orientation.Horizontal), QLabel()
        slider.setRange(0, 100)
        slider.setObjectName(f"{self._name}-{field}")
        slider.setAccessibleName(f"{what}, {self._name}")
        slider.setToolTip(f"{what}, in percent")
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setFixedWidth(value.fontMetrics().horizontalAdvance("100 %") + 2)
        slider.valueChanged.connect(lambda number: self._set(**{field: number / 100}))
        self._grid.addWidget(slider, row, 1)
        self._grid.addWidget(value, row, 2)
        self._sliders[field] = (slider, value)

    def show_layer(self, layer: Layer) -> None:
        """Follow a change that was made elsewhere, without echoing it."""
        widgets = [self.visible_box, *(slider for slider, _ in self._sliders.values())]
        boxes = [box for box in (self.colormap, self.class_box) if box is not None]
        for widget in (*widgets, *boxes):
            widget.blockSignals(True)
        self.visible_box.setChecked(layer.visible)
        for field, (slider, value) in self._sliders.items():
            share = layer.opacity if field == "opacity" else layer.threshold
            slider.setValue(round(share * 100))
            value.setText(f"{share:.0%}".replace("%", " %"))
        if self.colormap is not None and self.class_box is not None:
            self.colormap.setCurrentText(layer.colormap or COLORMAPS[0])
            self.class_box.setCurrentIndex(layer.channel)
        for widget in (*widgets, *boxes):
            widget.blockSignals(False)
        self._show_colors(layer)

    def show_misfit(self) -> None:
        """Say where a heatmap was made with another pixel size than the slide has now."""
        if self._name in self._workspace.runs.heatmaps:
            words = self._workspace.runs.misfit(self._name)
            self.misfit.setText(f"⚠ {words}")
            self.misfit.setVisible(bool(words))

    def _show_colors(self, layer: Layer) -> None:
        if self.color_bar is not None:
            facts = self._workspace.runs.heatmaps[self._name].facts
            positive = facts.classes[layer.channel] == facts.positive
            self.color_bar.show_map(
                layer.colormap or COLORMAPS[0], layer.threshold, fade=layer.fade, marked=positive
            )

    def _set(self, **changes: object) -> None:
        self._workspace.set_layer(self._name, **changes)


def _colormap_box() -> QComboBox:
    box = QComboBox()
    box.setToolTip("Colours, from probability 0 to 1")
    box.setAccessibleName("Colours")
    box.setIconSize(QSize(48, 12))
    for name in COLORMAPS:
        strip = colormap_table(name)[None, ::4].repeat(12, axis=0)
        box.addItem(QIcon(QPixmap.fromImage(to_image(strip))), name)
    return box
