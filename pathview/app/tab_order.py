"""The order in which Tab goes through widgets that come and go."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def keep_in_place(panel: QWidget) -> None:
    """Let Tab go from `panel` to what is in it now, in the order it was made in.

    Qt puts widgets that are made later at the end of the window's chain, behind all other panels.
    """
    before = panel
    for widget in panel.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.window() is panel.window():
            QWidget.setTabOrder(before, widget)
            before = widget
