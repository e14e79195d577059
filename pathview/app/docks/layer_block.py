"""The controls of one layer in the layer panel."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSlider, QWidget

from pathview.app.workspace import Workspace
from pathview.view.layers import Layer

_NAME_WIDTH = 230


class _Slider(NamedTuple):
    slider: QSlider
    value: QLabel
    step: float


class LayerBlock(QWidget):
    """One row: whether the layer shows, and how strongly.

    Parameters
    ----------
    workspace
        Whose layer it is.
    layer
        As it is now.
    """

    def __init__(self, workspace: Workspace, layer: Layer) -> None:
        super().__init__()
        self._workspace = workspace
        self._name = layer.name
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, 96)
        self._grid.setColumnStretch(1, 1)
        shown = self.fontMetrics().elidedText(layer.name, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self.visible_box = QCheckBox(shown.replace("&", "&&"))
        self.visible_box.setAccessibleName(f"Show {layer.name}")
        self.visible_box.setToolTip(layer.name if shown != layer.name else "Show or hide this layer")
        self.visible_box.toggled.connect(lambda on: self._set(visible=on))
        self._sliders: dict[str, _Slider] = {}
        self._arrange()
        self.show_layer(layer)

    def slider(self, field: str) -> QSlider:
        """Return the slider of "opacity" or another field of the layer that is a number."""
        return self._sliders[field].slider

    def show_layer(self, layer: Layer) -> None:
        """Follow a change that was made elsewhere, without echoing it."""
        widgets = self.findChildren(QWidget)
        for widget in widgets:
            widget.blockSignals(True)
        self._take(layer)
        for widget in widgets:
            widget.blockSignals(False)

    def follow(self) -> None:
        """Say anew what lies behind the layer: cells, pixel size."""

    def _arrange(self) -> None:
        self._grid.addWidget(self.visible_box, 0, 0)
        self._add_slider("opacity", 0, "Opacity")

    def _take(self, layer: Layer) -> None:
        self.visible_box.setChecked(layer.visible)
        for field, (slider, value, step) in self._sliders.items():
            now = float(getattr(layer, field))
            slider.setValue(round(now / step))
            value.setText(self._words(field, now))

    def _words(self, field: str, value: float) -> str:
        return f"{value:.0%}".replace("%", " %")

    def _add_slider(self, field: str, row: int, what: str, *, most: float = 1.0) -> None:
        slider, value, step = QSlider(Qt.Orientation.Horizontal), QLabel(), most / 100
        slider.setRange(0, 100)
        slider.setObjectName(f"{self._name}-{field}")
        slider.setAccessibleName(f"{what}, {self._name}")
        slider.setToolTip(what)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setFixedWidth(value.fontMetrics().horizontalAdvance("100 %") + 2)
        slider.valueChanged.connect(lambda number: self._set(**{field: number * step}))
        self._grid.addWidget(slider, row, 1)
        self._grid.addWidget(value, row, 2)
        self._sliders[field] = _Slider(slider, value, step)

    def _set(self, **changes: object) -> None:
        self._workspace.set_layer(self._name, **changes)
