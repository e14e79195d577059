"""Linked views with the hands of a user: the switch, landmarks, the panel, a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from pathview.app.docks.links import LinksDock
from pathview.app.open_slide import Pane
from pathview.slides.made import write_made_tiff
from pathview.view.viewport import Viewport

Key = Qt.Key
CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


@pytest.fixture
def coarse_tiff(tmp_path: Path) -> Path:
    """Return a slide of 1500 x 1100 pixels, twice as large as those of the other one."""
    return write_made_tiff(tmp_path / "coarse.tif", mpp=0.5)


@pytest.fixture
def two(user: Any, made_tiff: Path, coarse_tiff: Path) -> Any:
    """Return a window with two slides side by side; the coarse one is on the right, and active."""
    beside(user, made_tiff, coarse_tiff)
    return user


def beside(user: Any, left: Path, right: Path) -> None:
    user.open(left)
    user.trigger("views_beside")
    user.workspace.open(right)
    user.wait(lambda: len(user.workspace.slides) == 2)
    user.wait(lambda: user.workspace.background.idle)
    panes = user.workspace.panes
    names = {pane.slide.name for pane in panes.shown if pane.slide is not None}
    if names != {left.name, right.name}:
        missing = next(s for s in user.workspace.slides if s.name not in names)
        panes.put_beside(missing.resting or Pane(missing, panes.active.state))
    user.settle()


def pane(user: Any, name: str) -> Any:
    (found,) = (p for p in user.workspace.panes.shown if p.slide is not None and p.slide.name == name)
    return found


def activate(user: Any, name: str) -> None:
    user.workspace.panes.activate(pane(user, name))
    user.settle()


def view(user: Any, name: str) -> Viewport:
    found = pane(user, name).state.viewport
    assert isinstance(found, Viewport)
    return found


def panel(user: Any) -> LinksDock:
    found = user.window.findChild(LinksDock)
    assert isinstance(found, LinksDock)
    return found


def listed(user: Any) -> list[str]:
    pairs = panel(user).pairs
    return [pairs.item(row).text() for row in range(pairs.count())]


def click(user: Any, name: str, x: float, y: float) -> None:
    """Click a place of a slide, as a user does: the pane becomes active by that."""
    there = pane(user, name)
    area = user.workspace.panes.area(there)
    sx, sy = there.state.viewport.snapped().to_screen(x, y)
    at = QPointF((area.x + sx) / user.native.ratio, (area.y + sy) / user.native.ratio)
    user.hover(at)
    user.press(at)
    user.release(at)
    user.settle()


def turned(x: float, y: float) -> tuple[float, float]:
    """Where a place of made.tif lies on coarse.tif: half the pixels, and a quarter turn about a point."""
    return 900 - 0.5 * (y - 500), 500 + 0.5 * (x - 700)


def test_the_switch_lets_the_other_view_follow_in_true_size(two: Any) -> None:
    activate(two, "made.tif")
    two.key(Key.Key_S, CTRL_ALT)
    assert two.window.actions_table["link_views"].isChecked()
    for _ in range(2):
        fine, coarse = view(two, "made.tif"), view(two, "coarse.tif")
        # 0.25 and 0.5 um/px: the same place from the middle, as large on the screen.
        assert coarse.downsample == pytest.approx(fine.downsample / 2)
        assert coarse.center == pytest.approx((fine.center[0] / 2, fine.center[1] / 2))
        two.trigger("power_20")
        two.drag(two.middle(0), two.middle(0) + QPointF(60, -40))
    two.trigger("rotate_right")
    assert view(two, "coarse.tif").rotation == 90
    two.trigger("flip")
    assert view(two, "coarse.tif").flipped


def test_either_view_may_lead(two: Any) -> None:
    activate(two, "made.tif")
    two.trigger("link_views")
    activate(two, "coarse.tif")
    two.workspace.look(Viewport((700.0, 600.0), 0.5, view(two, "coarse.tif").size))
    assert view(two, "made.tif").center == pytest.approx((1400, 1200))
    assert view(two, "made.tif").downsample == pytest.approx(1.0)
    before = view(two, "made.tif")
    activate(two, "made.tif")
    assert view(two, "made.tif") == before, "another active view is no move"


def test_unlinked_views_move_alone(two: Any) -> None:
    activate(two, "made.tif")
    two.trigger("link_views")
    two.trigger("link_views")
    before = view(two, "coarse.tif")
    two.trigger("power_20")
    assert view(two, "coarse.tif") == before


def test_views_linked_as_they_lie_keep_their_offset(two: Any) -> None:
    for name, at, turn in (("made.tif", (600.0, 400.0), 0.0), ("coarse.tif", (900.0, 700.0), 30.0)):
        activate(two, name)
        two.workspace.look(Viewport(at, 1.0, view(two, name).size, turn))
    activate(two, "made.tif")
    two.trigger("link_as_now")
    assert view(two, "coarse.tif").center == pytest.approx((900, 700))
    assert view(two, "coarse.tif").rotation == pytest.approx(30)
    two.trigger("rotate_right")
    assert view(two, "coarse.tif").rotation == pytest.approx(120)
    assert view(two, "coarse.tif").center == pytest.approx((900, 700))
    assert listed(two) == []
    assert panel(two).words.text().startswith("Linked as the views lay")


def test_clicks_on_both_slides_are_a_pair_and_pairs_turn_the_view(two: Any) -> None:
    activate(two, "made.tif")
    two.trigger("tool_landmark")
    click(two, "made.tif", 300, 300)
    assert panel(two).words.text().startswith("Clicked on made.tif")
    click(two, "coarse.tif", *turned(300, 300))
    assert len(listed(two)) == 1
    assert two.workspace.slide.name == "coarse.tif"
    click(two, "coarse.tif", *turned(1200, 800))
    click(two, "made.tif", 1200, 800)
    assert len(listed(two)) == 2
    assert two.window.actions_table["link_views"].isChecked()
    activate(two, "made.tif")
    two.tool("pan")
    two.workspace.look(Viewport((700.0, 500.0), 1.0, view(two, "made.tif").size))
    coarse = view(two, "coarse.tif")
    # A click meets a screen pixel, of which some are two slide pixels wide here.
    assert coarse.center == pytest.approx((900, 500), abs=3)
    assert coarse.rotation == pytest.approx(270, abs=0.5)
    assert coarse.downsample == pytest.approx(0.5)


def test_while_landmarks_are_set_views_move_alone(two: Any) -> None:
    activate(two, "made.tif")
    two.trigger("link_views")
    two.trigger("tool_landmark")
    before = view(two, "coarse.tif")
    two.trigger("power_20")
    assert view(two, "coarse.tif") == before
    two.tool("pan")
    assert view(two, "coarse.tif") != before


def test_the_panel_removes_pairs_and_chooses_the_fit(two: Any) -> None:
    activate(two, "made.tif")
    links = two.workspace.links
    two.trigger("tool_landmark")
    for place in ((300, 300), (1200, 800), (400, 900)):
        click(two, "made.tif", *place)
        click(two, "coarse.tif", *turned(*place))
    activate(two, "made.tif")
    two.trigger("links")
    assert panel(two).isVisible()
    assert len(listed(two)) == 3
    assert "3 pairs" in panel(two).words.text()
    panel(two).fit.setCurrentIndex(2)
    panel(two).fit.activated.emit(2)
    assert links.link().fit == "affine"
    assert max(links.residuals()) < 1e-6
    panel(two).pairs.setCurrentRow(1)
    panel(two).pairs.setFocus()
    QTest.keyClick(panel(two).pairs, Key.Key_Delete)
    assert len(listed(two)) == 2
    assert "Three pairs are needed" in panel(two).words.text()
    panel(two).pairs.item(0).setSelected(True)
    QTest.mouseClick(panel(two).remove, Qt.MouseButton.LeftButton)
    assert len(listed(two)) == 1
    spot = panel(two).pairs.visualItemRect(panel(two).pairs.item(0)).center()
    QTest.mouseClick(panel(two).pairs.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseDClick(panel(two).pairs.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert view(two, "made.tif").center == pytest.approx((400, 900), abs=3)


def test_marks_lie_on_both_slides(two: Any) -> None:
    activate(two, "made.tif")
    two.trigger("tool_landmark")
    click(two, "made.tif", 300, 300)
    marks = two.window.landmarks
    assert marks.isVisible()
    assert [(p.slide.name, text) for p, _, text in marks.marks()] == [("made.tif", "?")]
    click(two, "coarse.tif", 500, 500)
    assert sorted((p.slide.name, text) for p, _, text in marks.marks()) == [
        ("coarse.tif", "1"),
        ("made.tif", "1"),
    ]
    two.tool("pan")
    assert not marks.isVisible(), "only while they are set, or their panel is in front"


def test_links_survive_a_restart_whichever_slide_is_active(
    start: Any, made_tiff: Path, coarse_tiff: Path
) -> None:
    user = start()
    beside(user, made_tiff, coarse_tiff)
    activate(user, "coarse.tif")
    user.trigger("tool_landmark")
    for place in ((300, 300), (1200, 800)):
        click(user, "coarse.tif", *turned(*place))
        click(user, "made.tif", *place)
    activate(user, "made.tif")
    kept = user.workspace.links.link()
    assert len(kept.pairs) == 2
    user.close()
    again = start()
    beside(again, made_tiff, coarse_tiff)
    activate(again, "made.tif")
    assert again.workspace.links.link() == kept
    activate(again, "coarse.tif")
    assert again.workspace.links.link() == kept.swapped()
    assert len(listed(again)) == 2


def test_without_pixel_sizes_views_are_linked_as_they_lie(
    user: Any, made_tiff: Path, bare_tiff: Path
) -> None:
    beside(user, made_tiff, bare_tiff)
    activate(user, "made.tif")
    other = view(user, "bare.tif")
    user.trigger("link_views")
    assert view(user, "bare.tif").center == pytest.approx(other.center)
    assert view(user, "bare.tif").downsample == pytest.approx(other.downsample)
    ratio = other.downsample / view(user, "made.tif").downsample
    user.trigger("zoom_in")
    user.wait(lambda: not user.window.canvas_widget.motions.going)
    assert view(user, "bare.tif").downsample == pytest.approx(ratio * view(user, "made.tif").downsample)


def test_two_views_of_one_slide_look_at_the_same_place(reader: Any) -> None:
    reader.trigger("show_again")
    reader.trigger("link_views")
    reader.workspace.look(Viewport((600.0, 500.0), 1.0, reader.workspace.view.state.viewport.size, 20.0))
    first, second = (p.state.viewport for p in reader.workspace.panes.shown)
    assert first.center == pytest.approx(second.center)
    assert (first.downsample, first.rotation) == pytest.approx((second.downsample, second.rotation))
    assert reader.window.actions_table["tool_landmark"].isEnabled() is False


def test_a_slide_that_joins_comes_to_where_the_others_are(
    user: Any, made_tiff: Path, coarse_tiff: Path
) -> None:
    user.open(made_tiff)
    user.trigger("show_again")
    user.trigger("link_views")
    user.workspace.look(Viewport((600.0, 500.0), 1.0, user.workspace.view.state.viewport.size))
    user.workspace.open(coarse_tiff)
    user.wait(
        lambda: any(p.slide is not None and p.slide.name == "coarse.tif" for p in user.workspace.panes.shown)
    )
    user.settle()
    assert view(user, "made.tif").center == pytest.approx((600, 500))
    assert view(user, "coarse.tif").center == pytest.approx((300, 250))


def test_the_panel_says_what_to_do_without_a_second_slide(reader: Any) -> None:
    reader.trigger("links")
    assert panel(reader)._pages.currentIndex() == 0
    assert not reader.window.actions_table["link_as_now"].isEnabled()


def test_a_slide_laid_over_another_lies_by_their_link(two: Any) -> None:
    activate(two, "made.tif")
    two.trigger("tool_landmark")
    for place in ((300, 300), (1200, 800)):
        click(two, "made.tif", *place)
        click(two, "coarse.tif", *turned(*place))
    activate(two, "made.tif")
    two.tool("pan")
    two.workspace.look(Viewport((700.0, 500.0), 1.0, view(two, "made.tif").size))
    two.trigger("swipe")
    other = two.workspace.comparison.other.state.viewport
    assert other.center == pytest.approx((900, 500), abs=3)
    assert other.rotation == pytest.approx(270, abs=0.5)
