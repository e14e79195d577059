"""The action table, menus, themes, dialogs of the window, and where the window was."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QDialog, QTableWidget, QTextBrowser, QToolButton

from pathview.app.actions import ACTIONS
from pathview.app.application import catch_everything
from pathview.app.menus import MENUS, SUBMENUS
from pathview.app.overlays.problems import ProblemCard
from pathview.core.files import config_folder
from pathview.startup.settings import Settings, load_settings


def test_every_action_is_in_a_menu_and_has_a_tip(user: Any) -> None:
    listed = {key for keys in MENUS.values() for key in keys}
    assert {info.key for info in ACTIONS} <= listed
    for info in ACTIONS:
        action = user.window.actions_table[info.key]
        assert action.statusTip() == info.tip
        assert info.tip in action.toolTip()
        assert action.text()


def test_no_shortcut_is_given_twice(user: Any) -> None:
    keys = Counter(
        sequence.toString()
        for info in ACTIONS
        for sequence in user.window.actions_table[info.key].shortcuts()
    )
    keys.update(str(number) for number in range(1, 10))
    assert [key for key, count in keys.items() if count > 1] == []


def test_mnemonics_are_not_given_twice_in_a_menu() -> None:
    texts = {info.key: info.text for info in ACTIONS} | SUBMENUS
    for menu, keys in MENUS.items():
        letters = Counter(
            texts[key][texts[key].index("&") + 1].lower() for key in keys if key and "&" in texts[key]
        )
        assert [letter for letter, count in letters.items() if count > 1] == [], menu


def test_without_a_slide_only_what_needs_none_can_be_done(user: Any) -> None:
    enabled = {info.key for info in ACTIONS if user.window.actions_table[info.key].isEnabled()}
    assert enabled == {info.key for info in ACTIONS if info.needs in ("", "model", "parameters")}


def test_toolbar_buttons_can_be_told_apart_without_a_mouse(user: Any) -> None:
    for button in user.window.findChildren(QToolButton):
        action = button.defaultAction()
        if action is not None and action.objectName() != "qt_toolbar_ext_button":
            assert button.toolTip() or button.text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_themes(user: Any, theme: str) -> None:
    user.trigger(f"theme_{theme}")
    window = QApplication.palette().color(QPalette.ColorRole.Window)
    assert (window.lightness() < 128) == (theme == "dark")
    assert load_settings().theme == theme
    assert user.window.actions_table[f"theme_{theme}"].isChecked()
    background = QColor(*user.workspace.scene.background)
    assert (background.lightness() < 128) == (theme == "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(user: Any, theme: str) -> None:
    user.trigger(f"theme_{theme}")
    palette = QApplication.palette()
    group = QPalette.ColorGroup
    pairs = [
        (group.Active, "WindowText", "Window", 7.0), (group.Active, "ButtonText", "Button", 7.0),
        (group.Active, "Text", "Base", 7.0), (group.Active, "HighlightedText", "Highlight", 4.5),
        (group.Active, "PlaceholderText", "Base", 4.5), (group.Disabled, "ButtonText", "Window", 2.5),
    ]  # fmt: skip
    for state, front, back, least in pairs:
        text = palette.color(state, QPalette.ColorRole[front])
        ground = palette.color(state, QPalette.ColorRole[back])
        assert contrast(text, ground) >= least, (front, back)


def contrast(a: QColor, b: QColor) -> float:
    """Return the contrast of two colours as WCAG 2.1 defines it."""

    def luminance(color: QColor) -> float:
        parts = (color.redF(), color.greenF(), color.blueF())
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_theme_for_this_start_only_is_not_kept(user: Any) -> None:
    user.window.set_theme("dark", keep=False)
    user.close()
    assert load_settings().theme == "light"


@pytest.mark.parametrize(("key", "title"), [("about", "About PathView"), ("shortcuts", "Keyboard shortcuts")])
def test_help_dialogs_open_and_go(user: Any, key: str, title: str) -> None:
    user.trigger(key)
    (dialog,) = user.window.findChildren(QDialog)
    assert dialog.windowTitle() == title
    assert not dialog.isModal()
    if key == "shortcuts":
        assert dialog.findChild(QTableWidget).rowCount() == len(ACTIONS)
    dialog.reject()
    user.wait(lambda: not user.window.findChildren(QDialog))


def test_the_model_card_tells_intended_use_and_more(user: Any) -> None:
    user.trigger("model_card")
    (dialog,) = user.window.findChildren(QDialog)
    assert dialog.windowTitle() == "Model card: Texture (demonstration)"
    assert "says nothing of tissue that it was not trained on" in dialog.findChild(QTextBrowser).toPlainText()
    dialog.close()
    user.wait(lambda: not user.window.findChildren(QDialog))


def test_an_unexpected_error_is_shown_once_and_the_window_lives_on(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    import threading

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    catch_everything(reader.window)
    for _ in range(3):
        try:
            raise ZeroDivisionError("made to fail")
        except ZeroDivisionError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    reader.wait(lambda: bool(reader.window.findChildren(ProblemCard, "problem")))
    reader.settle()
    (card,) = reader.window.findChildren(ProblemCard, "problem")
    assert "made to fail" in card.details
    assert card.count == 3
    reader.trigger("zoom_in")


def test_panels_and_place_come_back_at_the_next_start(start: Any) -> None:
    first = start()
    first.window.resize(1111, 777)
    first.window.docks["log"].show()
    first.window.docks["overview"].hide()
    first.settle()
    first.close()
    again = start(resize=False)
    assert (again.window.width(), again.window.height()) == (1111, 777)
    assert again.window.docks["log"].isVisible()
    assert not again.window.docks["overview"].isVisible()
    again.trigger("reset_panels")
    assert again.window.docks["overview"].isVisible()
    assert not again.window.docks["log"].isVisible()


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff nonsense", b"[General]\ngeometry=@ByteArray(rubbish)\npanels=7\n"]
)
def test_a_damaged_window_file_does_not_stop_the_start(start: Any, content: bytes) -> None:
    (config_folder() / "window.ini").write_bytes(content)
    user = start()
    assert user.window.docks["models"].isVisible()


def test_settings_that_cannot_be_written_do_not_stop_the_close(user: Any) -> None:
    folder = config_folder()
    (folder / "settings.toml").unlink(missing_ok=True)
    (folder / "settings.toml").mkdir()
    user.window.close()
    assert user.workspace.closed


def test_the_window_works_at_its_smallest(start: Any, made_tiff: Path) -> None:
    user = start(Settings(theme="light"))
    user.open(made_tiff)
    user.window.resize(100, 100)
    user.settle()
    assert user.window.width() <= 1000
    assert user.window.height() <= 700, "a small laptop's screen must hold it"
    assert user.native.width() >= 300
    column = [user.window.docks[name] for name in ("overview", "models", "layers", "annotations")]
    for upper, lower in pairwise(column):
        assert upper.geometry().bottom() < lower.geometry().top()
    for dock in column:
        assert dock.widget().height() >= dock.widget().minimumSizeHint().height()


def test_closing_twice_does_no_harm(reader: Any) -> None:
    reader.window.close()
    reader.window.close()
    assert reader.workspace.closed


def test_the_log_panel_shows_what_was_logged(user: Any) -> None:
    import logging

    from pathview.core.log import RECENT

    RECENT.append("something worth knowing")
    user.window.docks["log"].show()
    user.settle()
    assert "something worth knowing" in user.window.docks["log"].widget().toPlainText()
    assert logging.getLogger("pathview") is not None
    user.window.docks["log"].hide()


def test_focus_can_reach_the_panels(user: Any) -> None:
    assert user.window.panels.contents.models.box.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert user.window.annotations.table.focusPolicy() & Qt.FocusPolicy.TabFocus
