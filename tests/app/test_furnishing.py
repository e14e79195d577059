"""The slide is seen first; then the window gets the rest, all of it about that slide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTabBar

from pathview.app.actions import ACTIONS
from pathview.app.after_picture import AfterPicture
from pathview.app.furnishing import Furnishing
from pathview.app.main_window import MainWindow


@pytest.fixture
def early(start: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a window that nothing furnishes by itself."""
    monkeypatch.setattr(AfterPicture, "start", lambda self: None)
    return start(whole=False)


def test_all_is_made_once_and_after_the_slide_is_there(
    start: Any, made_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Trying the slide out first takes seconds on a busy machine.
    monkeypatch.setattr("pathview.app.after_picture._LONGEST_MS", 10**6)
    open_by_then: list[bool] = []
    make = Furnishing.__init__

    def watched(self: Furnishing, window: MainWindow) -> None:
        open_by_then.append(window.workspace.session is not None)
        make(self, window)

    monkeypatch.setattr(Furnishing, "__init__", watched)
    user = start(first=made_tiff)
    user.window.furnish()
    assert open_by_then == [True]


def test_panels_made_late_tell_of_the_slide_that_is_open(early: Any, made_tiff: Path) -> None:
    early.open(made_tiff)
    window = early.window
    assert not window.settled, "pictures of the window would lack half of it"
    assert window.panels.docks["slide-facts"].widget() is None
    window.furnish()
    assert "made.tif" in {label.text() for label in window.docks["slide-facts"].findChildren(QLabel)}
    assert window.panels.contents.layers.block("Slide") is not None
    assert window.actions_table["run"].isEnabled()
    early.wait(lambda: window.docks["overview"].widget()._pixmap is not None)
    assert window.docks["channels"].isHidden(), "the slide has none"
    early.wait(lambda: window.settled)


def test_the_canvas_keeps_its_size_and_the_panels_their_places(early: Any, made_tiff: Path) -> None:
    early.open(made_tiff)
    window = early.window

    def tabs() -> list[list[str]]:
        return [[bar.tabText(n) for n in range(bar.count())] for bar in window.findChildren(QTabBar)]

    canvas, names = window.canvas_widget.size(), tabs()
    widths = {name: dock.width() for name, dock in window.panels.docks.items()}
    window.furnish()
    early.settle()
    assert window.canvas_widget.size() == canvas
    assert tabs() == names
    assert {name: dock.width() for name, dock in window.panels.docks.items()} == widths


def test_an_action_that_is_asked_for_early_is_done(early: Any, made_tiff: Path) -> None:
    early.open(made_tiff)
    early.key(Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert early.window.guides.isVisible()
    assert set(early.window.furnish().calls) == {info.key for info in ACTIONS}


def test_a_problem_that_comes_early_is_shown(early: Any, tmp_path: Path) -> None:
    early.workspace.open(tmp_path / "gone.svs")
    early.wait(lambda: bool(early.problems))
    (card,) = early.window.problems.cards
    assert "gone.svs" in card.text
