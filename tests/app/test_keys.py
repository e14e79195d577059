"""Keys: shortcuts reach the window, and stay away from widgets that need them."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSlider

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def focus(user: Any, widget: Any) -> None:
    user.activate()
    widget.setFocus()
    user.wait(lambda: QApplication.focusWidget() is widget)


def draw(user: Any) -> Any:
    user.tool("rectangle")
    user.drag(user.at(200, 200), user.at(700, 600))
    return list(user.workspace.session.annotations)[-1]


@pytest.mark.parametrize(
    ("key", "modifiers", "tool"),
    [
        (Key.Key_M, Qt.KeyboardModifier.NoModifier, "pan"),
        (Key.Key_S, Qt.KeyboardModifier.NoModifier, "select"),
        (Key.Key_P, Qt.KeyboardModifier.NoModifier, "polygon"),
        (Key.Key_P, SHIFT, "freehand"),
        (Key.Key_R, Qt.KeyboardModifier.NoModifier, "rectangle"),
    ],
)
def test_a_key_chooses_a_tool(reader: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier, tool: str) -> None:
    reader.tool("select" if tool == "pan" else "pan")
    reader.key(key, modifiers)
    assert reader.workspace.view.state.tool == tool
    assert reader.window.actions_table[f"tool_{tool}"].isChecked()


def test_keys_move_the_view(reader: Any) -> None:
    fitted = reader.frame.viewport
    reader.key(Key.Key_Plus)
    assert reader.frame.viewport.downsample < fitted.downsample
    reader.key(Key.Key_Minus)
    assert reader.frame.viewport.downsample == pytest.approx(fitted.downsample)
    reader.key(Key.Key_1, CONTROL)
    assert reader.frame.viewport.downsample == 1.0
    reader.wheel(reader.at(750, 550), 9)
    x, y = reader.frame.viewport.center
    reader.key(Key.Key_Right)
    reader.key(Key.Key_Down)
    assert reader.frame.viewport.center > (x, y)
    reader.key(Key.Key_Left)
    reader.key(Key.Key_Up)
    assert reader.frame.viewport.center == pytest.approx((x, y))
    reader.key(Key.Key_Home)
    assert reader.frame.viewport == fitted


def test_single_keys_do_nothing_while_a_text_field_has_the_focus(reader: Any) -> None:
    drawn = draw(reader)
    reader.tool("pan")
    table = reader.window.annotations.table
    viewport = reader.frame.viewport
    focus(reader, table)
    table.edit(table.model().index(0, 1))
    field = table.findChild(QLineEdit)
    reader.wait(lambda: QApplication.focusWidget() is field)
    for key in (Key.Key_P, Key.Key_A, Key.Key_2, Key.Key_Plus, Key.Key_Left, Key.Key_Home, Key.Key_Delete):
        QTest.keyClick(field, key)
    reader.settle()
    assert reader.workspace.view.state.tool == "pan"
    assert reader.frame.viewport == viewport
    assert reader.workspace.view.state.layer("Annotations").visible
    assert reader.workspace.session.annotations[drawn.id] == drawn
    QTest.keyClicks(field, "margin p")
    QTest.keyClick(field, Key.Key_Return)
    reader.settle()
    assert "margin p" in reader.workspace.session.annotations[drawn.id].name


def test_arrows_work_a_slider_and_a_list_that_have_the_focus(reader: Any) -> None:
    viewport = reader.frame.viewport
    slider = reader.window.findChild(QSlider, "Slide-opacity")
    focus(reader, slider)
    QTest.keyClick(slider, Key.Key_Left)
    reader.settle()
    assert reader.workspace.view.state.layer("Slide").opacity < 1
    assert reader.frame.viewport == viewport
    first = draw(reader)
    reader.drag(reader.at(800, 200), reader.at(1000, 600))
    table = reader.window.annotations.table
    focus(reader, table)
    QTest.keyClick(table, Key.Key_Up)
    reader.settle()
    assert reader.workspace.view.state.selection == {first.id}
    assert reader.frame.viewport == viewport


def test_letters_search_a_box_that_has_the_focus(reader: Any) -> None:
    box = next(
        box for box in reader.window.findChildren(QComboBox) if box.focusPolicy() & Qt.FocusPolicy.TabFocus
    )
    focus(reader, box)
    QTest.keyClick(box, Key.Key_P)
    reader.settle()
    assert reader.workspace.view.state.tool == "pan"


def test_number_keys_choose_the_class_and_change_the_selection_in_one_step(reader: Any) -> None:
    names = list(reader.workspace.study.classes())
    draw(reader)
    reader.drag(reader.at(800, 200), reader.at(1000, 600))
    reader.key(Key.Key_A, CONTROL)
    reader.key(Key.Key_3)
    assert reader.window.class_box.class_name == names[2]
    assert [a.class_name for a in reader.workspace.session.annotations] == [names[2]] * 2
    reader.key(Key.Key_Z, CONTROL)
    assert [a.class_name for a in reader.workspace.session.annotations] == [names[0]] * 2


def test_delete_undo_and_redo_by_key(reader: Any) -> None:
    draw(reader)
    reader.native.setFocus()
    reader.key(Key.Key_Delete)
    assert len(reader.workspace.session.annotations) == 0
    reader.key(Key.Key_Z, CONTROL)
    assert len(reader.workspace.session.annotations) == 1
    reader.key(Key.Key_Z, CONTROL | SHIFT)
    assert len(reader.workspace.session.annotations) == 0


def test_escape_clears_the_selection(reader: Any) -> None:
    draw(reader)
    reader.tool("select")
    reader.native.setFocus()
    reader.key(Key.Key_Escape)
    assert reader.workspace.view.state.selection == frozenset()


def test_a_and_c_show_and_hide(reader: Any) -> None:
    draw(reader)
    reader.key(Key.Key_A)
    assert reader.frame.outlines == ()
    reader.key(Key.Key_A)
    assert len(reader.frame.outlines) == 1
