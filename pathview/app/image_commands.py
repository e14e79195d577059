"""What the Image menu does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pathview.app.held_key import HeldKey
from pathview.core.stains import Part

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow

_PARTS: tuple[Part, ...] = ("all", "first", "second", "residual")


class ImageCommands:
    """The callbacks of the Image menu.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._adjustments = adjustments = window.workspace.adjustments
        self._compare = HeldKey(window, "compare", lambda: adjustments.comparing, adjustments.compare)

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        calls: dict[str, Callable[[], object]] = {
            f"stains_{part}": partial(self._show_part, part) for part in _PARTS
        }
        return calls | {
            "compare": self._compare.toggle,
            "auto_adjust": self._adjustments.automatic,
            "white_from_glass": self._adjustments.white_from_glass,
            "estimate_stains": self._adjustments.estimate_stains,
            "copy_adjustment": self._adjustments.copy,
            "paste_adjustment": self._adjustments.paste,
            "reset_adjustment": self._adjustments.reset,
        }

    def _show_part(self, part: Part) -> None:
        self._adjustments.show(replace(self._adjustments.current, part=part))
