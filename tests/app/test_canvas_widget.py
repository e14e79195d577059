"""When frames are composed, as seen by a canvas that records them."""

from __future__ import annotations

from typing import Any

import pytest


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
    workspace.look(workspace.view.state.viewport.panned(40.0, 0.0))
    reader.settle()
    assert reader.canvas.budgets[-1] == pytest.approx(moving)
    widget.refresh_soon()
    reader.settle()
    assert reader.canvas.budgets[-1] == pytest.approx(still)
