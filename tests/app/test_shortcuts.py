"""Changing the keys: the dialog, what is stored, and what the keys then do."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from pathview.app.actions import ACTIONS, plain
from pathview.app.dialogs.shortcuts import ShortcutsDialog
from pathview.core.files import config_folder
from pathview.startup.settings import Settings, load_settings

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def editor(user: Any, action: str) -> ShortcutsDialog:
    user.trigger("shortcuts")
    (dialog,) = user.window.findChildren(ShortcutsDialog)
    assert isinstance(dialog, ShortcutsDialog)
    dialog.table.selectRow(row_of(action))
    return dialog


def row_of(action: str) -> int:
    return [info.key for info in ACTIONS].index(action)


def press(dialog: ShortcutsDialog, key: Qt.Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(dialog.field, key, modifiers)


def keys(user: Any, action: str) -> list[str]:
    return [sequence.toString() for sequence in user.window.actions_table[action].shortcuts()]


def shown(dialog: ShortcutsDialog, action: str) -> str:
    item = dialog.table.item(row_of(action), 1)
    assert item is not None
    return item.text()


def done(user: Any, dialog: ShortcutsDialog) -> None:
    dialog.reject()
    user.wait(lambda: not user.window.findChildren(ShortcutsDialog))


def test_a_new_key_works_at_once_and_after_a_restart(start: Any, made_tiff: Any) -> None:
    user = start()
    user.open(made_tiff)
    dialog = editor(user, "tool_polygon")
    press(dialog, Key.Key_K)
    assert dialog.said.text() == "K is free."
    dialog.use.click()
    assert keys(user, "tool_polygon") == ["K"]
    assert shown(dialog, "tool_polygon") == "K  (was P)"
    done(user, dialog)
    user.key(Key.Key_K)
    assert user.workspace.view.state.tool == "polygon"
    assert "(K)" in user.window.actions_table["tool_polygon"].toolTip()
    user.close()
    assert load_settings().shortcuts == {"tool_polygon": ("K",)}
    again = start(load_settings())
    again.open(made_tiff)
    again.key(Key.Key_P)
    assert again.workspace.view.state.tool == "pan"
    again.key(Key.Key_K)
    assert again.workspace.view.state.tool == "polygon"


def test_a_conflict_is_told_before_it_is_accepted(reader: Any) -> None:
    dialog = editor(reader, "tool_polygon")
    press(dialog, Key.Key_M)
    assert dialog.said.text() == "M is “Pan” now, which loses it if you go on."
    assert keys(reader, "tool_pan") == ["M"]
    dialog.use.click()
    assert dialog.said.text() == "“Polygon” has M now. “Pan” has lost it."
    assert (keys(reader, "tool_polygon"), keys(reader, "tool_pan")) == (["M"], [])
    assert shown(dialog, "tool_pan") == "none  (was M)"
    dialog.reset.click()
    assert (keys(reader, "tool_polygon"), keys(reader, "tool_pan")) == (["P"], ["M"])
    assert load_settings().shortcuts == {}
    done(reader, dialog)


def test_the_default_is_not_taken_back_from_another_without_a_word(reader: Any) -> None:
    dialog = editor(reader, "tool_polygon")
    press(dialog, Key.Key_K)
    dialog.use.click()
    dialog.table.selectRow(row_of("about"))
    press(dialog, Key.Key_P)
    dialog.use.click()
    dialog.table.selectRow(row_of("tool_polygon"))
    dialog.reset.click()
    assert dialog.said.text() == "P: “About PathView” loses it if you go on."
    assert keys(reader, "tool_polygon") == ["K"]
    dialog.use.click()
    assert (keys(reader, "tool_polygon"), keys(reader, "about")) == (["P"], [])
    done(reader, dialog)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Key.Key_5, "5 chooses a class"),
        (Key.Key_Space, "Space moves the slide"),
        (Key.Key_P, "does this already"),
    ],
)
def test_keys_that_cannot_be_had(user: Any, key: Qt.Key, words: str) -> None:
    dialog = editor(user, "tool_polygon")
    press(dialog, key)
    assert words in dialog.said.text()
    assert not dialog.use.isEnabled()
    assert not dialog.add.isEnabled()
    done(user, dialog)


def test_a_second_key_no_key_and_back(user: Any) -> None:
    dialog = editor(user, "tool_polygon")
    press(dialog, Key.Key_F5)
    dialog.add.click()
    assert keys(user, "tool_polygon") == ["P", "F5"]
    dialog.clear.click()
    assert keys(user, "tool_polygon") == []
    dialog.undo.click()
    assert keys(user, "tool_polygon") == ["P", "F5"]
    dialog.undo.click()
    assert keys(user, "tool_polygon") == ["P"]
    assert not dialog.undo.isEnabled()
    done(user, dialog)


def test_reset_all(user: Any) -> None:
    dialog = editor(user, "tool_polygon")
    for action, key in (("tool_polygon", Key.Key_K), ("about", Key.Key_F6)):
        dialog.table.selectRow(row_of(action))
        press(dialog, key, CONTROL)
        dialog.use.click()
    dialog.reset_all.click()
    assert (keys(user, "tool_polygon"), keys(user, "about")) == (["P"], [])
    assert user.workspace.settings.shortcuts == {}
    assert not dialog.reset_all.isEnabled()
    done(user, dialog)


def test_the_field_takes_signs_and_modifiers_as_they_are_typed(user: Any) -> None:
    dialog = editor(user, "tool_polygon")
    press(dialog, Key.Key_E, CONTROL | SHIFT | Qt.KeyboardModifier.AltModifier)
    assert dialog.field.text() == "Ctrl+Alt+Shift+E"
    press(dialog, Key.Key_Question, SHIFT)
    assert dialog.field.text() == "?"
    press(dialog, Key.Key_Control)
    assert dialog.field.text() == "?"
    done(user, dialog)


def test_nobody_is_caught_in_the_field(user: Any) -> None:
    dialog = editor(user, "tool_polygon")
    press(dialog, Key.Key_K)
    dialog.activateWindow()
    user.wait(dialog.isActiveWindow)
    dialog.field.setFocus()
    press(dialog, Key.Key_Tab)
    assert QApplication.focusWidget() is dialog.use
    press(dialog, Key.Key_Escape)
    user.wait(lambda: not user.window.findChildren(ShortcutsDialog))


@pytest.mark.parametrize(("typed", "first"), [("ctrl+e", "export_annotations"), ("navigate back", "back")])
def test_search_finds_actions_menus_and_keys(user: Any, typed: str, first: str) -> None:
    dialog = editor(user, "open")
    QTest.keyClicks(dialog.search, typed)
    visible = [info.key for row, info in enumerate(ACTIONS) if not dialog.table.isRowHidden(row)]
    assert first in visible
    assert len(visible) < 4
    assert ACTIONS[dialog.table.currentRow()].key == visible[0]
    done(user, dialog)


def test_there_is_one_list_only(user: Any) -> None:
    dialog = editor(user, "open")
    assert editor(user, "open") is dialog
    done(user, dialog)


def test_changed_single_keys_stay_away_from_text_fields(start: Any, made_tiff: Any) -> None:
    user = start(Settings(theme="light", shortcuts={"tool_polygon": ("K",), "zoom_fit": ("Shift+End",)}))
    user.open(made_tiff)
    user.tool("rectangle")
    user.drag(user.at(200, 200), user.at(700, 600))
    user.tool("pan")
    table = user.window.annotations.table
    user.activate()
    table.setFocus()
    table.edit(table.model().index(0, 1))
    field = table.findChild(QLineEdit)
    user.wait(lambda: QApplication.focusWidget() is field)
    QTest.keyClicks(field, "kick")
    QTest.keyClick(field, Key.Key_Return)
    user.settle()
    assert user.workspace.view.state.tool == "pan"
    assert [a.name for a in user.workspace.session.annotations] == ["kick"]
    table.setFocus()
    QTest.keyClick(table, Key.Key_K)
    user.settle()
    assert user.workspace.view.state.tool == "pan", "a list that has the focus searches with letters"


def test_the_palette_and_the_menus_show_the_changed_keys(start: Any) -> None:
    user = start(Settings(theme="light", shortcuts={"palette": ("F8",), "about": ("Ctrl+L",)}))
    palette = user.window.palette_list
    user.key(Key.Key_F8)
    assert palette.isVisible()
    row = next(
        palette.model.entry(palette.model.index(row))
        for row in range(palette.model.rowCount())
        if palette.model.index(row).data() == plain(user.window.actions_table["palette"].text())
    )
    assert row.keys == "F8"
    user.key(Key.Key_L, CONTROL)
    assert palette.isVisible()
    user.key(Key.Key_F8)
    assert not palette.isVisible()


def test_a_file_with_nonsense_keeps_the_rest(start: Any) -> None:
    path = config_folder() / "settings.toml"
    path.write_text(
        'theme = "dark"\n[shortcuts]\nabout = ["rubbish"]\nwand = ["W"]\ntool_pan = ["K"]\nopen = 3\n',
        encoding="utf-8",
    )
    user = start(load_settings())
    assert keys(user, "tool_pan") == ["K"]
    assert keys(user, "open")
    assert user.window.actions_table["theme_dark"].isChecked()
