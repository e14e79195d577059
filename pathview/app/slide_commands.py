"""What the Slides menu does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from pathview.app.held_key import HeldKey
from pathview.view.arrangement import VIEWS, Layout

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow

# Slow enough to see what differs, fast enough to remember the other picture.
_TURN_MS = 700


class SlideCommands:
    """The callbacks of the Slides menu.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace
        self._comparison = window.workspace.comparison
        self._held = HeldKey(window, "blink", lambda: self._comparison.held, self._comparison.hold)
        self._turns = QTimer(window, interval=_TURN_MS)
        self._turns.timeout.connect(self._comparison.turn)
        self._comparison.changed.connect(self._on_comparison)

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        workspace = self._workspace
        calls: dict[str, Callable[[], object]] = {
            f"views_{layout}": partial(self._arrange, layout) for layout in VIEWS
        }
        return calls | {
            "show_again": workspace.show_again,
            "swipe": partial(self._comparison.switch, "swipe"),
            "blink": self._held.toggle,
            "blink_on": partial(self._comparison.switch, "blink"),
            "next_partner": self._next_partner,
            "next_slide": partial(workspace.step_slide, 1),
            "previous_slide": partial(workspace.step_slide, -1),
            "next_view": partial(self._step_view, 1),
            "previous_view": partial(self._step_view, -1),
        }

    def _next_partner(self) -> None:
        self._comparison.next_partner()
        partner = self._comparison.partner
        if partner is not None:
            self._window.statusBar().showMessage(f"Compared with {partner.name}", 5_000)

    def _on_comparison(self) -> None:
        mode = self._comparison.mode
        self._window.actions_table["swipe"].setChecked(mode == "swipe")
        self._window.actions_table["blink_on"].setChecked(mode == "blink")
        if mode != "blink":
            self._turns.stop()
        elif not self._turns.isActive():
            self._turns.start()

    def _arrange(self, layout: Layout) -> None:
        panes = self._workspace.panes
        panes.arrange(replace(panes.arrangement, layout=layout))

    def _step_view(self, by: int) -> None:
        panes = self._workspace.panes
        place = panes.shown.index(panes.active)
        panes.activate(panes.shown[(place + by) % len(panes.shown)])
