"""The Heatmap menu: contours, outlines that become annotations; by key, menu and mouse."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pathview.app.dialogs.difference import DifferenceDialog
from pathview.app.dialogs.outlines import OutlinesDialog
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import OOD, Heatmap

CARD = ModelCard(
    "two", "1.2", Task.CLASSIFY, 1.0, 16, 16, ("Normal", "Tumor"), "Tumor", threshold=0.4, sha256="ab" * 32
)
NAME = "Two classes"
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def filled(info: Any) -> Heatmap:
    """Return a heatmap in cells of 64 px, all done: a ring of 0.9 and one cell of 0.5 in 0.1 of tumour."""
    heatmap = Heatmap.create(None, make_grid(info, CARD), CARD, info)
    tumour = np.full(heatmap.grid.shape, 0.1, np.float32)
    tumour[4:11, 3:10] = 0.9
    tumour[6:9, 5:8] = 0.1
    tumour[13, 18] = 0.5
    cells = np.argwhere(np.ones(heatmap.grid.shape, bool))
    heatmap.write(cells, np.stack([1 - tumour, tumour], axis=-1).reshape(-1, 2))
    return heatmap


@pytest.fixture
def mapped(reader: Any) -> Any:
    """Return a window whose slide of 1500 x 1100 px has the heatmap of `filled`."""
    reader.workspace.runs._add(reader.workspace.slide, NAME, filled(reader.workspace.session.slide.info))
    reader.settle()
    return reader


def traced(user: Any) -> tuple[Any, ...]:
    user.wait(lambda: user.workspace.background.idle)
    contours: tuple[Any, ...] = user.frame.contours
    return contours


def answer(user: Any, act: Any) -> None:
    """Answer the dialog that the next action opens."""

    def when_open() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, OutlinesDialog)
        act(dialog)

    QTimer.singleShot(150, when_open)


def accept(dialog: OutlinesDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Return)


def test_a_key_shows_contours_at_the_models_threshold_and_hides_them(mapped: Any) -> None:
    assert traced(mapped) == ()
    mapped.key(Qt.Key.Key_K, SHIFT)
    (lines,) = traced(mapped)
    assert len(lines.geoms) == 3, "the ring's two edges and the single cell"
    # From 0.1 to 0.9, 0.4 lies at three eighths of the way between the middles of two cells.
    assert lines.bounds[0] == pytest.approx(64 * (2.5 + 0.375))
    assert "Contours at Tumor 0.4" in mapped.window.statusBar().currentMessage()
    switch = mapped.window.panels.contents.layers.block(NAME).switches["contours"]
    assert switch.isChecked()
    mapped.key(Qt.Key.Key_K, SHIFT)
    assert mapped.frame.contours == ()
    assert not switch.isChecked()


def test_contours_stay_without_the_colours_and_go_with_the_layer(mapped: Any) -> None:
    switch = mapped.window.panels.contents.layers.block(NAME).switches["contours"]
    switch.click()
    mapped.workspace.set_layer(NAME, opacity=0.0)
    assert len(traced(mapped)) == 1
    assert [raster.layer.name for raster in mapped.frame.rasters] == ["Slide"]
    mapped.key(Qt.Key.Key_C)
    assert mapped.frame.contours == ()


def test_contours_follow_the_class_and_the_cells(mapped: Any) -> None:
    mapped.key(Qt.Key.Key_K, SHIFT)
    (before,) = traced(mapped)
    mapped.workspace.set_layer(NAME, channel=0)
    (normal,) = traced(mapped)
    assert not normal.equals(before)
    mapped.workspace.set_layer(NAME, channel=1)
    assert traced(mapped) == (before,)
    heatmap = mapped.workspace.runs.heatmaps[NAME]
    heatmap.write(np.array([[13, 18]]), np.array([[0.9, 0.1]], np.float32))
    (after,) = traced(mapped)
    assert len(after.geoms) == 2


def test_outlines_become_annotations_in_one_step(mapped: Any, start: Any) -> None:
    answer(mapped, accept)
    mapped.key(Qt.Key.Key_K, CTRL)
    session = mapped.workspace.session
    mapped.wait(lambda: len(session.annotations) == 1)
    (ring,) = session.annotations
    assert ring.class_name == "Tumor"
    assert ring.note == "Tumor at 0.4 and above; two 1.2, weights abababababab"
    assert len(ring.geometry.interiors) == 1
    assert ring.geometry.covers(shapely.Point(64 * 4, 64 * 7))
    assert not ring.geometry.covers(shapely.Point(64 * 6.5, 64 * 7.5))
    assert "1 outline added" in mapped.window.statusBar().currentMessage()
    with closing(sqlite3.connect(f"file:{start.study / 'study.sqlite'}?mode=ro", uri=True)) as database:
        assert database.execute("SELECT label FROM edit").fetchall() == [("Outline heatmap",)]
    mapped.key(Qt.Key.Key_Z, CTRL)
    assert len(session.annotations) == 0
    mapped.trigger("redo")
    assert list(session.annotations) == [ring]


def test_threshold_class_and_the_smallest_area_can_be_chosen(mapped: Any) -> None:
    seen: list[str] = []

    def act(dialog: OutlinesDialog) -> None:
        dialog.level.setValue(0.3)
        dialog.cells.setValue(0.0)
        dialog.class_box.setCurrentText("Stroma")
        seen.extend(label.text() for label in (dialog._over, dialog._area))
        accept(dialog)

    answer(mapped, act)
    mapped.trigger("outline_heatmap")
    mapped.wait(lambda: len(mapped.workspace.session.annotations) == 2)
    assert {one.class_name for one in mapped.workspace.session.annotations} == {"Stroma"}
    assert seen == ["41 cells are over it", "areas and holes of less than 0 µm²"]


def test_nothing_over_the_threshold_is_said(mapped: Any) -> None:
    def act(dialog: OutlinesDialog) -> None:
        dialog.level.setValue(0.95)
        accept(dialog)

    answer(mapped, act)
    mapped.trigger("outline_heatmap")
    mapped.wait(lambda: "No area" in mapped.window.statusBar().currentMessage())
    assert mapped.workspace.session.history.undo_label is None


def test_a_dialog_that_is_cancelled_outlines_nothing(mapped: Any) -> None:
    answer(mapped, lambda dialog: QTest.keyClick(dialog, Qt.Key.Key_Escape))
    mapped.trigger("outline_heatmap")
    mapped.settle()
    assert len(mapped.workspace.session.annotations) == 0


def test_without_a_heatmap_the_menu_is_grey_and_with_a_hidden_one_it_says_so(reader: Any) -> None:
    for key in ("toggle_contours", "outline_heatmap"):
        assert not reader.window.actions_table[key].isEnabled()
    reader.workspace.runs._add(reader.workspace.slide, NAME, filled(reader.workspace.session.slide.info))
    reader.workspace.set_layer(NAME, visible=False)
    reader.trigger("outline_heatmap")
    assert "No heatmap shows" in reader.window.statusBar().currentMessage()


def test_the_legend_names_the_model_and_how_much_is_done(mapped: Any) -> None:
    block = mapped.window.panels.contents.layers.block(NAME)
    total = mapped.workspace.runs.heatmaps[NAME].progress.total
    assert block.legend.text() == f"two 1.2, weights abababababab\n100 % done: {total} of {total} cells"
    mapped.workspace.runs.heatmaps[NAME].fail(np.array([[0, 0]]), "lost")
    mapped.settle()
    assert block.legend.text().splitlines()[1] == f"99 % done: {total - 1} of {total} cells, 1 failed"


def limited(user: Any) -> Any:
    """Have the heatmap's model find its first six rows strange."""
    heatmap = user.workspace.runs.heatmaps[NAME]
    heatmap.facts = replace(heatmap.facts, ood_threshold=0.5)
    heatmap.extras[OOD] = np.zeros((1, *heatmap.grid.shape), np.float32)
    heatmap.extras[OOD][0, :6] = 0.9
    return heatmap


def test_the_legend_says_how_many_cells_mean_little(mapped: Any) -> None:
    heatmap = limited(mapped)
    heatmap.fail(np.array([[0, 0]]), "lost")
    mapped.settle()
    count = 6 * heatmap.grid.shape[1] - 1
    text = mapped.window.panels.contents.layers.block(NAME).legend.text()
    assert text.endswith(f"\nPale and hatched: {count} cells unlike the training tissue")


def test_an_outline_notes_how_many_of_its_cells_mean_little(mapped: Any) -> None:
    heatmap = limited(mapped)
    answer(mapped, accept)
    mapped.trigger("outline_heatmap")
    mapped.wait(lambda: len(mapped.workspace.session.annotations) > 0)
    (made, *_) = mapped.workspace.session.annotations
    cells = np.argwhere(heatmap.unlike())
    middles = np.array(heatmap.grid.origin) + (cells[:, ::-1] + 0.5) * heatmap.grid.stride
    inside = int(shapely.contains_xy(made.geometry, middles).sum())
    assert inside > 3
    assert made.note.endswith(f"; {inside} cell{'s' * (inside != 1)} unlike the training tissue")


# hot-spots ---------------------------------------------------------------
def listed(user: Any) -> list[tuple[str, ...]]:
    user.wait(lambda: user.workspace.background.idle)
    user.settle()
    model = user.window.docks["hotspots"].widget().table.model()
    columns = range(model.columnCount())
    return [tuple(str(model.index(row, c).data()) for c in columns) for row in range(model.rowCount())]


def centre(user: Any) -> tuple[float, float]:
    user.wait(lambda: user.workspace.background.idle)
    user.settle()
    center: tuple[float, float] = user.workspace.view.state.viewport.center
    return center


def test_keys_go_from_one_suspicious_region_to_the_next(mapped: Any) -> None:
    before = mapped.workspace.view.state.viewport
    mapped.key(Qt.Key.Key_J)
    assert centre(mapped) == pytest.approx((64 * 6.5, 64 * 7.5))
    assert mapped.window.statusBar().currentMessage() == "Hot-spot 1 of 2: Tumor 0.90, 10,240 µm²"
    assert mapped.workspace.view.state.viewport.box().width > 64 * 7
    mapped.key(Qt.Key.Key_J)
    assert centre(mapped) == pytest.approx((64 * 18.5, 64 * 13.5))
    mapped.key(Qt.Key.Key_J)
    assert centre(mapped) == pytest.approx((64 * 6.5, 64 * 7.5))
    mapped.key(Qt.Key.Key_J, SHIFT)
    assert "Hot-spot 2 of 2: Tumor 0.50, 256 µm²" in mapped.window.statusBar().currentMessage()
    mapped.key(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert mapped.workspace.view.state.viewport != before
    assert centre(mapped) == pytest.approx((64 * 6.5, 64 * 7.5))


def test_the_list_ranks_regions_and_enter_goes_there(mapped: Any) -> None:
    mapped.key(Qt.Key.Key_J, CTRL | SHIFT)
    panel = mapped.window.docks["hotspots"].widget()
    mapped.wait(panel.isVisible)
    assert listed(mapped) == [("1", "0.90", "10,240 µm²"), ("2", "0.50", "256 µm²")]
    assert panel.count.text() == "2 regions"
    mapped.activate()
    panel.table.setFocus()
    panel.table.selectRow(1)
    QTest.keyClick(mapped.window.windowHandle(), Qt.Key.Key_Return)
    assert centre(mapped) == pytest.approx((64 * 18.5, 64 * 13.5))
    mapped.key(Qt.Key.Key_J)
    assert panel.table.currentIndex().row() == 0, "the list follows the keys"


def test_the_list_can_be_in_order_of_area_and_follows_cells_and_class(mapped: Any) -> None:
    heatmap = mapped.workspace.runs.heatmaps[NAME]
    heatmap.write(np.array([[13, 18]]), np.array([[0.0, 1.0]], np.float32))
    mapped.trigger("hotspots")
    panel = mapped.window.docks["hotspots"].widget()
    assert [row[1] for row in listed(mapped)] == ["1.00", "0.90"]
    panel.order.setCurrentIndex(1)
    panel.order.activated.emit(1)
    assert [row[1] for row in listed(mapped)] == ["0.90", "1.00"]
    heatmap.write(np.array([[13, 18]]), np.array([[1.0, 0.0]], np.float32))
    assert [row[1] for row in listed(mapped)] == ["0.90"]
    mapped.workspace.set_layer(NAME, channel=0)
    assert [row[1] for row in listed(mapped)] == ["1.00", "0.90"], "all around, and the hole in the ring"
    mapped.workspace.set_layer(NAME, visible=False)
    assert listed(mapped) == []


def test_hot_spots_have_thumbnails_of_the_slide(mapped: Any) -> None:
    mapped.trigger("hotspots")
    listed(mapped)
    model = mapped.window.docks["hotspots"].widget().table.model()
    index = model.index(0, 0)
    index.data(Qt.ItemDataRole.DecorationRole)
    mapped.wait(lambda: mapped.workspace.background.idle)
    image = index.data(Qt.ItemDataRole.DecorationRole).toImage()
    assert len({image.pixel(x, y) for x in range(4, 40, 4) for y in range(4, 30, 4)}) > 10


def test_without_a_suspicious_cell_the_key_says_so(mapped: Any) -> None:
    heatmap = mapped.workspace.runs.heatmaps[NAME]
    cells = np.argwhere(np.ones(heatmap.grid.shape, bool))
    heatmap.write(cells, np.tile(np.array([[1.0, 0.0]], np.float32), (len(cells), 1)))
    mapped.key(Qt.Key.Key_J)
    mapped.wait(lambda: "Nothing is over" in mapped.window.statusBar().currentMessage())


def test_a_slide_that_closes_takes_its_hot_spots_along(mapped: Any) -> None:
    mapped.trigger("hotspots")
    assert listed(mapped)
    mapped.trigger("close")
    assert mapped.workspace.hotspots.found is None
    assert listed(mapped) == []


# the difference of two ----------------------------------------------------
@pytest.fixture
def twice(mapped: Any) -> Any:
    """Return a window with a second heatmap, 0.3 of tumour everywhere."""
    info = mapped.workspace.session.slide.info
    card = replace(CARD, name="other", version="2")
    heatmap = Heatmap.create(None, make_grid(info, card), card, info)
    cells = np.argwhere(np.ones(heatmap.grid.shape, bool))
    heatmap.write(cells, np.tile(np.array([[0.7, 0.3]], np.float32), (len(cells), 1)))
    mapped.workspace.runs._add(mapped.workspace.slide, "Other", heatmap)
    mapped.settle()
    return mapped


def compare(user: Any, act: Any = lambda dialog: None) -> None:
    def when_open() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, DifferenceDialog)
        act(dialog)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    QTimer.singleShot(150, when_open)
    user.trigger("difference")


def layers_shown(user: Any) -> list[str]:
    return [raster.layer.name for raster in user.frame.rasters]


def test_the_difference_takes_the_place_of_the_heatmaps_and_says_which_is_which(twice: Any) -> None:
    compare(twice)
    assert layers_shown(twice) == ["Slide", "A − B"]
    legend = twice.window.panels.contents.layers.block("A − B").legend.text()
    assert legend.splitlines() == [
        "Blue: B higher · white: equal · orange: A higher",
        "A: Tumor, other 2, weights abababababab",
        "B: Tumor, two 1.2, weights abababababab",
    ]
    twice.hover(twice.at(64 * 4.5, 64 * 4.5))
    assert twice.window.status_line.value.text() == "A − B = -0.600"
    twice.hover(twice.at(64 * 1.5, 64 * 1.5))
    assert twice.window.status_line.value.text() == "A − B = +0.200"
    twice.key(Qt.Key.Key_C)
    assert layers_shown(twice) == ["Slide"]
    twice.key(Qt.Key.Key_C)
    assert layers_shown(twice) == ["Slide", "A − B"]


def test_another_pair_takes_the_place_of_the_last_and_its_tiles_go(twice: Any) -> None:
    compare(twice)
    first = twice.frame.rasters[1].source

    def other_way_round(dialog: DifferenceDialog) -> None:
        dialog.a.setCurrentText("Two classes: Normal")
        dialog.b.setCurrentText("Other: Normal")

    compare(twice, other_way_round)
    assert layers_shown(twice) == ["Slide", "A − B"]
    assert first in twice.canvas.forgotten
    assert "A: Normal, two 1.2" in twice.window.panels.contents.layers.block("A − B").legend.text()
    assert twice.workspace.slide.difference.value_at(64 * 4.5, 64 * 4.5) == pytest.approx(-0.6)


def test_a_difference_needs_two_heatmaps_and_goes_with_the_slide(mapped: Any) -> None:
    assert not mapped.window.actions_table["difference"].isEnabled()
    assert mapped.window.actions_table.reason("difference") == "needs two heatmaps"


def test_a_difference_of_another_pixel_size_hides(twice: Any) -> None:
    compare(twice)
    twice.workspace.state_mpp((0.5, 0.5))
    assert layers_shown(twice) == ["Slide"]
