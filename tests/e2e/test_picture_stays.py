"""What must not cost the picture: another window, a lost GL context, minimising, another screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMainWindow

from pathview.app.software_surface import SoftwareSurface

Start = Callable[[], Any]


def on_screen(user: Any) -> NDArray[np.uint8]:
    """Return what the screen shows in the middle of the canvas, where nothing floats over it."""
    user.wait_sharp()
    area = user.window.canvas_widget
    corner = area.mapToGlobal(QPoint(area.width() // 4, area.height() // 4))
    image = user.window.screen().grabWindow(0, corner.x(), corner.y(), area.width() // 2, area.height() // 2)
    picture = image.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3).copy()


def shows(user: Any, expected: NDArray[np.uint8]) -> None:
    """Wait until the screen shows `expected` in the middle of the canvas: it may still be painting."""
    user.wait(lambda: np.array_equal(on_screen(user), expected))


@pytest.fixture(params=[False, True], ids=["as it is", "with a card"])
def reader(data: Path, start: Start, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a window that shows tissue from edge to edge, drawn as for a graphics card as well."""
    if request.param:
        monkeypatch.setattr(SoftwareSurface, "where_needed", lambda: None)
    user = start()
    workspace = user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    user.key(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    user.wait_sharp()
    return user


@pytest.fixture
def before(reader: Any) -> NDArray[np.uint8]:
    reader.pause(300)
    picture = on_screen(reader)
    assert picture.std() > 10, "this is no tissue"
    return picture


def test_hidden_and_shown_again(reader: Any, before: NDArray[np.uint8]) -> None:
    reader.window.hide()
    reader.pause(100)
    reader.window.show()
    shows(reader, before)


def test_minimised_and_restored(reader: Any, before: NDArray[np.uint8]) -> None:
    reader.window.showMinimized()
    reader.pause(100)
    reader.window.showNormal()
    shows(reader, before)


def test_in_another_window_and_back_with_a_new_context_each_time(
    reader: Any, before: NDArray[np.uint8]
) -> None:
    window = reader.window
    area = window.canvas_widget
    pages = area.parentWidget()
    place = pages.indexOf(area)
    other = QMainWindow()
    other.resize(area.size())
    other.setCentralWidget(area)
    other.show()
    area.show()
    reader.pause(300)
    pages.insertWidget(place, area)
    pages.setCurrentIndex(place)
    other.close()
    other.deleteLater()
    shows(reader, before)
    # The new context is filled: what one looks at next is sharp as well.
    view = window.workspace.view.state.viewport
    window.workspace.look(view.panned(300, 200))
    height, width = before.shape[:2]
    overlap = before[: height - 200, : width - 300]
    reader.wait(lambda: np.array_equal(on_screen(reader)[200:, 300:], overlap))


def test_a_context_that_was_lost(reader: Any, before: NDArray[np.uint8]) -> None:
    canvas = reader.window.canvas_widget.canvas
    canvas.rebuild()
    reader.window.canvas_widget.refresh_soon()
    shows(reader, before)


def test_a_screen_of_other_density(reader: Any, before: NDArray[np.uint8]) -> None:
    native = reader.window.canvas_widget.canvas.native
    QApplication.sendEvent(native, QEvent(QEvent.Type.DevicePixelRatioChange))
    QApplication.sendEvent(reader.window, QEvent(QEvent.Type.ScreenChangeInternal))
    shows(reader, before)


def test_a_window_that_shrinks_and_grows(reader: Any, before: NDArray[np.uint8]) -> None:
    size = reader.window.size()
    for width, height in ((900, 700), (1300, 880), (1000, 620)):
        reader.window.resize(width, height)
        reader.pause(60)
    reader.window.resize(size)
    shows(reader, before)
