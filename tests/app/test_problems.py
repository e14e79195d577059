"""Problems on cards in the corner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from pathview import __version__
from pathview.core.log import RECENT
from pathview.startup.settings import Settings

Key = Qt.Key


def cards(user: Any) -> list[Any]:
    user.settle()
    return [card for card in user.window.problems.cards if card.isVisible()]


def test_a_card_takes_no_focus_and_blocks_nothing(reader: Any) -> None:
    reader.activate()
    reader.native.setFocus()
    reader.workspace.problem.emit("Cannot export", "The disk is full.")
    (card,) = cards(reader)
    assert QApplication.focusWidget() is reader.native
    reader.key(Key.Key_P)
    assert reader.workspace.view.state.tool == "polygon"
    QTest.mouseClick(card.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is reader.native
    QTest.mouseClick(card.close_button, Qt.MouseButton.LeftButton)
    assert cards(reader) == []
    assert not reader.window.problems.isVisible()


def test_the_newest_is_on_top_and_three_are_shown(user: Any) -> None:
    for number in range(5):
        user.workspace.problem.emit("Cannot export", f"Reason {number}.")
    shown = cards(user)
    assert [card.text for card in shown] == ["Reason 4.", "Reason 3.", "Reason 2."]
    assert [card.y() for card in shown] == sorted(card.y() for card in shown)
    assert user.window.problems.more.text() == "and 2 more"
    user.key(Key.Key_Escape)
    assert [card.text for card in cards(user)] == ["Reason 3.", "Reason 2.", "Reason 1."]
    for left in (3, 2, 1, 0):
        assert len(user.window.problems.cards) == left + 1
        user.key(Key.Key_Escape)
    assert cards(user) == []


def test_the_same_problem_counts_up_on_its_card(user: Any) -> None:
    for text in ("One.", "Two.", "One.", "One."):
        user.workspace.problem.emit("Cannot export", text)
    first, second = cards(user)
    assert (first.text, first.count) == ("One.", 3)
    assert (second.text, second.count) == ("Two.", 1)
    assert any("(3 times)" in label.text() for label in first.findChildren(QLabel))
    assert first.accessibleName() == "Problem: Cannot export, 3 times"
    assert first.accessibleDescription() == "One."


def test_a_flood_of_different_problems_is_bounded(user: Any) -> None:
    for number in range(100):
        user.workspace.problem.emit("Cannot export", f"Reason {number}.")
    assert len(user.window.problems.cards) == 20
    assert len(cards(user)) == 3


def test_escape_is_the_shape_s_and_the_field_s_first(reader: Any) -> None:
    reader.tool("rectangle")
    reader.drag(reader.at(200, 200), reader.at(700, 600))
    reader.workspace.problem.emit("Cannot export", "The disk is full.")
    reader.tool("polygon")
    reader.click(800, 200)
    reader.click(900, 500)
    reader.native.setFocus()
    reader.key(Key.Key_Escape)
    assert len(cards(reader)) == 1
    assert reader.window.canvas_widget.input.preview is None
    table = reader.window.annotations.table
    table.setFocus()
    table.edit(table.model().index(0, 1))
    field = table.findChild(QLineEdit)
    reader.wait(lambda: QApplication.focusWidget() is field)
    QTest.keyClick(field, Key.Key_Escape)
    assert len(cards(reader)) == 1
    reader.native.setFocus()
    reader.key(Key.Key_Escape)
    assert cards(reader) == []


def test_escape_is_the_palette_s_before_a_card_s(reader: Any) -> None:
    reader.workspace.problem.emit("Cannot export", "The disk is full.")
    palette = reader.window.palette_list
    reader.key(Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    reader.wait(lambda: QApplication.focusWidget() is palette.field)
    reader.key(Key.Key_Escape)
    assert not palette.isVisible()
    assert len(cards(reader)) == 1
    reader.key(Key.Key_Escape)
    assert cards(reader) == []


def test_the_palette_lies_over_a_card_that_comes_meanwhile(reader: Any) -> None:
    palette = reader.window.palette_list
    reader.window.resize(1000, 700)
    palette.toggle()
    reader.workspace.problem.emit("Cannot export", "The disk is full.")
    (card,) = cards(reader)
    both = palette.geometry().intersected(reader.window.problems.geometry())
    assert not both.isEmpty()
    top = palette.parentWidget().childAt(both.center())
    assert palette.isAncestorOf(top) or top is palette
    assert not card.isAncestorOf(top)
    palette.dismiss()


def test_the_details_hold_all_but_names_and_places(user: Any, tmp_path: Any) -> None:
    slide = str(tmp_path / "Jane Doe 7.svs")
    user.workspace.settings = replace(user.workspace.settings, recent=(slide,))
    RECENT.append("12:00:00 INFO pathview.app: gave up on Jane Doe 7.svs")
    RECENT.append("12:00:01 INFO pathview.app: PatientName is Doe")
    user.window.show_problem("Cannot open slide", f"Cannot open {slide}: damaged", "Traceback: boom")
    (card,) = cards(user)
    QTest.mouseClick(card.copy_button, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    for part in (
        "Cannot open <path>.svs: damaged",
        f"PathView {__version__}",
        "Traceback: boom",
        "gave up on",
    ):
        assert part in copied
    assert "Doe" not in copied
    assert str(tmp_path) not in copied
    assert card.copy_button.text() == "Copied"


def test_the_card_itself_names_the_file(user: Any) -> None:
    user.window.show_problem("Cannot open slide", "Cannot open /a/b & <c>.svs: damaged")
    (card,) = cards(user)
    assert any(label.text() == "Cannot open /a/b & <c>.svs: damaged" for label in card.findChildren(QLabel))


def test_cards_can_be_worked_by_keys(reader: Any) -> None:
    reader.workspace.problem.emit("Cannot export", "The disk is full.")
    (card,) = cards(reader)
    reader.activate()
    card.close_button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(card.close_button, Key.Key_Space)
    reader.settle()
    assert cards(reader) == []
    assert QApplication.focusWidget() is reader.native


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_stay_inside_a_window_of_any_size(start: Any, theme: str) -> None:
    user = start(Settings(theme=theme))
    for number in range(4):
        user.workspace.problem.emit("Cannot open slide", f"Reason {number}: " + "much to say " * 12)
    user.window.resize(100, 100)
    user.settle()
    pages = user.window.centralWidget()
    assert cards(user)
    for card in cards(user):
        place = card.mapTo(pages, card.rect().topLeft())
        assert pages.rect().contains(place)
        assert pages.rect().contains(card.mapTo(pages, card.rect().bottomRight()))


def test_they_lie_over_the_welcome_page_and_the_slide(user: Any, made_tiff: Any) -> None:
    user.workspace.problem.emit("Cannot open slide", "It is damaged.")
    assert len(cards(user)) == 1
    user.open(made_tiff)
    (card,) = cards(user)
    centre = user.window.mapFromGlobal(card.mapToGlobal(card.rect().center()))
    at = user.window.childAt(centre)
    assert at is card or card.isAncestorOf(at)
