"""The controls and the legend of a heatmap in the layer panel."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel

from pathview.app.docks.color_bar import ColorBar
from pathview.app.docks.layer_block import LayerBlock
from pathview.app.docks.overview import to_image
from pathview.app.heatmap_words import legend
from pathview.app.workspace import Workspace
from pathview.core.palette import COLORMAPS, colormap_table
from pathview.inference.heatmap import Heatmap
from pathview.inference.views import MOST_UNCERTAIN, UNCERTAINTY
from pathview.view.layers import WHOLE_RANGE, Layer
from pathview.view.value_range import spread_range


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
        self.spread = QCheckBox("Spread colours")
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
        if UNCERTAINTY in self._heatmap.extras:
            self._grid.addWidget(QLabel("Hide unsure"), 4, 0)
            self._add_slider("hide_above", 4, "Hide cells with a larger uncertainty", most=MOST_UNCERTAIN)
        self._grid.addLayout(self._choices(), 5, 0, 1, 3)
        self._grid.addWidget(self.color_bar, 6, 0, 1, 3)
        self._grid.addLayout(self._looks(), 7, 0, 1, 3)
        self._grid.addWidget(self.legend, 8, 0, 1, 3)

    def _looks(self) -> QGridLayout:
        self._add_switch("contours", "Contour", "A line where the probability crosses the threshold")
        self._add_switch("smooth", "Smooth", "Interpolate between cells, on the screen only")
        if UNCERTAINTY in self._heatmap.extras:
            self._add_switch("stipple", "Uncertainty", "Grey and dot cells where the eight views differ")
        self.spread.setToolTip("Spread the colours over the values there are now; a badge says so")
        self.spread.setAccessibleName(f"Spread colours, {self._name}")
        self.spread.toggled.connect(self._on_spread)
        grid = QGridLayout()
        for place, switch in enumerate((*self.switches.values(), self.spread)):
            grid.addWidget(switch, place // 2, place % 2)
        return grid

    def _choices(self) -> QHBoxLayout:
        self.class_box.setToolTip("The class whose probability is shown")
        self.class_box.setAccessibleName("Class shown")
        self.class_box.addItems(self._heatmap.facts.classes)
        # Another class has other values: what its colours mean begins anew.
        self.class_box.currentIndexChanged.connect(
            lambda index: self._set(channel=index, value_range=WHOLE_RANGE)
        )
        self.colormap.currentTextChanged.connect(lambda name: self._set(colormap=name))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.class_box, 1)
        row.addWidget(self.colormap, 1)
        return row

    def _add_switch(self, field: str, text: str, tip: str) -> None:
        switch = QCheckBox(text)
        switch.setToolTip(tip)
        switch.setAccessibleName(f"{text}, {self._name}")
        switch.toggled.connect(lambda on: self._set(**{field: on}))
        self.switches[field] = switch

    def _on_spread(self, on: bool) -> None:
        layer = self._workspace.view.state.layer(self._name)
        values = self._heatmap.values(layer.channel)
        self._set(value_range=spread_range(values) if on else WHOLE_RANGE)

    def _words(self, field: str, value: float) -> str:
        return f"{value:.2f}" if field == "hide_above" else super()._words(field, value)

    def _take(self, layer: Layer) -> None:
        super()._take(layer)
        self.colormap.setCurrentText(layer.colormap or COLORMAPS[0])
        self.class_box.setCurrentIndex(layer.channel)
        for field, switch in self.switches.items():
            switch.setChecked(getattr(layer, field))
        self.spread.setChecked(layer.value_range != WHOLE_RANGE)
        self._show_colors(layer)

    def _show_colors(self, layer: Layer) -> None:
        facts = self._heatmap.facts
        positive = facts.classes[layer.channel] == facts.positive
        self.color_bar.show_map(
            layer.colormap or COLORMAPS[0],
            layer.threshold,
            layer.value_range,
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
