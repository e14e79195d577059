"""Stating the pixel size: by real keys, undone and redone, kept, and never passed off on old results."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDialogButtonBox, QLabel, QPushButton

from pathview.app.dialogs.pixel_size import MppBox, PixelSizeDialog
from pathview.inference.run_status import RunState
from pathview.slides.made import write_made_tiff

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key
OK = QDialogButtonBox.StandardButton.Ok


class Answer:
    """Does something with the dialog as soon as it has the focus; what goes wrong there fails the test."""

    def __init__(self, act: Callable[[Any], None]) -> None:
        self.came = False
        self._act = act
        QTimer.singleShot(0, self._look)

    def _look(self) -> None:
        dialog, focus = QApplication.activeModalWidget(), QApplication.focusWidget()
        if not isinstance(dialog, PixelSizeDialog) or focus is None or focus.window() is not dialog:
            QTimer.singleShot(20, self._look)
            return
        self.came = True
        try:
            self._act(dialog)
        finally:
            if dialog.isVisible():
                dialog.reject()


def ask(user: Any, act: Callable[[Any], None]) -> None:
    """Press the keys for the dialog, and `act` on it."""
    answer = Answer(act)
    user.key(Key.Key_U, CONTROL)
    assert answer.came


def type_in(text: str) -> Callable[[Any], None]:
    """Type a number into the field that has the focus, and Enter."""

    def act(dialog: Any) -> None:
        field = QApplication.focusWidget()
        assert isinstance(field, MppBox)
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Key.Key_Return)

    return act


def facts(user: Any) -> str:
    return "\n".join(label.text() for label in user.window.docks["slide-facts"].findChildren(QLabel))


def area(user: Any) -> str:
    model = user.window.annotations.table.model()
    return str(model.data(model.index(0, 2)))


def test_it_is_stated_undone_redone_and_there_at_the_next_start(start: Any, bare_tiff: Path) -> None:
    user = start()
    user.open(bare_tiff)
    user.tool("rectangle")
    user.drag(user.at(200, 200), user.at(700, 600))
    assert area(user).endswith("px²")
    assert not user.window.scale_bar.isVisible()
    user.native.setFocus()

    ask(user, type_in("0.5"))
    assert user.window.scale_bar.isVisible()
    bar = user.window.scale_bar.bar
    downsample = user.workspace.view.state.viewport.downsample
    assert bar.pixels * downsample * 0.5 == pytest.approx(bar.length_um)
    assert user.window.status_line.scale.text().endswith("µm/px")
    assert area(user).endswith("µm²")
    assert f"0.5 × 0.5 µm (stated by {getpass.getuser()} on " in facts(user)
    assert "unknown: TIFF resolution has no unit" in facts(user)
    assert "0.75 × 0.55 mm" in facts(user)
    user.hover(user.at(400, 300))
    assert "µm" in user.window.status_line.position.text()
    assert user.window.actions_table["undo"].text() == "&Undo set pixel size"

    user.key(Key.Key_Z, CONTROL)
    assert not user.window.scale_bar.isVisible()
    assert user.window.status_line.scale.text().endswith("pixel size unknown")
    assert area(user).endswith("px²")
    assert "stated by" not in facts(user)
    assert len(user.workspace.session.annotations) == 1
    user.key(Key.Key_Z, CONTROL | SHIFT)
    assert user.window.scale_bar.isVisible()
    user.close()

    again = start()
    again.open(bare_tiff)
    assert again.window.scale_bar.isVisible()
    assert area(again).endswith("µm²")
    assert "stated by" in facts(again)


def test_a_file_s_own_value_can_be_overridden_and_used_again(reader: Any) -> None:
    def override(dialog: Any) -> None:
        assert dialog.findChild(QLabel, "pixel-size-own").text() == "0.25 × 0.25 µm (TIFF resolution)"
        (x, y), told = dialog.findChildren(MppBox), dialog.findChild(QLabel, "pixel-size-told")
        assert not dialog.findChild(QDialogButtonBox).button(OK).isEnabled(), "a look changes nothing"
        assert not y.isEnabled()
        dialog.findChild(QCheckBox).click()
        x.setValue(0.5)
        assert y.value() == 0.25
        assert "0.75 × 0.28 mm" in told.text()
        assert "not square" in told.text()
        assert "the file says 0.25 × 0.25" in told.text()
        dialog.findChild(QDialogButtonBox).button(OK).click()

    ask(reader, override)
    assert reader.workspace.session.slide.info.mpp == (0.5, 0.25)
    assert "0.5 × 0.25 µm (stated by" in facts(reader)
    assert "0.25 × 0.25 µm (TIFF resolution)" in facts(reader)
    assert "⚠ 0.5 × 0.25 was stated, but the file says" in facts(reader)

    def take_back(dialog: Any) -> None:
        (button,) = (b for b in dialog.findChildren(QPushButton) if b.text() == "Use the file's own value")
        button.click()

    ask(reader, take_back)
    assert reader.workspace.session.slide.info.mpp == (0.25, 0.25)
    assert "stated" not in facts(reader)
    reader.key(Key.Key_Z, CONTROL)
    assert reader.workspace.session.slide.info.mpp == (0.5, 0.25)


@pytest.mark.parametrize("typed", ["0", "0.0199", "", "abc"])
def test_what_cannot_be_true_cannot_be_stated(user: Any, bare_tiff: Path, typed: str) -> None:
    user.open(bare_tiff)

    def act(dialog: Any) -> None:
        field = QApplication.focusWidget()
        assert isinstance(field, MppBox)
        QTest.keyClicks(field, typed)
        assert not dialog.findChild(QDialogButtonBox).button(OK).isEnabled()
        QTest.keyClick(dialog, Key.Key_Escape)

    ask(user, act)
    assert user.workspace.session.slide.info.mpp is None
    assert not user.workspace.session.history.can_undo


def test_the_digits_of_a_scanner_are_kept(user: Any, bare_tiff: Path) -> None:
    user.open(bare_tiff)
    ask(user, type_in("0.226544"))
    assert user.workspace.session.slide.info.mpp == (0.226544, 0.226544)


def test_the_panel_asks_for_what_is_unknown(user: Any, bare_tiff: Path) -> None:
    user.open(bare_tiff)
    dock = user.window.docks["slide-facts"]
    dock.raise_()
    button = dock.findChild(QPushButton, "state-pixel-size")
    assert button.text() == "Pixel size unknown: state it …"
    answer = Answer(type_in("0.5"))
    user.activate()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert answer.came
    user.settle()
    assert user.workspace.session.slide.info.mpp == (0.5, 0.5)
    assert dock.findChild(QPushButton, "state-pixel-size").text() == "Set pixel size …"


def test_who_may_only_look_is_refused_in_words(start: Any, bare_tiff: Path) -> None:
    start().open(bare_tiff)
    second = start()
    second.open(bare_tiff)
    ask(second, type_in("0.5"))
    ((title, text),) = second.problems
    assert title == "Cannot set the pixel size"
    assert "only be looked at" in text
    assert second.workspace.session.slide.info.mpp is None


def run(user: Any) -> Any:
    before = set(user.workspace.runs.heatmaps)
    user.trigger("run")
    user.wait(lambda: not user.workspace.runs.going, 60)
    assert user.workspace.runs.status.error is None
    user.settle()
    (name,) = set(user.workspace.runs.heatmaps) - before
    return name


def shown(user: Any) -> dict[str, bool]:
    return {la.name: la.visible for la in user.workspace.view.state.layers if la.kind == "heatmap"}


def test_results_of_another_pixel_size_hide_and_say_so(start: Any, made_tiff: Path) -> None:
    user = start()
    user.open(made_tiff)
    own = run(user)
    assert user.workspace.state_mpp((0.5, 0.5))
    assert shown(user) == {own: False}
    block = user.window.panels.contents.layers.block(own)
    assert block.misfit.text() == "⚠ Made with a pixel size of 0.25 × 0.25 µm; it is 0.5 × 0.5 µm now."
    assert block.misfit.isVisibleTo(block)
    block.visible_box.click()
    assert shown(user) == {own: True}
    assert block.misfit.isVisibleTo(block), "who wants to see it is told all the same"
    assert user.window.notice.text().startswith("A heatmap of another pixel size")
    assert user.window.notice.isVisible()
    user.workspace.undo()
    assert not block.misfit.isVisibleTo(block)
    assert not user.window.notice.isVisible()
    user.workspace.redo()
    assert shown(user) == {own: False}

    other = run(user)
    assert shown(user) == {own: False, other: True}
    for expected in (False, True):
        user.key(Key.Key_C)
        assert shown(user) == {own: False, other: expected}, "a key brings no result of another size back"
    heatmaps = user.workspace.runs.heatmaps
    assert heatmaps[other].facts.slide_mpp == (0.5, 0.5)
    assert heatmaps[other].facts.slide_mpp_source.startswith("stated by the user on 20")
    assert (heatmaps[own].grid.stride, heatmaps[other].grid.stride) == (256, 128)
    user.workspace.undo()
    assert shown(user) == {own: True, other: False}
    user.close()

    again = start()
    again.open(made_tiff)
    again.wait(lambda: len(again.workspace.runs.heatmaps) == 2)
    again.settle()
    fitting = {name: h.facts.slide_mpp == (0.25, 0.25) for name, h in again.workspace.runs.heatmaps.items()}
    assert shown(again) == fitting
    assert sorted(fitting.values()) == [False, True]


def test_a_run_that_is_going_keeps_the_pixel_size_it_began_with(user: Any, tmp_path: Path) -> None:
    user.open(write_made_tiff(tmp_path / "large.tif", (9000, 8000)))
    user.trigger("run")
    user.wait(lambda: user.workspace.runs.status.done > 0, 60)
    user.trigger("pause")
    user.wait(lambda: user.workspace.runs.status.state is RunState.PAUSED)
    assert user.workspace.state_mpp((0.5, 0.5))
    assert user.workspace.runs.going
    ((name, heatmap),) = user.workspace.runs.heatmaps.items()
    assert heatmap.facts.slide_mpp == (0.25, 0.25)
    assert shown(user) == {name: False}
    user.trigger("pause")
    user.wait(lambda: user.workspace.runs.status.state is RunState.RUNNING)
    user.trigger("cancel")
    user.wait(lambda: user.workspace.runs.status.state.final)
    user.workspace.undo()
    assert shown(user) == {name: True}
