"""Moving by hand while drawing, throwing, pinching, typed scales; full screen, panels, log, themes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

Key = Qt.Key
ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
MIDDLE = Qt.MouseButton.MiddleButton


@pytest.fixture
def user(data: Path, start: Callable[[], Any]) -> Any:
    user = start()
    user.window.workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: user.window.workspace.session is not None)
    user.wait_sharp()
    return user


def center(user: Any) -> tuple[float, float]:
    x, y = user.window.workspace.view.state.viewport.center
    return float(x), float(y)


@pytest.mark.timeout(600)
def test_moving_on_in_the_middle_of_an_outline(user: Any) -> None:
    workspace = user.window.workspace
    user.key(Key.Key_1, CONTROL)
    user.wait_sharp()
    user.key(Key.Key_P)
    user.click(user.at(900, 1300))
    user.click(user.at(1100, 1300))

    # Space turns the hand into one that moves, for as long as it is held.
    native = user.window.canvas_widget.canvas.native
    before = center(user)
    native.setFocus()
    QTest.keyPress(user.window.windowHandle(), Key.Key_Space)
    at = user.at(1000, 1400)
    user.drag(at, at - QPoint(0, 200))
    QTest.keyRelease(user.window.windowHandle(), Key.Key_Space)
    user.wait_sharp()
    assert center(user)[1] > before[1] + 150
    # So does the middle button.
    at = user.at(*center(user))
    user.drag(at, at - QPoint(100, 0), button=MIDDLE)
    user.wait_sharp()
    assert center(user)[0] > before[0] + 80

    lowest = center(user)[1]
    user.click(user.at(*center(user)))
    user.picture("by-hand-outline")
    user.key(Key.Key_Return)
    (outline,) = workspace.session.annotations
    assert len(outline.geometry.exterior.coords) == 4, "three corners, closed"
    low, high = outline.geometry.bounds[1], outline.geometry.bounds[3]
    assert (low, high) == pytest.approx((1300, lowest), abs=3)


def throw(user: Any) -> tuple[float, float]:
    """Throw the slide to the left; a machine that stalls makes a hand that rests, so try again."""
    widget = user.window.canvas_widget
    handle, start = user.window.windowHandle(), user.at(*center(user))
    for _ in range(10):
        QTest.mouseMove(handle, start)
        QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        for step in range(1, 9):
            QTest.mouseMove(handle, start - QPoint(15 * step, 0))
            time.sleep(0.008)
            QApplication.processEvents()
        QTest.mouseRelease(
            handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start - QPoint(120, 0)
        )
        if widget.motions.going:
            break
    assert widget.motions.going
    return center(user)


@pytest.mark.timeout(600)
def test_throwing_and_held_arrows(user: Any) -> None:
    widget = user.window.canvas_widget
    user.key(Key.Key_1, CONTROL)
    user.wait_sharp()
    let_go = throw(user)
    user.wait(lambda: not widget.motions.going)
    assert center(user)[0] > let_go[0] + 50, "it glides on"

    # An arrow that is held goes faster and faster; a machine that stalls lets it go in between, so try again.
    user.key(Key.Key_6, ALT)
    user.wait_sharp()
    widget.canvas.native.setFocus()
    step = pressed(user, Key.Key_Down, 1)
    assert step > 0
    assert any(pressed(user, way, 6) > 6 * 1.2 * step for way in (Key.Key_Up, Key.Key_Down) * 5)


def pressed(user: Any, key: Qt.Key, times: int) -> float:
    """Return how far an arrow key takes the view, level-0 pixels, when the keyboard repeats it."""
    before = center(user)[1]
    for _ in range(times):
        QTest.keyPress(user.window.windowHandle(), key)
        QTest.qWait(20)
    QTest.keyRelease(user.window.windowHandle(), key)
    user.wait_sharp()
    return abs(center(user)[1] - before)


def pinch(user: Any, middle: QPoint) -> None:
    """Move two fingers apart on a touch screen."""
    touch, handle = QTest.createTouchDevice(), user.window.windowHandle()

    def fingers(apart: int) -> tuple[QPoint, QPoint]:
        return middle - QPoint(apart, 0), middle + QPoint(apart, 0)

    left, right = fingers(60)
    QTest.touchEvent(handle, touch).press(0, left, handle).press(1, right, handle).commit()
    for apart in range(70, 181, 10):
        left, right = fingers(apart)
        QTest.touchEvent(handle, touch).move(0, left, handle).move(1, right, handle).commit()
        user.pause(10)
    QTest.touchEvent(handle, touch).release(0, left, handle).release(1, right, handle).commit()
    user.wait_sharp()


@pytest.mark.timeout(600)
def test_two_fingers_on_a_screen(user: Any) -> None:
    workspace = user.window.workspace
    before, middle = workspace.view.state.viewport.downsample, user.at(1100, 1500)
    pinch(user, middle)
    # The first step is what a pinch is known by.
    assert workspace.view.state.viewport.downsample == pytest.approx(before * 70 / 180, rel=0.03)
    assert (user.at(1100, 1500) - middle).manhattanLength() <= 3, "what lay between the fingers stays there"

    # They draw nothing, and what was drawn before stays.
    user.key(Key.Key_P)
    for corner in ((1000, 1400), (1200, 1400), (1100, 1600)):
        user.click(user.at(*corner))
    pinch(user, user.at(1100, 1500))
    user.key(Key.Key_Return)
    (outline,) = workspace.session.annotations
    assert len(outline.geometry.exterior.coords) == 4
    user.key(Key.Key_F)
    user.pause()
    pinch(user, user.at(1100, 1500))
    assert len(workspace.session.annotations) == 1


@pytest.mark.timeout(600)
def test_a_typed_scale_fills_the_screen(user: Any) -> None:
    window = user.window
    user.key(Key.Key_L, CONTROL)
    user.wait(window.palette_list.isVisible)
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, "2 um")
    user.key(Key.Key_Return)
    user.wait_sharp()
    mpp = window.workspace.session.slide.info.mpp
    assert window.workspace.view.state.viewport.downsample * mpp[0] == pytest.approx(2.0)
    user.key(Key.Key_F11)
    user.wait_sharp()
    assert window.isFullScreen()
    assert all(dock.isHidden() for dock in window.docks.values())
    user.picture("by-hand-full-screen")
    user.key(Key.Key_F11)
    user.wait(lambda: not window.isFullScreen())


@pytest.mark.timeout(600)
def test_what_the_program_does_can_be_seen(user: Any) -> None:
    window = user.window
    window.actions_table["theme_dark"].trigger()
    user.key(Key.Key_L, CONTROL | SHIFT)
    user.wait(lambda: window.docks["log"].isVisible())
    window.docks["performance"].toggleViewAction().trigger()
    values = window.docks["performance"].widget().values
    user.key(Key.Key_1, CONTROL)
    user.wait_sharp()
    user.wait(lambda: values["Tiles in view"].text().endswith("all sharp"))
    assert values["Waiting"].text() == "0"
    assert int(values["Read"].text().split(",")[0]) > 0
    user.picture("by-hand-performance")
