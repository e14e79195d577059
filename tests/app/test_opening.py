"""Opening, switching and closing slides."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

import pathview.app.workspace as workspace_module
from pathview.app.overlays.problems import ProblemCard
from pathview.slides.made import write_made_tiff
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide
from pathview.startup.settings import Settings, load_settings


@pytest.fixture
def other_tiff(tmp_path: Path) -> Path:
    return write_made_tiff(tmp_path / "other.tif", (800, 1300))


class Gate:
    """Lets slides be opened only when the test says so, in the order it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._open: dict[str, threading.Event] = {}
        self.slides: list[Slide] = []
        monkeypatch.setattr(workspace_module, "open_slide", self._wait)

    def _wait(self, path: Path) -> Slide:
        assert self._open.setdefault(path.name, threading.Event()).wait(20)
        slide = open_slide(path)
        self.slides.append(slide)
        return slide

    def let(self, path: Path) -> None:
        self._open.setdefault(path.name, threading.Event()).set()


def closed(slide: Slide) -> bool:
    from pathview.core.errors import TileReadError
    from pathview.core.geometry import Box
    from pathview.core.region import Region

    try:
        slide.read(Region(Box(0, 0, 8, 8), 1.0))
    except TileReadError:
        return True
    return False


def test_open_shows_the_whole_slide(user: Any, made_tiff: Path) -> None:
    user.open(made_tiff)
    assert user.window.windowTitle() == "made.tif — PathView"
    box = user.frame.viewport.box()
    assert box.x0 <= 0
    assert box.y0 <= 0
    assert box.x1 >= 1500
    assert box.y1 >= 1100
    assert [raster.layer.name for raster in user.frame.rasters] == ["Slide"]


def test_a_bad_file_is_refused_in_words_and_the_open_slide_stays(reader: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad & <worse>.svs"
    bad.write_bytes(b"no slide at all")
    before = reader.shown
    reader.workspace.open(bad)
    reader.wait(lambda: bool(reader.problems))
    (card,) = reader.window.findChildren(ProblemCard, "problem")
    assert card.isVisible()
    assert not card.isModal()
    assert card.title == "Cannot open slide"
    assert any("bad & <worse>.svs" in label.text() for label in card.findChildren(QLabel))
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in card.findChildren(QLabel))
    assert reader.shown == before
    assert reader.window.status_line.busy == ""
    reader.key(Qt.Key.Key_Escape)
    assert reader.window.problems.cards == []


def test_a_missing_file_is_refused(user: Any, tmp_path: Path) -> None:
    user.workspace.open(tmp_path / "gone.svs")
    user.wait(lambda: bool(user.problems))
    assert "gone.svs" in user.problems[0][1]
    assert user.shown is None


def test_of_two_slides_asked_for_the_last_one_wins(
    user: Any, made_tiff: Path, other_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    user.workspace.open(made_tiff)
    user.workspace.open(other_tiff)
    gate.let(other_tiff)
    user.wait(lambda: user.shown == other_tiff)
    gate.let(made_tiff)
    user.wait(lambda: len(user.workspace.slides) == 2)
    user.settle()
    assert user.shown == other_tiff
    assert [slide.name for slide in user.workspace.slides] == ["made.tif", "other.tif"], "tabs as asked for"
    assert not any(closed(slide) for slide in gate.slides)


def test_the_same_slide_asked_for_twice_opens_once(
    user: Any, made_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    shown: list[object] = []
    user.workspace.slide_changed.connect(shown.append)
    user.workspace.open(made_tiff)
    user.workspace.open(made_tiff)
    gate.let(made_tiff)
    user.wait(lambda: user.shown == made_tiff)
    user.workspace.open(made_tiff)
    user.settle()
    assert len(shown) == len(gate.slides) == len(user.workspace.slides) == 1
    assert not closed(gate.slides[0])


def test_a_slide_that_opens_after_the_window_has_closed_is_closed(
    user: Any, made_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    user.workspace.open(made_tiff)
    gate.let(made_tiff)
    user.window.close()
    user.settle()
    assert user.shown is None
    assert all(closed(slide) for slide in gate.slides)


def test_a_copy_opens_behind_a_tab_of_its_own_with_the_same_annotations(reader: Any, made_tiff: Path) -> None:
    copy = made_tiff.with_name("copy.tif")
    copy.write_bytes(made_tiff.read_bytes())
    annotations = reader.workspace.session.annotations
    reader.open(copy)
    assert [slide.name for slide in reader.workspace.slides] == ["made.tif", "copy.tif"]
    assert reader.workspace.session.annotations is annotations
    reader.trigger("close")
    reader.tool("rectangle")
    reader.drag(reader.at(100, 100), reader.at(400, 400))
    assert len(reader.frame.outlines) == 1, "the canvas still hears of edits"


def test_another_slide_opens_behind_a_tab_and_the_first_stays(reader: Any, other_tiff: Path) -> None:
    first = reader.workspace.session.slide
    tiles = reader.workspace.scene.slide_tiles
    reader.open(other_tiff)
    assert not closed(first)
    assert tiles not in reader.canvas.forgotten
    assert reader.window.windowTitle().startswith("other.tif")
    assert reader.frame.viewport.box().y1 >= 1300
    reader.trigger("close")
    assert reader.shown == first.info.path


def test_a_slide_that_closes_leaves_nothing_on_the_gpu(reader: Any, other_tiff: Path) -> None:
    first, tiles = reader.workspace.session.slide, reader.workspace.scene.slide_tiles
    reader.open(other_tiff)
    reader.workspace.close_slide(reader.workspace.slides[0])
    assert closed(first)
    assert tiles in reader.canvas.forgotten, "the GPU keeps pixels of a closed slide"
    assert reader.shown == other_tiff


def test_close_goes_back_to_the_welcome_page(reader: Any) -> None:
    slide = reader.workspace.session.slide
    assert not reader.window.welcome.isVisible()
    reader.trigger("close")
    assert closed(slide)
    assert reader.window.welcome.isVisible()
    assert reader.window.windowTitle() == "PathView"
    assert not reader.window.actions_table["zoom_in"].isEnabled()
    assert reader.window.scale_bar.bar is None


def test_a_slide_fits_the_window_it_opens_in(reader: Any, other_tiff: Path) -> None:
    reader.trigger("close")
    reader.window.resize(1000, 700)
    reader.settle()
    reader.open(other_tiff)
    viewport = reader.frame.viewport
    assert viewport.size == (reader.native.width(), reader.native.height())
    assert viewport == viewport.fitted(reader.workspace.session.slide.info.bounds)


def test_a_fitted_slide_stays_fitted_when_the_window_changes_and_another_view_stays_where_it_is(
    reader: Any,
) -> None:
    bounds = reader.workspace.session.slide.info.bounds
    reader.window.resize(1100, 750)
    assert reader.frame.viewport == reader.frame.viewport.fitted(bounds)
    reader.trigger("zoom_full")
    reader.window.resize(1300, 850)
    assert reader.frame.viewport.downsample == 1.0


def test_recent_slides_are_kept_and_listed(start: Any, made_tiff: Path, other_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    user.open(other_tiff)
    user.close()
    assert load_settings().recent == (str(other_tiff), str(made_tiff))
    again = start(load_settings())
    menu = again.window.recent.menu
    assert [action.text() for action in menu.actions()][:2] == ["other.tif", "made.tif"]
    menu.actions()[1].trigger()
    again.wait(lambda: again.shown == made_tiff)


def test_recent_slides_that_are_gone_are_kept_but_greyed(start: Any, made_tiff: Path, tmp_path: Path) -> None:
    gone = tmp_path / "on && off.svs"
    user = start(Settings(recent=(str(gone), str(made_tiff))))
    actions = user.window.recent.menu.actions()
    user.wait(lambda: not actions[0].isEnabled())
    assert actions[0].text() == "on &&&& off.svs (not there now)"
    assert actions[1].isEnabled()
    assert user.workspace.settings.recent == (str(gone), str(made_tiff))


def test_the_welcome_page_lists_recent_slides_once_and_greys_what_is_gone(
    start: Any, made_tiff: Path, tmp_path: Path
) -> None:
    user = start(Settings(recent=(str(tmp_path / "gone.svs"), str(made_tiff))))
    buttons = [b for b in user.window.welcome.findChildren(QPushButton, "welcome-recent") if b.isVisible()]
    assert len(buttons) == 2
    user.wait(lambda: not buttons[0].isEnabled())
    assert buttons[0].text() == "gone.svs (not there now)"
    buttons[1].click()
    user.wait(lambda: user.shown == made_tiff)


def test_the_list_of_recent_slides_can_be_cleared(start: Any, made_tiff: Path) -> None:
    user = start(Settings(recent=(str(made_tiff),)))
    user.window.recent.menu.actions()[-1].trigger()
    assert user.workspace.settings.recent == ()
    assert load_settings().recent == ()
    assert not user.window.recent.menu.isEnabled()


def test_a_dropped_file_opens(user: Any, made_tiff: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(made_tiff))])
    where, copy = QPointF(200, 200), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(
        where.toPoint(), copy, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(user.window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(where, copy, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(user.window, drop)
    user.wait(lambda: user.shown == made_tiff)


def test_dropped_text_is_refused(user: Any) -> None:
    data = QMimeData()
    data.setText("no file")
    event = QDragEnterEvent(
        QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(user.window, event)
    assert not event.isAccepted()
