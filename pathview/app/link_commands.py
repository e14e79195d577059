"""What the Slides menu does about links."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pathview.app.links import Links

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class LinkCommands:
    """The callbacks of the actions that link views.

    Parameters
    ----------
    window
        Whose actions these are.

    Attributes
    ----------
    links
        How the views are linked.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.links = Links(window.workspace)
        self.links.changed.connect(self._on_links)
        window.canvas_widget.input.landmark_set.connect(self.links.click)

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        return {
            "link_views": self._switch,
            "link_as_now": self.links.take_as_now,
            "links": lambda: self._window.panels.show_or_hide("links"),
        }

    def _switch(self) -> None:
        self.links.switch(self._window.actions_table["link_views"].isChecked())

    def _on_links(self) -> None:
        self._window.actions_table["link_views"].setChecked(self.links.on)
