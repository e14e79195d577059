"""What the Image menu does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from pathview.core.stains import Part

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow

_PARTS: tuple[Part, ...] = ("all", "first", "second", "residual")


class ImageCommands(QObject):
    """The callbacks of the Image menu.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._adjustments = window.workspace.adjustments

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        calls: dict[str, Callable[[], object]] = {
            f"stains_{part}": partial(self._show_part, part) for part in _PARTS
        }
        return calls | {
            "compare": self.compare,
            "auto_adjust": self._adjustments.automatic,
            "white_from_glass": self._adjustments.white_from_glass,
            "estimate_stains": self._adjustments.estimate_stains,
            "copy_adjustment": self._adjustments.copy,
            "paste_adjustment": self._adjustments.paste,
            "reset_adjustment": self._adjustments.reset,
        }

    def _show_part(self, part: Part) -> None:
        self._adjustments.show(replace(self._adjustments.current, part=part))

    def compare(self) -> None:
        """Show the slide as scanned until the key is let go; without a key, until chosen again."""
        application = QApplication.instance()
        assert application is not None
        self._adjustments.compare(not self._adjustments.comparing)
        # Only meanwhile: a filter on the program sees every event there is.
        if self._adjustments.comparing:
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice that the key is let go, or that its release will go to another window."""
        released = event.type() == QEvent.Type.KeyRelease and self._is_key(event)
        if released or (event.type() == QEvent.Type.WindowDeactivate and watched is self._window):
            watcher = QApplication.instance()
            assert watcher is not None
            watcher.removeEventFilter(self)
            self._adjustments.compare(False)
        return False

    def _is_key(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.isAutoRepeat():
            return False
        # Modifiers may have been let go first, so the key alone counts.
        key = QKeySequence(event.key()).toString()
        shortcuts = self._window.actions_table["compare"].shortcuts()
        return any(keys.toString().endswith(key) for keys in shortcuts)
