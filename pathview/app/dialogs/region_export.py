"""The dialog that exports a region."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QWidget,
)

from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.export.region_image import PNG_LIMIT_PX
from pathview.slides.colour import DisplayColour
from pathview.slides.reader import SlideInfo


@dataclass(frozen=True, slots=True)
class RegionChoice:
    """What the user asked for: a level-0 box, the downsample, ".png" or ".tif", and whether in sRGB."""

    box: Box
    downsample: float
    suffix: str
    to_srgb: bool


class RegionExportDialog(QDialog):
    """Asks which region, at which resolution and in which format.

    Parameters
    ----------
    info
        The slide.
    boxes
        The regions on offer by their names, level-0 pixels; the first is the default.
    colour
        What the slide's profile says; without one that moves colours there is nothing to choose.
    parent
        The window.
    """

    def __init__(
        self,
        info: SlideInfo,
        boxes: dict[str, Box],
        colour: DisplayColour,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export region")
        self._info = info
        self._boxes = boxes
        form = QFormLayout(self)
        self._what = QComboBox()
        self._what.addItems(list(boxes))
        self._scale = QDoubleSpinBox()
        self._scale.setDecimals(4)
        self._native = 1.0 if info.mpp is None else (info.mpp[0] * info.mpp[1]) ** 0.5
        self._scale.setRange(self._native, self._native * 4096)
        self._scale.setValue(self._native)
        self._scale.setSingleStep(self._native)
        self._scale.setSuffix(" slide px per px" if info.mpp is None else " µm/px")
        self._format = QComboBox()
        self._format.addItem("TIFF (lossless, keeps the scale)", ".tif")
        self._format.addItem("PNG", ".png")
        self._colours = QComboBox()
        own = "As in the file, with its ICC profile"
        self._colours.addItem(own if colour.profile else f"As in the file ({colour.state})", False)
        if colour.converts:
            self._colours.addItem("Converted to sRGB", True)
        self._colours.setEnabled(colour.converts)
        self._size = QLabel()
        self._size.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self._save = buttons.button(QDialogButtonBox.StandardButton.Save)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow("Region", self._what)
        form.addRow("Resolution", self._scale)
        form.addRow("Format", self._format)
        form.addRow("Colours", self._colours)
        form.addRow("Picture", self._size)
        form.addRow(buttons)
        self._what.currentIndexChanged.connect(self._estimate)
        self._scale.valueChanged.connect(self._estimate)
        self._format.currentIndexChanged.connect(self._estimate)
        self._estimate()

    @property
    def acceptable(self) -> bool:
        """Whether what is chosen can be written."""
        return self._save.isEnabled()

    def choice(self) -> RegionChoice:
        """Return what is chosen now."""
        box = self._boxes[self._what.currentText()].intersect(self._info.box)
        # The spin box rounds; its lowest value means the slide's own pixels exactly.
        downsample = (
            1.0 if self._scale.value() <= self._scale.minimum() else self._scale.value() / self._native
        )
        return RegionChoice(box, downsample, self._format.currentData(), self._colours.currentData())

    def _estimate(self) -> None:
        choice = self.choice()
        self._save.setEnabled(False)
        if choice.box.empty:
            self._size.setText("The region does not lie on the slide.")
            return
        rows, columns = Region(choice.box, choice.downsample).shape
        size = f"{columns:,} × {rows:,} px".replace(",", "\u202f")
        if choice.suffix == ".png" and rows * columns > PNG_LIMIT_PX:
            self._size.setText(f"{size}: too large for a PNG; choose TIFF or a coarser resolution")
            return
        megabytes = f"{rows * columns * 3 / 2e6:,.1f}".replace(",", "\u202f")
        self._size.setText(f"{size}, about {megabytes} MB")
        self._save.setEnabled(True)
