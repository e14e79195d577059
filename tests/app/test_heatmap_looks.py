"""How a heatmap shows: uncertainty, smoothing, spread colours and their badge; a run in eight views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox

from pathview.core.palette import COLORMAPS, colormap_table
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.inference.views import UNCERTAINTY, VIEWS

CARD = ModelCard("two", "1", Task.CLASSIFY, 1.0, 64, 64, ("Normal", "Tumor"), "Tumor", threshold=0.4)
NAME = "Two classes"


@pytest.fixture
def unsure(reader: Any) -> Any:
    """Return a window whose heatmap is from eight views: tumour from 0.2 to 0.4, uncertainty 0.1."""
    info = reader.workspace.session.slide.info
    heatmap = Heatmap.create(None, make_grid(info, CARD), CARD, info, views=VIEWS, extras={UNCERTAINTY: 2})
    cells = np.argwhere(np.ones(heatmap.grid.shape, bool))
    tumour = np.linspace(0.2, 0.4, len(cells), dtype=np.float32)
    spread = np.full((len(cells), 2), 0.1, np.float32)
    heatmap.write(cells, np.stack([1 - tumour, tumour], axis=1), {UNCERTAINTY: spread})
    reader.workspace.runs._add(reader.workspace.slide, NAME, heatmap)
    reader.settle()
    return reader


def block(user: Any) -> Any:
    return user.window.panels.contents.layers.block(NAME)


def layer(user: Any) -> Any:
    return next(raster.layer for raster in user.frame.rasters if raster.layer.name == NAME)


def badge(user: Any) -> str:
    text: str = user.window.badge.text() if user.window.badge.isVisible() else ""
    return text


def test_cells_can_be_hidden_by_their_uncertainty(unsure: Any) -> None:
    slider = block(unsure).slider("hide_above")
    assert slider.value() == slider.maximum()
    slider.setFocus()
    slider.setValue(20)
    assert layer(unsure).hide_above == pytest.approx(0.1)
    unsure.workspace.set_layer(NAME, hide_above=0.25)
    assert slider.value() == 50
    assert "0.25" in [label.text() for label in block(unsure).findChildren(type(block(unsure).legend))]


def test_uncertainty_is_in_the_legend_the_status_bar_and_can_be_switched_off(unsure: Any) -> None:
    assert "two 1, no weights, 8 views" in block(unsure).legend.text()
    assert "dotted" in block(unsure).legend.text()
    unsure.hover(unsure.at(100, 100))
    assert unsure.window.status_line.value.text() == "Tumor 0.200 ± 0.100"
    assert layer(unsure).stipple
    block(unsure).switches["stipple"].click()
    assert not layer(unsure).stipple


def test_a_heatmap_of_one_view_has_no_controls_of_uncertainty(reader: Any) -> None:
    info = reader.workspace.session.slide.info
    reader.workspace.runs._add(
        reader.workspace.slide, NAME, Heatmap.create(None, make_grid(info, CARD), CARD, info)
    )
    reader.settle()
    assert set(block(reader).switches) == {"contours", "smooth"}
    with pytest.raises(KeyError):
        block(reader).slider("hide_above")


def test_smoothing_is_a_switch_of_the_screen_alone(unsure: Any) -> None:
    before = unsure.workspace.runs.heatmaps[NAME].scores.copy()
    block(unsure).switches["smooth"].click()
    assert layer(unsure).smooth
    np.testing.assert_array_equal(unsure.workspace.runs.heatmaps[NAME].scores, before)


def test_spread_colours_are_said_on_a_badge_and_in_the_legend(unsure: Any) -> None:
    assert layer(unsure).value_range == (0.0, 1.0)
    assert badge(unsure) == ""
    block(unsure).spread.click()
    low, high = layer(unsure).value_range
    assert low == pytest.approx(0.202, abs=2e-3)
    assert high == pytest.approx(0.398, abs=2e-3)
    assert badge(unsure) == "Heatmap colours spread: 0.20 to 0.40, not 0 to 1"
    assert "0.2 to 0.4" in block(unsure).color_bar.toolTip()
    unsure.key(Qt.Key.Key_C)
    assert badge(unsure) == ""
    unsure.key(Qt.Key.Key_C)
    block(unsure).class_box.setCurrentText("Normal")
    assert layer(unsure).value_range == (0.0, 1.0), "another class has other values"
    assert not block(unsure).spread.isChecked()
    assert badge(unsure) == ""


def test_the_badge_says_both_of_an_adjusted_picture_under_spread_colours(unsure: Any) -> None:
    block(unsure).spread.click()
    adjustments = unsure.workspace.adjustments
    adjustments.show(adjustments.current.limited(brightness=0.2))
    unsure.settle()
    first, second = badge(unsure).splitlines()
    assert first.startswith("Adjusted picture")
    assert second.startswith("Heatmap colours spread")


@pytest.mark.parametrize("name", COLORMAPS)
def test_every_map_grows_evenly_lighter_or_darker(name: str) -> None:
    """So that values are told apart without telling colours apart."""
    linear = (colormap_table(name) / 255.0) ** 2.2
    steps = np.diff(linear @ [0.2126, 0.7152, 0.0722])
    assert (steps > -1e-3).all() or (steps < 1e-3).all()
    assert abs(steps.sum()) > 0.3


def test_a_run_in_eight_views_by_a_click_is_a_heatmap_of_its_own(start: Any, made_tiff: Any) -> None:
    user = start()
    user.open(made_tiff)
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    box = user.window.panels.contents.models.views
    assert isinstance(box, QCheckBox)
    box.click()
    assert user.window.actions_table["tta"].isChecked()
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    assert user.workspace.runs.status.error is None
    names = ["Texture (demonstration)", "Texture (demonstration) (8 views)"]
    user.wait(lambda: list(user.workspace.runs.heatmaps) == names)
    plain, turned = user.workspace.runs.heatmaps.values()
    assert UNCERTAINTY not in plain.extras
    assert np.isfinite(turned.extras[UNCERTAINTY][:, turned.grid.selected]).all()
    user.trigger("tta")
    assert not box.isChecked()
    user.close()
    again = start()
    again.open(made_tiff)
    again.wait(lambda: set(again.workspace.runs.heatmaps) == set(names))
    assert UNCERTAINTY in again.workspace.runs.heatmaps[names[1]].extras
