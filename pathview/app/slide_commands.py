"""What the Slides menu does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pathview.view.arrangement import VIEWS, Layout

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class SlideCommands:
    """The callbacks of the Slides menu.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._workspace = window.workspace

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        workspace = self._workspace
        calls: dict[str, Callable[[], object]] = {
            f"views_{layout}": partial(self._arrange, layout) for layout in VIEWS
        }
        return calls | {
            "show_again": workspace.show_again,
            "next_slide": partial(workspace.step_slide, 1),
            "previous_slide": partial(workspace.step_slide, -1),
            "next_view": partial(self._step_view, 1),
            "previous_view": partial(self._step_view, -1),
        }

    def _arrange(self, layout: Layout) -> None:
        panes = self._workspace.panes
        panes.arrange(replace(panes.arrangement, layout=layout))

    def _step_view(self, by: int) -> None:
        panes = self._workspace.panes
        place = panes.shown.index(panes.active)
        panes.activate(panes.shown[(place + by) % len(panes.shown)])
