"""Nuclei of a real section, as the screen shows them: found by a run, far out, close in, hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

Start = Callable[[], Any]
ORANGE = (213, 94, 0)
CTRL = Qt.KeyboardModifier.ControlModifier


def orange(window: Any) -> float:
    """Return the share of pixels that have the colour of the class."""
    pixels = window.canvas_widget.canvas.snapshot().astype(int)
    return float((np.abs(pixels - ORANGE).max(axis=2) < 25).mean())


@pytest.mark.timeout(600)
def test_nuclei_are_found_shown_and_counted(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    window.panels.contents.models.choose("nuclei-watershed")
    user.key(Qt.Key.Key_R, CTRL)
    user.wait(lambda: workspace.runs.status is not None and workspace.runs.status.state.final, 400)
    assert workspace.runs.status.error is None
    ((name, detections),) = workspace.slide.detections.items()
    assert 2_500 < len(detections) < 4_500
    user.wait_sharp()
    assert orange(window) > 0.01
    block = window.panels.contents.layers.block(name)
    user.wait(lambda: "per mm²" in block.counts.text())
    user.picture("detections-far")
    user.key(Qt.Key.Key_D)
    user.wait_sharp()
    assert orange(window) < 0.001
    user.key(Qt.Key.Key_D)
    near = replace(workspace.view.state.viewport, center=(1050.0, 1250.0), downsample=0.7)
    workspace.look(near)
    user.wait_sharp()
    user.wait(lambda: not window.canvas_widget.canvas.pending_uploads)
    assert orange(window) > 0.01
    user.picture("detections-close")
    seen = window.canvas_widget.canvas.snapshot()
    workspace.set_layer(name, outline_width=4.0)
    user.wait_sharp()
    assert (seen != window.canvas_widget.canvas.snapshot()).any(), "these are outlines"
