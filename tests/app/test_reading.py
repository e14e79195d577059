"""What was looked at: recorded while the user looks, shaded in the overview, kept for this reader."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest

from pathview.app.docks.overview import OverviewDock
from pathview.app.docks.unseen import hatch, shading, unseen
from pathview.app.reading import Reading
from pathview.startup.settings import Settings
from pathview.view.coverage import Coverage, packed
from pathview.view.viewport import Viewport

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


def reading(user: Any) -> Reading:
    found = user.window.reading
    assert isinstance(found, Reading)
    return found


def overview(user: Any) -> OverviewDock:
    found = user.window.findChild(OverviewDock)
    assert isinstance(found, OverviewDock)
    return found


def rest(user: Any) -> None:
    """Wait until the present view has been looked at and nothing ticks any more."""
    user.wait(lambda: not reading(user)._timer.isActive())


def seen(user: Any, downsample: float) -> float:
    """Return how many level-0 pixels were looked at."""
    coverage = reading(user).coverage
    assert coverage is not None
    return float(coverage.seen(downsample).sum()) * coverage.cell**2


def empty(user: Any) -> bool:
    coverage = reading(user).coverage
    assert coverage is not None
    return coverage.empty


def look(user: Any, x: float, y: float, downsample: float, turn: float = 0.0) -> Viewport:
    size = user.workspace.view.state.viewport.size
    user.workspace.look(Viewport((x, y), downsample, size, turn))
    user.settle()
    view = user.workspace.view.state.viewport
    assert isinstance(view, Viewport)
    return view


def test_a_rest_is_recorded_and_then_nothing_ticks(reader: Any) -> None:
    rest(reader)
    fitted = reader.workspace.view.state.viewport.downsample
    assert seen(reader, fitted) == 1500 * 1100
    assert seen(reader, 0.5) == 0
    view = look(reader, 750, 550, 0.25, 30.0)
    rest(reader)
    width, height = (length * 0.25 for length in view.size)
    assert seen(reader, 0.25) == pytest.approx(width * height, rel=0.02)


def test_a_blurred_picture_does_not_count(user: Any, made_tiff: Path) -> None:
    user.canvas.slow = True
    user.open(made_tiff)
    QTest.qWait(600)
    assert empty(user)
    user.canvas.slow = False
    rest(user)
    assert not empty(user)


def test_a_hidden_window_does_not_count(reader: Any) -> None:
    rest(reader)
    reader.window.canvas_widget.hide()
    look(reader, 750, 550, 0.25)
    QTest.qWait(600)
    assert seen(reader, 0.25) == 0
    reader.window.canvas_widget.show()
    rest(reader)
    assert seen(reader, 0.25) > 0


def test_it_is_kept_for_the_slide_and_can_be_forgotten(start: Any, made_tiff: Path, bare_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    look(user, 750, 550, 0.25)
    rest(user)
    before = seen(user, 0.25)
    user.open(bare_tiff)
    assert seen(user, 0.25) == 0
    rest(user)
    user.open(made_tiff)
    assert seen(user, 0.25) == before > 0
    user.close()
    again = start()
    again.open(made_tiff)
    assert seen(again, 0.25) == before
    again.trigger("reset_coverage")
    assert empty(again)
    with closing(sqlite3.connect(start.study / "study.sqlite")) as database:
        slides = database.execute("SELECT slide FROM coverage").fetchall()
    assert len(slides) == 1, "that of the other slide stays"


def kept(user: Any) -> bytes | None:
    value = user.workspace.study.coverage(user.workspace.session.slide.info.fingerprint)
    assert value is None or isinstance(value, bytes)
    return value


def test_it_is_kept_while_one_goes_on_looking_and_packed_aside(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    packers: list[str] = []

    def pack(grid: Any) -> bytes:
        packers.append(threading.current_thread().name)
        return packed(grid)

    monkeypatch.setattr("pathview.app.reading.packed", pack)
    rest(reader)
    assert kept(reader) is None
    reading(reader)._keep_later.timeout.emit()
    reader.wait(lambda: kept(reader) is not None)
    assert packers == ["background"]
    coverage = reading(reader).coverage
    assert coverage is not None
    assert kept(reader) == coverage.to_bytes()


def test_what_was_packed_before_the_slide_was_closed_replaces_nothing_newer(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(reader)
    going = threading.Event()

    def pack(grid: Any) -> bytes:
        going.wait(30)
        return packed(grid)

    monkeypatch.setattr("pathview.app.reading.packed", pack)
    reading(reader)._keep_later.timeout.emit()
    look(reader, 750, 550, 0.25)
    rest(reader)
    fingerprint = reader.workspace.session.slide.info.fingerprint
    reader.trigger("close")
    newer = reader.workspace.study.coverage(fingerprint)
    assert newer is not None
    going.set()
    reader.wait(lambda: reader.workspace.background.idle)
    assert reader.workspace.study.coverage(fingerprint) == newer


def test_damage_in_the_study_is_no_reason_not_to_open(start: Any, made_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    rest(user)
    user.close()
    with closing(sqlite3.connect(start.study / "study.sqlite")) as database, database:
        database.execute("UPDATE coverage SET value = x'00'")
    again = start()
    again.open(made_tiff)
    assert again.problems == []


def test_a_study_that_is_open_elsewhere_is_not_written(start: Any, made_tiff: Path) -> None:
    first, second = start(), start()
    second.open(made_tiff)
    rest(second)
    second.trigger("close")
    assert second.problems == []
    first.close()


def test_every_pane_counts_for_its_slide(user: Any, made_tiff: Path, bare_tiff: Path) -> None:
    user.open(made_tiff)
    user.open(bare_tiff)
    user.trigger("views_beside")
    rest(user)
    look(user, 750, 550, 0.5)
    rest(user)
    here = seen(user, 0.5)
    assert here > 0
    panes = user.workspace.panes
    (other,) = (pane for pane in panes.shown if pane is not panes.active)
    user.workspace.look(Viewport((300.0, 300.0), 0.25, other.state.viewport.size), other)
    rest(user)
    assert seen(user, 0.5) == here
    panes.activate(other)
    assert seen(user, 0.25) > 0


# the overview --------------------------------------------------------
def hatched(user: Any) -> float:
    """Return which share of the thumbnail is shaded."""
    user.wait(lambda: user.workspace.background.idle)
    user.wait(lambda: not overview(user).shade._later.isActive())
    found = overview(user).shade.unseen
    assert found is not None
    return float(found.mask.mean())


def test_the_key_shades_what_was_not_seen_and_looking_clears_it(reader: Any) -> None:
    rest(reader)
    reader.key(Key.Key_V, SHIFT)
    panel = overview(reader)
    assert panel.legend.isVisible()
    assert reader.workspace.settings.show_coverage
    reader.wait(lambda: panel.shade.unseen is not None)
    # The made slide has 0.25 um/px: fitted it is seen at less than 1 um/px already.
    assert hatched(reader) == 0
    assert panel.legend.share.text() == "100 % seen"
    panel.legend.limit.setCurrentIndex(0)
    panel.legend.limit.activated.emit(0)
    reader.settle()
    first = hatched(reader)
    assert first > 0.5
    assert panel.legend.share.text() == "0 % seen"
    look(reader, 400, 300, 0.5)
    rest(reader)
    assert 0 < hatched(reader) < first
    assert panel.legend.share.text() not in ("0 % seen", "100 % seen")
    reader.key(Key.Key_V, SHIFT)
    assert not panel.legend.isVisible()


def test_the_shading_can_be_told_without_colours(reader: Any) -> None:
    """Grey values vary inside the hatching: it is a pattern, not only a tint."""
    picture = QImage(60, 60, QImage.Format.Format_RGB32)
    picture.fill(QColor(230, 190, 210))
    painter = QPainter(picture)
    hatch(painter, QRectF(0, 0, 60, 60))
    painter.end()
    greys = {QColor(picture.pixel(x, 30)).lightness() for x in range(60)}
    assert max(greys) - min(greys) > 80


def test_the_legend_goes_by_downsamples_without_a_pixel_size(user: Any, bare_tiff: Path) -> None:
    user.open(bare_tiff)
    user.trigger("toggle_coverage")
    box = overview(user).legend.limit
    assert [box.itemText(index) for index in range(box.count())] == [f"≤ 1:{n}" for n in (1, 2, 4, 8, 16)]
    assert box.currentText() == "≤ 1:4"
    assert reading(user).limit == 4.0


def test_the_switch_and_the_limit_survive_a_restart(start: Any, made_tiff: Path) -> None:
    user = start(Settings(theme="light", smooth=False, show_coverage=True, coverage_um=0.5))
    assert user.window.actions_table["toggle_coverage"].isChecked()
    assert not overview(user).legend.isVisible()
    user.open(made_tiff)
    assert overview(user).legend.isVisible()
    assert overview(user).legend.limit.currentText() == "≤ 0.5 µm/px"
    assert reading(user).limit == 2.0


def test_a_click_beside_the_legend_goes_where_the_thumbnail_says(reader: Any) -> None:
    reader.trigger("toggle_coverage")
    reader.settle()
    panel = overview(reader)
    target = panel._target()
    assert target is not None
    place, scale = target
    assert place.bottom() <= panel.height() - panel.legend.height()
    at = place.center().toPoint()
    look(reader, 100, 100, 0.25)
    QTest.mouseClick(panel, Qt.MouseButton.LeftButton, pos=at)
    x, y = reader.workspace.view.state.viewport.center
    assert (x, y) == pytest.approx((750, 550), abs=2 / scale)


# the picture of it ---------------------------------------------------
def test_unseen_is_tissue_that_was_not_looked_at() -> None:
    coverage = Coverage((1000, 500))
    coverage.mark([Viewport((250.0, 250.0), 1.0, (500, 500))])  # the left half
    tissue = np.zeros((50, 100), bool)
    tissue[10:40, 20:80] = True
    found = unseen(coverage, tissue, (1000, 500), 1.0)
    assert found.share == pytest.approx(0.5)
    assert not found.mask[:, :50].any()
    assert (found.mask[:, 50:] == tissue[:, 50:]).all()
    assert unseen(coverage, tissue, (1000, 500), 0.5).share == 0
    assert unseen(coverage, np.zeros((50, 100), bool), (1000, 500), 1.0).share is None


def test_nothing_is_painted_where_all_was_seen(qapp: Any) -> None:
    mask = np.zeros((20, 40), bool)
    mask[:, 20:] = True
    image = shading(mask, QSize(200, 100)).toImage()
    assert image.pixelColor(40, 50).alpha() == 0
    assert image.pixelColor(160, 50).alpha() > 0
