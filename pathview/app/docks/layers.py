"""The layer panel: what is shown, how strongly, and in which colours."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from pathview.app.docks.detections_block import DetectionsBlock
from pathview.app.docks.difference_block import DifferenceBlock
from pathview.app.docks.heatmap_block import HeatmapBlock
from pathview.app.docks.layer_block import LayerBlock
from pathview.app.tab_order import keep_in_place
from pathview.app.workspace import Workspace

_KINDS: dict[str, type[LayerBlock]] = {
    "detections": DetectionsBlock,
    "difference": DifferenceBlock,
    "heatmap": HeatmapBlock,
}


class LayersDock(QScrollArea):
    """One block a layer, the topmost first.

    Parameters
    ----------
    workspace
        Whose layers are shown.
    """

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
        workspace.scale_changed.connect(self._follow)
        workspace.stale.connect(self._follow)
        workspace.view.changed.connect(self._on_view)
        self._rebuild()

    def block(self, name: str) -> LayerBlock:
        """Return the controls of the layer called `name`."""
        return self._blocks[name]

    def _on_layers(self) -> None:
        # Not while they are the same: the change may come from one of these very widgets.
        if list(self._blocks) != [layer.name for layer in reversed(self._workspace.view.state.layers)]:
            self._rebuild()

    def _follow(self) -> None:
        for block in self._blocks.values():
            block.follow()

    def _rebuild(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(8)
        self._blocks = {}
        for layer in reversed(self._workspace.view.state.layers):
            kind = _KINDS.get(layer.kind, LayerBlock)
            self._blocks[layer.name] = kind(self._workspace, layer)
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
