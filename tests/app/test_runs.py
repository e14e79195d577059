"""The model panel, and a real run of the model without weights in a real host process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QDoubleSpinBox, QLabel, QProgressBar

from pathview.app.run_words import brief, describe
from pathview.core.errors import ModelError
from pathview.inference.forecast import Forecast
from pathview.inference.heatmap import CellState
from pathview.inference.known_tissue import Wanted
from pathview.inference.phases import Phase
from pathview.inference.remote import InferenceHost
from pathview.inference.run_status import RunState, RunStatus
from pathview.slides.made import write_made_tiff


def state(user: Any) -> str:
    text: str = user.window.panels.contents.models.findChild(QLabel, "run-state").text()
    return text


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (RunStatus(RunState.READY), "Starting …"),
        (
            RunStatus(RunState.RUNNING, 5, 20, patches_per_s=12.4, seconds_left=47),
            "Running · 12 tiles/s · 47 s left",
        ),
        (RunStatus(RunState.RUNNING, 5, 20, seconds_left=600), "Running · 10 min left"),
        (RunStatus(RunState.RUNNING, 5, 20, seconds_left=9000), "Running · 2.5 h left"),
        (RunStatus(RunState.PAUSED, 5, 20), "Paused"),
        (RunStatus(RunState.DONE, 20, 20, 7, 2), "Done · 7 without tissue · 2 failed"),
        (RunStatus(RunState.CANCELLED, 5, 20), "Stopped; run again to go on from here"),
        (RunStatus(RunState.FAILED, error=ModelError("m", "no memory")), "Failed · Model m: no memory"),
    ],
    ids=lambda value: value.state if isinstance(value, RunStatus) else "",
)
def test_a_run_in_words(user: Any, status: RunStatus, said: str) -> None:
    assert describe(status) == said
    user.workspace.runs.changed.emit(status)
    assert state(user) == said
    meter = user.window.status_line.meter
    assert meter.isVisible() == (not status.state.final)
    if meter.isVisible():
        assert meter.text == brief(status)


def test_what_the_pre_flight_could_not_check_is_said_beside_the_state(user: Any) -> None:
    note = "it brings no reference tiles"
    user.workspace.runs.changed.emit(RunStatus(RunState.RUNNING, 5, 20, notes=(note,)))
    assert state(user).splitlines() == ["Running", f"Note: {note}"]


def test_the_state_is_in_sight_whatever_the_model_says(user: Any) -> None:
    panel = user.window.panels.contents.models
    user.workspace.runs.changed.emit(RunStatus(RunState.RUNNING, 5, 20, 30, 1, 12.4, 47))
    user.settle()
    for widget in (panel.findChild(QLabel, "run-state"), panel.findChild(QProgressBar)):
        assert panel.rect().contains(widget.geometry())
    assert panel.findChild(QProgressBar).format() == "5 of 20 tiles"


def test_without_models_nothing_can_be_run(
    start: Any, made_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATHVIEW_PLUGINS", "")
    user = start()
    user.open(made_tiff)
    assert user.window.panels.contents.models.model is None
    assert not user.window.actions_table["run"].isEnabled()
    assert not user.window.actions_table["model_card"].isEnabled()


def test_a_broken_plugin_is_told_and_does_not_stop_the_start(
    start: Any, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fresh_home / "data" / "plugins" / "bad"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text("id = 3", encoding="utf-8")
    monkeypatch.setenv("PATHVIEW_PLUGINS", "texture_demo,bad")
    user = start()
    label = user.window.panels.contents.models.findChild(QLabel, "broken-plugins")
    assert "1 plugin is broken" in label.text()
    assert "bad" in label.toolTip()


def test_a_run_from_start_to_end_and_back_at_the_next_start(start: Any, made_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    user.trigger("run")
    assert user.window.actions_table["cancel"].isEnabled()
    assert user.window.status_line.meter.isVisible()
    user.wait(lambda: not user.workspace.runs.going, 60)
    assert user.workspace.runs.status.error is None
    # The host has asked the model about glass, black, tissue and its reference tiles, and found nothing.
    assert user.workspace.runs.status.notes == ()
    user.settle()
    (heatmap,) = user.workspace.runs.heatmaps.values()
    assert heatmap.progress.done == heatmap.progress.total > 10
    assert state(user).startswith("Done")
    assert not user.window.actions_table["cancel"].isEnabled()
    assert "Texture (demonstration)" in [raster.layer.name for raster in user.frame.rasters]
    user.hover(user.at(200, 200))
    assert user.window.status_line.value.text().startswith("Busy 0.")
    pid = user.workspace.runs._host.pid
    user.close()
    assert gone(pid), "the host process outlives the window"

    again = start()
    again.open(made_tiff)
    again.wait(lambda: bool(again.workspace.runs.heatmaps))
    again.settle()
    (stored,) = again.workspace.runs.heatmaps.values()
    assert (stored.state == CellState.DONE).sum() == heatmap.progress.done
    assert (
        again.window.panels.contents.layers.block("Texture (demonstration)").class_box.currentText() == "Busy"
    )


def test_pause_resume_cancel_and_go_on(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "large.tif", (9000, 8000)))
    actions = user.window.actions_table
    user.trigger("run")
    user.wait(lambda: user.workspace.runs.status.done > 0, 60)
    user.trigger("pause")
    user.wait(lambda: user.workspace.runs.status.state is RunState.PAUSED)
    done = user.workspace.runs.status.done
    assert done < user.workspace.runs.status.total
    assert actions["pause"].text() == "&Resume the run"
    assert state(user).startswith("Paused")
    user.trigger("pause")
    user.wait(lambda: user.workspace.runs.status.state is RunState.RUNNING)
    assert actions["pause"].text() == "&Pause the run"
    user.trigger("cancel")
    user.wait(lambda: user.workspace.runs.status.state.final)
    assert user.workspace.runs.status.state in (RunState.CANCELLED, RunState.DONE)
    (heatmap,) = user.workspace.runs.heatmaps.values()
    kept = heatmap.progress.done
    assert kept >= done
    user.trigger("run")
    user.wait(lambda: user.workspace.runs.status.done >= kept, 60)
    # The slide goes while the run is on: nothing of it may reach the next one.
    pid = user.workspace.runs._host.pid
    user.trigger("close")
    assert user.workspace.runs.status is None
    assert not user.window.status_line.meter.isVisible()
    user.settle()
    assert user.workspace.runs.heatmaps == {}
    assert user.problems == []
    user.window.close()
    assert gone(pid)


def test_another_slide_opens_beside_one_with_a_heatmap(user: Any, made_tiff: Path, bare_tiff: Path) -> None:
    user.open(made_tiff)
    user.trigger("run")
    user.wait(lambda: bool(user.workspace.runs.heatmaps))
    (name,) = user.workspace.runs.heatmaps
    user.open(bare_tiff)
    assert not user.workspace.runs.heatmaps
    assert user.workspace.runs.misfit(name) == ""
    assert user.problems == []


def test_runs_in_two_regions_are_two_heatmaps(reader: Any) -> None:
    reader.tool("rectangle")
    boxes = ((100, 100, 500, 500), (900, 500, 1300, 900))
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        reader.tool("rectangle")
        reader.drag(reader.at(x0, y0), reader.at(x1, y1))
        reader.trigger("run_selection")
        reader.wait(lambda: not reader.workspace.runs.going, 60)
        reader.wait(lambda number=number: len(reader.workspace.runs.heatmaps) == number + 1)
    assert list(reader.workspace.runs.heatmaps) == [
        "Texture (demonstration) (region)", "Texture (demonstration) (region 2)",
    ]  # fmt: skip
    first, second = reader.workspace.runs.heatmaps.values()
    assert first.value_at(300, 300).scores is not None
    assert second.value_at(1100, 700).scores is not None
    assert first.value_at(1100, 700) is None


def test_an_unknown_pixel_size_is_asked_for_once_and_never_guessed(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "bare.tif", mpp=None))
    answers: list[str] = []

    def answer(mpp: float | None) -> None:
        dialog: Any = QApplication.activeModalWidget()
        assert dialog.windowTitle() == "Pixel size"
        buttons = dialog.findChild(QDialogButtonBox)
        ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert not ok.isEnabled(), "there is no default to wave through"
        if mpp is None:
            answers.append("no")
            dialog.reject()
        else:
            dialog.findChild(QDoubleSpinBox).setValue(mpp)
            answers.append("yes")
            ok.click()

    QTimer.singleShot(100, lambda: answer(None))
    user.trigger("run")
    assert not user.workspace.runs.going
    QTimer.singleShot(100, lambda: answer(0.5))
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    assert user.workspace.runs.status.error is None
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    assert answers == ["no", "yes"]
    (heatmap,) = user.workspace.runs.heatmaps.values()
    assert heatmap.grid.stride == 128


def test_a_run_in_a_study_that_cannot_be_written_is_refused_in_words(start: Any, made_tiff: Path) -> None:
    start().open(made_tiff)
    second = start()
    second.open(made_tiff)
    second.trigger("run")
    assert [title for title, _ in second.problems] == ["Cannot run the model"]
    assert not second.workspace.runs.going


def test_what_is_done_before_the_first_cell_is_said(user: Any) -> None:
    status = RunStatus(RunState.RUNNING, phase=Phase.COMPARING)
    assert describe(status) == "Comparing engines for this model, once on this machine …"
    assert brief(status) == "Model: comparing engines for this model, once on this machine …"
    assert describe(RunStatus(RunState.READY, phase=Phase.TISSUE)) == "Looking for tissue …"
    assert describe(RunStatus(RunState.PAUSED, 5, 20, phase=Phase.LOADING)) == "Paused"


def test_what_is_to_be_expected_is_said_while_it_lasts(user: Any) -> None:
    forecast = Forecast(10_800, 240, True, "CPU")
    user.workspace.runs.changed.emit(RunStatus(RunState.RUNNING, 5, 20, forecast=forecast))
    assert state(user).splitlines() == [
        "Running",
        "The whole run takes about 3.0 h on this CPU, 4 min of it for a coarse map first.",
    ]
    user.workspace.runs.changed.emit(RunStatus(RunState.DONE, 20, 20, forecast=forecast))
    assert state(user) == "Done"


def test_a_rough_map_first_is_chosen_and_remembered(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "large.tif", (6000, 6000)))
    switch = user.window.actions_table["coarse_first"]
    assert not switch.isChecked()
    user.trigger("coarse_first")
    assert switch.isChecked()
    assert user.workspace.settings.coarse_first
    words: set[str] = set()
    user.workspace.runs.changed.connect(lambda status: words.add(state(user).splitlines()[0]))
    user.trigger("run")
    user.wait(lambda: user.workspace.runs.status.done > 0, 60)
    # Told by the host while its step goes on.
    assert "Looking for tissue …" in words
    assert "Loading the model …" in words
    (heatmap,) = user.workspace.runs.heatmaps.values()
    assert heatmap.facts.coarse == 8
    user.wait(lambda: not user.workspace.runs.going, 120)
    assert heatmap.progress.done == heatmap.progress.total


def test_the_tissue_of_the_slide_in_view_is_found_before_a_run_asks(
    user: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Wanted] = []
    monkeypatch.setattr(InferenceHost, "prepare", lambda host, wanted: asked.append(wanted))
    user.open(write_made_tiff(tmp_path / "a.tif", (700, 600)))
    assert not asked, "no process has been started yet that could"
    user.trigger("run")
    assert user.workspace.runs.going
    user.open(write_made_tiff(tmp_path / "b.tif", (800, 600)))
    assert asked[-1] == Wanted(tmp_path / "b.tif", None)
    user.workspace.state_mpp((0.3, 0.3))
    assert asked[-1] == Wanted(tmp_path / "b.tif", (0.3, 0.3))
