"""Where runs look: edges of the tissue by key, areas that are excluded and included, and a run that obeys."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from PySide6.QtCore import Qt

from pathview.core.palette import EXCLUDE, INCLUDE
from pathview.inference.heatmap import CellState

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def tissue(user: Any) -> Any:
    """Return the area inside the lines that show where runs look."""
    user.wait(lambda: user.workspace.background.idle)
    (lines,) = user.frame.contours
    return shapely.build_area(shapely.node(lines))


def draw(user: Any, x0: float, y0: float, x1: float, y1: float) -> None:
    user.tool("rectangle")
    user.drag(user.at(x0, y0), user.at(x1, y1))
    user.settle()


def test_a_key_shows_what_runs_take_for_tissue_and_drawing_changes_it(reader: Any) -> None:
    assert reader.frame.contours == ()
    reader.key(Qt.Key.Key_T, SHIFT)
    before = tissue(reader)
    assert before.covers(shapely.Point(400, 400))
    reader.trigger("exclude_tissue")
    assert reader.workspace.view.state.tool == "freehand"
    assert reader.window.class_box.class_name == EXCLUDE
    draw(reader, 200, 200, 700, 700)
    reader.wait(lambda: not tissue(reader).covers(shapely.Point(400, 400)))
    assert tissue(reader).covers(shapely.Point(1000, 400))
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.wait(lambda: tissue(reader).equals(before))
    reader.key(Qt.Key.Key_T, SHIFT)
    assert reader.frame.contours == ()


def test_another_pixel_size_looks_for_the_tissue_anew(reader: Any) -> None:
    reader.key(Qt.Key.Key_T, SHIFT)
    tissue(reader)
    (before,) = reader.frame.contours
    reader.workspace.state_mpp((2.0, 2.0))
    tissue(reader)
    (after,) = reader.frame.contours
    assert after is not before
    assert len(shapely.get_coordinates(after)) > len(shapely.get_coordinates(before)), "in smaller steps"


def test_selected_areas_change_their_class_in_one_step(reader: Any) -> None:
    draw(reader, 200, 200, 700, 700)
    (area,) = reader.workspace.session.annotations
    class_before = reader.window.class_box.class_name
    reader.trigger("exclude_tissue")
    assert [one.class_name for one in reader.workspace.session.annotations] == [EXCLUDE]
    assert reader.window.class_box.class_name == class_before, "what is drawn next is no such area"
    reader.trigger("include_tissue")
    assert [one.class_name for one in reader.workspace.session.annotations] == [INCLUDE]
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert list(reader.workspace.session.annotations) == [area]


def test_the_two_classes_have_no_number_keys_and_are_found_by_name(reader: Any) -> None:
    choices = dict(reader.window.class_box.choices())
    assert choices[INCLUDE] == choices[EXCLUDE] == choices["Unclassified"] == ""
    assert choices["Tumor"] == "1"


@pytest.mark.timeout(180)
def test_the_next_run_leaves_out_what_is_drawn_and_a_restart_remembers_it(start: Any, made_tiff: Any) -> None:
    user = start()
    user.open(made_tiff)
    user.trigger("exclude_tissue")
    draw(user, 10, 10, 620, 620)
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    (heatmap,) = user.workspace.runs.heatmaps.values()
    assert heatmap.value_at(300, 300).state is CellState.SKIPPED
    assert heatmap.value_at(1100, 700).state is CellState.DONE
    user.close()
    again = start()
    again.open(made_tiff)
    (area,) = again.workspace.session.annotations
    assert area.class_name == EXCLUDE
    again.workspace.view.set(again.workspace.view.state)
    again.trigger("select_all")
    again.trigger("delete")
    again.trigger("run")
    again.wait(lambda: not again.workspace.runs.going, 60)
    (heatmap,) = again.workspace.runs.heatmaps.values()
    assert heatmap.value_at(300, 300).state is CellState.DONE
