"""The dialog that asks which two heatmaps to compare."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QWidget

from pathview.inference.difference import Difference
from pathview.inference.heatmap import Heatmap


class DifferenceDialog(QDialog):
    """Asks for A and B, a class of a heatmap each.

    Parameters
    ----------
    heatmaps
        By layer name; two at least.
    first
        The one that A is to begin with, or None for the first.
    parent
        The window.
    """

    def __init__(
        self, heatmaps: Mapping[str, Heatmap], first: str | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("difference")
        self.setWindowTitle("Difference of two heatmaps")
        self._choices = [
            (heatmap, index) for heatmap in heatmaps.values() for index in range(len(heatmap.facts.classes))
        ]
        self.a, self.b = QComboBox(), QComboBox()
        for box in (self.a, self.b):
            for name, heatmap in heatmaps.items():
                box.addItems([f"{name}: {label}" for label in heatmap.facts.classes])
        start = heatmaps.get(first or "") or next(iter(heatmaps.values()))
        other = next(heatmap for heatmap in heatmaps.values() if heatmap is not start)
        for box, heatmap in ((self.a, start), (self.b, other)):
            facts = heatmap.facts
            box.setCurrentIndex(self._choices.index((heatmap, facts.classes.index(facts.positive))))
        form = QFormLayout(self)
        form.addRow("A", self.a)
        form.addRow("minus B", self.b)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def difference(self) -> Difference:
        """Return A minus B as they are chosen now."""
        (a, a_index), (b, b_index) = (self._choices[box.currentIndex()] for box in (self.a, self.b))
        return Difference(a, a_index, b, b_index)
