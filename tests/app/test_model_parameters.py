"""The form of a model's parameters, and a run that goes by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QDoubleSpinBox
from pytestqt.qtbot import QtBot

from pathview.app.dialogs.model_parameters import ParametersDialog
from pathview.inference.card import ModelCard, Task
from pathview.inference.parameter import Kind, Parameter, Value

ALL = (
    Parameter("share", Kind.NUMBER, 0.5, 0, 1, title="Share"),
    Parameter("count", Kind.INTEGER, 3, 1, 10),
    Parameter("fast", Kind.SWITCH, False),
    Parameter("mode", Kind.CHOICE, "soft", choices=("soft", "hard")),
    Parameter("free", Kind.NUMBER, -2.5),
)
CARD = ModelCard("m", "1", Task.CLASSIFY, 1.0, 64, 64, ("a", "b"), "b", parameters=ALL)


def test_every_kind_has_a_field_and_says_what_it_was_given(qtbot: QtBot) -> None:
    values: dict[str, Value] = {"share": 0.25, "count": 7, "fast": True, "mode": "hard", "free": 1000.125}
    dialog = ParametersDialog("Test", CARD.parameters, values)
    qtbot.addWidget(dialog)
    assert dialog.values == values
    buttons = dialog.findChild(QDialogButtonBox)
    assert buttons is not None
    restore = buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
    QTest.mouseClick(restore, Qt.MouseButton.LeftButton)
    assert dialog.values == {parameter.name: parameter.default for parameter in ALL}
    assert all(parameter.checked(dialog.values[parameter.name]) is not None for parameter in ALL)


def run(user: Any) -> np.ndarray:
    before = set(user.workspace.runs.heatmaps)
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    user.settle()
    assert user.problems == []
    (name,) = set(user.workspace.runs.heatmaps) - before or before
    scores: np.ndarray = user.workspace.runs.heatmaps[name].scores[1]
    return scores


def test_a_run_goes_by_the_form_and_keeps_results_of_its_own(user: Any, made_tiff: Path) -> None:
    user.open(made_tiff)
    plain = run(user)

    def answer() -> None:
        dialog: Any = QApplication.activeModalWidget()
        dialog.findChild(QDoubleSpinBox, "middle").setValue(20.0)
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()

    QTimer.singleShot(100, answer)
    user.trigger("model_parameters")
    changed = run(user)
    assert len(user.workspace.runs.heatmaps) == 2
    assert np.nanmean(changed) < np.nanmean(plain)
    assert user.workspace.runs.status.notes == (
        "its parameters are not the defaults, so its reference tiles were not asked",
    )


def test_a_model_without_parameters_has_no_form(user: Any) -> None:
    panel = user.window.panels.contents.models
    assert panel.has_parameters
    assert user.window.actions_table["model_parameters"].isEnabled()
    user.workspace.registry.models.clear()
    user.workspace.models_changed.emit()
    user.settle()
    assert not panel.has_parameters
    assert not user.window.actions_table["model_parameters"].isEnabled()
