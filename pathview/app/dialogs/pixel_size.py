"""The dialog in which the user states how large a slide's pixels are."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from pathview.app.scale_words import Mpp, doubts, expectation, extent, of_file, of_user
from pathview.core.stated import StatedMpp
from pathview.slides.reader import SlideInfo
from pathview.slides.scale import VALID_MPP, can_be_true, with_stated_mpp

_WIDTH = 440
_DIGITS = 6
_LINES = 4


class PixelSizeDialog(QDialog):
    """Asks for um/px in x and y; nothing is filled in that neither the file nor a person has said.

    Parameters
    ----------
    own
        What the file says.
    stated
        What is stated now, or None.
    purpose
        A sentence on what needs it, or "".
    parent
        The window.
    """

    def __init__(
        self, own: SlideInfo, stated: StatedMpp | None, purpose: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Pixel size")
        self.setMinimumWidth(_WIDTH)
        self._own = own
        self._present = own.mpp if stated is None else stated.mpp
        self._takes_back = False
        self._x, self._y = MppBox("in x"), MppBox("in y")
        self._linked = QCheckBox("The same in x and y")
        self._told = _label("pixel-size-told")
        # Room for what may be said, so that the buttons stay where they are while one types.
        self._told.setMinimumHeight(_LINES * self.fontMetrics().lineSpacing())
        self._told.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._arrange(stated, purpose)
        self._fill()
        self._linked.toggled.connect(self._link)
        self._x.valueChanged.connect(self._on_x)
        self._y.valueChanged.connect(self._check)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._link(self._linked.isChecked())
        self._x.setFocus()
        self._x.selectAll()

    @property
    def mpp(self) -> Mpp | None:
        """(x, y) um/px as entered; None where the file's own value is to be used again."""
        return None if self._takes_back else self._entered

    @property
    def _entered(self) -> Mpp:
        return self._x.value(), self._y.value()

    def _arrange(self, stated: StatedMpp | None, purpose: str) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(10)
        facts = QFormLayout()
        facts.addRow("Slide:", _label(text=self._own.path.name))
        facts.addRow("The file says:", _label("pixel-size-own", of_file(self._own)))
        if stated is not None:
            facts.addRow("Now:", _label("pixel-size-now", of_user(stated)))
        fields = QFormLayout()
        fields.addRow("Pixel size in &x:", self._x)
        fields.addRow("Pixel size in &y:", self._y)
        fields.addRow("", self._linked)
        column.addLayout(facts)
        if purpose:
            column.addWidget(_label(text=purpose))
        column.addLayout(fields)
        column.addWidget(_label("muted", expectation(self._own)))
        column.addWidget(self._told)
        column.addStretch(1)
        column.addWidget(
            _label("muted", "Kept in the study with your name and the time. Undo takes it back.")
        )
        if stated is not None:
            words = "Use the file's own value" if self._own.mpp is not None else "Go back to unknown"
            back = self._buttons.addButton(words, QDialogButtonBox.ButtonRole.ResetRole)
            back.clicked.connect(self._take_back)
        column.addWidget(self._buttons)

    def _fill(self) -> None:
        x, y = self._present or (0.0, 0.0)
        self._x.setValue(x)
        self._y.setValue(y)
        # As the boxes round it, so that a look at the dialog changes nothing.
        self._unchanged = self._entered
        self._linked.setChecked(x == y)

    def _link(self, linked: bool) -> None:
        self._y.setEnabled(not linked)
        self._on_x(self._x.value())

    def _on_x(self, value: float) -> None:
        if self._linked.isChecked():
            self._y.setValue(value)
        self._check()

    def _take_back(self) -> None:
        self._takes_back = True
        self.accept()

    def _check(self) -> None:
        mpp = self._entered
        valid = all(map(can_be_true, mpp))
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(valid and mpp != self._unchanged)
        if valid:
            size = f"The whole slide is then {extent(self._own, mpp)}."
            against = doubts(with_stated_mpp(self._own, mpp, ""), self._own)
            self._told.setText("\n".join((size, *(f"⚠ {text}" for text in against))))
        else:
            self._told.setText(f"Between {VALID_MPP[0]:g} and {VALID_MPP[1]:g} µm/px can be true.")


class MppBox(QDoubleSpinBox):
    """A field for um/px, empty of meaning at 0, with as many digits as scanners write.

    Parameters
    ----------
    axis
        "in x" or "in y", for those who cannot see it.
    """

    def __init__(self, axis: str) -> None:
        super().__init__()
        self.setDecimals(_DIGITS)
        self.setRange(0.0, VALID_MPP[1])
        self.setSpecialValueText("not stated")
        self.setSuffix(" µm/px")
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.setAccessibleName(f"Pixel size {axis}, micrometres per pixel")

    def textFromValue(self, value: float) -> str:
        """Return the number without zeros at its end."""
        return self.locale().toString(value, "g", _DIGITS)


def _label(name: str = "", text: str = "") -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    return label
