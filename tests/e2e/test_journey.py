"""The main job: open, look, run a model, annotate, export, quit, and find everything again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from pathview.app.overlays.problems import ProblemCard
from pathview.slides.open import open_slide

if TYPE_CHECKING:
    Start = Callable[[], Any]

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CORNERS = ((1000, 1500), (1500, 1450), (1550, 1950), (1050, 2000))


@pytest.mark.timeout(900)  # torch is imported in another process, which a busy machine may make wait
def test_the_main_job(data: Path, start: Start, tmp_path: Path) -> None:
    path = data / "wsi" / "aperio" / "CMU-1-Small-Region.svs"
    loaded_before = set(sys.modules)  # tests of the models, which do import torch, may have run here
    user = start()
    window, workspace = user.window, user.window.workspace

    # Open through the dialog.
    user.answer_dialogs(path, lambda: user.key(Qt.Key.Key_O, CONTROL))
    user.wait(lambda: workspace.session is not None)
    user.wait_sharp()
    user.picture("1-opened")
    assert window.windowTitle().startswith("CMU-1-Small-Region.svs")
    assert window.scale_bar.bar is not None

    # Zoom at the cursor, then to 1:1; the pixels on screen are the slide's.
    spot = user.at(1300, 1700)
    user.wheel(spot, 2)
    assert (user.at(1300, 1700) - spot).manhattanLength() <= 1
    user.key(Qt.Key.Key_1, CONTROL)
    user.wait_sharp()
    user.picture("2-full-resolution")
    assert workspace.view.state.viewport.downsample == 1.0
    assert_pixels_are_the_slides(user, path)

    # Run the model; the heatmap grows, and there is a value under the cursor.
    user.key(Qt.Key.Key_Home)
    user.key(Qt.Key.Key_R, CONTROL)
    user.wait(lambda: bool(workspace.runs.heatmaps), 240)
    heatmap = next(iter(workspace.runs.heatmaps.values()))
    user.wait(lambda: heatmap.progress.done > 0, 240)
    user.picture("3-first-cells")
    user.wait(lambda: not workspace.runs.going, 240)
    assert workspace.runs.status.error is None
    assert heatmap.progress.done == heatmap.progress.total > 50
    user.wait_sharp()
    user.move(user.at(1250, 1700))
    assert "Tumor 0." in window.status_line.value.text()
    assert "torch" not in set(sys.modules) - loaded_before

    # Draw a polygon, undo, redo.
    user.key(Qt.Key.Key_P)
    for x, y in CORNERS:
        user.click(user.at(x, y))
    user.key(Qt.Key.Key_Return)
    annotations = workspace.session.annotations
    assert len(annotations) == 1
    user.picture("4-annotated")
    user.key(Qt.Key.Key_Z, CONTROL)
    assert len(annotations) == 0
    user.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    (drawn,) = annotations
    assert drawn.class_name == "Tumor"
    assert drawn.geometry.symmetric_difference(shape(CORNERS)).area < 0.02 * drawn.geometry.area

    # Export the annotations and the region.
    geojson = tmp_path / "out.geojson"
    user.answer_dialogs(geojson, lambda: user.key(Qt.Key.Key_E, CONTROL))
    user.wait(geojson.exists)
    (feature,) = json.loads(geojson.read_text(encoding="utf-8"))["features"]
    assert feature["properties"]["classification"] == {"name": "Tumor", "color": [200, 0, 0]}
    assert feature["id"] == str(drawn.id)
    user.key(Qt.Key.Key_S)
    user.click(user.at(1275, 1725))
    assert workspace.view.state.selection == {drawn.id}
    region = tmp_path / "region.tif"
    user.answer_dialogs(region, lambda: user.key(Qt.Key.Key_E, CONTROL | SHIFT))
    user.wait(region.exists)
    picture = np.asarray(Image.open(region))
    x0, y0, x1, y1 = drawn.geometry.bounds
    assert abs(picture.shape[1] - (x1 - x0)) <= 2
    assert abs(picture.shape[0] - (y1 - y0)) <= 2

    # Quit; a second start shows the annotation and the heatmap again.
    user.key(Qt.Key.Key_Q, CONTROL)
    assert not window.isVisible()
    again = start()
    again.window.workspace.open(path)
    again.wait(lambda: again.window.workspace.session is not None)
    (found,) = again.window.workspace.session.annotations
    assert found == drawn
    again.wait(lambda: bool(again.window.workspace.runs.heatmaps))
    again.wait_sharp()
    again.picture("5-second-start")


def shape(corners: tuple[tuple[int, int], ...]) -> Any:
    from shapely.geometry import Polygon

    return Polygon(corners)


def assert_pixels_are_the_slides(user: Any, path: Path) -> None:
    """Compare the canvas at 1:1 with the pixels that the reader gives."""
    viewport = user.window.workspace.view.state.viewport
    shown = user.window.canvas_widget.canvas.snapshot()
    x0, y0 = viewport.to_slide(0, 0)
    left, top = 200, 150
    with open_slide(path) as slide:
        from pathview.core.geometry import Box
        from pathview.core.region import Region

        box = Box(round(x0) + left, round(y0) + top, round(x0) + left + 256, round(y0) + top + 256)
        expected = slide.read(Region(box, 1.0))
    # The view may lie between two pixels; then a pixel of the screen is a mean of neighbours.
    got = shown[top : top + 256, left : left + 256]
    assert np.abs(got.astype(int) - expected).mean() < (1.0 if x0 == round(x0) and y0 == round(y0) else 14.0)


@pytest.mark.parametrize("name", ["broken.svs", "osp_unopenable.tiff", "osp_unreadable.svs", "missing.svs"])
def test_a_bad_file_gives_a_card_and_the_window_lives_on(data: Path, start: Start, name: str) -> None:
    user = start()
    user.window.workspace.open(data / "wsi" / "negative" / name)
    box = user.dialog("problem")
    assert isinstance(box, ProblemCard)
    assert box.title == "Cannot open slide"
    assert any(name in label.text() and label.isVisible() for label in box.findChildren(QLabel))
    user.picture(f"refused-{name.split('.')[0]}")
    user.key(Qt.Key.Key_Escape)
    user.wait(lambda: user.window.findChild(QWidget, "problem") is None)
    user.window.workspace.open(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
    user.wait(lambda: user.window.workspace.session is not None)
    user.wait_sharp()
