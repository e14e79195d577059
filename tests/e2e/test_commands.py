"""Commands by the keyboard alone: the palette, and a key that is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pathview.app.dialogs.shortcuts import ShortcutsDialog

CONTROL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


def type_in(user: Any, text: str) -> None:
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, text)
    user.pause()


def test_a_slide_is_worked_without_menus_or_mouse(data: Path, start: Callable[[], Any]) -> None:
    user = start()
    window = user.window
    window.workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: window.workspace.session is not None)
    user.wait_sharp()
    user.key(Key.Key_L, CONTROL)
    user.wait(window.palette_list.isVisible)
    type_in(user, "an")
    user.picture("commands-palette")
    window.palette_list.field.clear()
    type_in(user, "10x")
    user.key(Key.Key_Return)
    assert not window.palette_list.isVisible()
    power = window.workspace.session.slide.info.objective_power
    assert window.workspace.view.state.viewport.downsample == power / 10
    user.wait_sharp()

    # Give the polygon another key, which the pan tool has now.
    user.key(Key.Key_F1)
    user.wait(lambda: window.findChild(ShortcutsDialog) is not None)
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None
    dialog.activateWindow()
    user.wait(dialog.isActiveWindow, 10)
    type_in(user, "polygon")
    dialog.field.setFocus()
    QTest.keyClick(dialog.field, Key.Key_M)
    assert dialog.said.text() == "M is “Pan” now, which loses it if you go on."
    user.picture("commands-shortcuts")
    QTest.keyClick(dialog.use, Key.Key_Space)
    QTest.keyClick(dialog, Key.Key_Escape)
    user.wait(lambda: window.findChild(ShortcutsDialog) is None)
    user.key(Key.Key_M)
    assert window.workspace.view.state.tool == "polygon"
