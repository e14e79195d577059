"""The controls of detections in the layer panel, and how many there are."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel
from shapely.geometry.base import BaseGeometry

from pathview.annotations.detections import Detections, count_inside
from pathview.app.detection_words import all_looked_at, counts_in_words
from pathview.app.docks.layer_block import LayerBlock
from pathview.app.heatmap_words import made_with
from pathview.app.open_slide import ledger_of
from pathview.app.workspace import Workspace
from pathview.core.geometry import Box
from pathview.core.palette import class_color
from pathview.export.run_detections import looked_at_mm2
from pathview.inference.heatmap import Heatmap
from pathview.view.layers import Layer

_COUNT_MS = 250


class DetectionsBlock(LayerBlock):
    """How detections show, how many there are of each class, and how many in the selected annotation.

    Parameters
    ----------
    workspace
        Whose layer it is.
    layer
        As it is now.
    """

    def __init__(self, workspace: Workspace, layer: Layer) -> None:
        slide = workspace.slide
        assert slide is not None, "layers belong to slides"
        self._slide = slide
        self._detections: Detections = slide.detections[layer.name]
        self.counts = QLabel()
        self.counts.setTextFormat(Qt.TextFormat.RichText)
        self.selected = QLabel()
        self.legend = QLabel()
        for label in (self.counts, self.selected, self.legend):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.legend.setObjectName("muted")
        self._asked = 0
        # Objects come many times a second, and counting those of an area takes a while.
        self._soon = QTimer(singleShot=True, interval=_COUNT_MS)
        self._soon.timeout.connect(self._count)
        super().__init__(workspace, layer)
        self._soon.setParent(self)
        self._count()

    def follow(self) -> None:
        """Count again soon."""
        if not self._soon.isActive():
            self._soon.start()

    def _arrange(self) -> None:
        self._grid.addWidget(self.visible_box, 0, 0, 1, 3)
        self._grid.addWidget(QLabel("Opacity"), 1, 0)
        self._add_slider("opacity", 1, "Opacity")
        self._grid.addWidget(QLabel("Hide below"), 2, 0)
        self._add_slider("threshold", 2, "Hide objects with a lower score")
        self._grid.addWidget(self.counts, 3, 0, 1, 3)
        self._grid.addWidget(self.selected, 4, 0, 1, 3)
        self._grid.addWidget(self.legend, 5, 0, 1, 3)

    def _words(self, field: str, value: float) -> str:
        return f"{value:.2f}" if field == "threshold" else super()._words(field, value)

    def show_layer(self, layer: Layer) -> None:
        """Follow a change of the layer, or of what is selected."""
        super().show_layer(layer)
        self.follow()

    @property
    def _heatmap(self) -> Heatmap | None:
        return self._slide.heatmaps.get(ledger_of(self._name))

    def _count(self) -> None:
        layer = next((la for la in self._workspace.view.state.layers if la.name == self._name), None)
        if layer is None or self._workspace.slide is not self._slide:
            return
        heatmap = self._heatmap
        counts = self._detections.counts(layer.threshold)
        mm2 = None if heatmap is None else looked_at_mm2(heatmap)
        self.counts.setText(_coloured(counts, self._detections.classes, mm2))
        if heatmap is not None:
            self.legend.setText(_legend(heatmap, mm2))
        self._count_selected(layer.threshold)

    def _count_selected(self, least: float) -> None:
        selection = self._workspace.view.state.selection
        shapes = [one.geometry for one in self._slide.session.annotations if one.id in selection]
        area = shapely.union_all([shape for shape in shapes if shape.area > 0])
        self._asked += 1
        self.selected.setVisible(not area.is_empty)
        if area.is_empty:
            self.selected.setText("")
            return
        asked, parts, classes = (
            self._asked,
            self._detections.parts(Box(*area.bounds)),
            self._detections.classes,
        )
        heatmap = None if self._heatmap is None else self._heatmap.copy()

        def work() -> tuple[NDArray[np.int64], bool]:
            whole = heatmap is None or all_looked_at(heatmap, area)
            return count_inside(parts, area, len(classes), least), whole

        def done(found: tuple[NDArray[np.int64], bool]) -> None:
            if asked == self._asked and not self._workspace.closed:
                self.selected.setText(self._selected_words(found[0], area, whole=found[1]))

        self._workspace.background.run(work, done, lambda error: None)

    def _selected_words(self, counts: NDArray[np.int64], area: BaseGeometry, *, whole: bool) -> str:
        mpp = self._slide.session.slide.info.mpp
        mm2 = area.area * mpp[0] * mpp[1] / 1e6 if mpp is not None and whole else None
        lines = counts_in_words(counts, self._detections.classes, mm2)
        missing = [] if whole else ["The model has not looked at all of it"]
        return "\n".join(["In the selection", *lines, *missing])


def _coloured(counts: NDArray[np.int64], classes: tuple[str, ...], mm2: float | None) -> str:
    lines = counts_in_words(counts, classes, mm2)
    names = [None, *classes] if len(lines) > len(classes) else [*classes]
    said = []
    for line, name in zip(lines, names, strict=True):
        dot = "" if name is None else f'<span style="color:{QColor(*class_color(name)).name()}">●</span> '
        said.append(dot + line.replace("&", "&amp;").replace("<", "&lt;"))
    return "<br>".join(said)


def _legend(heatmap: Heatmap, mm2: float | None) -> str:
    done, total, _, failed = heatmap.progress
    share = int(100 * done / total) if total else 100
    area = "pixel size unknown" if mm2 is None else f"{mm2:.3g} mm² looked at"
    lost = f", {failed} cells failed" if failed else ""
    return f"{made_with(heatmap.facts)}\n{share} % done, {area}{lost}\nCounts are estimates"
