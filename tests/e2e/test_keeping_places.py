"""Bookmarks on a real slide, with keys and mouse; pictures for the user guide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView

from pathview.app.docks.bookmarks import BookmarksDock

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
