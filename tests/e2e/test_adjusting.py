"""Adjusting the picture: a key held, white from the glass, a single stain; what GL shows is what was said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pathview.view.adjust import apply

Start = Callable[[], Any]


@pytest.mark.timeout(600)
def test_adjusting_the_picture(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    user.key(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    user.wait_sharp()
    window.docks["image"].raise_()
    scanned = window.canvas_widget.canvas.snapshot()

    def follows() -> bool:
        """Tell whether the screen shows what the reference makes of the slide's own pixels."""
        shown = window.canvas_widget.canvas.snapshot().astype(int)
        wanted = apply(scanned, workspace.adjustments.current)
        return bool(np.abs(shown - wanted).max() <= 1)

    panel = window.panels.contents.image
    panel.buttons["white_from_glass"].click()
    user.wait(lambda: not workspace.adjustments.current.neutral)
    panel.stains.estimate.click()
    user.wait(lambda: workspace.adjustments.current.stains.title.startswith("Estimated"))
    user.wait(follows)
    panel.sliders["gamma"][0].setValue(-15)
    panel.sliders["saturation"][0].setValue(12)
    user.wait_sharp()
    user.wait(follows)
    user.picture("9-adjusted")

    handle = window.windowHandle()
    QTest.keyPress(handle, Qt.Key.Key_U)
    user.wait(lambda: np.array_equal(window.canvas_widget.canvas.snapshot(), scanned))
    QTest.keyRelease(handle, Qt.Key.Key_U)
    user.wait(follows)

    window.actions_table["reset_adjustment"].trigger()
    window.actions_table["stains_first"].trigger()
    user.wait(follows)
    window.set_theme("dark", keep=False)
    user.wait_sharp()
    user.picture("10-one-stain")
    assert not np.array_equal(window.canvas_widget.canvas.snapshot(), scanned)
