"""Magnifications, turns, mirrors, back and forward, the frame, the guides, full screen, smooth motion."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication, QInputDialog

from pathview.slides.made import write_made_tiff
from pathview.startup.settings import Settings

Key = Qt.Key
ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def test_a_key_zooms_to_a_magnification(reader: Any) -> None:
    # 0.25 um/px and no objective: 40x is 1:1.
    reader.key(Key.Key_6, ALT)
    assert reader.frame.viewport.downsample == pytest.approx(1.0)
    reader.key(Key.Key_5, ALT)
    assert reader.frame.viewport.downsample == pytest.approx(2.0)


def test_without_a_scale_there_are_no_magnifications(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "bare.tif", mpp=None))
    assert not user.window.actions_table["power_40"].isEnabled()
    assert user.window.actions_table["zoom_full"].isEnabled()


def test_turns_and_mirrors_by_keys(reader: Any) -> None:
    middle = reader.frame.viewport.center
    reader.key(Key.Key_Right, CONTROL | SHIFT)
    assert reader.frame.viewport.rotation == 90
    reader.key(Key.Key_M, CONTROL | SHIFT)
    assert reader.frame.viewport.flipped
    assert reader.window.status_line.scale.text().endswith("mirrored · turned 270°")
    label = reader.window.status_line.scale
    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()), "none of it is cut"
    # To the right of the eye, whatever the mirror.
    reader.key(Key.Key_Right, CONTROL | SHIFT)
    assert reader.frame.viewport.rotation == 0
    reader.key(Key.Key_Up, CONTROL | SHIFT)
    assert (reader.frame.viewport.rotation, reader.frame.viewport.flipped) == (0, False)
    assert reader.frame.viewport.center == pytest.approx(middle)


def test_any_angle_by_dialog_and_by_the_wheel(reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *_: (33.5, True))
    reader.trigger("rotate_to")
    assert reader.frame.viewport.rotation == 33.5
    at = reader.at(700, 500)
    event = QWheelEvent(
        at, reader.native.mapToGlobal(at), QPoint(), QPoint(120, 0),
        Qt.MouseButton.NoButton, ALT, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(reader.native, event)
    assert reader.frame.viewport.rotation == 38.5


def test_drawing_on_a_turned_and_mirrored_slide_lands_under_the_hand(reader: Any) -> None:
    reader.trigger("flip")
    reader.workspace.look(reader.frame.viewport.rotated(30))
    reader.tool("rectangle")
    reader.drag(reader.at(500, 400), reader.at(800, 700))
    (drawn,) = reader.workspace.session.annotations
    x0, y0, x1, y1 = drawn.geometry.bounds
    assert (x0, y0, x1, y1) == pytest.approx((500, 400, 800, 700), abs=2)


def test_back_and_forward(reader: Any) -> None:
    visited = reader.window.canvas_widget.visited
    first = reader.frame.viewport
    visited.note()
    reader.trigger("zoom_full")
    second = reader.frame.viewport
    reader.key(Key.Key_Left, ALT)
    assert reader.frame.viewport == first
    reader.key(Key.Key_Right, ALT)
    assert reader.frame.viewport == second
    at = reader.at(750, 550)
    reader.press(at, Qt.MouseButton.BackButton)
    reader.release(at, Qt.MouseButton.BackButton)
    assert reader.frame.viewport == first


def test_resting_makes_a_view_worth_going_back_to(reader: Any) -> None:
    first = reader.frame.viewport
    visited = reader.window.canvas_widget.visited
    reader.wait(lambda: not visited._rest.isActive(), 5)
    reader.trigger("zoom_full")
    reader.wait(lambda: not visited._rest.isActive(), 5)
    reader.workspace.look(reader.frame.viewport.panned(900, 0))
    reader.trigger("back")
    assert reader.frame.viewport.downsample == 1.0
    reader.trigger("back")
    assert reader.frame.viewport == first


def test_a_frame_fills_the_window(reader: Any) -> None:
    reader.key(Key.Key_Z)
    reader.drag(reader.at(400, 300), reader.at(800, 600))
    viewport = reader.frame.viewport
    assert viewport.center == pytest.approx((600, 450), abs=2)
    width, height = viewport.size
    assert viewport.downsample == pytest.approx(max(400 / width, 300 / height), rel=0.01)
    assert len(reader.workspace.session.annotations) == 0


def test_the_guides_lie_over_the_slide(reader: Any) -> None:
    guides = reader.window.guides
    assert guides.isHidden()
    reader.key(Key.Key_G, SHIFT)
    assert not guides.isHidden()
    assert guides.grid.in_um
    spacing = guides.grid.spacing
    reader.wheel(reader.at(700, 500), 6)
    reader.settle()
    assert guides.grid.spacing < spacing
    reader.key(Key.Key_X, SHIFT)
    assert guides.crosshair
    reader.key(Key.Key_G, SHIFT)
    reader.key(Key.Key_X, SHIFT)
    assert guides.isHidden()


def test_full_screen_gives_the_slide_all_and_puts_everything_back(reader: Any) -> None:
    docks = {name: dock.isHidden() for name, dock in reader.window.docks.items()}
    reader.key(Key.Key_F11)
    assert reader.window.isFullScreen()
    assert all(dock.isHidden() for dock in reader.window.docks.values())
    reader.key(Key.Key_F11)
    assert not reader.window.isFullScreen()
    assert {name: dock.isHidden() for name, dock in reader.window.docks.items()} == docks
    assert not reader.window.menuBar().isHidden()


def test_two_fingers_on_a_touch_pad(reader: Any) -> None:
    before = reader.frame.viewport
    at = reader.at(400, 300)
    for kind, value in (
        (Qt.NativeGestureType.ZoomNativeGesture, 0.5),
        (Qt.NativeGestureType.RotateNativeGesture, 10.0),
    ):
        event = QNativeGestureEvent(
            kind, QPointingDevice.primaryPointingDevice(), 2, at, at, reader.native.mapToGlobal(at), value,
            QPointF(),
        )  # fmt: skip
        QApplication.sendEvent(reader.native, event)
    assert reader.frame.viewport.downsample == pytest.approx(before.downsample / 1.5)
    assert reader.frame.viewport.rotation == 10.0


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_the_status_bar_names_the_pixel_under_the_cursor(reader: Any, ratio: float) -> None:
    chance = random.Random(round(ratio * 100))
    reader.native.ratio = ratio
    QApplication.sendEvent(reader.native, QEvent(QEvent.Type.DevicePixelRatioChange))
    for _ in range(50):
        view = replace(
            reader.workspace.view.state.viewport,
            center=(chance.uniform(600, 900), chance.uniform(400, 700)),
            downsample=chance.choice([1.0, 2.0, chance.uniform(0.1, 2.9)]),
            rotation=chance.choice([0.0, 90.0, chance.uniform(0, 360)]),
            flipped=chance.random() < 0.5,
        )
        reader.workspace.look(view)
        at = QPointF(chance.uniform(0, reader.native.width()), chance.uniform(0, reader.native.height()))
        reader.hover(at)
        drawn = reader.frame.viewport
        x, y = drawn.to_slide(at.x() * ratio, at.y() * ratio)
        said = reader.window.status_line.position.text()
        assert said.startswith(f"x {int(x // 1)}, y {int(y // 1)} px"), (said, x, y)


@pytest.fixture
def smooth(start: Any, made_tiff: Path) -> Any:
    """Return a window whose views move smoothly, as they do for a user."""
    user = start(Settings(theme="light"))
    user.open(made_tiff)
    return user


def test_a_smooth_zoom_keeps_the_point_under_the_cursor(smooth: Any) -> None:
    motions = smooth.window.canvas_widget.motions
    at = smooth.at(400, 300)
    before = smooth.frame.viewport.downsample
    smooth.wheel(at, 6)
    assert motions.going
    assert smooth.workspace.view.state.viewport.downsample < before, "the wheel is answered at once"
    while motions.going:
        QApplication.processEvents()
        assert smooth.under(at) == pytest.approx((400, 300), abs=1e-6)
    assert smooth.frame.viewport.downsample == pytest.approx(before / 4)


def test_a_hand_ends_a_motion(smooth: Any) -> None:
    motions = smooth.window.canvas_widget.motions
    at = smooth.at(400, 300)
    smooth.wheel(at, 6)
    smooth.press(at)
    assert not motions.going
    smooth.release(at)


def test_another_wish_ends_a_motion(smooth: Any) -> None:
    smooth.wheel(smooth.at(400, 300), 6)
    smooth.trigger("zoom_fit")
    fitted = smooth.frame.viewport
    smooth.wait(lambda: not smooth.window.canvas_widget.motions.going, 2)
    assert smooth.frame.viewport == fitted


def test_a_thrown_slide_glides_on(smooth: Any) -> None:
    smooth.trigger("zoom_full")
    motions = smooth.window.canvas_widget.motions
    for _ in range(10):  # a machine that stalls makes a hand that rests, which throws nothing
        start = smooth.at(750, 550)
        smooth.press(start)
        for step in range(1, 9):
            smooth.move(start + QPointF(15 * step, 0))
            time.sleep(0.008)
        smooth.release(start + QPointF(120, 0))
        let_go = smooth.workspace.view.state.viewport.center
        if motions.going:
            break
    assert motions.going
    smooth.wait(lambda: not motions.going, 10)
    assert smooth.workspace.view.state.viewport.center[0] < let_go[0] - 50


def test_the_window_is_not_settled_while_the_view_moves(smooth: Any) -> None:
    smooth.wheel(smooth.at(400, 300), 6)
    assert not smooth.window.canvas_widget.settled
    QApplication.sendEvent(smooth.native, QEvent(QEvent.Type.Leave))
    smooth.wait(lambda: not smooth.window.canvas_widget.motions.going, 5)
