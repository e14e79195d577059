"""Moving the view with the mouse."""

from __future__ import annotations

import math
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

MIDDLE = Qt.MouseButton.MiddleButton


def set_ratio(user: Any, ratio: float) -> None:
    user.native.ratio = ratio
    QApplication.sendEvent(user.native, QEvent(QEvent.Type.DevicePixelRatioChange))
    user.trigger("zoom_fit")


def space(user: Any, kind: QEvent.Type) -> None:
    event = QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ")
    QApplication.sendEvent(user.native, event)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_the_wheel_keeps_the_point_under_the_cursor(reader: Any, ratio: float) -> None:
    set_ratio(reader, ratio)
    size = reader.frame.viewport.size
    assert size == (round(reader.native.width() * ratio), round(reader.native.height() * ratio))
    at = reader.at(400, 300)
    for notches in (1, 3, -2):
        before = reader.frame.viewport.downsample
        reader.wheel(at, notches)
        assert reader.under(at) == pytest.approx((400, 300), abs=1e-6)
        assert reader.frame.viewport.downsample == pytest.approx(before * 2 ** (-notches / 3))


def test_the_wheel_at_its_end_does_not_drift(reader: Any) -> None:
    at = reader.at(400, 300)
    reader.wheel(at, 60)
    closest = reader.frame.viewport
    assert reader.under(at) == pytest.approx((400, 300), abs=1e-6)
    reader.wheel(at, 5)
    assert reader.frame.viewport == closest


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_a_drag_moves_the_slide_with_the_hand(reader: Any, ratio: float) -> None:
    set_ratio(reader, ratio)
    reader.trigger("zoom_full")
    start = reader.at(700, 500)
    reader.drag(start, start + QPointF(60, -40))
    assert reader.under(start + QPointF(60, -40)) == pytest.approx((700, 500), abs=1e-6)


def test_the_middle_button_moves_whatever_the_tool(reader: Any) -> None:
    reader.trigger("zoom_full")
    reader.tool("rectangle")
    start = reader.at(700, 500)
    reader.drag(start, start + QPointF(-30, 50), button=MIDDLE)
    assert reader.under(start + QPointF(-30, 50)) == pytest.approx((700, 500), abs=1e-6)
    assert len(reader.workspace.session.annotations) == 0


def test_space_turns_the_drag_into_a_move(reader: Any) -> None:
    reader.trigger("zoom_full")
    reader.tool("freehand")
    space(reader, QEvent.Type.KeyPress)
    start = reader.at(700, 500)
    reader.drag(start, start + QPointF(80, 20))
    space(reader, QEvent.Type.KeyRelease)
    assert reader.under(start + QPointF(80, 20)) == pytest.approx((700, 500), abs=1e-6)
    assert len(reader.workspace.session.annotations) == 0
    reader.drag(*(start + QPointF(60 * math.cos(t), 60 * math.sin(t)) for t in range(6)))
    assert len(reader.workspace.session.annotations) == 1


def test_space_held_while_the_focus_goes_elsewhere_is_let_go(reader: Any) -> None:
    reader.tool("rectangle")
    space(reader, QEvent.Type.KeyPress)
    QApplication.sendEvent(reader.native, QEvent(QEvent.Type.FocusOut))
    reader.drag(reader.at(200, 200), reader.at(400, 400))
    assert len(reader.workspace.session.annotations) == 1


def test_a_second_button_during_a_move_does_not_end_it(reader: Any) -> None:
    reader.trigger("zoom_full")
    reader.tool("freehand")
    start, end = reader.at(700, 500), reader.at(700, 500) + QPointF(40, 40)
    reader.press(start, MIDDLE)
    reader.press(start)
    reader.release(start)
    reader.move(end, MIDDLE)
    reader.release(end, MIDDLE)
    assert reader.under(end) == pytest.approx((700, 500), abs=1e-6)
    reader.hover(reader.at(100, 100))
    assert reader.frame.preview is None


def test_one_cannot_get_lost(reader: Any) -> None:
    for _ in range(5):
        reader.drag(QPointF(100, 100), QPointF(900, 700))
    x, y = reader.frame.viewport.center
    assert (x, y) == (0, 0)
    reader.wheel(QPointF(300, 300), -90)
    assert reader.frame.viewport.downsample < 4 * 1500 / reader.frame.viewport.size[0] + 4


def test_zoom_actions(reader: Any) -> None:
    fitted = reader.frame.viewport
    reader.trigger("zoom_in")
    assert reader.frame.viewport.center == pytest.approx(fitted.center)
    assert reader.frame.viewport.downsample == pytest.approx(fitted.downsample / math.sqrt(2))
    reader.trigger("zoom_out")
    assert reader.frame.viewport.downsample == pytest.approx(fitted.downsample)
    reader.trigger("zoom_full")
    assert reader.frame.viewport.downsample == 1.0
    reader.trigger("zoom_fit")
    assert reader.frame.viewport == fitted


def test_pan_actions(reader: Any) -> None:
    reader.wheel(reader.at(750, 550), 12)
    x, y = reader.frame.viewport.center
    width, height = reader.frame.viewport.size
    reader.trigger("pan_left")
    reader.trigger("pan_up")
    down = reader.frame.viewport.downsample
    assert reader.frame.viewport.center == pytest.approx((x - width * down / 5, y - height * down / 5))
    reader.trigger("pan_right")
    reader.trigger("pan_down")
    assert reader.frame.viewport.center == pytest.approx((x, y))


def test_the_overview_goes_where_one_clicks_and_drags(reader: Any) -> None:
    reader.trigger("zoom_full")
    overview = reader.window.docks["overview"].widget()
    place, scale = overview._target()
    first = QPointF(place.x() + 300 * scale, place.y() + 800 * scale)
    QTest.mousePress(overview, Qt.MouseButton.LeftButton, pos=first.toPoint())
    assert reader.frame.viewport.center == pytest.approx((300, 800), abs=1.5 / scale)
    second = QPointF(place.x() + 1100 * scale, place.y() + 200 * scale)
    move = QMouseEvent(
        QEvent.Type.MouseMove, second, overview.mapToGlobal(second), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(overview, move)
    assert reader.frame.viewport.center == pytest.approx((1100, 200), abs=1.5 / scale)


def test_nothing_is_drawn_or_moved_without_a_slide(user: Any) -> None:
    before = user.workspace.view.state.viewport
    user.drag(QPointF(10, 10), QPointF(90, 90))
    user.wheel(QPointF(20, 20), 3)
    user.hover(QPointF(30, 30))
    assert user.workspace.view.state.viewport == before
