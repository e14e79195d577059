"""The magnifier with the hands of a user: a held key, a switch, and the cursor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pathview.app.magnifier import EDGE
from pathview.view.picture import Placed

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


def lens(user: Any) -> Placed | None:
    """Return what the canvas is told to draw over the panes."""
    user.settle()
    found = [placed for placed in user.canvas.pictures[-1].placed if placed.over]
    assert len(found) <= 1
    assert [placed.over for placed in user.canvas.pictures[-1].placed][:-1].count(True) == 0, (
        "it is drawn last"
    )
    return found[0] if found else None


def shown(user: Any) -> Placed:
    found = lens(user)
    assert found is not None, "there is no magnifier"
    return found


def hold(user: Any, key: Qt.Key = Key.Key_Q) -> None:
    user.activate()
    QTest.keyPress(user.window.windowHandle(), key)
    user.settle()


def let_go(user: Any, key: Qt.Key = Key.Key_Q) -> None:
    QTest.keyRelease(user.window.windowHandle(), key)
    user.settle()


def test_it_is_there_while_its_key_is_held(reader: Any) -> None:
    reader.hover(reader.at(700, 500))
    assert lens(reader) is None
    hold(reader)
    view, glass = reader.workspace.view.state.viewport, shown(reader)
    assert glass.frame.viewport.downsample == view.downsample / 2
    assert glass.area.size == (EDGE, EDGE)
    assert reader.window.lens_frame.isVisible()
    let_go(reader)
    assert lens(reader) is None
    assert not reader.window.lens_frame.isVisible()


def test_it_follows_the_cursor_and_shows_what_is_under_it(reader: Any) -> None:
    reader.trigger("toggle_magnifier")
    for place in ((700.0, 500.0), (900.0, 300.0)):
        at = reader.at(*place)
        reader.hover(at)
        glass = shown(reader)
        middle = (glass.area.x + EDGE / 2, glass.area.y + EDGE / 2)
        assert middle == pytest.approx((at.x(), at.y()), abs=0.51)
        # Snapped to the pixels of the slide, by half a screen pixel at the most.
        assert glass.frame.viewport.center == pytest.approx(place, abs=0.51 * glass.frame.viewport.downsample)
    reader.key(Key.Key_Q, SHIFT)
    assert lens(reader) is None


def test_its_tiles_are_asked_for_and_it_is_as_turned_as_the_view(reader: Any) -> None:
    reader.trigger("rotate_right")
    reader.trigger("magnifier_4x")
    reader.trigger("toggle_magnifier")
    reader.hover(reader.at(700, 500))
    glass = shown(reader)
    assert glass.frame.viewport.rotation == 90.0
    assert glass.frame.rasters[0].source is reader.workspace.scene.slide_tiles
    wishes = reader.canvas.pictures[-1].wishes
    assert any(plan is glass.frame.rasters[0].plan for _, plan in wishes)


def test_it_shows_the_picture_as_adjusted_and_the_annotations(reader: Any) -> None:
    reader.tool("rectangle")
    reader.drag(reader.at(600, 400), reader.at(800, 600))
    reader.window.panels.contents.image.sliders["gamma"][0].setValue(140)
    reader.settle()
    reader.tool("pan")
    reader.trigger("toggle_magnifier")
    reader.hover(reader.at(700, 500))
    glass, behind = shown(reader).frame, reader.frame
    assert glass.rasters[0].layer == behind.rasters[0].layer
    assert [a.id for a in glass.outlines] == [a.id for a in behind.outlines] != []


def test_zooming_goes_on_under_it(reader: Any) -> None:
    at = reader.at(700, 500)
    reader.trigger("toggle_magnifier")
    reader.hover(at)
    before = shown(reader).frame.viewport.downsample
    reader.wheel(at, 3)
    assert shown(reader).frame.viewport.downsample == pytest.approx(before / 2)


def test_one_to_one_is_one_to_one_and_said_so(reader: Any) -> None:
    reader.trigger("magnifier_full")
    reader.trigger("toggle_magnifier")
    reader.hover(reader.at(700, 500))
    assert shown(reader).frame.viewport.downsample == 1.0
    assert reader.window.lens_frame.text.endswith("× larger · 40×")


def test_at_the_edge_it_is_cut_off_and_beside_the_slide_s_pane_it_is_gone(reader: Any) -> None:
    reader.trigger("toggle_magnifier")
    reader.hover(QPointF(10, 20))
    glass = shown(reader)
    assert (glass.area.x, glass.area.y) == (10 - EDGE // 2, 20 - EDGE // 2)
    assert glass.visible == (0, 0, 10 + EDGE // 2, 20 + EDGE // 2)
    QApplication.sendEvent(reader.native, QEvent(QEvent.Type.Leave))
    assert lens(reader) is None


def test_it_magnifies_the_pane_under_the_cursor(user: Any, made_tiff: Path, bare_tiff: Path) -> None:
    user.open(made_tiff)
    user.open(bare_tiff)
    user.trigger("views_beside")
    user.trigger("toggle_magnifier")
    places = user.workspace.panes.areas
    sources = []
    for number, area in enumerate(places):
        user.hover(user.middle(number))
        glass = shown(user)
        assert glass.visible == glass.area.common(area)
        sources.append(glass.frame.rasters[0].source)
    assert sources == [pane.slide.tiles for pane in user.workspace.panes.shown]
    assert sources[0] is not sources[1]


def test_on_a_dense_screen_it_is_as_large_to_the_eye(start: Any, made_tiff: Path) -> None:
    user = start()
    user.native.ratio = 2.0
    user.window.resize(1390, 890)
    user.open(made_tiff)
    user.trigger("toggle_magnifier")
    user.hover(user.at(700, 500))
    assert shown(user).area.size == (2 * EDGE, 2 * EDGE)


def test_without_a_slide_there_is_none(user: Any) -> None:
    assert not user.window.actions_table["magnifier"].isEnabled()


def test_at_rest_nothing_is_drawn_again(reader: Any) -> None:
    reader.trigger("toggle_magnifier")
    reader.hover(reader.at(700, 500))
    # What is read ahead still comes; the recording canvas takes a picture for it, a real one draws none.
    counters = reader.workspace.loader.counters
    reader.wait(lambda: not counters().waiting and not counters().reading)
    reader.settle()
    before = reader.window.canvas_widget.frames
    for _ in range(5):
        reader.settle()
    assert reader.window.canvas_widget.frames == before


def test_over_a_slide_that_is_laid_over_another_it_magnifies_that_one(
    user: Any, made_tiff: Path, bare_tiff: Path
) -> None:
    user.open(made_tiff)
    user.open(bare_tiff)
    user.trigger("toggle_magnifier")
    user.trigger("swipe")
    area = user.workspace.panes.areas[0]
    sources = []
    for share in (0.25, 0.75):
        user.hover(QPointF(area.width * share, area.height / 2))
        glass = shown(user)
        assert glass.visible.width <= EDGE
        source: Any = glass.frame.rasters[0].source
        sources.append(source.slide.info.path.name)
    assert sources == ["bare.tif", "made.tif"]
    before = user.window.canvas_widget.frames
    for _ in range(5):
        user.settle()
    assert user.window.canvas_widget.frames == before, "it is not drawn anew for ever"
