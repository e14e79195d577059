"""One slide in two formats, one of them turned: landmarks by mouse, then both look at one place."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

Start = Callable[[], Any]
Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLACES = ((1000.0, 900.0), (1400.0, 2000.0), (900.0, 2300.0))


@pytest.mark.timeout(600)
def test_linking_two_slides(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: workspace.session is not None)
    workspace.open(data / "wsi" / "ome_tiff" / "CMU-1-Small-Region.ome.tif")
    user.wait(lambda: len(workspace.slides) == 2)
    window.actions_table["views_beside"].trigger()
    user.wait(lambda: len([pane for pane in workspace.panes.shown if pane.slide is not None]) == 2)
    user.wait_sharp()
    left, right = workspace.panes.shown

    # The second is turned, as a section that was laid on the glass otherwise.
    workspace.panes.activate(right)
    user.key(Key.Key_Right, CONTROL | SHIFT)
    workspace.look(right.state.viewport.rotated(20.0))
    user.wait_sharp()
    user.key(Key.Key_L, SHIFT)
    for place in PLACES:
        for pane in (left, right):
            user.click(on(user, pane, *place))
    links = workspace.links
    assert len(links.link().pairs) == 3
    assert max(links.residuals()) < 4, "a click meets a screen pixel, which is 2 um wide here"
    window.actions_table["links"].trigger()
    user.wait_sharp()
    user.picture("14-landmarks")

    # With the hand in hand the views follow each other, at 20x to the pixel.
    user.key(Key.Key_M)
    workspace.panes.activate(left)
    user.key(Key.Key_5, Qt.KeyboardModifier.AltModifier)
    user.drag(
        on(user, left, *left.state.viewport.center),
        on(user, left, *left.state.viewport.center) + QPoint(80, 60),
    )
    user.wait_sharp()
    user.picture("15-linked-views")
    a, b = left.state.viewport, right.state.viewport
    assert math.dist(a.center, b.center) < 8
    assert b.downsample == pytest.approx(a.downsample, rel=0.01)
    # How the second lay on the screen does not count: its structures do.
    assert abs((b.rotation - a.rotation + 180) % 360 - 180) < 1


def on(user: Any, pane: Any, x: float, y: float) -> QPoint:
    """Return where on the window a place of a pane's slide is."""
    native = user.window.canvas_widget.canvas.native
    area = user.window.workspace.panes.area(pane)
    sx, sy = pane.state.viewport.to_screen(x, y)
    ratio = native.devicePixelRatioF()
    found = native.mapTo(user.window, QPoint(round((area.x + sx) / ratio), round((area.y + sy) / ratio)))
    assert isinstance(found, QPoint)
    return found
