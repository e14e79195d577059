"""The controls and the legend of a heatmap in the layer panel."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel

from pathview.app.docks.color_bar import ColorBar
from pathview.app.docks.layer_block import LayerBlock
from pathview.app.docks.overview import to_image
from pathview.app.heatmap_words import legend
from pathview.app.workspace import Workspace
from pathview.core.palette import COLORMAPS, colormap_table
from pathview.inference.heatmap import Heatmap
from pathview.view.layers import Layer


class HeatmapBlock(LayerBlock):
    """How a heatmap shows, which class of it, what its colours mean, and what it was made with.

    Parameters
    ----------
    workspace
        Whose layer it is.
    layer
        As it is now.
    """

    def __init__(self, workspace: Workspace, layer: Layer) -> None:
        self._heatmap: Heatmap = workspace.runs.heatmaps[layer.name]
        self.misfit = QLabel()
        self.misfit.setObjectName("layer-misfit")
        self.misfit.setWordWrap(True)
        self.class_box = QComboBox()
        self.colormap = _colormap_box()
        self.color_bar = ColorBar()
        self.switches: dict[str, QCheckBox] = {}
        self.legend = QLabel()
        self.legend.setObjectName("muted")
        self.legend.setWordWrap(True)
        self.legend.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        super().__init__(workspace, layer)
        self.follow()

    def follow(self) -> None:
        """Say where it was made with another pixel size than the slide has now, and how far it is."""
        words = self._workspace.runs.misfit(self._name)
        self.misfit.setText(f"⚠ {words}")
        self.misfit.setVisible(bool(words))
        self.legend.setText(legend(self._heatmap))

    def _arrange(self) -> None:
        self._grid.addWidget(self.visible_box, 0, 0, 1, 3)
        self._grid.addWidget(self.misfit, 1, 0, 1, 3)
        self._grid.addWidget(QLabel("Opacity"), 2, 0)
        self._add_slider("opacity", 2, "Opacity")
        self._grid.addWidget(QLabel("Hide below"), 3, 0)
        self._add_slider("threshold", 3, "Hide cells below this probability")
        self._grid.addLayout(self._choices(), 5, 0, 1, 3)
        self._grid.addWidget(self.color_bar, 6, 0, 1, 3)
        row = QHBoxLayout()
        row.setSpacing(12)
        self._add_switch(row, "contours", "Contour", "A line where the probability crosses the threshold")
        row.addStretch(1)
        self._grid.addLayout(row, 7, 0, 1, 3)
        self._grid.addWidget(self.legend, 8, 0, 1, 3)

    def _choices(self) -> QHBoxLayout:
        self.class_box.setToolTip("The class whose probability is shown")
        self.class_box.setAccessibleName("Class shown")
        self.class_box.addItems(self._heatmap.facts.classes)
        self.class_box.currentIndexChanged.connect(lambda index: self._set(channel=index))
        self.colormap.currentTextChanged.connect(lambda name: self._set(colormap=name))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.class_box, 1)
        row.addWidget(self.colormap, 1)
        return row

    def _add_switch(self, row: QHBoxLayout, field: str, text: str, tip: str) -> None:
        switch = QCheckBox(text)
        switch.setToolTip(tip)
        switch.setAccessibleName(f"{text}, {self._name}")
        switch.toggled.connect(lambda on: self._set(**{field: on}))
        row.addWidget(switch)
        self.switches[field] = switch

    def _take(self, layer: Layer) -> None:
        super()._take(layer)
        self.colormap.setCurrentText(layer.colormap or COLORMAPS[0])
        self.class_box.setCurrentIndex(layer.channel)
        for field, switch in self.switches.items():
            switch.setChecked(getattr(layer, field))
        self._show_colors(layer)

    def _show_colors(self, layer: Layer) -> None:
        facts = self._heatmap.facts
        positive = facts.classes[layer.channel] == facts.positive
        self.color_bar.show_map(
            layer.colormap or COLORMAPS[0],
            layer.threshold,
            fade=layer.fade,
            marked=facts.threshold if positive else None,
        )


def _colormap_box() -> QComboBox:
    box = QComboBox()
    box.setToolTip("Colours, from probability 0 to 1")
    box.setAccessibleName("Colours")
    box.setIconSize(QSize(48, 12))
    for name in COLORMAPS:
        strip = colormap_table(name)[None, ::4].repeat(12, axis=0)
        box.addItem(QIcon(QPixmap.fromImage(to_image(strip))), name)
    return box
