"""Layers, slide facts, overview, scale bar and status bar follow the slide and the view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel

from pathview.core.errors import TileReadError
from pathview.core.place import Place
from pathview.core.pyramid import TileKey
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import OOD, Heatmap
from pathview.slides.made import write_made_tiff
from pathview.slides.made_profile import SWAPPED
from pathview.startup.settings import load_settings

CARD = ModelCard(
    "two", "1", Task.CLASSIFY, 1.0, 64, 64, ("Normal", "Tumor"), "Tumor", threshold=0.4, title="Two classes"
)


@pytest.fixture
def heated(reader: Any) -> Any:
    """Return a window whose slide has a heatmap with one cell of each state in its first row."""
    info = reader.workspace.session.slide.info
    heatmap = Heatmap.create(None, make_grid(info, CARD), CARD, info)
    heatmap.write(np.array([[0, 0]]), np.array([[0.25, 0.75]], np.float32))
    heatmap.mark_skipped(np.array([[0, 1]]))
    heatmap.fail(np.array([[0, 2]]), "cannot be read")
    reader.workspace.runs._add(reader.workspace.slide, "Two classes", heatmap)
    reader.settle()
    return reader


def block(user: Any, name: str) -> Any:
    return user.window.panels.contents.layers.block(name)


def test_one_key_hides_all_panels_and_brings_the_same_back(reader: Any) -> None:
    docks = reader.window.docks
    docks["models"].hide()
    before = {name: dock.isHidden() for name, dock in docks.items()}
    reader.key(Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert all(dock.isHidden() for dock in docks.values())
    reader.key(Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert {name: dock.isHidden() for name, dock in docks.items()} == before
    assert before["models"]


def test_panels_come_back_in_a_window_that_started_without(reader: Any) -> None:
    for dock in reader.window.docks.values():
        dock.hide()
    reader.trigger("toggle_panels")
    assert reader.window.docks["models"].isVisible()


def test_a_key_shows_the_log(reader: Any) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    reader.key(Qt.Key.Key_L, both)
    assert reader.window.docks["log"].isVisible()
    reader.key(Qt.Key.Key_L, both)
    assert not reader.window.docks["log"].isVisible()


def test_sliders_change_the_view_and_the_view_the_sliders(reader: Any) -> None:
    slider = block(reader, "Slide").slider("opacity")
    slider.setValue(40)
    assert reader.frame.rasters[0].layer.opacity == 0.4
    reader.workspace.set_layer("Slide", opacity=0.7)
    assert slider.value() == 70
    assert any(label.text() == "70 %" for label in block(reader, "Slide").findChildren(QLabel))
    block(reader, "Slide").visible_box.setChecked(False)
    assert reader.frame.rasters == ()
    reader.workspace.set_layer("Slide", visible=True)
    assert block(reader, "Slide").visible_box.isChecked()


def test_a_heatmap_layer_has_class_colours_and_threshold(heated: Any) -> None:
    controls = block(heated, "Two classes")
    assert [layer.name for layer in heated.workspace.view.state.layers] == [
        "Slide",
        "Two classes",
        "Annotations",
    ]
    assert controls.class_box.currentText() == "Tumor"
    assert controls.color_bar.marked
    controls.slider("threshold").setValue(30)
    controls.colormap.setCurrentText("viridis")
    layer = heated.workspace.view.state.layer("Two classes")
    assert (layer.threshold, layer.colormap) == (0.3, "viridis")
    assert "below 0.30" in controls.color_bar.toolTip()
    assert "0.4" in controls.color_bar.toolTip()
    heated.workspace.set_layer("Two classes", threshold=0.5, colormap="heat")
    assert controls.slider("threshold").value() == 50
    assert controls.colormap.currentText() == "heat"


def test_choosing_another_class_shows_its_tiles_and_keeps_the_controls(heated: Any) -> None:
    controls = block(heated, "Two classes")
    before = heated.frame.rasters[1].source
    controls.class_box.setCurrentText("Normal")
    after = heated.frame.rasters[1].source
    assert after is not before
    assert before in heated.canvas.forgotten
    assert block(heated, "Two classes") is controls, "the box that was used must outlive its own signal"
    assert not controls.color_bar.marked, "the threshold is the positive class's"
    heated.workspace.set_layer("Two classes", channel=1)
    assert controls.class_box.currentText() == "Tumor"


def test_layers_go_with_the_slide(heated: Any) -> None:
    heated.trigger("close")
    assert heated.workspace.view.state.layers == ()
    assert heated.window.panels.contents.layers.findChild(QCheckBox) is None


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (0, "Tumor 0.750"),
        (1, "Tumor: no tissue"),
        (2, "Tumor: failed (cannot be read)"),
        (3, "Tumor: not run yet"),
    ],
)
def test_the_status_bar_says_what_the_heatmap_says(heated: Any, column: int, said: str) -> None:
    heated.hover(heated.at(256 * column + 100, 100))
    assert heated.window.status_line.value.text() == said


def test_the_value_under_a_resting_cursor_follows_the_run(heated: Any) -> None:
    heated.hover(heated.at(256 * 3 + 100, 100))
    heatmap = heated.workspace.runs.heatmaps["Two classes"]
    heatmap.write(np.array([[0, 3]]), np.array([[0.9, 0.1]], np.float32))
    heated.settle()
    assert heated.window.status_line.value.text() == "Tumor 0.100"


def test_the_status_bar_says_that_a_cell_is_unlike_the_training_tissue(heated: Any) -> None:
    heatmap = heated.workspace.runs.heatmaps["Two classes"]
    heatmap.facts = replace(heatmap.facts, ood_threshold=0.5)
    heatmap.extras[OOD] = np.full((1, *heatmap.grid.shape), 0.8, np.float32)
    heated.hover(heated.at(100, 100))
    assert heated.window.status_line.value.text() == "Tumor 0.750 (unlike the training tissue)"


def test_a_hidden_heatmap_says_nothing(heated: Any) -> None:
    heated.workspace.set_layer("Two classes", visible=False)
    heated.hover(heated.at(100, 100))
    assert heated.window.status_line.value.text() == ""


def test_the_status_bar_says_where_the_cursor_is_and_how_large_things_are(reader: Any) -> None:
    line = reader.window.status_line
    at = reader.at(400, 300)
    reader.hover(at)
    x, y = reader.under(at)
    assert line.position.text() == f"x {int(x)}, y {int(y)} px   {x / 4:.0f}, {y / 4:.0f} µm"
    reader.trigger("zoom_full")
    assert line.scale.text() == "0.25 µm/px"
    QApplication.sendEvent(reader.native, QEvent(QEvent.Type.Leave))
    assert line.position.text() == ""


def test_status_items_keep_their_places(reader: Any) -> None:
    line = reader.window.status_line
    reader.hover(reader.at(3, 3))
    before = [item.geometry() for item in (line.value, line.position, line.scale)]
    reader.trigger("zoom_full")
    reader.hover(reader.at(1400, 1000))
    reader.settle()
    assert [item.geometry() for item in (line.value, line.position, line.scale)] == before


def test_nothing_with_a_unit_is_guessed_without_a_scale(user: Any, bare_tiff: Path) -> None:
    user.open(bare_tiff)
    user.hover(user.at(400, 300))
    assert user.window.status_line.scale.text().endswith("pixel size unknown")
    assert "µm" not in user.window.status_line.position.text()
    assert user.window.scale_bar.bar is None
    assert not user.window.scale_bar.isVisible()


def test_the_scale_bar_has_the_length_it_says(reader: Any) -> None:
    reader.trigger("zoom_full")
    bar = reader.window.scale_bar.bar
    assert bar.pixels * 0.25 == pytest.approx(bar.length_um)
    assert reader.window.scale_bar.isVisible()
    reader.window.resize(1000, 700)
    reader.settle()
    area, place = reader.window.canvas_widget.rect(), reader.window.scale_bar.geometry()
    assert area.contains(place), "the bar must follow the canvas"


def test_tiles_that_cannot_be_read_are_counted(reader: Any) -> None:
    loader, source = reader.workspace.loader, reader.workspace.scene.slide_tiles
    trouble = reader.window.status_line.trouble
    assert not trouble.isVisible()
    for column in (1, 2):
        key = TileKey(0, column, 0)
        loader.failed.emit((source, key), TileReadError(Path("made.tif"), key, "damaged"))
    assert trouble.text() == "2 tiles cannot be read"
    assert trouble.isVisible()
    reader.trigger("close")
    assert not trouble.isVisible()


def test_slide_facts(reader: Any) -> None:
    texts = [label.text() for label in reader.window.docks["slide-facts"].findChildren(QLabel)]
    assert "made.tif" in texts
    assert "1\u202f500 × 1\u202f100 px" in texts
    assert "0.38 × 0.28 mm" in texts
    assert any(text.startswith("0.25 × 0.25 µm") for text in texts)


def test_slide_facts_say_that_the_scale_is_unknown(user: Any, bare_tiff: Path) -> None:
    user.open(bare_tiff)
    texts = [label.text() for label in user.window.docks["slide-facts"].findChildren(QLabel)]
    assert any(text.startswith("unknown") for text in texts)


def test_label_and_macro_hide_at_a_switch_and_stay_hidden_on_the_next_slide(
    user: Any, made_tiff: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathview.slides.slide import Slide

    pictures = {"label": np.zeros((40, 60, 3), np.uint8), "macro": np.zeros((50, 120, 3), np.uint8)}
    read: list[Place] = []

    def associated_images(slide: Slide) -> dict[str, Any]:
        read.append(slide.info.path)
        return pictures

    monkeypatch.setattr(Slide, "associated_images", associated_images)
    monkeypatch.setattr(Slide, "associated_sizes", lambda self: {"label": (60, 40), "macro": (120, 50)})
    dock = user.window.docks["slide-facts"]
    dock.raise_()
    user.open(made_tiff)
    user.wait(lambda: dock.findChild(QLabel, "picture-label") is not None)
    user.settle()
    assert dock.findChild(QLabel, "picture-macro").isVisibleTo(dock)
    (switch,) = dock.findChildren(QCheckBox)
    switch.setChecked(False)
    assert not dock.findChild(QLabel, "picture-label").isVisibleTo(dock)
    user.open(write_made_tiff(tmp_path / "next.tif"))
    user.wait(lambda: user.workspace.background.idle)
    user.settle()
    assert read == [made_tiff], "pictures behind the switch are not even decoded"
    assert not [label for label in dock.findChildren(QLabel, "picture-label") if label.isVisibleTo(dock)]
    switch.setChecked(True)
    user.wait(lambda: len(read) == 2)
    user.wait(lambda: any(x.isVisibleTo(dock) for x in dock.findChildren(QLabel, "picture-label")))


def test_colours_are_converted_until_the_menu_says_otherwise(user: Any, made_tiff: Path) -> None:
    user.open(made_tiff)
    dock = user.window.docks["slide-facts"]
    text = dock.findChild(QLabel, "fact-Colours")
    assert text.text() == "sRGB assumed: no profile"
    first = user.workspace.scene.slide_tiles
    user.trigger("colour_profile")
    assert not user.window.actions_table["colour_profile"].isChecked()
    assert text.text() == "off"
    assert user.workspace.scene.slide_tiles is not first
    user.settle()
    user.trigger("colour_profile")
    assert text.text() == "sRGB assumed: no profile"


def test_the_switch_for_colours_survives_a_restart(start: Any, made_tiff: Path) -> None:
    user = start()
    user.trigger("colour_profile")
    user.close()
    assert not load_settings().convert_colours
    again = start(load_settings())
    assert not again.window.actions_table["colour_profile"].isChecked()
    again.open(made_tiff)
    assert again.window.docks["slide-facts"].findChild(QLabel, "fact-Colours").text() == "off"
    again.trigger("colour_profile")
    assert load_settings().convert_colours


def overview_pixel(hands: Any) -> tuple[int, int, int]:
    """Return a colour of the overview's thumbnail, two thirds across and one down."""
    picture = hands.window.docks["overview"].widget()._pixmap.toImage()
    colour = picture.pixelColor(picture.width() * 2 // 3, picture.height() // 3)
    return colour.red(), colour.green(), colour.blue()


def test_the_overview_follows_the_colours_of_the_canvas(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "swapped.tif", profile=SWAPPED))
    slide, tiles = user.workspace.session.slide, user.workspace.scene.slide_tiles
    thumbnail = slide.thumbnail(700)
    at = thumbnail.shape[0] // 3, thumbnail.shape[1] * 2 // 3
    own, converted = (tuple(map(int, x[at])) for x in (thumbnail, tiles.colour.apply(thumbnail)))
    assert max(abs(a - b) for a, b in zip(own, converted, strict=True)) > 20, "the colours tell them apart"
    overview = user.window.docks["overview"].widget()
    user.wait(lambda: overview._pixmap is not None)
    assert overview_pixel(user) == converted
    user.trigger("colour_profile")
    user.wait(lambda: overview_pixel(user) == own)
    user.trigger("colour_profile")
    user.wait(lambda: overview_pixel(user) == converted)


def test_the_overview_shows_the_slide(reader: Any) -> None:
    overview = reader.window.docks["overview"].widget()
    reader.wait(lambda: overview._pixmap is not None)
    picture = overview.grab().toImage()
    assert not picture.isNull()
    reader.trigger("close")
    assert overview._pixmap is None


def test_the_performance_panel_counts_while_it_is_seen(reader: Any) -> None:
    dock = reader.window.docks["performance"]
    panel = dock.widget()
    assert dock.isHidden()
    assert not panel._timer.isActive()
    dock.toggleViewAction().trigger()
    reader.wait(lambda: panel.isVisible() and "in all" in panel.values["Frames"].text())
    reader.wait(lambda: panel.values["Tiles in view"].text().endswith("all sharp"))
    before = reader.window.canvas_widget.frames
    reader.canvas.slow = True
    reader.trigger("zoom_full")
    reader.wait(lambda: panel.values["Read"].text()[0] != "0")
    assert "ms each" in panel.values["Read"].text()
    assert reader.window.canvas_widget.frames > before
    assert panel.values["In memory"].text().split()[0] != "0"
    dock.toggleViewAction().trigger()
    reader.wait(lambda: not panel._timer.isActive(), 3)


def test_the_panels_are_as_narrow_as_they_are_meant_to_be(user: Any) -> None:
    column = [dock for name, dock in user.window.docks.items() if name in ("overview", "models", "layers")]
    assert all(dock.width() <= 320 for dock in column), [dock.width() for dock in column]
