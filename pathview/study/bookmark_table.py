"""The table of bookmarks, and their part of the journal's JSON.

Where an edit changed a bookmark, the payload of its journal row has this object::

    {"id": "bookmark:<uuid>", "before": 17,
     "after": {"x": 812.5, "y": 440.0, "downsample": 4.0, "rotation": 0.0, "flipped": false,
               "name": "Mitosis", "note": ""}}

``before`` is the journal row that wrote the value which this edit replaced, or null where there was none, and
``after`` is null for a removal, as with annotations.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pathview.annotations.bookmark import Bookmark
from pathview.annotations.edit import BookmarkChange
from pathview.core.errors import EditConflictError

PREFIX = "bookmark"
"""Tells bookmarks from annotations in the journal."""

_READ = "SELECT id, x, y, downsample, rotation, flipped, name, note FROM bookmark"
_PUT = """
INSERT INTO bookmark (slide, id, seq, position, x, y, downsample, rotation, flipped, name, note)
VALUES (?1, ?2, ?3, (SELECT COALESCE(MAX(position) + 1, 0) FROM bookmark WHERE slide = ?1),
    ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (slide, id) DO UPDATE SET seq = excluded.seq, x = excluded.x, y = excluded.y,
    downsample = excluded.downsample, rotation = excluded.rotation, flipped = excluded.flipped,
    name = excluded.name, note = excluded.note
"""
_GONE = (None, None, None, None, 0, "", "")


class BookmarkTable:
    """Reads and writes bookmarks; its callers hold the transaction and word the errors.

    Parameters
    ----------
    connection
        Of the study's database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def load(self, fingerprint: str) -> list[Bookmark]:
        """Return the bookmarks of a slide in order.

        Raises
        ------
        sqlite3.Error, ValueError
            If they cannot be read, or one is no place.
        """
        query = f"{_READ} WHERE slide = ? AND x IS NOT NULL ORDER BY position"
        return [_bookmark(*row) for row in self._connection.execute(query, (fingerprint,))]

    def changes(
        self, fingerprint: str, label: str, changes: Sequence[BookmarkChange]
    ) -> list[dict[str, object]]:
        """Return what the journal says of changes.

        Raises
        ------
        EditConflictError
            If the study holds other bookmarks than the changes expect.
        """
        return [self._change(fingerprint, label, change) for change in changes]

    def put(self, fingerprint: str, seq: int, changes: Sequence[BookmarkChange]) -> None:
        """Store what bookmarks are after the journal's row `seq`."""
        for change in changes:
            self._connection.execute(_PUT, (fingerprint, str(change.id), seq, *_values(change.after)))

    def states(self) -> dict[tuple[str, str], tuple[int, dict[str, object] | None]]:
        """Return the bookmarks as the journal has them, and which of its rows wrote each."""
        rows = self._connection.execute(_READ.replace("SELECT", "SELECT slide, seq,"))
        return {(slide, f"{PREFIX}:{row[0]}"): (seq, _state(*row)) for slide, seq, *row in rows}

    def _change(self, fingerprint: str, label: str, change: BookmarkChange) -> dict[str, object]:
        row = self._connection.execute(
            _READ.replace("SELECT", "SELECT seq,") + " WHERE slide = ? AND id = ? AND x IS NOT NULL",
            (fingerprint, str(change.id)),
        ).fetchone()
        seq, present = (None, None) if row is None else (row[0], _bookmark(*row[1:]))
        if present != change.before:
            raise EditConflictError(f"{label}: the study holds another bookmark than the edit expects")
        after = _state(str(change.id), *_values(change.after))
        return {"id": f"{PREFIX}:{change.id}", "before": seq, "after": after}


def _bookmark(id: str, *values: Any) -> Bookmark:
    x, y, downsample, rotation, flipped, name, note = values
    bookmark = Bookmark(x, y, downsample, rotation, bool(flipped), name, note, UUID(id))
    if not bookmark.usable:
        raise ValueError(f"{name or id} is no place on a slide")
    return bookmark


def _values(bookmark: Bookmark | None) -> tuple[Any, ...]:
    if bookmark is None:
        return _GONE
    place = (bookmark.x, bookmark.y, bookmark.downsample, bookmark.rotation)
    return (*place, int(bookmark.flipped), bookmark.name, bookmark.note)


def _state(id: str, *values: Any) -> dict[str, object] | None:
    x, y, downsample, rotation, flipped, name, note = values
    if x is None:
        return None
    place = {"x": float(x), "y": float(y), "downsample": float(downsample), "rotation": float(rotation)}
    return {**place, "flipped": bool(flipped), "name": name, "note": note}
