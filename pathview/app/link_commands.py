"""What the Slides menu does about links."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class LinkCommands:
    """The callbacks of the actions that link views.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._links = window.workspace.links
        self._links.changed.connect(self._on_links)
        window.canvas_widget.input.landmark_set.connect(self._links.click)

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        return {
            "link_views": self._switch,
            "link_as_now": self._links.take_as_now,
            "links": lambda: self._window.panels.show_or_hide("links"),
        }

    def _switch(self) -> None:
        self._links.switch(self._window.actions_table["link_views"].isChecked())

    def _on_links(self) -> None:
        self._window.actions_table["link_views"].setChecked(self._links.on)
