"""Bookmarks with the hands of a user: keys, the panel, undo, a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QTableView

from pathview.app.docks.bookmarks import BookmarksDock
from pathview.view.viewport import Viewport

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def panel(user: Any) -> BookmarksDock:
    found = user.window.findChild(BookmarksDock)
    assert isinstance(found, BookmarksDock)
    return found


def table(user: Any) -> QTableView:
    return panel(user).table


def listed(user: Any, column: int = 0) -> list[str]:
    model = table(user).model()
    return [str(model.index(row, column).data()) for row in range(model.rowCount())]


def view(user: Any) -> Viewport:
    found = user.workspace.view.state.viewport
    assert isinstance(found, Viewport)
    return found


def look(user: Any, x: float, y: float, downsample: float, turn: float = 0.0) -> Viewport:
    user.workspace.look(Viewport((x, y), downsample, view(user).size, turn))
    user.settle()
    return view(user)


def show_panel(user: Any) -> None:
    user.key(Key.Key_D, CTRL | SHIFT)
    user.wait(lambda: table(user).isVisible() or panel(user).isVisible())


def in_list(user: Any, key: Key) -> None:
    """Press a key on the row that the list stands on."""
    user.activate()
    table(user).setFocus()
    user.wait(lambda: table(user).hasFocus())
    QTest.keyClick(user.window.windowHandle(), key)
    user.settle()


def choose(user: Any, row: int) -> None:
    QTest.mouseClick(table(user).viewport(), Qt.MouseButton.LeftButton, pos=middle(user, row))


def middle(user: Any, row: int, column: int = 0) -> Any:
    rows = table(user)
    return rows.visualRect(rows.model().index(row, column)).center()


def test_a_view_is_kept_under_a_key_and_comes_back_under_another(reader: Any) -> None:
    first = look(reader, 400, 300, 0.5, 30.0)
    reader.key(Key.Key_D, CTRL)
    second = look(reader, 900, 700, 2.0)
    reader.key(Key.Key_D, CTRL)
    assert listed(reader) == ["Bookmark 1", "Bookmark 2"]
    reader.key(Key.Key_Home)
    reader.key(Key.Key_B, CTRL)
    assert view(reader) == first  # round from the last that was made
    reader.key(Key.Key_B, CTRL)
    assert view(reader) == second
    reader.key(Key.Key_B, CTRL | SHIFT)
    assert view(reader) == first


def test_enter_and_double_click_go_there(reader: Any) -> None:
    place = look(reader, 400, 300, 0.5)
    reader.trigger("add_bookmark")
    other = look(reader, 900, 700, 1.0)
    reader.trigger("add_bookmark")
    show_panel(reader)
    QTest.mouseClick(table(reader).viewport(), Qt.MouseButton.LeftButton, pos=middle(reader, 0))
    assert view(reader) == other
    in_list(reader, Key.Key_Return)
    assert view(reader) == place
    spot = middle(reader, 1, 1)
    QTest.mouseClick(table(reader).viewport(), Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseDClick(table(reader).viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert view(reader) == other
    reader.trigger("back")
    assert view(reader) == place


def test_names_and_notes_are_written_in_the_row(reader: Any) -> None:
    reader.trigger("add_bookmark")
    show_panel(reader)
    for column, text in ((0, "mitosis ?"), (2, "ask Eva")):
        table(reader).setCurrentIndex(table(reader).model().index(0, column))
        in_list(reader, Key.Key_F2)
        editor = table(reader).findChild(QLineEdit)
        assert isinstance(editor, QLineEdit)
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Key.Key_Return)
        reader.settle()
    assert (listed(reader), listed(reader, 2)) == (["mitosis ?"], ["ask Eva"])
    tip = table(reader).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("mitosis ?\nx 0.19, y 0.14 mm")
    reader.trigger("undo")
    assert listed(reader, 2) == [""]


def test_a_deleted_one_comes_back_where_it_was(reader: Any) -> None:
    for x in (300, 600, 900):
        look(reader, x, 500, 1.0)
        reader.trigger("add_bookmark")
    show_panel(reader)
    choose(reader, 1)
    in_list(reader, Key.Key_Delete)
    assert listed(reader) == ["Bookmark 1", "Bookmark 3"]
    assert reader.window.actions_table["undo"].text() == "&Undo delete bookmark"
    in_list(reader, Key.Key_Delete)  # the row that took its place
    assert listed(reader) == ["Bookmark 1"]
    reader.key(Key.Key_Z, CTRL)
    reader.key(Key.Key_Z, CTRL)
    assert listed(reader) == ["Bookmark 1", "Bookmark 2", "Bookmark 3"]


def test_deleting_one_leaves_selected_annotations_alone(reader: Any) -> None:
    reader.tool("rectangle")
    reader.drag(reader.at(200, 200), reader.at(500, 500))
    reader.trigger("select_all")
    reader.trigger("add_bookmark")
    show_panel(reader)
    choose(reader, 0)
    in_list(reader, Key.Key_Delete)
    assert listed(reader) == []
    assert len(reader.workspace.session.annotations) == 1


def test_the_menu_of_a_row_deletes_it(reader: Any) -> None:
    reader.trigger("add_bookmark")
    show_panel(reader)
    choose(reader, 0)
    table(reader).customContextMenuRequested.emit(middle(reader, 0))
    (menu,) = (m for m in panel(reader).findChildren(QMenu) if m.isVisible())
    assert [action.text() for action in menu.actions()] == ["&Go there", "&Name …", "N&ote …", "&Delete"]
    menu.actions()[-1].trigger()
    menu.close()
    reader.settle()
    assert listed(reader) == []


def test_they_are_the_slide_s_and_survive_a_restart(start: Any, made_tiff: Path, bare_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    place = look(user, 400, 300, 0.5, 15.0)
    user.trigger("add_bookmark")
    user.open(bare_tiff)
    assert listed(user) == []
    assert not user.window.actions_table["next_bookmark"].isEnabled()
    user.close()
    again = start()
    again.open(made_tiff)
    assert listed(again) == ["Bookmark 1"]
    again.trigger("next_bookmark")
    assert view(again).center == place.center
    assert (view(again).downsample, view(again).rotation) == (0.5, 15.0)
    with closing(sqlite3.connect(start.study / "study.sqlite")) as database:
        assert database.execute("SELECT name, x, y FROM bookmark").fetchall() == [("Bookmark 1", 400, 300)]


def test_thumbnails_are_the_tissue_as_it_lay(reader: Any) -> None:
    look(reader, 750, 550, 1.0)
    reader.trigger("add_bookmark")
    look(reader, 750, 550, 1.0, 90.0)
    reader.trigger("add_bookmark")
    show_panel(reader)
    model = table(reader).model()
    role = Qt.ItemDataRole.DecorationRole
    model.index(0, 0).data(role), model.index(1, 0).data(role)
    reader.wait(lambda: reader.workspace.background.idle)
    upright, turned = (model.index(row, 0).data(role).toImage() for row in (0, 1))
    assert upright.pixelColor(22, 16).alpha() == 255
    # A quarter turn clockwise takes what lies above the middle to the right of it.
    above, right = upright.pixelColor(22, 16 - 12), turned.pixelColor(22 + 12, 16)
    spread = [abs(a - b) for a, b in zip(above.getRgb(), right.getRgb(), strict=True)]
    assert max(spread) <= 40


def test_the_empty_list_says_what_to_do(user: Any, made_tiff: Path) -> None:
    show_panel(user)
    assert "Open a slide" in panel(user)._hint.text()
    assert not panel(user).add.isEnabled()
    user.open(made_tiff)
    assert panel(user)._hint.text() == "Ctrl+D keeps the present view\nas a bookmark."
    QTest.mouseClick(panel(user).add, Qt.MouseButton.LeftButton)
    assert listed(user) == ["Bookmark 1"]
    assert listed(user, 1)[0].endswith("×")


def test_the_key_shows_and_hides_the_panel(reader: Any) -> None:
    dock = reader.window.docks["bookmarks"]
    show_panel(reader)
    assert not dock.visibleRegion().isEmpty()
    reader.key(Key.Key_D, CTRL | SHIFT)
    assert dock.isHidden()


def test_a_study_that_is_open_elsewhere_keeps_none_and_says_so(start: Any, made_tiff: Path) -> None:
    first, second = start(), start()
    second.open(made_tiff)
    second.trigger("add_bookmark")
    assert listed(second) == []
    assert second.problems[0][0] == "Cannot save the bookmark"
    first.close()


@pytest.fixture(autouse=True)
def no_menus_left() -> Any:
    yield
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
