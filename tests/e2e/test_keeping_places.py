"""Bookmarks, what was looked at, and the magnifier, on a real slide with keys and mouse; with pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableView

from pathview.app.docks.bookmarks import BookmarksDock
from pathview.app.docks.coverage_legend import CoverageLegend

Start = Callable[[], Any]
Key = Qt.Key
ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.mark.timeout(600)
def test_keeping_places(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    user.wheel(user.at(900, 1900), 6)
    user.wait_sharp()
    first = workspace.view.state.viewport
    user.key(Key.Key_D, CONTROL)
    user.key(Key.Key_Right, CONTROL | SHIFT)
    user.wheel(user.at(1300, 1500), 3)
    user.wait_sharp()
    user.key(Key.Key_D, CONTROL)
    user.key(Key.Key_Home)
    user.wait_sharp()
    user.key(Key.Key_D, CONTROL)
    assert [mark.name for mark in workspace.session.bookmarks] == ["Bookmark 1", "Bookmark 2", "Bookmark 3"]

    user.key(Key.Key_D, CONTROL | SHIFT)
    table = window.findChild(BookmarksDock).findChild(QTableView)
    user.wait(lambda: table.isVisible() and table.hasFocus())
    user.key(Key.Key_Up)
    user.key(Key.Key_Up)
    user.key(Key.Key_Return)
    user.wait_sharp()
    assert workspace.view.state.viewport == first
    user.wait(lambda: workspace.background.idle)
    user.picture("11-bookmarks")
    user.key(Key.Key_Delete)
    assert len(workspace.session.bookmarks) == 2
    user.key(Key.Key_Z, CONTROL)
    assert len(workspace.session.bookmarks) == 3


@pytest.mark.timeout(600)
def test_seeing_what_was_not_looked_at(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    user.key(Key.Key_V, SHIFT)
    user.key(Key.Key_5, ALT)
    user.wait_sharp()
    for way in (Key.Key_Up, Key.Key_Right, Key.Key_Up):
        for _ in range(2):
            user.key(way)
        user.wait_sharp()
        user.pause(500)
    legend = window.findChild(CoverageLegend)
    user.wait(lambda: not window.reading._timer.isActive())
    user.pause(400)
    share = int(legend.share.text().partition(" ")[0])
    assert 10 < share < 90
    user.picture("12-what-was-not-seen")


@pytest.mark.timeout(600)
def test_magnifying_under_the_cursor(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    user.key(Key.Key_3, ALT)
    user.wait_sharp()
    plain = window.canvas_widget.canvas.snapshot().astype(int)
    spot = user.at(1250, 1700)
    user.move(spot)
    user.activate()
    QTest.keyPress(window.windowHandle(), Key.Key_Q)
    window.actions_table["magnifier_4x"].trigger()
    user.wait_sharp()
    user.picture("13-magnifier")
    magnified = window.canvas_widget.canvas.snapshot().astype(int)
    QTest.keyRelease(window.windowHandle(), Key.Key_Q)
    user.wait_sharp()
    assert (window.canvas_widget.canvas.snapshot() == plain).all()
    # What the lens shows in its middle is what 20x shows of that place.
    local = window.canvas_widget.canvas.native.mapFrom(window, spot)
    glass_x, glass_y = local.x(), local.y()
    lens = around(magnified, glass_x, glass_y)
    workspace.look(workspace.view.state.viewport.zoomed(4.0, (glass_x, glass_y)))
    user.wait_sharp()
    close = window.canvas_widget.canvas.snapshot().astype(int)
    # Both views meet the slide's pixels, each on its own side of the place.
    shifts = [(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3)]
    apart = [np.abs(lens - around(close, glass_x + dx, glass_y + dy)).mean() for dx, dy in shifts]
    assert min(apart) < 2
    assert max(apart) > 8


def around(pixels: NDArray[Any], x: int, y: int) -> NDArray[Any]:
    return pixels[y - 60 : y + 60, x - 60 : x + 60]
