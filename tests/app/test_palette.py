"""The command palette, driven by keys and the mouse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton

from pathview.app.actions import ACTIONS, NEEDS, plain
from pathview.slides.made import write_made_tiff
from pathview.startup.settings import Settings, load_settings

CONTROL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key
NATIVE = QKeySequence.SequenceFormat.NativeText


def summon(user: Any) -> Any:
    palette = user.window.palette_list
    user.key(Key.Key_L, CONTROL)
    user.wait(lambda: QApplication.focusWidget() is palette.field)
    assert palette.isVisible()
    return palette


def type_in(user: Any, text: str) -> None:
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, text)
    user.settle()


def listed(palette: Any) -> list[str]:
    return [palette.model.index(row).data() for row in range(palette.model.rowCount())]


def chosen(palette: Any) -> str:
    return str(palette.rows.currentIndex().data())


def entry_of(palette: Any, text: str) -> Any:
    return palette.model.entry(palette.model.index(listed(palette).index(text)))


def test_it_lists_every_action_with_menu_and_keys(user: Any) -> None:
    palette = summon(user)
    for info in ACTIONS:
        action = user.window.actions_table[info.key]
        entry = entry_of(palette, plain(action.text()))
        assert entry.path
        assert entry.keys == action.shortcut().toString(NATIVE)
        assert bool(entry.reason) == (not action.isEnabled())


def test_a_few_letters_and_enter_run_a_command(reader: Any) -> None:
    fitted = reader.frame.viewport
    summon(reader)
    type_in(reader, "full res")
    reader.key(Key.Key_Return)
    assert not reader.window.palette_list.isVisible()
    assert reader.frame.viewport.downsample == 1.0
    palette = summon(reader)
    type_in(reader, "fit")
    assert chosen(palette) == "Fit to window"
    reader.key(Key.Key_Enter)
    assert reader.frame.viewport == fitted


def test_letters_typed_there_do_nothing_to_the_slide(reader: Any) -> None:
    before = reader.frame.viewport
    palette = summon(reader)
    type_in(reader, "p1r+-")
    for key in (Key.Key_Left, Key.Key_PageUp, Key.Key_Delete):
        reader.key(key)
    assert palette.isVisible()
    assert reader.workspace.view.state.tool == "pan"
    assert reader.frame.viewport == before


def test_escape_gives_the_focus_back(reader: Any) -> None:
    table = reader.window.annotations.table
    slider = reader.window.panels.contents.layers.block("Slide").slider("opacity")
    for widget in (reader.native, slider):
        reader.activate()
        widget.setFocus()
        palette = summon(reader)
        reader.key(Key.Key_Escape)
        assert not palette.isVisible()
        assert QApplication.focusWidget() is widget
    assert not table.isVisible()


def test_its_own_key_closes_it_too(reader: Any) -> None:
    reader.native.setFocus()
    palette = summon(reader)
    reader.key(Key.Key_L, CONTROL)
    assert not palette.isVisible()
    assert QApplication.focusWidget() is reader.native


def test_keys_choose_a_row(reader: Any) -> None:
    palette = summon(reader)
    names = listed(palette)
    steps = [
        (Key.Key_Down, 1), (Key.Key_Down, 2), (Key.Key_Up, 1), (Key.Key_PageDown, 11), (Key.Key_PageUp, 1),
        (Key.Key_End, len(names) - 1), (Key.Key_Down, 0), (Key.Key_Up, len(names) - 1), (Key.Key_Home, 0),
        (Key.Key_PageUp, 0), (Key.Key_Tab, 1), (Key.Key_Backtab, 0),
    ]  # fmt: skip
    for key, row in steps:
        reader.key(key)
        assert palette.rows.currentIndex().row() == row, key
    assert names[0] in palette.field.accessibleDescription()


@pytest.mark.parametrize("info", [info for info in ACTIONS if info.needs], ids=lambda info: info.key)
def test_what_cannot_be_done_says_why_and_does_not_run(user: Any, info: Any) -> None:
    text = plain(user.window.actions_table[info.key].text())
    palette = user.window.palette_list
    palette.toggle()
    palette.field.setText(text)
    entry = entry_of(palette, text)
    if user.window.actions_table[info.key].isEnabled():
        assert info.needs in ("model", "parameters")
        return
    missing = [NEEDS[word] for word in info.needs.split() if word != "model"]
    assert entry.reason == "needs " + " and ".join(missing)
    palette._run(palette.model.index(listed(palette).index(text)))
    assert palette.isVisible()
    assert user.workspace.settings.recent_commands == ()
    palette.dismiss()


def test_the_mouse_works_too(reader: Any) -> None:
    palette = summon(reader)
    type_in(reader, "theme")
    row = listed(palette).index("Dark theme")
    at = palette.rows.visualRect(palette.model.index(row)).center()
    QTest.mouseMove(palette.rows.viewport(), at)
    reader.wait(lambda: chosen(palette) == "Dark theme")
    QTest.mouseClick(palette.rows.viewport(), Qt.MouseButton.LeftButton, pos=at)
    reader.settle()
    assert not palette.isVisible()
    assert reader.window.actions_table["theme_dark"].isChecked()


def test_a_click_elsewhere_closes_it_and_keeps_the_focus_there(reader: Any) -> None:
    palette = summon(reader)
    reader.click(700, 900)
    reader.settle()
    assert not palette.isVisible()
    assert QApplication.focusWidget() is reader.native


def test_what_was_used_comes_first_next_time_and_after_a_restart(start: Any) -> None:
    first = start()
    summon(first)
    type_in(first, "dark")
    first.key(Key.Key_Return)
    assert listed(summon(first))[0] == "Dark theme"
    first.key(Key.Key_Escape)
    first.close()
    kept = load_settings()
    assert kept.recent_commands == ("action theme_dark",)
    again = start(kept)
    assert listed(summon(again))[0] == "Dark theme"


def test_classes_can_be_chosen(reader: Any) -> None:
    reader.tool("rectangle")
    reader.drag(reader.at(200, 200), reader.at(700, 600))
    name = list(reader.workspace.study.classes())[2]
    palette = summon(reader)
    type_in(reader, f"class: {name}")
    assert entry_of(palette, f"Class: {name}").keys == "3"
    reader.key(Key.Key_Return)
    assert reader.window.class_box.class_name == name
    assert [a.class_name for a in reader.workspace.session.annotations] == [name]


def test_recent_slides_open_and_missing_ones_say_so(reader: Any, tmp_path: Path) -> None:
    other = write_made_tiff(tmp_path / "other one.tif")
    gone = str(tmp_path / "gone.svs")
    recent = (str(reader.shown), str(other), gone)
    reader.workspace.settings = replace(reader.workspace.settings, recent=recent)
    reader.window.recent.refresh()
    reader.wait(lambda: not reader.window.recent.actions[gone].isEnabled())
    palette = summon(reader)
    assert entry_of(palette, "Open: gone.svs").reason == "is not there now"
    type_in(reader, "other one")
    assert chosen(palette) == "Open: other one.tif"
    reader.key(Key.Key_Return)
    reader.wait(lambda: reader.shown == other)


@pytest.mark.parametrize(("typed", "downsample"), [("20x", 2.0), ("0,5 um", 2.0), ("0.125µm/px", 0.5)])
def test_a_magnification_can_be_typed(reader: Any, typed: str, downsample: float) -> None:
    info = reader.workspace.session.slide.info
    assert info.mpp[0] == 0.25
    palette = reader.window.palette_list
    palette.toggle()
    palette.field.setText(typed)
    assert chosen(palette).startswith("Go to ")
    palette._run(palette.rows.currentIndex())
    power = 1.0 if info.objective_power is None else info.objective_power / 40
    expected = downsample * power if typed.endswith("x") else downsample
    assert reader.frame.viewport.downsample == pytest.approx(expected)


def test_a_magnification_needs_a_scale(user: Any, tmp_path: Path) -> None:
    palette = user.window.palette_list
    palette.toggle()
    palette.field.setText("10x")
    assert palette.model.entry(palette.rows.currentIndex()).reason == "needs a slide"
    palette.dismiss()
    user.open(write_made_tiff(tmp_path / "bare.tif", mpp=None))
    palette.toggle()
    palette.field.setText("10x")
    assert (
        palette.model.entry(palette.rows.currentIndex()).reason == "needs a slide whose pixel size is known"
    )
    palette.dismiss()


def test_panels_can_be_shown(user: Any) -> None:
    palette = summon(user)
    type_in(user, "panel log")
    assert chosen(palette) == "Panel: Log"
    user.key(Key.Key_Return)
    assert user.window.docks["log"].isVisible()
    user.window.docks["log"].hide()


def test_it_is_gone_when_the_dialog_that_it_opens_is_there(user: Any) -> None:
    summon(user)
    type_in(user, "about")
    user.key(Key.Key_Return)
    (dialog,) = user.window.findChildren(QDialog)
    assert dialog.isVisible()
    assert not user.window.palette_list.isVisible()
    dialog.reject()
    user.wait(lambda: not user.window.findChildren(QDialog))


def test_it_says_so_when_nothing_fits(user: Any) -> None:
    palette = summon(user)
    type_in(user, "qqqq")
    assert listed(palette) == []
    assert palette._nothing.isVisible()
    user.key(Key.Key_Down)
    user.key(Key.Key_Return)
    assert palette.isVisible()


def test_it_stays_inside_a_small_window(start: Any, made_tiff: Path) -> None:
    user = start(Settings(theme="light"))
    user.open(made_tiff)
    palette = summon(user)
    user.window.resize(100, 100)
    user.settle()
    area = user.window.centralWidget().rect()
    assert area.contains(palette.geometry())


def test_the_page_without_a_slide_keeps_its_focus(user: Any) -> None:
    button = user.window.findChild(QPushButton, "primary")
    user.activate()
    button.setFocus()
    summon(user)
    user.key(Key.Key_Escape)
    assert QApplication.focusWidget() is button
