"""The image panel: sliders, white, stains, comparing, and what is kept; with the hands of a user."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from pathview.core.stains import H_DAB, HE, Stains, mixed
from pathview.startup.settings import Settings
from pathview.view.adjust import NEUTRAL, Adjustment

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton
TINT = (240, 244, 230)


@pytest.fixture(scope="module")
def stained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide with tinted glass and, in its middle, two stains in cells of a few pixels."""
    import tifffile

    chance = np.random.default_rng(11)
    cells = chance.beta(0.3, 0.3, (100, 100)).repeat(8, axis=0).repeat(8, axis=1)
    strength = chance.uniform(0.6, 1.6, (100, 100)).repeat(8, axis=0).repeat(8, axis=1)
    amount = np.zeros((1200, 1200, 3))
    amount[200:1000, 200:1000] = np.stack([cells * strength, (1 - cells) * strength, 0 * cells], axis=2)
    truth = Stains("truth", ("one", "two"), (0.6, 0.7, 0.4), (0.17, 0.85, 0.5))
    noise = chance.normal(0, 0.7, amount.shape)
    pixels = np.clip(mixed(amount, truth) * TINT + noise + 0.5, 0, 255).astype(np.uint8)
    path = tmp_path_factory.mktemp("stained") / "stained.tif"
    tifffile.imwrite(
        path, pixels, tile=(256, 256), photometric="rgb", resolution=(10000, 10000), resolutionunit=3
    )
    return path


def panel(user: Any) -> Any:
    return user.window.panels.contents.image


def slider(user: Any, name: str) -> Any:
    return panel(user).sliders[name][0]


def shown(user: Any) -> Adjustment:
    """Return what the canvas is told to draw."""
    (found,) = (raster.layer.adjustment for raster in user.frame.rasters)
    assert isinstance(found, Adjustment)
    return found


def badge(user: Any) -> str:
    label = user.window.badge
    return "" if label.isHidden() else str(label.text())


def press(user: Any, button: QPushButton) -> None:
    assert button.isEnabled(), f"{button.text()} is disabled"
    QTest.mouseClick(button, LEFT)
    user.wait(lambda: user.workspace.background.idle)
    user.settle()


def front(user: Any) -> None:
    user.window.docks["image"].raise_()
    user.settle()


def test_without_a_slide_nothing_can_be_set(user: Any) -> None:
    assert not slider(user, "gamma").isEnabled()
    assert not panel(user).compare.isEnabled()
    assert badge(user) == ""


def test_a_slider_adjusts_the_picture_and_reads_nothing(reader: Any) -> None:
    front(reader)
    frames = len(reader.canvas.frames)
    tiles = reader.workspace.scene.slide_tiles
    contrast = slider(reader, "contrast")
    contrast.setFocus()
    QTest.keyClick(contrast, Key.Key_Right)
    QTest.keyClick(contrast, Key.Key_PageUp)
    reader.settle()
    assert contrast.value() == 11
    assert shown(reader).contrast == pytest.approx(4 ** (11 / 100))
    assert panel(reader).sliders["contrast"][1].text() == "×1.16"
    assert badge(reader) == "Adjusted picture: contrast"
    assert len(reader.canvas.frames) > frames
    assert reader.workspace.scene.slide_tiles is tiles
    assert tiles.revision(tiles.pyramid.root) == 0


@pytest.mark.parametrize("way", ["double click", "Backspace", "Delete"])
def test_a_slider_goes_back_alone(reader: Any, way: str) -> None:
    front(reader)
    reader.workspace.adjustments.show(NEUTRAL.limited(gamma=1.5, brightness=0.001))
    for name in ("gamma", "brightness"):  # the second's handle is in the middle already
        widget = slider(reader, name)
        if way == "double click":
            QTest.mouseDClick(widget, LEFT, pos=QPoint(5, widget.height() // 2))
        else:
            reader.activate()
            widget.setFocus()
            reader.key(Key.Key_Backspace if way == "Backspace" else Key.Key_Delete)
        reader.settle()
        assert getattr(shown(reader), name) == getattr(NEUTRAL, name)
    assert shown(reader) == NEUTRAL
    assert badge(reader) == ""


def test_reset_sets_all_back_but_the_choice_of_stains(reader: Any) -> None:
    chosen = Adjustment(contrast=2.0, red=1.2, stains=H_DAB, part="second")
    reader.workspace.adjustments.show(chosen)
    reader.settle()
    assert badge(reader) == "Adjusted picture: DAB only; contrast, white"
    press(reader, panel(reader).buttons["reset_adjustment"])
    assert shown(reader) == Adjustment(stains=H_DAB)
    assert badge(reader) == ""
    assert not panel(reader).buttons["reset_adjustment"].isEnabled()
    assert slider(reader, "red").value() == 0


def test_a_single_stain_is_chosen_from_the_list(reader: Any) -> None:
    front(reader)
    stains = panel(reader).stains
    assert not stains.grey.isEnabled()
    stains.parts.setFocus()
    QTest.keyClick(stains.parts, Key.Key_Down)
    reader.settle()
    assert (shown(reader).part, shown(reader).stains) == ("first", HE)
    assert badge(reader) == "Adjusted picture: haematoxylin only"
    assert stains.parts.currentText() == "Haematoxylin only"
    QTest.keyClick(stains.sets, Key.Key_Down)
    QTest.keyClick(stains.parts, Key.Key_Down)
    QTest.mouseClick(stains.grey, LEFT, pos=QPoint(8, stains.grey.height() // 2))
    reader.settle()
    assert shown(reader) == Adjustment(stains=H_DAB, part="second", grey=True)
    assert [stains.parts.itemText(n) for n in range(4)] == [
        "All stains", "Haematoxylin only", "DAB only", "Residual only",
    ]  # fmt: skip
    assert reader.window.actions_table["stains_second"].isChecked()
    reader.trigger("stains_all")
    assert shown(reader).neutral
    assert stains.parts.currentIndex() == 0


def test_the_slide_is_shown_as_scanned_while_the_key_is_held(reader: Any) -> None:
    assert not reader.window.actions_table["compare"].isEnabled()
    adjusted = NEUTRAL.limited(gamma=1.5)
    reader.workspace.adjustments.show(adjusted)
    reader.activate()
    handle = reader.window.windowHandle()
    QTest.keyPress(handle, Key.Key_U)
    reader.settle()
    assert shown(reader) == NEUTRAL
    assert badge(reader) == "As scanned, without the adjustment"
    assert slider(reader, "gamma").value() != 0
    assert not reader.window.actions_table["compare"].autoRepeat()
    QTest.keyRelease(handle, Key.Key_U)
    reader.settle()
    assert shown(reader) == adjusted
    assert badge(reader) == "Adjusted picture: gamma"


def test_the_slide_is_shown_as_scanned_while_the_button_is_held(reader: Any) -> None:
    reader.workspace.adjustments.show(NEUTRAL.limited(gamma=1.5))
    front(reader)
    QTest.mousePress(panel(reader).compare, LEFT)
    reader.settle()
    assert shown(reader) == NEUTRAL
    QTest.mouseRelease(panel(reader).compare, LEFT)
    reader.settle()
    assert shown(reader).gamma == 1.5


def test_from_the_menu_comparing_lasts_until_it_is_chosen_again(reader: Any) -> None:
    reader.workspace.adjustments.show(NEUTRAL.limited(gamma=1.5))
    reader.trigger("compare")
    assert shown(reader) == NEUTRAL
    reader.key(Key.Key_Escape)
    assert shown(reader) == NEUTRAL, "another key was let go"
    reader.trigger("compare")
    assert shown(reader).gamma == 1.5


def test_a_change_ends_the_comparison(reader: Any) -> None:
    reader.workspace.adjustments.show(NEUTRAL.limited(gamma=1.5))
    reader.trigger("compare")
    slider(reader, "gamma").setValue(10)
    assert shown(reader) != NEUTRAL
    assert not reader.workspace.adjustments.comparing


def test_white_is_taken_from_the_glass(user: Any, stained: Path) -> None:
    user.open(stained)
    press(user, panel(user).buttons["white_from_glass"])
    assert np.array(TINT) * shown(user).gains == pytest.approx(255, abs=1.5)
    assert user.problems == []


def test_auto_makes_glass_white_and_tissue_dark(user: Any, stained: Path) -> None:
    user.open(stained)
    user.workspace.adjustments.show(NEUTRAL.limited(gamma=2.0, contrast=0.5))
    press(user, panel(user).buttons["auto_adjust"])
    assert shown(user).gamma == 1.0
    assert 1.0 < shown(user).contrast < 1.5
    assert shown(user).blue > shown(user).green > 1.0


def test_without_glass_it_says_so(reader: Any) -> None:
    press(reader, panel(reader).buttons["white_from_glass"])
    ((title, text),) = reader.problems
    assert title == "Cannot adjust the picture"
    assert "no bare glass stands out" in text
    assert shown(reader) == NEUTRAL


def test_stains_are_estimated_from_the_tissue(user: Any, stained: Path) -> None:
    user.open(stained)
    press(user, panel(user).stains.estimate)
    found = shown(user).stains
    assert found.title == "Estimated from this slide"
    assert np.dot(found.first, np.array((0.6, 0.7, 0.4)) / np.linalg.norm((0.6, 0.7, 0.4))) > 0.995
    assert np.dot(found.second, np.array((0.17, 0.85, 0.5)) / np.linalg.norm((0.17, 0.85, 0.5))) > 0.995
    assert np.array(TINT) * shown(user).gains == pytest.approx(255, abs=1.5)
    box = panel(user).stains.sets
    assert (box.count(), box.currentText()) == (3, "Estimated from this slide")


def test_an_adjustment_is_carried_to_another_slide(user: Any, stained: Path, made_tiff: Path) -> None:
    user.open(stained)
    assert not user.window.actions_table["paste_adjustment"].isEnabled()
    taken = Adjustment(contrast=1.5, blue=1.1, stains=H_DAB, part="first")
    user.workspace.adjustments.show(taken)
    press(user, panel(user).buttons["copy_adjustment"])
    user.open(made_tiff)
    assert shown(user) == NEUTRAL
    press(user, panel(user).buttons["paste_adjustment"])
    assert shown(user) == taken


def test_each_slide_keeps_its_own(start: Any, stained: Path, made_tiff: Path) -> None:
    user = start()
    user.open(stained)
    slider(user, "gamma").setValue(30)
    user.wait(lambda: kept(start) == 1)
    user.open(made_tiff)
    assert shown(user) == NEUTRAL
    slider(user, "saturation").setValue(-100)  # closed before the pause is over
    user.close()
    again = start(Settings(theme="light"))
    again.open(made_tiff)
    assert shown(again) == NEUTRAL.limited(saturation=0.0)
    assert badge(again) == "Adjusted picture: saturation"
    again.open(stained)
    assert shown(again).gamma == pytest.approx(2.5**0.3)
    assert slider(again, "gamma").value() == 30
    again.trigger("reset_adjustment")
    again.close()
    assert kept(start) == 1


def kept(start: Any) -> int:
    with closing(sqlite3.connect(f"file:{start.study / 'study.sqlite'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM adjustment").fetchone()[0])


def test_what_cannot_be_read_is_not_used(start: Any, stained: Path) -> None:
    user = start()
    user.open(stained)
    session = user.workspace.session
    user.workspace.study.set_adjustment(session.slide.info.fingerprint, '{"gamma": 1e9}')
    user.close()
    again = start()
    again.open(stained)
    assert shown(again) == NEUTRAL
    assert again.problems == []


def test_stains_of_a_slide_with_channels_cannot_be_told_apart(user: Any, fluorescence: Path) -> None:
    user.workspace.adjustments.copied = Adjustment(contrast=1.5, part="first")
    user.open(fluorescence)
    stains = panel(user).stains
    assert not stains.parts.isEnabled()
    assert not stains.estimate.isEnabled()
    assert not stains.reason.isHidden()
    assert "channels" in stains.reason.text()
    assert not user.window.actions_table["stains_first"].isEnabled()
    assert user.window.actions_table.reason("stains_first") == "needs a slide without channels"
    user.trigger("paste_adjustment")
    assert shown(user) == Adjustment(contrast=1.5)
    slider(user, "brightness").setValue(20)
    assert shown(user).brightness == pytest.approx(0.1)


def test_thumbnails_exports_and_models_see_the_slide(reader: Any) -> None:
    slide = reader.workspace.session.slide
    tiles = reader.workspace.scene.slide_tiles
    before = (slide.thumbnail(64), tiles.read_tile(tiles.pyramid.root))
    reader.workspace.adjustments.show(Adjustment(contrast=3.0, part="first"))
    after = (slide.thumbnail(64), tiles.read_tile(tiles.pyramid.root))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert reader.workspace.session.history.undo_label is None


def test_nothing_in_the_panel_is_cut_off_beside_its_scroll_bar(user: Any, stained: Path) -> None:
    user.open(stained)
    user.workspace.adjustments.show(Adjustment(brightness=-0.5, contrast=4.0, saturation=3.0, part="first"))
    press(user, panel(user).stains.estimate)
    front(user)
    assert panel(user).verticalScrollBar().isVisible()
    assert panel(user).widget().width() <= panel(user).viewport().width()


@pytest.mark.parametrize("width", [400, 700, 1200])
def test_the_badge_fits_the_canvas_and_leaves_the_scale_bar(reader: Any, width: int) -> None:
    window = reader.window
    everything = Adjustment(0.1, 1.1, 1.1, 1.1, 1.1, part="residual")
    reader.workspace.adjustments.show(everything)
    window.canvas_widget.resize(width, 400)
    window.badge.place()
    badge_place = window.badge.geometry()
    assert window.canvas_widget.rect().contains(badge_place)
    window.scale_bar.move(16, 400 - window.scale_bar.height() - 16)
    assert not badge_place.intersects(window.scale_bar.geometry())
    assert (
        window.badge.heightForWidth(badge_place.width()) <= badge_place.height()
        or not window.badge.wordWrap()
    )


def test_tab_goes_from_top_to_bottom(reader: Any) -> None:
    front(reader)
    reader.workspace.adjustments.show(Adjustment(contrast=2.0, part="first"))
    reader.activate()
    panel(reader).compare.setFocus()
    order: list[int] = []
    focused = QApplication.focusWidget()
    while focused is not None and panel(reader).isAncestorOf(focused):
        order.append(focused.mapTo(panel(reader).widget(), QPoint(0, focused.height() // 2)).y())
        QTest.keyClick(focused, Key.Key_Tab)
        reader.settle()
        focused = QApplication.focusWidget()
    assert len(order) > 12
    # Widgets of one row are not equally high.
    assert all(after >= before - 6 for before, after in pairwise(order))
