"""Drawing and changing annotations; what shows is in the study before it shows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QInputDialog
from shapely.geometry import Polygon, box

from pathview.annotations.edit import Edit
from pathview.slides.made import write_made_tiff

CORNERS = [(300, 300), (700, 320), (680, 700), (320, 640)]
SHIFT = Qt.KeyboardModifier.ShiftModifier


def listed(user: Any) -> list[Any]:
    return list(user.workspace.session.annotations)


def press_key(user: Any, key: Qt.Key) -> None:
    QApplication.sendEvent(user.native, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


def draw_rectangle(user: Any, x0: float, y0: float, x1: float, y1: float) -> Any:
    user.tool("rectangle")
    user.drag(user.at(x0, y0), user.at(x1, y1))
    return listed(user)[-1]


def same(shape: Any, expected: Any, share: float = 0.02) -> bool:
    return bool(shape.symmetric_difference(expected).area < share * expected.area)


def test_a_polygon_by_clicks(reader: Any) -> None:
    reader.tool("polygon")
    for x, y in CORNERS:
        reader.click(x, y)
    reader.hover(reader.at(310, 500))
    assert reader.frame.preview is not None
    press_key(reader, Qt.Key.Key_Return)
    (drawn,) = listed(reader)
    assert same(drawn.geometry, Polygon(CORNERS))
    assert reader.frame.preview is None
    assert reader.frame.outlines == (drawn,)
    assert reader.workspace.view.state.selection == {drawn.id}


def test_a_polygon_closes_at_a_double_click(reader: Any) -> None:
    reader.tool("polygon")
    for x, y in CORNERS[:-1]:
        reader.click(x, y)
    reader.double(*CORNERS[-1])
    (drawn,) = listed(reader)
    assert same(drawn.geometry, Polygon(CORNERS))


def test_backspace_and_escape_take_corners_back(reader: Any) -> None:
    reader.tool("polygon")
    reader.click(900, 900)
    press_key(reader, Qt.Key.Key_Backspace)
    for x, y in CORNERS:
        reader.click(x, y)
    press_key(reader, Qt.Key.Key_Escape)
    assert reader.frame.preview is None
    assert listed(reader) == []


def test_a_freehand_shape(reader: Any) -> None:
    reader.tool("freehand")
    ring = [(700 + 300 * math.cos(t / 8), 500 + 300 * math.sin(t / 8)) for t in range(51)]
    reader.drag(*(reader.at(x, y) for x, y in ring))
    (drawn,) = listed(reader)
    assert same(drawn.geometry, Polygon(ring))


def test_a_rectangle_and_a_square(reader: Any) -> None:
    drawn = draw_rectangle(reader, 200, 300, 900, 600)
    assert same(drawn.geometry, box(200, 300, 900, 600), 1e-6)
    reader.drag(reader.at(100, 100), reader.at(500, 200), modifiers=SHIFT)
    x0, y0, x1, y1 = listed(reader)[1].geometry.bounds
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_a_new_annotation_gets_the_chosen_class_and_is_stored_before_it_shows(
    reader: Any, start: Any
) -> None:
    names = list(reader.workspace.study.classes())
    reader.window.class_box.setCurrentIndex(2)
    rows_when_shown: list[int] = []
    reader.workspace.session.annotations.changed.connect(
        lambda _: rows_when_shown.append(len(start.stored()))
    )
    drawn = draw_rectangle(reader, 200, 300, 900, 600)
    assert drawn.class_name == names[2]
    assert rows_when_shown == [1]


def test_what_was_drawn_is_there_after_a_restart(start: Any, made_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    drawn = draw_rectangle(user, 200, 300, 900, 600)
    user.close()
    again = start()
    again.open(made_tiff)
    assert listed(again) == [drawn]
    assert again.frame.outlines == (drawn,)


def test_an_edit_that_cannot_be_stored_is_not_shown(start: Any, made_tiff: Path) -> None:
    first = start()
    first.open(made_tiff)
    second = start()
    second.open(made_tiff)
    assert "Read only" in second.window.notice.text()
    second.tool("rectangle")
    second.drag(second.at(200, 300), second.at(900, 600))
    second.settle()
    assert [title for title, _ in second.problems] == ["Cannot save the annotation"]
    assert listed(second) == []
    assert second.frame.preview is None
    assert second.frame.outlines == ()
    assert not second.window.actions_table["undo"].isEnabled()
    assert start.stored() == []


def test_undo_and_redo_are_worded_and_enabled(reader: Any) -> None:
    undo, redo = reader.window.actions_table["undo"], reader.window.actions_table["redo"]
    assert (undo.isEnabled(), redo.isEnabled()) == (False, False)
    drawn = draw_rectangle(reader, 200, 300, 900, 600)
    assert undo.text() == "&Undo draw rectangle"
    assert (undo.isEnabled(), redo.isEnabled()) == (True, False)
    reader.trigger("undo")
    assert listed(reader) == []
    assert reader.workspace.view.state.selection == frozenset()
    assert undo.text() == "&Undo"
    assert redo.text() == "&Redo draw rectangle"
    assert (undo.isEnabled(), redo.isEnabled()) == (False, True)
    reader.trigger("redo")
    assert listed(reader) == [drawn]


def test_delete_takes_the_selection_but_nothing_locked(reader: Any) -> None:
    from dataclasses import replace

    first = draw_rectangle(reader, 100, 100, 400, 400)
    second = draw_rectangle(reader, 600, 600, 900, 900)
    locked = replace(first, locked=True)
    reader.workspace.edit(Edit.replace("Lock", (first, locked)))
    reader.trigger("select_all")
    assert reader.workspace.view.state.selection == {first.id, second.id}
    reader.trigger("delete")
    assert listed(reader) == [locked]
    reader.trigger("undo")
    assert listed(reader) == [locked, second]


def test_rename_names_what_is_selected_in_one_step(reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_rectangle(reader, 100, 100, 400, 400)
    draw_rectangle(reader, 600, 600, 900, 900)
    reader.trigger("select_all")
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("  margin ", True))
    reader.trigger("rename")
    assert [a.name for a in listed(reader)] == ["margin", "margin"]
    reader.trigger("undo")
    assert [a.name for a in listed(reader)] == ["", ""]
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("", True))
    reader.trigger("rename")
    assert reader.window.actions_table["redo"].isEnabled(), "a name that changes nothing is no step"


def test_choosing_a_class_changes_the_selection_in_one_step(reader: Any) -> None:
    names = list(reader.workspace.study.classes())
    draw_rectangle(reader, 100, 100, 400, 400)
    draw_rectangle(reader, 600, 600, 900, 900)
    reader.trigger("select_all")
    reader.window.class_box.setCurrentIndex(1)
    assert [a.class_name for a in listed(reader)] == [names[1]] * 2
    reader.trigger("undo")
    assert [a.class_name for a in listed(reader)] == [names[0]] * 2


def test_select_picks_and_moves(reader: Any) -> None:
    drawn = draw_rectangle(reader, 100, 100, 400, 400)
    draw_rectangle(reader, 600, 600, 900, 900)
    reader.tool("select")
    reader.click(250, 250)
    assert reader.workspace.view.state.selection == {drawn.id}
    reader.drag(reader.at(250, 250), reader.at(350, 300))
    moved = reader.workspace.session.annotations[drawn.id]
    assert moved.geometry.bounds == pytest.approx((200, 150, 500, 450), abs=1)
    reader.click(1300, 100)
    assert reader.workspace.view.state.selection == frozenset()


def test_a_half_drawn_shape_does_not_follow_to_the_next_slide(reader: Any, tmp_path: Path) -> None:
    reader.tool("polygon")
    for x, y in CORNERS[:3]:
        reader.click(x, y)
    reader.open(write_made_tiff(tmp_path / "next.tif"))
    reader.hover(reader.at(500, 500))
    assert reader.frame.preview is None
    press_key(reader, Qt.Key.Key_Return)
    assert listed(reader) == []


def test_another_tool_drops_the_half_drawn_shape(reader: Any) -> None:
    reader.tool("polygon")
    for x, y in CORNERS[:3]:
        reader.click(x, y)
    reader.tool("select")
    assert reader.frame.preview is None
    assert reader.native.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_the_list_follows_the_slide_and_the_slide_the_list(reader: Any) -> None:
    dock = reader.window.annotations
    first = draw_rectangle(reader, 100, 100, 400, 400)
    second = draw_rectangle(reader, 600, 600, 900, 900)
    model = dock.table.model()
    assert model.rowCount() == 2
    assert model.index(0, 2).data() == "5,625 µm²"
    dock.table.selectRow(0)
    assert reader.workspace.view.state.selection == {first.id}
    reader.tool("select")
    reader.click(750, 750)
    assert {index.row() for index in dock.table.selectedIndexes()} == {1}
    dock.table.doubleClicked.emit(model.index(0, 0))
    assert reader.frame.viewport.center == pytest.approx((250, 250))
    assert model.setData(model.index(1, 1), "margin")
    assert reader.workspace.session.annotations[second.id].name == "margin"


def test_a_slide_without_scale_lists_areas_in_pixels(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "bare.tif", mpp=None))
    draw_rectangle(user, 100, 100, 400, 400)
    assert user.window.annotations.table.model().index(0, 2).data() == "90,000 px²"


def test_a_drag_of_no_length_draws_nothing(reader: Any) -> None:
    reader.tool("rectangle")
    at = QPointF(500, 400)
    reader.drag(at, at)
    assert listed(reader) == []
