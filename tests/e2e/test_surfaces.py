"""With a graphics card and without: the window shows the same pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtOpenGLWidgets import QOpenGLWidget

from pathview.app.software_surface import SoftwareSurface
from pathview.slides.made import coordinate_pixels


@pytest.mark.parametrize("card", [False, True], ids=["software", "card"])
def test_the_window_shows_the_slides_pixels(
    card: bool, start: Callable[[], Any], made_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if card:
        monkeypatch.setattr(SoftwareSurface, "where_needed", lambda: None)
    user = start()
    window, workspace = user.window, user.window.workspace
    native = window.canvas_widget.canvas.native
    if card:
        assert isinstance(native, QOpenGLWidget)
    elif isinstance(native, QOpenGLWidget):
        pytest.skip("a graphics card draws here")
    workspace.open(made_tiff)
    user.wait(lambda: workspace.session is not None)
    view = workspace.view.state.viewport
    width, height = view.size
    # An even number of pixels about a whole number, so that pixels of slide and screen are the same.
    workspace.look(replace(view, center=(750 + width % 2 / 2, 550 + height % 2 / 2), downsample=1.0))
    user.wait_sharp()
    shown = native.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.bytesPerLine())
    pixels = rows[:, : 3 * shown.width()].reshape(shown.height(), shown.width(), 3)
    middle = pixels[height // 2 - 100 : height // 2 + 100, width // 2 - 200 : width // 2 + 200]
    assert np.array_equal(middle, coordinate_pixels(np.arange(550, 950), np.arange(450, 650)))
