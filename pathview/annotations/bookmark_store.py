"""The bookmarks of one slide, changed by edits only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from psygnal import Signal

from pathview.annotations.bookmark import Bookmark
from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError


class BookmarkStore:
    """Holds the bookmarks of one slide, first made first; main thread only.

    One that an undo brings back is where it was in the list.

    Parameters
    ----------
    bookmarks
        What is there from the start, in order.

    Attributes
    ----------
    changed
        Emitted after each edit of bookmarks; a listener must not edit in the same turn.
    """

    changed = Signal()

    def __init__(self, bookmarks: Iterable[Bookmark] = ()) -> None:
        # None keeps the place of one that was deleted.
        self._items: dict[UUID, Bookmark | None] = {bookmark.id: bookmark for bookmark in bookmarks}

    def check(self, edit: Edit) -> None:
        """Make sure that `edit` fits: each bookmark is what its `before` says, and occurs once.

        Raises
        ------
        EditConflictError
            If it does not, or a bookmark is no place.
        """
        ids = [change.id for change in edit.bookmarks]
        if len(set(ids)) < len(ids):
            raise EditConflictError(f"{edit.label}: a bookmark is changed twice")
        for change in edit.bookmarks:
            if self._items.get(change.id) != change.before:
                raise EditConflictError(f"{edit.label}: a bookmark is not what the edit expects")
            if change.after is not None and not change.after.usable:
                raise EditConflictError(f"{edit.label}: a bookmark is no place on a slide")

    def apply(self, edit: Edit) -> None:
        """Change the bookmarks by `edit` and tell the listeners; an edit of others changes nothing.

        Raises
        ------
        EditConflictError
            If the edit does not fit; then nothing has changed.
        """
        self.check(edit)
        if not edit.bookmarks:
            return
        for change in edit.bookmarks:
            self._items[change.id] = change.after
        self.changed.emit()

    def __iter__(self) -> Iterator[Bookmark]:
        return iter([bookmark for bookmark in self._items.values() if bookmark is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)
