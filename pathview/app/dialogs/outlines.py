"""The dialog that asks how a heatmap becomes annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QWidget,
)

from pathview.app.heatmap_words import made_with
from pathview.app.scale_words import area_words
from pathview.app.theme import swatch
from pathview.core.palette import class_color
from pathview.inference.heatmap import Heatmap

_MOST_CELLS = 10_000.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be outlined.

    Attributes
    ----------
    channel, level
        Which class of the heatmap, and from which probability on.
    class_name
        Of the annotations; None for unclassified.
    least
        Smaller areas and holes are left out, in square level-0 pixels.
    """

    channel: int
    level: float
    class_name: str | None
    least: float


class OutlinesDialog(QDialog):
    """Asks for threshold, class and the smallest area.

    Parameters
    ----------
    heatmap
        What is to be outlined.
    channel
        The class of it that is shown.
    classes
        The study's, with their colours.
    mpp
        (x, y) um/px of the slide, or None.
    parent
        The window.
    """

    def __init__(
        self,
        heatmap: Heatmap,
        channel: int,
        classes: Mapping[str, tuple[int, int, int]],
        mpp: tuple[float, float] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("outlines")
        self.setWindowTitle("Outlines to annotations")
        self._heatmap, self._channel, self._mpp = heatmap, channel, mpp
        shown = heatmap.facts.classes[channel]
        self.level = QDoubleSpinBox()
        self.level.setRange(0.01, 0.99)
        self.level.setSingleStep(0.05)
        self.level.setValue(heatmap.facts.level_of(channel))
        self.cells = QDoubleSpinBox()
        self.cells.setRange(0, _MOST_CELLS)
        self.cells.setDecimals(1)
        self.cells.setValue(1.0)
        self.cells.setSuffix(" cells")
        self.class_box = QComboBox()
        for name in dict.fromkeys((*classes, shown)):
            self.class_box.addItem(swatch(classes.get(name) or class_color(name)), name, name)
        self.class_box.addItem(swatch(class_color(None)), "Unclassified", None)
        self.class_box.setCurrentText(shown)
        self._area, self._over = QLabel(), QLabel()
        source = QLabel(made_with(heatmap.facts))
        source.setWordWrap(True)
        form = QFormLayout(self)
        form.addRow("Model", source)
        form.addRow(f"{shown} from", self.level)
        form.addRow("", self._over)
        form.addRow("Leave out under", self.cells)
        form.addRow("", self._area)
        form.addRow("Class", self.class_box)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.level.valueChanged.connect(self._describe)
        self.cells.valueChanged.connect(self._describe)
        self._describe()

    def wanted(self) -> Wanted:
        """Return what is chosen now."""
        name = self.class_box.currentData()
        return Wanted(self._channel, self.level.value(), name if isinstance(name, str) else None, self._least)

    @property
    def _least(self) -> float:
        return self.cells.value() * self._heatmap.grid.stride**2

    def _describe(self) -> None:
        over = int(np.nansum(self._heatmap.values(self._channel) >= self.level.value()))
        self._over.setText("1 cell is over it" if over == 1 else f"{over} cells are over it")
        self._area.setText(f"areas and holes of less than {area_words(self._least, self._mpp)}")
