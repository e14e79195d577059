"""Two views over each other: the divider, blinking, and what is compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from pathview.slides.made import write_made_tiff
from pathview.view.adjust import Adjustment
from pathview.view.arrangement import Area

Key, Modifier = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def two(user: Any, tmp_path: Path) -> Any:
    """Return a window with a slide of 0.25 um/px in front of one of 0.5 um/px, of one size in um."""
    user.workspace.open(
        write_made_tiff(tmp_path / "fine.tif", (1600, 1200), mpp=0.25),
        write_made_tiff(tmp_path / "coarse.tif", (800, 600), mpp=0.5),
    )
    user.wait(lambda: len(user.workspace.slides) == 2)
    user.settle()
    return user


def drawn(user: Any) -> list[tuple[str, Area]]:
    """Return which slides are drawn, and on which part of the canvas."""
    user.settle()
    tiles = {slide.tiles: slide.name for slide in user.workspace.slides}
    return [(tiles[p.frame.rasters[0].source], p.visible) for p in user.canvas.pictures[-1].placed]


def frames(user: Any) -> list[Any]:
    user.settle()
    return [placed.frame for placed in user.canvas.pictures[-1].placed]


def test_a_swipe_shows_the_other_slide_to_the_right_of_the_divider(two: Any) -> None:
    two.key(Key.Key_X, Modifier.ControlModifier | Modifier.AltModifier)
    width, height = two.workspace.panes.size
    half = round(width / 2)
    assert drawn(two) == [
        ("fine.tif", Area(0, 0, half, height)), ("coarse.tif", Area(half, 0, width - half, height)),
    ]  # fmt: skip
    assert two.window.actions_table["swipe"].isChecked()
    overlay = two.window.overlays.active
    assert overlay.label.isVisible()
    assert overlay.label.text().startswith("fine.tif")
    assert overlay.other_label.text().startswith("coarse.tif")
    assert overlay.other_label.x() > half > overlay.label.geometry().right()
    two.key(Key.Key_X, Modifier.ControlModifier | Modifier.AltModifier)
    assert [name for name, _ in drawn(two)] == ["fine.tif"]
    assert not overlay.label.isVisible()


def test_both_show_the_same_place_of_the_tissue_wherever_one_looks(two: Any) -> None:
    two.trigger("swipe")
    two.workspace.look(two.workspace.view.state.viewport.zoomed(3.0, (100, 80)).rotated(30).mirrored())
    ours, theirs = (frame.viewport for frame in frames(two))
    for at in ((0.0, 0.0), (300.0, 200.0)):
        x, y = ours.to_slide(*at)
        assert theirs.to_slide(*at) == pytest.approx((x / 2, y / 2), abs=1e-3)


def test_the_divider_is_dragged(two: Any) -> None:
    two.trigger("swipe")
    width, height = two.workspace.panes.size
    half = round(width / 2)
    grip = QPointF(half, height / 2)
    before = two.workspace.view.state.viewport
    two.hover(grip)
    assert two.native.cursor().shape() == Qt.CursorShape.SplitHCursor
    two.drag(grip, grip + QPointF(120, 30))
    assert [area.width for _, area in drawn(two)] == [half + 120, width - half - 120]
    assert two.workspace.view.state.viewport == before
    two.drag(QPointF(half + 120, 50), QPointF(-500, 50))
    assert 0 < drawn(two)[0][1].width < width / 10, "it can be taken back from the edge"


def test_one_draws_on_the_slide_in_front_and_moves_both_with_the_other(two: Any) -> None:
    two.tool("rectangle")
    two.trigger("swipe")
    width, height = two.workspace.panes.size
    before = two.workspace.view.state.viewport
    two.drag(QPointF(0.7 * width, 0.5 * height), QPointF(0.8 * width, 0.6 * height))
    assert len(two.workspace.session.annotations) == 0
    assert two.workspace.view.state.viewport != before
    two.drag(QPointF(0.2 * width, 0.5 * height), QPointF(0.3 * width, 0.6 * height))
    assert len(two.workspace.session.annotations) == 1


def test_the_status_bar_tells_what_is_seen_on_either_side(two: Any) -> None:
    two.trigger("swipe")
    width, height = two.workspace.panes.size
    at = QPointF(0.75 * width, 0.5 * height)
    x, y = two.under(at)
    two.hover(at)
    assert two.window.status_line.position.text().startswith(f"x {int(x // 2)}, y {int(y // 2)} px")
    two.hover(at - QPointF(0.5 * width, 0))
    assert f"y {int(y)} px" in two.window.status_line.position.text()


def test_the_other_one_shows_while_the_key_is_held(two: Any) -> None:
    two.activate()
    QTest.keyPress(two.window.windowHandle(), Key.Key_X)
    assert [name for name, _ in drawn(two)] == ["coarse.tif"]
    assert two.window.overlays.active.label.text().startswith("coarse.tif")
    QTest.keyRelease(two.window.windowHandle(), Key.Key_X)
    assert [name for name, _ in drawn(two)] == ["fine.tif"]
    two.trigger("swipe")
    QTest.keyPress(two.window.windowHandle(), Key.Key_X)
    assert [name for name, _ in drawn(two)] == ["coarse.tif"]
    QTest.keyRelease(two.window.windowHandle(), Key.Key_X)
    assert [name for name, _ in drawn(two)] == ["fine.tif", "coarse.tif"]


def test_blinking_goes_on_until_it_is_ended(two: Any) -> None:
    two.trigger("blink_on")
    seen: list[str] = []

    def both() -> bool:
        ((name, _),) = drawn(two)
        if seen[-1:] != [name]:
            seen.append(name)
        return len(seen) >= 3

    two.wait(both)
    assert seen == ["coarse.tif", "fine.tif", "coarse.tif"]
    two.trigger("blink_on")
    assert [name for name, _ in drawn(two)] == ["fine.tif"]


def test_a_slide_alone_is_compared_with_itself_as_scanned(reader: Any) -> None:
    bright = Adjustment(brightness=0.2)
    reader.tool("rectangle")
    reader.drag(reader.at(300, 300), reader.at(600, 600))
    reader.workspace.adjustments.show(bright)
    reader.trigger("swipe")
    ours, theirs = frames(reader)
    assert [frame.rasters[0].layer.adjustment.neutral for frame in (ours, theirs)] == [False, True]
    assert [len(frame.outlines) for frame in (ours, theirs)] == [1, 0]
    assert ours.viewport == theirs.viewport
    assert reader.window.overlays.active.other_label.text().startswith("made.tif as scanned")
    badge, width = reader.window.badge, reader.workspace.panes.size[0]
    assert badge.isVisible()
    assert badge.geometry().right() < width / 2, "what is as scanned is not called adjusted"
    reader.trigger("blink")
    assert badge.isHidden()
    reader.trigger("blink")
    assert badge.isVisible()


def test_what_it_is_compared_with_is_chosen(two: Any, tmp_path: Path) -> None:
    two.workspace.open(write_made_tiff(tmp_path / "third.tif", (900, 900)), two.shown)
    two.wait(lambda: len(two.workspace.slides) == 3)
    two.workspace.panes.show(two.workspace.slides[0])
    two.trigger("swipe")
    others = []
    for _ in range(4):
        others.append(two.workspace.comparison.partner.name)
        two.trigger("next_partner")
    assert others == ["coarse.tif", "third.tif", "fine.tif as scanned", "coarse.tif"]
    assert "third.tif" in two.window.statusBar().currentMessage()


def test_a_view_beside_is_what_one_compares_with_first(two: Any, tmp_path: Path) -> None:
    two.open(write_made_tiff(tmp_path / "third.tif", (900, 900)))
    two.trigger("views_beside")
    assert two.workspace.comparison.partner.name == two.workspace.panes.shown[1].slide.name
    two.trigger("swipe")
    left, right = two.workspace.panes.areas
    places = [area for _, area in drawn(two)]
    assert right in places
    assert sum(area.width for area in places if area.x < right.x) == left.width


def test_another_slide_or_a_closed_one_ends_it(two: Any) -> None:
    two.trigger("swipe")
    two.trigger("next_slide")
    assert [name for name, _ in drawn(two)] == ["coarse.tif"]
    two.trigger("swipe")
    two.workspace.close_slide(two.workspace.slides[0])
    assert [name for name, _ in drawn(two)] == ["coarse.tif"]
    assert not two.window.actions_table["swipe"].isChecked()
    two.trigger("blink_on")
    two.trigger("close")
    assert not two.window.actions_table["blink_on"].isChecked()
