"""The dialog that asks for a pixel size the file does not state."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QLabel, QVBoxLayout, QWidget

from pathview.slides.reader import SlideInfo


class PixelSizeDialog(QDialog):
    """Asks for um/px; there is no default, because a scale is never guessed.

    Parameters
    ----------
    info
        The slide.
    parent
        The window.
    """

    def __init__(self, info: SlideInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Pixel size")
        layout = QVBoxLayout(self)
        text = QLabel(
            f"{info.path.name} does not state its pixel size ({info.mpp_source}). The model needs it: "
            "enter the µm per pixel at full resolution. What you enter is recorded with the results."
        )
        text.setWordWrap(True)
        self._value = QDoubleSpinBox()
        self._value.setDecimals(4)
        self._value.setRange(0.0, 100.0)
        self._value.setSpecialValueText("not stated")
        self._value.setSuffix(" µm/px")
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._value.valueChanged.connect(self._check)
        for widget in (text, self._value, self._buttons):
            layout.addWidget(widget)
        self._check()

    @property
    def mpp(self) -> float:
        """What was entered, in um/px."""
        return self._value.value()

    def _check(self) -> None:
        valid = 0.02 <= self._value.value() <= 100
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(valid)
