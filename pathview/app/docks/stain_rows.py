"""The part of the image panel that tells stains apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QPushButton, QWidget

from pathview.app.action_table import ActionTable
from pathview.app.adjustments import NO_STAINS
from pathview.app.theme import swatch
from pathview.app.workspace import Workspace
from pathview.core.stains import H_DAB, HE, Part, Stains
from pathview.view.adjust import Adjustment

_PARTS: tuple[Part, ...] = ("all", "first", "second", "residual")
_SWATCH = 12


class StainRows(QWidget):
    """Which stains, and which of them is shown.

    Parameters
    ----------
    workspace
        Whose slide it is.
    actions
        Has the one that estimates stains.
    """

    def __init__(self, workspace: Workspace, actions: ActionTable) -> None:
        super().__init__()
        self._adjustments = workspace.adjustments
        self._show = self._adjustments.show
        self._sets: list[Stains] = []
        self._listed: Stains | None = None
        self.sets = _box("Stains", "Which stains the section has")
        self.sets.activated.connect(self._choose)
        self.parts = _box("Show", "Which stain is shown")
        self.parts.activated.connect(lambda index: self._show(replace(self._present, part=_PARTS[index])))
        self.grey = QCheckBox("In grey")
        self.grey.setToolTip("Show a single stain in grey instead of its own colour")
        self.grey.toggled.connect(lambda on: self._show(replace(self._present, grey=on)))
        self.estimate = QPushButton("Estimate")
        self.estimate.setToolTip(actions["estimate_stains"].toolTip())
        self.estimate.clicked.connect(actions["estimate_stains"].trigger)
        self.reason = QLabel(NO_STAINS)
        self.reason.setObjectName("no-stains")
        self.reason.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.sets, 0, 0)
        grid.addWidget(self.estimate, 0, 1)
        grid.addWidget(self.parts, 1, 0)
        grid.addWidget(self.grey, 1, 1)
        grid.addWidget(self.reason, 2, 0, 1, 2)

    @property
    def _present(self) -> Adjustment:
        return self._adjustments.current

    def follow(self, adjustment: Adjustment, *, opened: bool) -> None:
        """Show an adjustment, without echoing it, and whether stains can be told apart.

        Parameters
        ----------
        adjustment
            Of the slide.
        opened
            Whether there is one.
        """
        separable = self._adjustments.separable
        self.reason.setVisible(opened and not separable)
        for widget in (self.sets, self.parts, self.estimate):
            widget.setEnabled(separable)
        self.grey.setEnabled(separable and adjustment.part != "all")
        with QSignalBlocker(self.sets), QSignalBlocker(self.parts), QSignalBlocker(self.grey):
            self._list_sets(adjustment.stains)
            self._list_parts(adjustment.stains)
            self.sets.setCurrentIndex(self._sets.index(adjustment.stains))
            self.parts.setCurrentIndex(_PARTS.index(adjustment.part))
            self.grey.setChecked(adjustment.grey)

    def _list_sets(self, present: Stains) -> None:
        # What was estimated stays in the list until other estimates take its place.
        estimated = [stains for stains in (present, *self._sets) if stains not in (HE, H_DAB)][:1]
        if self._sets != [HE, H_DAB, *estimated]:
            self._sets = [HE, H_DAB, *estimated]
            self.sets.clear()
            self.sets.addItems([stains.title for stains in self._sets])

    def _list_parts(self, stains: Stains) -> None:
        if stains == self._listed:
            return
        self._listed = stains
        self.parts.clear()
        self.parts.addItem("All stains")
        for part, name in zip(_PARTS[1:], (*stains.names, "Residual"), strict=True):
            red, green, blue = (int(c) for c in np.round(255 * np.exp(-stains.colour(part))))
            self.parts.addItem(swatch((red, green, blue), _SWATCH), f"{name} only")

    def _choose(self, index: int) -> None:
        self._show(replace(self._present, stains=self._sets[index]))


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setIconSize(QSize(_SWATCH, _SWATCH))
    # A long title must not push the panel wider than its dock.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(12)
    return box
