"""The controls and the legend of the difference of two heatmaps."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from pathview.app.docks.color_bar import ColorBar
from pathview.app.docks.layer_block import LayerBlock
from pathview.app.heatmap_words import compared
from pathview.app.workspace import Workspace
from pathview.core.palette import DIFFERENCE_MAP
from pathview.view.layers import Layer


class DifferenceBlock(LayerBlock):
    """How the difference shows, and which heatmap is A and which B.

    Parameters
    ----------
    workspace
        Whose layer it is.
    layer
        As it is now.
    """

    def __init__(self, workspace: Workspace, layer: Layer) -> None:
        self.legend = QLabel()
        self.legend.setObjectName("muted")
        self.legend.setWordWrap(True)
        self.legend.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.color_bar = ColorBar()
        super().__init__(workspace, layer)
        self.follow()

    def follow(self) -> None:
        """Say which is which: another pair may have taken the place of the last one."""
        slide = self._workspace.slide
        if slide is not None and slide.difference is not None:
            self.legend.setText(compared(slide.difference))

    def _arrange(self) -> None:
        self._grid.addWidget(self.visible_box, 0, 0, 1, 3)
        self._grid.addWidget(QLabel("Opacity"), 1, 0)
        self._add_slider("opacity", 1, "Opacity")
        self._grid.addWidget(QLabel("Hide below"), 2, 0)
        self._add_slider("threshold", 2, "Hide cells that differ by less")
        self._grid.addWidget(self.color_bar, 3, 0, 1, 3)
        self._grid.addWidget(self.legend, 4, 0, 1, 3)

    def _take(self, layer: Layer) -> None:
        super()._take(layer)
        self.color_bar.show_difference(DIFFERENCE_MAP, layer.threshold)
