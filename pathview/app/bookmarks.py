"""What the window does with the bookmarks of the open slide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from pathview.annotations.edit import Edit
from pathview.view.bookmarked import bookmark_of, fresh_name, neighbour, viewport_of

if TYPE_CHECKING:
    from pathview.annotations.bookmark import Bookmark
    from pathview.app.main_window import MainWindow

_SAID_MS = 5000
_TITLE = "Cannot save the bookmark"


class Bookmarks:
    """Makes bookmarks, goes to them, names and deletes them; each change is an edit that can be undone.

    Parameters
    ----------
    window
        Whose slide it is.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace
        self._at: UUID | None = None

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        return {
            "add_bookmark": self.add,
            "next_bookmark": partial(self._step, 1),
            "previous_bookmark": partial(self._step, -1),
            "bookmarks": lambda: self._window.panels.show_or_hide("bookmarks"),
        }

    @property
    def _all(self) -> list[Bookmark]:
        session = self._workspace.session
        return [] if session is None else list(session.bookmarks)

    def add(self) -> None:
        """Keep the present view under a name that is free."""
        if self._workspace.session is None:
            return
        bookmark = bookmark_of(self._workspace.view.state.viewport, fresh_name(self._all))
        if self._workspace.edit(Edit.bookmark("Add bookmark", (None, bookmark)), _TITLE):
            self._at = bookmark.id
            self._window.statusBar().showMessage(f"{bookmark.name} added", _SAID_MS)

    def go(self, bookmark: Bookmark) -> None:
        """Show what a bookmark names."""
        self._at = bookmark.id
        self._window.canvas_widget.motions.stop()
        self._window.canvas_widget.visited.note()
        self._workspace.look(viewport_of(bookmark, self._workspace.view.state.viewport.size))

    def word(self, bookmark: Bookmark, name: str, note: str) -> bool:
        """Give a bookmark a name and a note, and tell whether they are other ones and stored."""
        edit = Edit.bookmark("Name bookmark", (bookmark, replace(bookmark, name=name, note=note)))
        return not edit.empty and self._workspace.edit(edit, _TITLE)

    def delete(self, doomed: Sequence[Bookmark]) -> None:
        """Delete bookmarks, which is one step to undo."""
        label = "Delete bookmark" if len(doomed) == 1 else "Delete bookmarks"
        self._workspace.edit(Edit.bookmark(label, *((bookmark, None) for bookmark in doomed)), _TITLE)

    def _step(self, by: int) -> None:
        bookmark = neighbour(self._all, self._at, by)
        if bookmark is not None:
            self.go(bookmark)
            name = bookmark.name or "Bookmark"
            self._window.statusBar().showMessage(name, _SAID_MS)
