"""A form for the parameters of a model or an exporter, made from what its manifest says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from pathview.app.theme import icon
from pathview.inference.parameter import Kind, Parameter, Value

_FAR = 10**9


class ParametersDialog(QDialog):
    """One row a parameter; "Restore Defaults" puts all back.

    Parameters
    ----------
    title
        Of the model or the exporter.
    parameters
        One or more.
    values
        What is set now, by name; defaults for the others.
    parent
        The window.
    """

    def __init__(
        self,
        title: str,
        parameters: Sequence[Parameter],
        values: Mapping[str, Value],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Parameters: {title}")
        self._parameters = tuple(parameters)
        self._fields: dict[str, QWidget] = {}
        form = QFormLayout(self)
        for parameter in parameters:
            field = _field(parameter)
            field.setObjectName(parameter.name)
            field.setToolTip(parameter.help)
            field.setAccessibleName(parameter.title or parameter.name)
            form.addRow(parameter.title or parameter.name, field)
            self._fields[parameter.name] = field
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel | standard.RestoreDefaults)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(standard.RestoreDefaults).clicked.connect(lambda: self._show({}))
        form.addRow(buttons)
        self._show(values)

    @property
    def values(self) -> dict[str, Value]:
        """What the form says, by name."""
        return {
            parameter.name: _read(parameter, self._fields[parameter.name]) for parameter in self._parameters
        }

    def _show(self, values: Mapping[str, Value]) -> None:
        for parameter in self._parameters:
            _write(self._fields[parameter.name], values.get(parameter.name, parameter.default))


class FileField(QLineEdit):
    """The path of a file, typed or chosen with the button at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(280)
        choose = self.addAction(icon("folder-open"), QLineEdit.ActionPosition.TrailingPosition)
        choose.setToolTip("Choose a file")
        choose.triggered.connect(self._choose)

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Choose a file", self.text())
        if name:
            self.setText(name)


def _field(parameter: Parameter) -> QWidget:
    least = -_FAR if parameter.least is None else parameter.least
    most = _FAR if parameter.most is None else parameter.most
    match parameter.kind:
        case Kind.SWITCH:
            return QCheckBox()
        case Kind.CHOICE:
            box = QComboBox()
            box.addItems(list(parameter.choices))
            return box
        case Kind.INTEGER:
            whole = QSpinBox()
            whole.setRange(round(least), round(most))
            return whole
        case Kind.NUMBER:
            number = QDoubleSpinBox()
            number.setDecimals(3)
            number.setRange(least, most)
            number.setSingleStep(0.1 if most - least > 2 else 0.01)
            return number
        case Kind.TEXT:
            return QLineEdit()
        case Kind.FILE:
            return FileField()


def _write(field: QWidget, value: Value) -> None:
    if isinstance(field, QCheckBox):
        field.setChecked(bool(value))
    elif isinstance(field, QComboBox):
        field.setCurrentText(str(value))
    elif isinstance(field, QLineEdit):
        field.setText(str(value))
    elif isinstance(field, QSpinBox):
        field.setValue(int(value))
    elif isinstance(field, QDoubleSpinBox):
        field.setValue(float(value))


def _read(parameter: Parameter, field: QWidget) -> Value:
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QComboBox):
        return field.currentText()
    if isinstance(field, QLineEdit):
        return field.text().strip()
    if isinstance(field, QSpinBox):
        return field.value()
    return field.value() if isinstance(field, QDoubleSpinBox) else parameter.default
