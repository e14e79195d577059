"""Exporters of plugins in the File menu."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit

from pathview.app.dialogs.model_parameters import ParametersDialog
from pathview.core.files import data_folder
from pathview.core.plugins.kind import Kind as Offers
from pathview.inference.parameter import Kind, Parameter
from pathview.startup.skeleton import write_skeleton


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what answers the file dialog and the form to come."""

    def to(path: Path, **values: object) -> None:
        def answer(form: ParametersDialog) -> QDialog.DialogCode:
            form._show(values)  # type: ignore[arg-type]
            return QDialog.DialogCode.Accepted

        monkeypatch.setattr(ParametersDialog, "exec", answer)
        monkeypatch.setattr(QFileDialog, "exec", lambda self: QDialog.DialogCode.Accepted)
        monkeypatch.setattr(QFileDialog, "selectedFiles", lambda self: [str(path)])

    return to


@pytest.fixture(autouse=True)
def all_plugins(monkeypatch: pytest.MonkeyPatch, user: Any) -> None:
    """Take back that tests of the window know one plugin only."""
    monkeypatch.delenv("PATHVIEW_PLUGINS")


def action(app: Any, name: str) -> Any:
    (found,) = [one for one in app.window.furnish().plugin_exports.menu.actions() if one.objectName() == name]
    return found


def test_annotations_go_out_as_a_plugin_writes_them(reader: Any, choose: Any, tmp_path: Path) -> None:
    reader.trigger("reload_models")
    reader.tool("rectangle")
    reader.drag(reader.at(200, 300), reader.at(900, 600))
    target = tmp_path / "out.json"
    choose(target, fill=0.5, heatmap=True)
    action(reader, "histomicsui").trigger()
    reader.wait(lambda: target.exists() and reader.window.status_line.busy == "")
    (element,) = json.loads(target.read_text("utf-8"))["elements"]
    assert (element["group"], element["fillColor"][-5:]) == ("Tumor", ",0.5)")


def test_one_that_cannot_is_told_on_a_card_and_reloading_finds_new_ones(
    reader: Any, choose: Any, tmp_path: Path
) -> None:
    folder = write_skeleton("mine", data_folder() / "plugins", kind=Offers.EXPORTER)
    reader.trigger("reload_models")
    action(reader, "mine").trigger()
    assert reader.problems[-1] == ("Cannot export", "Mine: there are no annotations on the slide")
    reader.tool("rectangle")
    reader.drag(reader.at(200, 300), reader.at(900, 600))
    (folder / "exporter.py").write_text(
        "import os\ndef write(values, target, digits): os._exit(1)\n", "utf-8"
    )
    choose(tmp_path / "out.json")
    action(reader, "mine").trigger()
    reader.wait(lambda: len(reader.problems) == 2)
    assert "the plugin mine: its process ended by itself (exit code 1)" in reader.problems[-1][1]
    assert not (tmp_path / "out.json").exists()


def test_texts_and_files_are_rows_of_the_form(qapp: object) -> None:
    rows = (Parameter("words", Kind.TEXT, "a"), Parameter("weights", Kind.FILE, ""))
    dialog = ParametersDialog("Test", rows, {"weights": "/x/y.pth"})
    assert dialog.values == {"words": "a", "weights": "/x/y.pth"}
    words, weights = dialog.findChildren(QLineEdit)
    assert (words.objectName(), len(weights.actions())) == ("words", 1)
    words.setText(" b ")
    assert dialog.values["words"] == "b"
    dialog.deleteLater()
