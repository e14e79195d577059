"""Several slides: tabs, two of them side by side, one of them twice; real keys, mouse and pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.view.adjust import Adjustment
from pathview.view.arrangement import Area

Start = Callable[[], Any]
CONTROL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def seen(user: Any, place: int) -> NDArray[np.uint8]:
    """Return the pixels of one place of the canvas."""
    area: Area = user.window.workspace.panes.areas[place]
    picture: NDArray[np.uint8] = user.window.canvas_widget.canvas.snapshot()
    return picture[area.y : area.y + area.height, area.x : area.x + area.width]


def middle(user: Any, place: int) -> QPoint:
    """Return the middle of one place, on the window."""
    area, native = user.window.workspace.panes.areas[place], user.window.canvas_widget.canvas.native
    ratio = native.devicePixelRatioF()
    at = QPoint(round((area.x + area.width / 2) / ratio), round((area.y + area.height / 2) / ratio))
    place_on_window: QPoint = native.mapTo(user.window, at)
    return place_on_window


def shows_its_slide(user: Any, place: int) -> None:
    """Check that a place shows the very pixels that its slide has at 1:1."""
    pane = user.window.workspace.panes.shown[place]
    view = pane.state.viewport.snapped()
    assert view.downsample == 1.0
    seen_box = view.box()
    box = Box(*(round(edge) for edge in (seen_box.x0, seen_box.y0, seen_box.x1, seen_box.y1)))
    slide = pane.slide.session.slide
    expected = slide.display_colour.apply(slide.read(Region(box, 1.0)))
    assert np.array_equal(seen(user, place), expected)


def assert_like(picture: NDArray[np.uint8], like: NDArray[np.uint8], unlike: NDArray[np.uint8]) -> None:
    """Check which of two a picture is: of another file, compressed once more and scaled by a hair."""
    near, far = (np.abs(picture.astype(int) - other).mean() for other in (like, unlike))
    assert near < 8
    assert near < far / 3


@pytest.mark.timeout(600)
def test_several_slides(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    folder = data / "wsi"
    paths = [folder / "aperio" / "CMU-1-Small-Region.svs", folder / "pcam" / "pcam_valid_mosaic.tif"]
    workspace.open(*paths)
    user.wait(lambda: len(workspace.slides) == 2)
    user.wait_sharp()
    assert window.tabs.isVisible()

    # Ctrl+Tab goes to the next slide and round.
    user.key(Qt.Key.Key_Tab, CONTROL)
    assert window.windowTitle().startswith("pcam_valid_mosaic.tif")
    user.key(Qt.Key.Key_Tab, CONTROL)
    assert window.windowTitle().startswith("CMU-1-Small-Region.svs")

    # Two side by side, each at 1:1: the very pixels of two slides on one canvas.
    user.key(Qt.Key.Key_2, CONTROL | ALT)
    user.wait_sharp()
    user.picture("several-side-by-side")
    user.key(Qt.Key.Key_1, CONTROL)
    user.click(middle(user, 1))
    assert window.windowTitle().startswith("pcam_valid_mosaic.tif")
    user.key(Qt.Key.Key_1, CONTROL)
    user.wait_sharp()
    shows_its_slide(user, 0)
    shows_its_slide(user, 1)

    # A drag in the right one moves the right one alone.
    left = seen(user, 0)
    start_at = middle(user, 1)
    user.drag(start_at, start_at + QPoint(-90, 60), button=Qt.MouseButton.MiddleButton)
    user.wait_sharp()
    assert np.array_equal(seen(user, 0), left)
    shows_its_slide(user, 1)

    # Four views, one slide twice; the wheel over a view zooms that one.
    user.key(Qt.Key.Key_4, CONTROL | ALT)
    user.click(middle(user, 0))
    user.key(Qt.Key.Key_N, CONTROL | SHIFT)
    user.wait_sharp()
    names = [pane.slide.name if pane.slide else "" for pane in workspace.panes.shown]
    assert names == ["CMU-1-Small-Region.svs", "pcam_valid_mosaic.tif", "CMU-1-Small-Region.svs", ""]
    before = [pane.state.viewport.downsample for pane in workspace.panes.shown]
    user.wheel(middle(user, 1), 3)
    user.wait_sharp()
    after = [pane.state.viewport.downsample for pane in workspace.panes.shown]
    assert [a == b for a, b in zip(after, before, strict=True)] == [True, False, True, True]
    user.picture("several-four-views")

    # Closing leaves the other slide, and then nothing.
    user.key(Qt.Key.Key_W, CONTROL)
    assert [slide.name for slide in workspace.slides] == ["CMU-1-Small-Region.svs"]
    user.click(middle(user, 0))
    user.key(Qt.Key.Key_W, CONTROL)
    assert window.welcome.isVisible()


@pytest.mark.timeout(600)
def test_swipe_and_blink(data: Path, start: Start) -> None:
    user = start()
    window, workspace = user.window, user.window.workspace
    folder = data / "wsi"
    # One piece of tissue in two files: at the same place they show the same, but for what was done to one.
    workspace.open(
        folder / "aperio" / "CMU-1-Small-Region.svs", folder / "ome_tiff" / "CMU-1-Small-Region.ome.tif"
    )
    user.wait(lambda: len(workspace.slides) == 2)
    user.key(Qt.Key.Key_1, CONTROL)
    user.wait_sharp()
    plain = seen(user, 0)
    assert plain.std() > 10, "this is no tissue"
    workspace.adjustments.show(Adjustment(saturation=0.0, contrast=1.3))
    user.wait_sharp()
    grey = seen(user, 0)
    assert (grey != plain).mean() > 0.3

    # Side against side at a divider that the mouse drags.
    user.key(Qt.Key.Key_X, CONTROL | ALT)
    user.wait_sharp()
    both, half = seen(user, 0), round(plain.shape[1] / 2)
    assert np.array_equal(both[:, :half], grey[:, :half])
    assert_like(both[:, half:], plain[:, half:], unlike=grey[:, half:])
    grip = middle(user, 0)
    user.drag(grip, grip + QPoint(-200, 0))
    user.wait_sharp()
    both = seen(user, 0)
    right = np.s_[:, half - 150 :]
    assert_like(both[right], plain[right], unlike=grey[right])
    assert np.array_equal(both[:, : half - 250], grey[:, : half - 250])
    user.picture("several-swipe")

    # The other one alone while the key is held, and this one again.
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_X)
    user.wait_sharp()
    assert_like(seen(user, 0), plain, unlike=grey)
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_X)
    user.key(Qt.Key.Key_X, CONTROL | ALT)
    user.wait_sharp()
    assert np.array_equal(seen(user, 0), grey)

    # The slide itself as scanned.
    user.key(Qt.Key.Key_N, CONTROL | ALT)
    user.key(Qt.Key.Key_X, CONTROL | ALT)
    user.wait_sharp()
    assert np.array_equal(seen(user, 0)[:, half + 10 :], plain[:, half + 10 :])
