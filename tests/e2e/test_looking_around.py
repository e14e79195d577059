"""Looking around: magnifications, turns, mirror, frame, guides, back; channels and focal planes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

Start = Callable[[], Any]
ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.mark.timeout(600)
def test_looking_around(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    fitted = workspace.view.state.viewport

    # The wheel: smooth, and the place under the cursor stays.
    spot = user.at(1250, 1700)
    user.wheel(spot, 4)
    user.wait_sharp()
    # A cursor stands on whole pixels, half a one beside the place; the zoom makes that 1.3 on either axis.
    assert (user.at(1250, 1700) - spot).manhattanLength() <= 3
    assert workspace.view.state.viewport.downsample == pytest.approx(fitted.downsample * 2 ** (-4 / 3))

    # 10x by key; the objective of the slide is 20x.
    user.key(Qt.Key.Key_4, ALT)
    user.wait_sharp()
    assert workspace.view.state.viewport.downsample == 2.0
    assert window.status_line.scale.text().startswith("10×")

    # A quarter turn and a mirror show the same pixels, turned and mirrored.
    user.key(Qt.Key.Key_5, ALT)
    user.wait_sharp()
    before = window.canvas_widget.canvas.snapshot()
    user.key(Qt.Key.Key_M, CONTROL | SHIFT)
    user.wait_sharp()
    mirrored = window.canvas_widget.canvas.snapshot()
    # An odd width puts the middle between two pixels of the slide: then both are half a pixel apart.
    difference = np.abs(mirrored.astype(int) - before[:, ::-1])
    assert difference.mean() < 12
    user.key(Qt.Key.Key_Right, CONTROL | SHIFT)
    user.wait_sharp()
    user.picture("6-turned-and-mirrored")
    assert window.status_line.scale.text().endswith("mirrored · turned 90°")
    user.key(Qt.Key.Key_Up, CONTROL | SHIFT)

    # Grid and crosshair.
    user.key(Qt.Key.Key_G, SHIFT)
    user.key(Qt.Key.Key_X, SHIFT)
    user.wait_sharp()
    user.picture("7-guides")
    assert window.guides.grid.in_um
    user.key(Qt.Key.Key_G, SHIFT)
    user.key(Qt.Key.Key_X, SHIFT)

    # A frame fills the window; then the way back.
    user.key(Qt.Key.Key_Home)
    user.pause(900)
    user.key(Qt.Key.Key_Z)
    user.drag(user.at(900, 1400), user.at(1500, 1900))
    user.wait_sharp()
    x, y = workspace.view.state.viewport.center
    assert abs(x - 1200) < 10
    assert abs(y - 1650) < 10
    user.picture("8-a-frame-fills-the-window")
    user.key(Qt.Key.Key_Left, ALT)
    user.wait_sharp()
    assert workspace.view.state.viewport.center == pytest.approx(fitted.center)


@pytest.mark.timeout(600)
def test_channels_and_focal_planes(fluorescence: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(fluorescence)
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    user.picture("channels")
    at = window.canvas_widget.canvas.snapshot()
    height, width = at.shape[:2]
    left, right = at[height // 2, width // 4], at[height // 2, 3 * width // 4]
    assert left[2] == 255, "DAPI is bright on the left"
    assert right[2] == 0

    # Without DAPI, and one plane up, where FITC is brighter than its window.
    panel = window.panels.contents.channels
    panel.rows[0].visible_box.click()
    user.key(Qt.Key.Key_PageUp)
    user.wait(lambda: window.canvas_widget.canvas.snapshot()[height // 2, width // 4][1] == 255)
    user.wait_sharp()
    shown = window.canvas_widget.canvas.snapshot()[height // 2, width // 4]
    assert (int(shown[1]), int(shown[2])) == (255, 0)
    assert panel.plane.words.text() == "3 of 3 · 3 µm"
