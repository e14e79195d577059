"""The queue of runs: over several slides, moved, held, cancelled and removed, and past a slide that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from pathview.inference.run_status import RunState
from pathview.slides.made import write_made_tiff

LARGE, SMALL = (9000, 9000), (700, 600)


@pytest.fixture
def queued(user: Any, tmp_path: Path) -> Any:
    """Queue a model over a large slide and three small ones, the second of which states no pixel size."""
    user.open(write_made_tiff(tmp_path / "a.tif", LARGE))
    user.open(write_made_tiff(tmp_path / "b.tif", SMALL, mpp=None))
    user.open(write_made_tiff(tmp_path / "c.tif", (700, 700)))
    user.open(write_made_tiff(tmp_path / "d.tif", (800, 700)))
    user.trigger("queue_all")
    user.wait(lambda: rows(user) and "Running" in rows(user)[0], 60)
    return user


def panel(user: Any) -> Any:
    return user.window.docks["runs"].widget()


def rows(user: Any) -> list[str]:
    shown = panel(user).list
    return [shown.item(row).text() for row in range(shown.count())]


def names(user: Any) -> str:
    return "".join(row[0] for row in rows(user))


def choose(user: Any, name: str) -> None:
    panel(user).list.setCurrentRow(names(user).index(name))


def click(user: Any, button: Any) -> None:
    user.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_empty_queue_says_how_to_fill_it(user: Any) -> None:
    user.trigger("runs")
    assert "Queue on all open slides" in panel(user).findChild(QLabel, "muted").text()
    assert not user.window.actions_table["queue_all"].isEnabled()
    user.trigger("runs")
    assert not panel(user).isVisible()


def test_runs_wait_in_the_order_of_the_tabs_and_say_so(queued: Any) -> None:
    assert names(queued) == "abcd"
    assert panel(queued).isVisible()
    assert rows(queued)[0].splitlines()[0] == "a.tif · Texture (demonstration)"
    assert all(row.splitlines()[1] == "Waiting" for row in rows(queued)[1:])
    # The same again changes nothing.
    queued.trigger("queue_all")
    assert names(queued) == "abcd"


def test_moved_held_cancelled_and_removed(queued: Any) -> None:
    dock = panel(queued)
    choose(queued, "a")
    assert not dock.earlier.isEnabled()
    assert not dock.later.isEnabled()
    click(queued, dock.pause)
    queued.wait(lambda: "Paused" in rows(queued)[0], 20)
    assert dock.pause.text() == "Resume"
    choose(queued, "d")
    click(queued, dock.earlier)
    click(queued, dock.earlier)
    assert names(queued) == "adbc"
    assert dock.chosen.slide.name == "d.tif"
    assert not queued.workspace.runs.queue[1].run.status.state.final
    click(queued, dock.later)
    assert names(queued) == "abdc"
    choose(queued, "c")
    click(queued, dock.pause)
    assert rows(queued)[3].endswith("Paused")
    choose(queued, "b")
    queued.qtbot.keyClick(dock.list, Qt.Key.Key_Delete)
    assert names(queued) == "adc"
    choose(queued, "a")
    click(queued, dock.cancel)
    # The one that was held lets the other go first, and waits on its own.
    queued.wait(lambda: "Done" in rows(queued)[names(queued).index("d")], 60)
    assert "Stopped" in rows(queued)[names(queued).index("a")]
    assert rows(queued)[names(queued).index("c")].endswith("Paused")
    choose(queued, "c")
    click(queued, dock.pause)
    queued.wait(lambda: "Done" in rows(queued)[names(queued).index("c")], 60)
    assert not dock.pause.isEnabled()
    assert not dock.cancel.isEnabled()


def test_a_slide_that_fails_does_not_stop_the_others(queued: Any) -> None:
    choose(queued, "a")
    click(queued, panel(queued).cancel)
    queued.wait(lambda: not queued.workspace.runs.under_way, 90)
    states = [run.status.state for run in queued.workspace.runs.queue]
    assert sorted(states) == [RunState.CANCELLED, RunState.DONE, RunState.DONE, RunState.FAILED]
    failed = rows(queued)[names(queued).index("b")]
    assert failed.splitlines()[1].startswith("Failed · ")
    assert "does not state its pixel size" in failed
    assert len(queued.problems) == 1
    assert queued.workspace.runs.status.state is RunState.DONE, "d.tif is in front"


def test_a_slide_that_closes_takes_its_runs_along(queued: Any) -> None:
    (closing,) = [slide for slide in queued.workspace.slides if slide.name == "c.tif"]
    queued.workspace.runs.forget(closing)
    assert names(queued) == "abd"


def test_a_second_model_on_a_slide_waits_for_the_first(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "a.tif", LARGE))
    user.trigger("run")
    user.wait(lambda: user.workspace.runs.status.state is RunState.RUNNING, 60)
    running = user.workspace.slide.run
    source = user.workspace.registry.model(user.window.panels.contents.models.model)
    other = source.with_values({"middle": 9.0})
    user.workspace.runs.enqueue(other, [user.workspace.slide])
    assert user.workspace.slide.run is running, "the panels tell of what goes on"
    assert names(user) == "aa"
    user.trigger("cancel")
    user.wait(lambda: user.workspace.slide.run is not running, 60)
    user.wait(lambda: user.workspace.runs.status.state is RunState.RUNNING, 60)
    assert user.workspace.slide.run.run.spec.model == other
