"""Help where one is: every control says what it is for, and the keyboard reaches all of them in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QScrollBar,
    QWhatsThis,
    QWidget,
)

from pathview.app.actions import ACTIONS
from pathview.app.docks.window_slider import WindowSlider

Key = Qt.Key
_CONTROLS = QAbstractButton | QComboBox | QAbstractSlider | QAbstractItemView | QPlainTextEdit | WindowSlider


def controls(user: Any) -> Iterator[QWidget]:
    """Yield what can be worked in the panels, visible or behind a tab."""
    for dock in user.window.docks.values():
        for widget in (*dock.widget().findChildren(QWidget), dock.widget()):
            own = not isinstance(widget, QScrollBar | QHeaderView) and not widget.objectName().startswith(
                "qt_"
            )
            inside_box = isinstance(widget, QAbstractItemView) and isinstance(widget.window(), QWidget)
            popup = inside_box and widget.window() is not user.window
            corner = isinstance(widget, QAbstractButton) and isinstance(widget.parent(), QAbstractItemView)
            if isinstance(widget, _CONTROLS) and own and not popup and not corner:
                yield widget


def names(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text


@pytest.fixture(params=["made_tiff", "fluorescence"])
def viewer(user: Any, request: pytest.FixtureRequest) -> Any:
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    user.open(path)
    return user


def test_every_control_has_a_name_and_says_what_it_is_for(viewer: Any) -> None:
    found = list(controls(viewer))
    assert len(found) > 8
    assert [widget for widget in found if not names(widget)] == []
    silent = [f"{type(w).__name__} {names(w)}" for w in found if not w.toolTip() and not w.whatsThis()]
    assert silent == []


def test_panels_say_what_they_are(user: Any) -> None:
    for name, dock in user.window.docks.items():
        assert len(dock.whatsThis()) > 20, name


def test_without_a_slide_each_panel_says_what_to_do(user: Any) -> None:
    for name in ("models", "layers", "slide-facts", "annotations"):
        words = " ".join(label.text() for label in user.window.docks[name].widget().findChildren(QLabel))
        assert "Open a slide" in words, name
    assert user.window.docks["log"].widget().placeholderText()
    assert "Open a slide" in user.window.docks["overview"].widget().accessibleDescription()


def test_with_a_slide_the_list_of_annotations_says_how_to_begin(reader: Any) -> None:
    words = " ".join(label.text() for label in reader.window.annotations.findChildren(QLabel))
    assert "draw on the slide" in words
    assert "Open a slide" not in words
    words = " ".join(label.text() for label in reader.window.panels.contents.models.findChildren(QLabel))
    assert "Nothing has been run yet" in words


def test_tab_goes_through_the_panels_from_top_to_bottom(viewer: Any) -> None:
    viewer.tool("rectangle")
    viewer.drag(viewer.at(100, 100), viewer.at(300, 300))
    order: list[str] = []
    heights: list[int] = []
    viewer.activate()
    first = viewer.window.panels.contents.models.box
    first.setFocus()
    for _ in range(100):
        focused = QApplication.focusWidget()
        assert focused is not None
        name = next((n for n, dock in viewer.window.docks.items() if dock.isAncestorOf(focused)), "")
        if name and order[-1:] != [name]:
            viewer.settle()
            assert focused.isVisible()
            assert not viewer.window.docks[name].visibleRegion().isEmpty(), "the focus must be in sight"
            order.append(name)
            heights.append(viewer.window.docks[name].geometry().top())
        QTest.keyClick(focused, Key.Key_Tab)
        if QApplication.focusWidget() is first:
            break
    assert len(order) == len(set(order)), f"each panel is visited once, not {order}"
    assert heights == sorted(heights)
    assert len(order) >= 3


def test_what_is_this_explains_an_action(reader: Any) -> None:
    for info in ACTIONS:
        assert reader.window.actions_table[info.key].whatsThis().startswith(info.tip)
    reader.key(Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert QWhatsThis.inWhatsThisMode()
    QWhatsThis.leaveWhatsThisMode()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_tool_in_hand_and_the_focus_differ_from_others_by_more_than_a_tint(user: Any, theme: str) -> None:
    user.trigger(f"theme_{theme}")
    style = QApplication.instance().styleSheet()  # type: ignore[union-attr]
    assert "QToolButton:checked" in style
    ground = QApplication.palette().window().color()
    for rule in ("QToolButton:checked", "QToolButton:focus"):
        body = style.partition(rule)[2].partition("}")[0]
        edge = QColor("#" + body.partition("border")[2].partition("#")[2][:6])
        assert contrast(edge, ground) >= 3, rule
    assert "2px" in style.partition("QToolButton:focus")[2].partition("}")[0]


def contrast(a: QColor, b: QColor) -> float:
    def luminance(color: QColor) -> float:
        parts = (color.redF(), color.greenF(), color.blueF())
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
