"""Channels and focal planes: the panel, the keys, the overview and what is exported follow one look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from pathview.core.pyramid import TileKey

Key = Qt.Key


@pytest.fixture
def viewer(user: Any, fluorescence: Path) -> Any:
    """Return a window with a slide of two channels and three focal planes."""
    user.open(fluorescence)
    return user


def panel(user: Any) -> Any:
    return user.window.panels.contents.channels


def colour_at(user: Any, x: int, y: int) -> list[int]:
    """Return what a fresh tile of the canvas holds."""
    source = user.workspace.scene.slide_tiles
    return [int(part) for part in source.read_tile(TileKey(0, 0, 0))[y, x]]


def test_the_panel_is_there_for_slides_that_need_it(reader: Any, fluorescence: Path, made_tiff: Path) -> None:
    dock = reader.window.docks["channels"]
    assert dock.isHidden()
    assert not reader.window.actions_table["plane_up"].isEnabled()
    reader.open(fluorescence)
    assert not dock.isHidden()
    assert [row.visible_box.text() for row in panel(reader).rows] == ["DAPI", "FITC"]
    assert reader.window.actions_table["plane_up"].isEnabled()
    facts = {label.objectName(): label.text() for label in reader.window.findChildren(QLabel)}
    assert facts["fact-Channels"] == "DAPI, FITC"
    assert facts["fact-Focal planes"] == "3, 1.5 µm apart"
    reader.open(made_tiff)
    assert dock.isHidden()


def test_a_channel_is_hidden_and_shown(viewer: Any) -> None:
    before = colour_at(viewer, 50, 50)
    assert before[2] == 255, "DAPI at its full value"
    box = panel(viewer).rows[0].visible_box
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    viewer.settle()
    after = colour_at(viewer, 50, 50)
    assert (after[1], after[2]) == (before[1], 0)
    assert panel(viewer).rows[0].window_slider.isHidden()


def test_the_canvas_asks_again_for_what_looks_different(viewer: Any) -> None:
    source, loader, key = viewer.workspace.scene.slide_tiles, viewer.workspace.loader, TileKey(0, 0, 0)
    viewer.canvas.slow = True
    viewer.workspace.look(viewer.frame.viewport.zoomed(2.0, (0, 0)))
    viewer.wait(lambda: key in loader.cached(source))
    before = loader.tile(source, key).copy()
    viewer.workspace.looks.show_plane(2)
    assert key not in loader.cached(source)
    viewer.wait(lambda: key in loader.cached(source))
    assert (loader.tile(source, key)[..., 1] > before[..., 1]).all()


def test_contrast_by_mouse_and_keys(viewer: Any) -> None:
    slider = panel(viewer).rows[1].window_slider
    look = viewer.workspace.looks.look.channels[1]
    assert (look.low, look.high) == (2000.0, 2001.0), "a flat channel has no contrast to show"
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(6, middle))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(6, middle))
    viewer.settle()
    look = viewer.workspace.looks.look.channels[1]
    assert look.low == pytest.approx(0, abs=50)
    assert look.high == 2001.0
    assert colour_at(viewer, 400, 50)[1] == pytest.approx(255, abs=1)
    viewer.activate()
    slider.setFocus()
    QTest.keyClick(slider, Key.Key_End)
    QTest.keyClick(slider, Key.Key_PageUp)
    viewer.settle()
    assert viewer.workspace.looks.look.channels[1].high == pytest.approx(2401, abs=2)
    assert colour_at(viewer, 400, 50)[1] == pytest.approx(255 * 2000 / 2401, abs=2)
    assert panel(viewer).rows[1].values.text().endswith("2401")


def test_both_handles_move_together_by_the_bar_between(viewer: Any) -> None:
    slider = panel(viewer).rows[0].window_slider
    first = viewer.workspace.looks.look.channels[0]
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 4, middle))
    QTest.mouseMove(slider, QPoint(slider.width() // 4 + 30, middle))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 4 + 30, middle))
    now = viewer.workspace.looks.look.channels[0]
    assert now.low > first.low
    assert now.high - now.low == pytest.approx(first.high - first.low)


def test_planes_by_keys_and_slider(viewer: Any) -> None:
    looks = viewer.workspace.looks
    assert panel(viewer).plane.words.text() == "2 of 3 · 1.5 µm"
    viewer.native.setFocus()
    viewer.key(Key.Key_PageUp)
    assert looks.look.plane == 2
    viewer.key(Key.Key_PageUp)
    assert looks.look.plane == 2, "there is none above"
    assert panel(viewer).plane.slider.value() == 2
    assert panel(viewer).plane.words.text() == "3 of 3 · 3 µm"
    panel(viewer).plane.slider.setValue(0)
    assert looks.look.plane == 0


def test_auto_contrast_suits_the_view_and_reset_takes_all_back(viewer: Any) -> None:
    looks = viewer.workspace.looks
    first = looks.look
    viewer.workspace.look(viewer.frame.viewport.zoomed(8.0, (0, 0)).centered(450, 200))
    button = viewer.window.findChild(QPushButton, "channels-auto")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    viewer.wait(lambda: looks.look != first)
    assert (looks.look.channels[0].low, looks.look.channels[0].high) == (100.0, 101.0), "only the dark half"
    QTest.mouseClick(viewer.window.findChild(QPushButton, "channels-reset"), Qt.MouseButton.LeftButton)
    assert looks.look == first


def test_the_overview_follows(viewer: Any) -> None:
    overview = viewer.window.docks["overview"].widget()
    viewer.wait(lambda: overview._pixmap is not None)
    before = overview._pixmap.toImage().pixelColor(10, 10).blue()
    assert before == 255
    viewer.workspace.looks.show(viewer.workspace.looks.look.with_channel(0, visible=False))
    viewer.wait(lambda: overview._pixmap.toImage().pixelColor(10, 10).blue() == 0)


def test_the_look_outlasts_the_switch_of_colours(viewer: Any) -> None:
    looks = viewer.workspace.looks
    looks.show_plane(0)
    viewer.trigger("colour_profile")
    assert looks.look.plane == 0


def test_a_model_of_stained_tissue_refuses_channels(viewer: Any) -> None:
    viewer.trigger("run")
    viewer.wait(lambda: bool(viewer.problems))
    assert "has channels (DAPI, FITC)" in viewer.problems[0][1]
