"""The map of a run in eight views, as the screen shows it: uncertainty, contours, hot-spots, outlines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

Start = Callable[[], Any]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def shown(window: Any) -> Any:
    return window.canvas_widget.canvas.snapshot().astype(int)


@pytest.mark.timeout(600)
def test_reading_the_map_of_a_run(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    views = window.panels.contents.models.views
    user.click(views.mapTo(window, views.rect().center() - views.rect().center() / 2))
    assert views.isChecked()
    user.key(Qt.Key.Key_R, CTRL)
    user.wait(lambda: workspace.runs.status is not None and workspace.runs.status.state.final, 300)
    assert workspace.runs.status.error is None
    (name,) = workspace.runs.heatmaps
    assert name.endswith("(8 views)")
    user.wait_sharp()
    plain = shown(window)
    block = window.panels.contents.layers.block(name)
    block.switches["stipple"].click()
    user.wait_sharp()
    assert (np.abs(plain - shown(window)).max(axis=2) > 40).mean() > 0.001, "dots are seen"
    block.switches["stipple"].click()

    user.key(Qt.Key.Key_K, SHIFT)
    user.wait(lambda: workspace.background.idle)
    user.wait_sharp()
    assert (np.abs(plain - shown(window)).max(axis=2) > 40).mean() > 0.001, "lines are seen"
    user.key(Qt.Key.Key_J, CTRL | SHIFT)
    user.wait(lambda: workspace.background.idle and bool(workspace.hotspots.spots))
    user.key(Qt.Key.Key_J)
    user.wait(lambda: "Hot-spot 1 of" in window.statusBar().currentMessage())
    user.wait_sharp()
    user.wait(lambda: workspace.background.idle)
    user.picture("map-uncertainty")

    user.answer_dialogs(Path(), lambda: user.key(Qt.Key.Key_K, CTRL))
    user.wait(lambda: len(workspace.session.annotations) > 0)
    found = len(workspace.session.annotations)
    user.key(Qt.Key.Key_Z, CTRL)
    assert found > 0
    assert len(workspace.session.annotations) == 0
    QTest.qWait(50)
