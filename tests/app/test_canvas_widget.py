"""When frames are composed, as seen by a canvas that records them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from pathview.slides.made import write_made_tiff


def test_while_a_frame_is_being_drawn_no_other_is_composed_but_one_after_it(reader: Any) -> None:
    reader.settle()
    canvas, widget = reader.canvas, reader.window.canvas_widget
    before = len(canvas.frames)
    canvas.drawing = True
    for step in range(5):
        reader.workspace.look(reader.workspace.view.state.viewport.panned(10.0 * step, 0.0))
        reader.settle()
    assert len(canvas.frames) == before
    assert not widget.settled
    canvas.drawing = False
    reader.native.frameSwapped.emit()
    reader.settle()
    assert len(canvas.frames) == before + 1
    assert canvas.frames[-1].viewport == reader.workspace.view.state.viewport.snapped()
    assert widget.settled


def test_a_frame_that_nobody_waits_for_brings_no_other(reader: Any) -> None:
    reader.settle()
    before = len(reader.canvas.frames)
    reader.native.frameSwapped.emit()
    reader.settle()
    assert len(reader.canvas.frames) == before


@pytest.mark.parametrize(
    ("frame_s", "moving", "still"), [(0.001, 0.004, 0.004), (0.02, 0.006, 0.016), (0.5, 0.008, 0.016)]
)
def test_uploads_may_take_longer_where_frames_are_slow_and_the_view_stands(
    frame_s: float, moving: float, still: float, reader: Any
) -> None:
    widget, workspace = reader.window.canvas_widget, reader.workspace
    widget.frame_s = frame_s
    reader.settle()
    before = len(reader.canvas.budgets)
    workspace.look(workspace.view.state.viewport.panned(40.0, 0.0))
    reader.settle()
    assert reader.canvas.budgets[before] == pytest.approx(moving)
    widget.refresh_soon()
    reader.settle()
    assert reader.canvas.budgets[-1] == pytest.approx(still)


def jump(user: Any) -> None:
    view = user.workspace.view.state.viewport
    user.workspace.look(replace(view, center=(4300.0, 3000.0), downsample=0.5))


@pytest.fixture
def close_up(user: Any, tmp_path: Path) -> Any:
    """Look at a corner of a slide of 6,000 x 4,000 pixels, on a canvas that has nothing of the rest."""
    user.open(write_made_tiff(tmp_path / "large.tif", (6000, 4000)))
    view = user.workspace.view.state.viewport
    user.workspace.look(replace(view, center=(400.0, 400.0), downsample=0.5))
    user.settle()
    user.qtbot.waitUntil(lambda: not user.window.canvas_widget.picture.waits_for(user.workspace.loader))
    user.canvas.slow = True
    return user


def test_after_a_jump_the_first_picture_waits_for_its_tiles(
    close_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, canvas = close_up.window.canvas_widget, close_up.canvas
    loader = close_up.workspace.loader
    monkeypatch.setattr(widget._jump, "start", lambda: QTimer.start(widget._jump, 60_000))
    before = len(canvas.pictures)
    jump(close_up)
    widget._soon.timeout.emit()
    assert widget.picture.waits_for(loader)
    assert len(canvas.pictures) == before
    close_up.qtbot.waitUntil(lambda: not widget.picture.waits_for(loader), timeout=20_000)
    close_up.qtbot.waitUntil(lambda: len(canvas.pictures) > before, timeout=20_000)
    first = canvas.pictures[before]
    assert first.placed[0].frame.rasters[0].plan.due_now
    assert not first.waits_for(loader), "a coarse picture came first"
    assert not widget._jump.isActive()


def test_tiles_that_do_not_come_are_not_waited_for_long(
    close_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas, widget = close_up.canvas, close_up.window.canvas_widget
    going = threading.Event()
    source = canvas.frames[-1].rasters[0].source
    read = source.read_tile
    monkeypatch.setattr(source, "read_tile", lambda key: (going.wait(30), read(key))[1])
    before = len(canvas.pictures)
    try:
        jump(close_up)
        close_up.qtbot.waitUntil(lambda: len(canvas.pictures) > before, timeout=5000)
        assert canvas.pictures[before].waits_for(close_up.workspace.loader)
        assert not widget.settled
    finally:
        going.set()


def test_what_moves_on_is_drawn_at_once(close_up: Any) -> None:
    widget, canvas = close_up.window.canvas_widget, close_up.canvas
    before = len(canvas.pictures)
    close_up.workspace.look(close_up.workspace.view.state.viewport.panned(40.0, 0.0))
    widget._soon.timeout.emit()
    assert len(canvas.pictures) == before + 1


def test_while_tiles_fade_in_pictures_follow_each_other(close_up: Any) -> None:
    canvas, widget = close_up.canvas, close_up.window.canvas_widget
    canvas.fades_go_on = True
    before = len(canvas.pictures)
    widget.refresh_soon()
    close_up.qtbot.waitUntil(lambda: len(canvas.pictures) > before + 3, timeout=10_000)
    assert not widget.settled
    canvas.fades_go_on = False
