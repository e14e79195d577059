"""Model folders in the window: added, refused in words, asked about once, and run in a real host process."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox

from pathview.inference.run_status import RunState
from pathview.startup.settings import load_settings


def add(user: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    user.trigger("add_model")
    user.wait(lambda: user.workspace.background.idle)
    user.settle()


def run(user: Any) -> None:
    user.trigger("run")
    user.wait(lambda: user.workspace.background.idle and not user.workspace.runs.going, 120)
    user.settle()


def names(user: Any) -> list[str]:
    box = user.window.panels.contents.models.box
    return [box.itemData(row) for row in range(box.count())]


def test_a_folder_is_added_runs_and_is_there_at_the_next_start(
    start: Any, made_tiff: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = start()
    user.open(made_tiff)
    add(user, model_folder, monkeypatch)
    assert user.problems == []
    assert user.window.panels.contents.models.model == "three-tissues"
    run(user)
    assert user.workspace.runs.status.state is RunState.DONE, user.problems
    assert user.workspace.runs.status.notes == ()
    assert [*user.workspace.runs.heatmaps] == ["three-tissues"]
    user.close()
    again = start(load_settings())
    assert again.workspace.settings.models == (str(model_folder),)
    again.trigger("reload_models")
    assert names(again) == ["texture-demo", "three-tissues"]


def test_a_refusal_is_told_on_a_card(user: Any, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = model_folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    del config["spacing_um_px"]
    config["class_names"].pop()
    file.write_text(json.dumps(config), encoding="utf-8")
    add(user, model_folder, monkeypatch)
    ((title, text),) = user.problems
    assert title == "Cannot add the model"
    assert '"spacing_um_px" is missing' in text
    assert '"num_classes" is 3 and "class_names" has 2' in text
    assert names(user) == ["texture-demo"]
    assert user.workspace.settings.models == ()


def test_the_pre_flight_s_refusal_is_told_on_a_card(
    user: Any, made_tiff: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = model_folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["class_names"] = ["Tumor", "Stroma", "Fat"]
    file.write_text(json.dumps(config), encoding="utf-8")
    user.open(made_tiff)
    add(user, model_folder, monkeypatch)
    run(user)
    ((title, text),) = user.problems
    assert title == "The model run failed"
    assert "in the order Stroma, Tumor, Fat all reference tiles come out right" in text


def test_a_second_model_of_a_name_is_refused(
    user: Any, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(user, model_folder, monkeypatch)
    add(user, model_folder, monkeypatch)
    assert user.problems == []
    other = tmp_path / "other" / "three-tissues"
    other.parent.mkdir()
    model_folder.rename(other)
    add(user, other, monkeypatch)
    assert "there is a model three-tissues already" in user.problems[-1][1]
    user.trigger("reload_models")
    broken = user.window.panels.contents.models.findChild(QLabel, "broken-plugins")
    assert broken.text() == "⚠ 1 model is broken and not listed"


def test_a_program_is_asked_about_once(
    user: Any, made_tiff: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch, timm = pytest.importorskip("torch"), pytest.importorskip("timm")
    safetensors = pytest.importorskip("safetensors.torch")
    weights = model_folder / "model.safetensors"
    network = timm.create_model("test_resnet", num_classes=3).eval()
    network.load_state_dict(safetensors.load_file(weights))
    weights.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, torch.zeros(1, 3, 64, 64))
        torch.jit.save(traced, model_folder / "torchscript_model.pt")
    asked: list[str] = []

    def answer(word: str) -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, lambda: answer(word))
            return
        asked.append(box.informativeText())
        default = box.defaultButton()
        assert default is not None
        assert default.text().replace("&", "") == "Cancel", "Enter says no"
        next(button for button in box.buttons() if button.text().replace("&", "") == word).click()

    user.open(made_tiff)
    add(user, model_folder, monkeypatch)
    QTimer.singleShot(20, lambda: answer("Cancel"))
    run(user)
    assert not user.workspace.runs.heatmaps
    QTimer.singleShot(20, lambda: answer("Allow and run"))
    run(user)
    assert user.workspace.runs.status.state is RunState.DONE, user.problems
    run(user)
    assert len(asked) == 2, "once allowed, it is not asked about again"
    assert "torchscript_model.pt is TorchScript. It runs with your rights" in asked[0]
    assert len(load_settings().allowed_code) == 1
