"""Bookmarks and what was looked at, on a real slide, with keys and mouse; pictures for the user guide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
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
