"""Several open slides: tabs, and what belongs to each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QTabBar

from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.made import write_made_tiff
from pathview.slides.slide import Slide
from pathview.startup.settings import load_settings
from pathview.view.adjust import Adjustment

Key, Modifier = Qt.Key, Qt.KeyboardModifier
CARD = ModelCard("two", "1", Task.CLASSIFY, 1.0, 64, 64, ("Normal", "Tumor"), "Tumor", title="Two classes")
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def slides(tmp_path: Path) -> list[Path]:
    sizes = {"a.tif": (1500, 1100), "b & c.tif": (900, 1300), "d.tif": (2000, 700)}
    return [write_made_tiff(tmp_path / name, size) for name, size in sizes.items()]


@pytest.fixture
def several(user: Any, slides: list[Path]) -> Any:
    """Return a window with three slides behind tabs, the first one in front."""
    user.workspace.open(*slides)
    user.wait(lambda: len(user.workspace.slides) == 3)
    user.settle()
    return user


def names(user: Any) -> list[str]:
    tabs = user.window.tabs
    return [tabs.tabText(number) for number in range(tabs.count())]


def on_tab(user: Any, number: int, act: Callable[..., None], button: Qt.MouseButton) -> None:
    act(user.window.tabs, button, Modifier.NoModifier, user.window.tabs.tabRect(number).center())
    user.settle()


def test_slides_asked_for_together_open_in_this_order_with_the_first_in_front(
    several: Any, slides: list[Path]
) -> None:
    assert several.shown == slides[0]
    assert names(several) == ["a.tif", "b && c.tif", "d.tif"]
    tabs = several.window.tabs
    assert tabs.isVisible()
    assert tabs.currentIndex() == 0
    assert tabs.tabToolTip(1) == str(slides[1])
    assert load_settings().recent[0] in {str(path) for path in slides}


def test_one_slide_needs_no_tabs(reader: Any) -> None:
    assert not reader.window.tabs.isVisible()


def test_a_click_on_a_tab_shows_its_slide_as_it_was_left(several: Any, slides: list[Path]) -> None:
    several.trigger("zoom_full")
    several.wheel(several.at(400, 300), 3)
    view = several.frame.viewport
    on_tab(several, 2, QTest.mouseClick, LEFT)
    assert several.shown == slides[2]
    assert several.frame.viewport.box().x1 >= 2000
    assert several.window.windowTitle().startswith("d.tif")
    on_tab(several, 0, QTest.mouseClick, LEFT)
    assert several.shown == slides[0]
    assert several.frame.viewport == view


def test_keys_step_through_the_tabs_and_round_the_ends(several: Any, slides: list[Path]) -> None:
    several.key(Key.Key_Tab, Modifier.ControlModifier)
    assert several.shown == slides[1]
    several.key(Key.Key_PageDown, Modifier.ControlModifier)
    assert several.shown == slides[2]
    several.key(Key.Key_Tab, Modifier.ControlModifier)
    assert several.shown == slides[0]
    several.key(Key.Key_PageUp, Modifier.ControlModifier)
    assert several.shown == slides[2]
    QTest.keyClick(
        several.window.windowHandle(), Key.Key_Backtab, Modifier.ControlModifier | Modifier.ShiftModifier
    )
    several.settle()
    assert several.shown == slides[1]


def test_tabs_close_by_key_cross_and_middle_button(several: Any, slides: list[Path]) -> None:
    tabs = several.window.tabs
    cross = tabs.tabButton(1, QTabBar.ButtonPosition.RightSide)
    assert isinstance(cross, QAbstractButton)
    cross.click()
    several.settle()
    assert names(several) == ["a.tif", "d.tif"]
    assert several.shown == slides[0], "what closes behind a tab changes nothing in sight"
    several.key(Key.Key_W, Modifier.ControlModifier)
    assert several.shown == slides[2]
    assert not tabs.isVisible()
    several.workspace.open(slides[0])
    several.wait(lambda: several.shown == slides[0])
    on_tab(several, 1, QTest.mouseClick, MIDDLE)
    assert several.shown == slides[2]
    several.key(Key.Key_W, Modifier.ControlModifier)
    assert several.window.welcome.isVisible()


def test_the_slide_beside_follows_one_that_closes(several: Any, slides: list[Path]) -> None:
    on_tab(several, 1, QTest.mouseClick, LEFT)
    several.trigger("close")
    assert several.shown == slides[2]
    several.trigger("close")
    assert several.shown == slides[0]


def test_a_tab_is_dragged_to_another_place(several: Any, slides: list[Path]) -> None:
    tabs = several.window.tabs
    start, end = tabs.tabRect(0).center(), tabs.tabRect(2).center() + QPoint(8, 0)
    QTest.mousePress(tabs, LEFT, Modifier.NoModifier, start)
    for step in range(1, 11):
        QTest.mouseMove(tabs, start + (end - start) * step / 10)
        several.settle()
    QTest.mouseRelease(tabs, LEFT, Modifier.NoModifier, end)
    several.wait(lambda: names(several) == ["b && c.tif", "d.tif", "a.tif"])
    assert [slide.name for slide in several.workspace.slides] == ["b & c.tif", "d.tif", "a.tif"]
    several.wait(lambda: several.shown == slides[0])
    several.trigger("next_slide")
    assert several.shown == slides[1]


def test_dropped_files_open_behind_tabs(user: Any, slides: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in slides])
    where, copy = QPointF(200, 200), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where.toPoint(), copy, data, LEFT, Modifier.NoModifier)
    QApplication.sendEvent(user.window, enter)
    QApplication.sendEvent(user.window, QDropEvent(where, copy, data, LEFT, Modifier.NoModifier))
    user.wait(lambda: len(user.workspace.slides) == 3)
    assert user.shown == slides[0]


def test_one_that_cannot_be_opened_keeps_no_other_from_it(user: Any, slides: list[Path]) -> None:
    user.workspace.open(slides[0].with_name("gone.tif"), *slides[:2])
    user.wait(lambda: len(user.workspace.slides) == 2 and bool(user.problems))
    assert "gone.tif" in user.problems[0][1]
    assert user.shown in slides
    assert user.window.status_line.busy == ""


def test_annotations_undo_and_selection_stay_with_their_slide(several: Any) -> None:
    actions = several.window.actions_table
    several.tool("rectangle")
    several.drag(several.at(100, 100), several.at(400, 400))
    assert several.workspace.view.state.selection
    several.trigger("next_slide")
    assert several.frame.outlines == ()
    assert not several.workspace.view.state.selection
    assert not actions["undo"].isEnabled()
    assert several.workspace.view.state.tool == "rectangle", "the tool stays in the hand"
    several.trigger("previous_slide")
    assert several.workspace.view.state.selection
    several.trigger("undo")
    assert several.frame.outlines == ()


def test_each_slide_has_its_own_views_to_go_back_to(several: Any) -> None:
    visited = several.window.canvas_widget.visited
    visited.note()
    several.trigger("zoom_full")
    visited.note()
    several.trigger("next_slide")
    here = several.frame.viewport
    several.trigger("back")
    assert several.frame.viewport == here, "one does not go back to another slide's place"
    several.trigger("previous_slide")
    several.trigger("back")
    assert several.frame.viewport.downsample > 1


def test_an_adjustment_stays_with_its_slide_and_is_kept(several: Any) -> None:
    bright = Adjustment(brightness=0.2)
    several.workspace.adjustments.show(bright)
    several.trigger("next_slide")
    assert several.workspace.adjustments.current.neutral
    assert several.window.badge.isHidden()
    fingerprint = several.workspace.slides[0].session.slide.info.fingerprint
    assert several.workspace.study.adjustment(fingerprint) == bright.to_json()
    several.trigger("previous_slide")
    assert several.workspace.adjustments.current == bright
    assert several.window.badge.isVisible()


def test_colours_are_converted_on_all_slides(several: Any) -> None:
    before = [slide.tiles for slide in several.workspace.slides]
    several.trigger("colour_profile")
    after = [slide.tiles for slide in several.workspace.slides]
    assert not set(before) & set(after)
    assert set(before) <= set(several.canvas.forgotten)


def test_a_half_drawn_shape_stays_behind_when_another_tab_is_chosen(several: Any) -> None:
    several.tool("polygon")
    for x, y in ((100, 100), (500, 100), (500, 400)):
        several.click(x, y)
    several.trigger("next_slide")
    several.hover(several.at(300, 300))
    assert several.frame.preview is None


def test_a_run_goes_on_behind_a_tab_and_its_heatmap_with_it(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "large.tif", (6000, 5000)))
    (large,) = user.workspace.slides
    user.trigger("run")
    user.wait(lambda: user.workspace.runs.status.done > 0, 60)
    user.open(write_made_tiff(tmp_path / "small.tif", (1200, 900)))
    assert user.workspace.runs.status is None
    assert user.workspace.runs.heatmaps == {}
    assert not user.window.actions_table["cancel"].isEnabled()
    if large.run.going:
        user.wait(lambda: user.window.status_line.meter.text.startswith("large.tif: "))
    # One more, on this slide: it has its turn after the first.
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.under_way, 120)
    user.settle()
    assert not user.window.status_line.meter.isVisible()
    assert [raster.layer.name for raster in user.frame.rasters] == ["Slide", "Texture (demonstration)"]
    user.trigger("previous_slide")
    (heatmap,) = user.workspace.runs.heatmaps.values()
    assert heatmap.progress.done == heatmap.progress.total
    assert user.window.panels.contents.layers.block("Texture (demonstration)")
    assert [raster.layer.name for raster in user.frame.rasters] == ["Slide", "Texture (demonstration)"]
    assert user.problems == []


def test_the_window_closes_all_slides(several: Any) -> None:
    closed: list[str] = []
    several.workspace.slide_closed.connect(lambda slide: closed.append(slide.name))
    several.window.close()
    assert sorted(closed) == ["a.tif", "b & c.tif", "d.tif"]
    assert several.workspace.slides == []


def test_the_overview_of_a_slide_that_was_in_front_is_there_at_once(
    several: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    overview = several.window.docks["overview"].widget()

    def shown() -> bool:
        return overview._pixmap is not None and several.workspace.background.idle

    several.wait(shown)
    first = overview._pixmap
    several.trigger("next_slide")
    several.wait(shown)
    assert overview._pixmap is not first
    read: list[int] = []
    monkeypatch.setattr(Slide, "thumbnail", lambda *arguments: read.append(1))
    several.trigger("previous_slide")
    assert overview._pixmap is first
    several.wait(lambda: several.workspace.background.idle)
    assert read == []


def test_a_heatmap_comes_to_a_slide_behind_a_tab(several: Any) -> None:
    behind = several.workspace.slides[1]
    info = behind.session.slide.info
    heatmap = Heatmap.create(None, make_grid(info, CARD), CARD, info)
    several.workspace.runs._add(behind, "Two classes", heatmap)
    assert [raster.layer.name for raster in several.frame.rasters] == ["Slide"]
    several.trigger("next_slide")
    assert [raster.layer.name for raster in several.frame.rasters] == ["Slide", "Two classes"]
