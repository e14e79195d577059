"""Detections in the window: drawn, toggled, counted, told under the cursor, exported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from PySide6.QtCore import Qt

from pathview.annotations.annotation import Annotation
from pathview.annotations.detections import Detections
from pathview.annotations.edit import Edit
from pathview.annotations.objects import Objects
from pathview.app.open_slide import ledger_of
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.view.compose import DetectionsPass

CARD = ModelCard("cells", "1", Task.DETECT, 1.0, 64, 48, ("Tumor", "Stroma"), "Tumor", halo=8)
NAME = "Cells"


def objects() -> Objects:
    """Return six tumour cells of score 0.4 at y = 100, and two stroma cells of score 0.8 at y = 200."""
    at = [(100 + 50 * n, 100) for n in range(6)] + [(100, 200), (150, 200)]
    rings = [np.array(shapely.box(x - 10, y - 10, x + 10, y + 10).exterior.coords) for x, y in at]
    return Objects.of(at, [0] * 6 + [1] * 2, [0.4] * 6 + [0.8] * 2, outlines=rings)


@pytest.fixture
def found(reader: Any) -> Any:
    """Return a window that shows those objects; the model has looked at all of the slide."""
    info = reader.workspace.session.slide.info
    heatmap = Heatmap.create(None, make_grid(info, CARD), CARD, info)
    cells = np.argwhere(np.ones(heatmap.grid.shape, bool))
    heatmap.write(cells, np.zeros((len(cells), 2), np.float32))
    detections = Detections(CARD.classes)
    detections.extend(objects())
    reader.workspace.runs._add(reader.workspace.slide, NAME, heatmap, detections)
    reader.settle()
    return reader


def block(user: Any) -> Any:
    return user.window.panels.contents.layers.block(NAME)


def shown(user: Any) -> tuple[DetectionsPass, ...]:
    passes: tuple[DetectionsPass, ...] = user.frame.detections
    return passes


def counted(user: Any) -> str:
    text: str = block(user).counts.text()
    return text


def test_they_lie_between_the_map_of_where_was_looked_and_the_annotations(found: Any) -> None:
    (drawn,) = shown(found)
    assert len(drawn.detections) == 8
    names = [layer.name for layer in found.workspace.view.state.layers]
    assert names == [names[0], ledger_of(NAME), NAME, names[-1]]
    assert found.workspace.view.state.layers[-1].kind == "annotations"
    # Of the map only the hatching of what was not looked at shows.
    assert found.workspace.view.state.layer(ledger_of(NAME)).threshold == 1.0


def test_the_key_d_hides_and_shows_them(found: Any) -> None:
    found.key(Qt.Key.Key_D)
    assert shown(found) == ()
    found.key(Qt.Key.Key_D)
    assert len(shown(found)) == 1


def test_counts_go_by_class_and_area_and_follow_the_lowest_score(found: Any, qtbot: Any) -> None:
    size, mpp = found.workspace.session.slide.info.size, found.workspace.session.slide.info.mpp
    mm2 = size[0] * mpp[0] * size[1] * mpp[1] / 1e6
    qtbot.waitUntil(lambda: f"All: 8 ({8 / mm2:,.0f} per mm²)".replace(",", "\u202f") in counted(found))
    assert "Stroma: 2 (" in counted(found)
    block(found).slider("threshold").setValue(50)
    qtbot.waitUntil(lambda: "Tumor: 0 (" in counted(found))
    assert "All: 2 (" in counted(found)
    assert shown(found)[0].layer.threshold == pytest.approx(0.5)


def test_objects_in_the_selected_annotation_are_counted(found: Any, qtbot: Any) -> None:
    area = Annotation(shapely.box(80, 80, 220, 220), "Tumor")
    found.workspace.edit(Edit.add("Draw", area))
    found.workspace.view.set(replace(found.workspace.view.state, selection=frozenset({area.id})))
    qtbot.waitUntil(lambda: "Tumor: 3" in block(found).selected.text(), timeout=5000)
    assert "Stroma: 2" in block(found).selected.text()
    assert "not looked" not in block(found).selected.text()


def test_new_objects_are_drawn_and_counted(found: Any, qtbot: Any) -> None:
    frames = len(found.canvas.frames)
    found.workspace.slide.detections[NAME].extend(Objects.of([[400, 400]], [1], [0.9]))
    found.settle()
    assert len(found.canvas.frames) > frames
    qtbot.waitUntil(lambda: "Stroma: 3" in counted(found))


def test_the_status_line_tells_what_is_under_the_cursor(found: Any) -> None:
    found.hover(found.at(105, 95))
    assert found.window.status_line.value.text() == "Tumor 0.40"
    found.hover(found.at(1000, 700))
    assert found.window.status_line.value.text() == ""
    found.workspace.set_layer(NAME, threshold=0.5)
    found.hover(found.at(105, 96))
    assert found.window.status_line.value.text() == ""


@pytest.mark.parametrize("suffix", [".geojson", ".csv"])
def test_what_shows_is_exported(
    found: Any, qtbot: Any, tmp_path: Path, monkeypatch: Any, suffix: str
) -> None:
    target = tmp_path / f"cells{suffix}"
    monkeypatch.setattr(found.window.commands.files, "ask_target", lambda *_: target)
    found.workspace.set_layer(NAME, threshold=0.5)
    found.window.actions_table["export_detections"].trigger()
    qtbot.waitUntil(target.exists)
    text = target.read_text("utf-8")
    assert (len(json.loads(text)["features"]) if suffix == ".geojson" else len(text.splitlines()) - 1) == 2


def test_without_a_pixel_size_there_is_no_density(found: Any, qtbot: Any) -> None:
    assert "per mm²" in counted(found)
    slide = found.workspace.slide
    slide.heatmaps[ledger_of(NAME)].facts = replace(slide.heatmaps[ledger_of(NAME)].facts, slide_mpp=None)
    block(found).follow()
    qtbot.waitUntil(lambda: "per mm²" not in counted(found))
    assert "pixel size unknown" in block(found).legend.text()


def test_they_go_with_their_slide(found: Any) -> None:
    found.workspace.close_slide()
    found.settle()
    assert not found.window.actions_table["toggle_detections"].isEnabled()
