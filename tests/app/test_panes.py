"""Several views on the canvas: where they lie, which one is active, and what each shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication

from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.made import write_made_tiff

Key, Modifier = Qt.Key, Qt.KeyboardModifier
CARD = ModelCard("two", "1", Task.CLASSIFY, 1.0, 64, 64, ("Normal", "Tumor"), "Tumor", title="Two classes")


@pytest.fixture(params=[1.0, 1.5])
def pair(request: pytest.FixtureRequest, user: Any, tmp_path: Path) -> Any:
    """Return a window with two slides side by side, on a screen of plain and of high density."""
    user.native.ratio = request.param
    paths = [write_made_tiff(tmp_path / name, size) for name, size in
             (("left.tif", (1500, 1100)), ("right.tif", (900, 1300)))]  # fmt: skip
    user.workspace.open(*paths)
    user.wait(lambda: len(user.workspace.slides) == 2)
    QApplication.sendEvent(user.native, QEvent(QEvent.Type.DevicePixelRatioChange))
    user.trigger("views_beside")
    return user


def active(user: Any) -> int:
    panes = user.workspace.panes
    return int(panes.shown.index(panes.active))


def in_places(user: Any) -> list[str]:
    return ["" if pane.slide is None else pane.slide.name for pane in user.workspace.panes.shown]


def heat(user: Any) -> Heatmap:
    info = user.workspace.session.slide.info
    heatmap = Heatmap.create(None, make_grid(info, CARD), CARD, info)
    heatmap.write(np.array([[0, 0]]), np.array([[0.25, 0.75]], np.float32))
    user.workspace.runs._add(user.workspace.slide, "Two classes", heatmap)
    user.settle()
    return heatmap


@pytest.mark.parametrize(
    ("action", "places"), [("one", 1), ("beside", 2), ("stacked", 2), ("three", 3), ("four", 4)]
)
def test_layouts_show_open_slides_and_say_what_to_do_in_empty_places(
    pair: Any, action: str, places: int
) -> None:
    pair.trigger(f"views_{action}")
    shown = pair.shown_at
    assert len(shown) == places
    assert in_places(pair) == ["left.tif", "right.tif", "", ""][:places]
    for (area, frame), overlay in zip(sorted(shown.items()), pair.window.overlays.shown, strict=False):
        assert frame.viewport.size == area.size
        assert overlay.isVisible()
    hints = [overlay._hint.isVisible() for overlay in pair.window.overlays.shown]
    assert hints == [name == "" for name in in_places(pair)]
    assert pair.window.actions_table[f"views_{action}"].isChecked()


def test_keys_choose_the_layout_and_step_through_the_views(pair: Any) -> None:
    pair.key(Key.Key_4, Modifier.ControlModifier | Modifier.AltModifier)
    assert len(pair.workspace.panes.shown) == 4
    pair.key(Key.Key_2, Modifier.ControlModifier | Modifier.AltModifier)
    pair.key(Key.Key_F6)
    assert active(pair) == 1
    pair.key(Key.Key_F6, Modifier.ShiftModifier)
    assert active(pair) == 0


def test_a_click_makes_a_view_active_and_the_wheel_as_well(pair: Any) -> None:
    pair.press(pair.middle(1))
    pair.release(pair.middle(1))
    assert active(pair) == 1
    assert pair.shown.name == "right.tif"
    assert pair.window.windowTitle().startswith("right.tif")
    assert pair.window.tabs.currentIndex() == 1
    labels = [overlay.label for overlay in pair.window.overlays.shown]
    assert [label.property("active") for label in labels] == [False, True]
    assert [label.text().partition(" · ")[0] for label in labels] == ["left.tif", "right.tif"]
    before = {area: frame.viewport for area, frame in pair.shown_at.items()}
    pair.wheel(pair.middle(0), 3)
    assert active(pair) == 0
    left, right = pair.workspace.panes.areas
    after = {area: frame.viewport for area, frame in pair.shown_at.items()}
    assert after[left].downsample == pytest.approx(before[left].downsample / 2)
    assert after[right] == before[right]


def test_the_point_under_the_cursor_stays_in_a_view_that_is_not_in_the_corner(pair: Any) -> None:
    pair.trigger("next_view")
    pair.trigger("zoom_full")
    at = pair.at(500, 700)
    pair.wheel(at, 2)
    assert pair.under(at) == pytest.approx((500, 700), abs=1e-6)
    pair.drag(at, at + QPointF(40, -30))
    assert pair.under(at + QPointF(40, -30)) == pytest.approx((500, 700), abs=1e-6)
    pair.tool("rectangle")
    pair.drag(pair.at(400, 600), pair.at(600, 800))
    (drawn,) = pair.workspace.session.annotations
    assert drawn.geometry.bounds == pytest.approx((400, 600, 600, 800), abs=1)


def test_a_drag_that_leaves_its_view_goes_on_there(pair: Any) -> None:
    pair.trigger("zoom_full")
    start, end = pair.middle(0), pair.middle(1)
    x, y = pair.under(start)
    pair.drag(start, end)
    assert active(pair) == 0
    assert pair.workspace.session.slide.info.box.width > 0
    moved = pair.under(start)
    assert moved[0] < x
    assert moved[1] == pytest.approx(y)


def test_the_status_bar_tells_what_is_under_the_cursor_in_any_view(pair: Any) -> None:
    pane = pair.workspace.panes.shown[1]
    area = pair.workspace.panes.area(pane)
    sx, sy = pane.state.viewport.to_screen(450.5, 650.5)
    pair.hover(QPointF((area.x + sx) / pair.native.ratio, (area.y + sy) / pair.native.ratio))
    assert active(pair) == 0, "only looking there changes nothing"
    x, y = (int(word) for word in re.findall(r"\d+", pair.window.status_line.position.text())[:2])
    assert (x, y) == pytest.approx((450, 650), abs=1)


def test_the_separator_is_dragged(pair: Any) -> None:
    left, right = pair.workspace.panes.areas
    between = QPointF((left.width + (right.x - left.width) / 2) / pair.native.ratio, 200)
    pair.hover(between)
    assert pair.native.cursor().shape() == Qt.CursorShape.SplitHCursor
    pair.drag(between, between - QPointF(150, 0))
    areas = pair.workspace.panes.areas
    assert areas[0].width == pytest.approx(left.width - 150 * pair.native.ratio, abs=2)
    assert [frame.viewport.size for _, frame in sorted(pair.shown_at.items())] == [a.size for a in areas]
    pair.hover(pair.middle(0))
    assert pair.native.cursor().shape() == Qt.CursorShape.OpenHandCursor


def test_a_tab_goes_into_the_active_place_or_activates_where_it_is_shown(pair: Any, tmp_path: Path) -> None:
    pair.trigger("next_view")
    pair.open(write_made_tiff(tmp_path / "third.tif", (800, 800)))
    assert in_places(pair) == ["left.tif", "third.tif"]
    pair.workspace.panes.show(pair.workspace.slides[0])
    assert active(pair) == 0
    assert in_places(pair) == ["left.tif", "third.tif"]
    pair.workspace.panes.show(pair.workspace.slides[1])
    assert in_places(pair) == ["right.tif", "third.tif"]
    assert pair.window.tabs.currentIndex() == 1


def test_closing_puts_the_next_slide_there_or_leaves_the_place_empty(pair: Any, tmp_path: Path) -> None:
    pair.open(write_made_tiff(tmp_path / "third.tif", (800, 800)))
    assert in_places(pair) == ["third.tif", "right.tif"]
    pair.trigger("close")
    assert in_places(pair) == ["left.tif", "right.tif"]
    pair.trigger("close")
    assert in_places(pair) == ["", "right.tif"]
    assert pair.workspace.session is None
    assert not pair.window.welcome.isVisible()
    assert not pair.window.actions_table["zoom_in"].isEnabled()
    pair.wheel(pair.middle(0), 3)
    pair.press(pair.middle(0))
    pair.release(pair.middle(0))
    assert pair.window.status_line.position.text() == ""
    pair.press(pair.middle(1))
    pair.release(pair.middle(1))
    assert pair.shown.name == "right.tif"
    pair.trigger("close")
    assert pair.window.welcome.isVisible()
    assert len(pair.workspace.panes.shown) == 1


def test_the_same_slide_is_shown_twice_each_with_its_own_view(pair: Any) -> None:
    pair.trigger("views_one")
    pair.trigger("show_again")
    assert in_places(pair) == ["left.tif", "left.tif"]
    assert active(pair) == 1
    pair.trigger("zoom_full")
    first, second = (frame.viewport.downsample for _, frame in sorted(pair.shown_at.items()))
    assert first > second == 1.0
    pair.tool("rectangle")
    pair.drag(pair.at(700, 500), pair.at(800, 600))
    assert [len(frame.outlines) for frame in pair.shown_at.values()] == [1, 1]
    pair.trigger("show_again")
    assert in_places(pair) == ["left.tif", "left.tif", "left.tif"]
    pair.trigger("close")
    assert in_places(pair) == ["right.tif", "", ""]


def test_two_views_of_a_slide_show_two_classes_of_a_heatmap(pair: Any) -> None:
    pair.trigger("views_one")
    heatmap = heat(pair)
    pair.trigger("show_again")
    pair.workspace.set_layer("Two classes", channel=0)
    sources = [frame.rasters[1].source for _, frame in sorted(pair.shown_at.items())]
    assert sources == [heatmap.channel(1), heatmap.channel(0)]
    assert heatmap.channel(1) not in pair.canvas.forgotten
    pair.workspace.set_layer("Two classes", channel=1)
    assert heatmap.channel(0) in pair.canvas.forgotten
    assert heatmap.channel(1) not in pair.canvas.forgotten


def test_a_heatmap_comes_into_all_views_of_its_slide(pair: Any) -> None:
    pair.trigger("views_one")
    pair.trigger("show_again")
    heat(pair)
    assert [len(frame.rasters) for frame in pair.shown_at.values()] == [2, 2]
    pair.trigger("toggle_heatmap")
    assert sorted(len(frame.rasters) for frame in pair.shown_at.values()) == [1, 2]


def test_a_deleted_annotation_is_selected_nowhere(pair: Any) -> None:
    pair.trigger("views_one")
    pair.tool("rectangle")
    pair.drag(pair.at(300, 300), pair.at(600, 600))
    pair.trigger("show_again")
    pair.trigger("delete")
    assert [pane.state.selection for pane in pair.workspace.panes.shown] == [frozenset(), frozenset()]


def test_a_click_elsewhere_does_not_drop_a_half_drawn_shape(pair: Any) -> None:
    pair.tool("polygon")
    for x, y in ((300, 300), (600, 300), (600, 600)):
        pair.click(x, y)
    pair.press(pair.middle(1))
    pair.release(pair.middle(1))
    assert active(pair) == 0
    assert "Finish the shape" in pair.window.statusBar().currentMessage()
    assert pair.frame.preview is not None


def test_fewer_views_keep_the_active_one_and_the_others_come_back_as_they_were(pair: Any) -> None:
    pair.trigger("zoom_full")
    left = pair.frame.viewport
    pair.trigger("next_view")
    pair.trigger("views_one")
    assert in_places(pair) == ["right.tif"]
    pair.trigger("views_beside")
    assert in_places(pair) == ["right.tif", "left.tif"]
    pair.workspace.panes.activate(pair.workspace.panes.shown[1])
    assert pair.frame.viewport.downsample == left.downsample
    assert pair.frame.viewport.center == pytest.approx(left.center, abs=1), "but for whole pixels"


def test_settled_means_all_views(pair: Any) -> None:
    pair.wait(lambda: pair.window.settled)
    pair.canvas.slow = True
    assert not pair.window.settled
    pair.canvas.slow = False
    assert pair.window.settled


def test_guides_and_scale_bars_lie_over_each_view(pair: Any) -> None:
    pair.trigger("toggle_crosshair")
    overlays = pair.window.overlays.shown
    assert [overlay.guides.crosshair for overlay in overlays] == [True, True]
    assert all(overlay.scale_bar.isVisible() for overlay in overlays)
    for overlay, area in zip(overlays, pair.workspace.panes.areas, strict=True):
        ratio = pair.native.ratio
        place = overlay.geometry()
        assert place.x() == pytest.approx(area.x / ratio, abs=1)
        assert place.width() == pytest.approx(area.width / ratio, abs=1)
        assert overlay.rect().contains(overlay.scale_bar.geometry())
