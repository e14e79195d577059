"""The journal: each edit is one transaction, kept for ever and sealed by a chain of hashes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from shapely.errors import ShapelyError

from pathview.annotations.annotation import Annotation
from pathview.annotations.bookmark import Bookmark
from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError, StudyError
from pathview.core.stated import StatedMpp
from pathview.study.bookmark_table import PREFIX, BookmarkTable
from pathview.study.database import FAULTS, now, transaction
from pathview.study.record import Row, annotation_of, changes_of, rows_after, seal, state_of
from pathview.study.stated_table import MPP, StatedTable

type _Place = tuple[str, str]
type _State = tuple[int, dict[str, object] | None]

_START = bytes(32)
_PUT = """
INSERT INTO annotation (slide, id, seq, z, wkb, class, name, note, locked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (slide, id) DO UPDATE SET seq = excluded.seq, wkb = excluded.wkb, class = excluded.class,
    name = excluded.name, note = excluded.note, locked = excluded.locked
"""


class Journal:
    """Stores edits and what they add up to; main thread only.

    Parameters
    ----------
    connection
        Of the study's database.
    file
        The database file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self._connection = connection
        self._file = file
        self._stated = StatedTable(connection)
        self._bookmarks = BookmarkTable(connection)

    def commit(self, fingerprint: str, edit: Edit) -> None:
        """Store an edit of the slide with that fingerprint; on return it is on disk.

        Raises
        ------
        EditConflictError
            If the study holds something else than the edit expects.
        StudyError
            If it cannot be stored, for example because the disk is full; nothing has changed.
        """
        rows = rows_after(edit)
        with transaction(self._connection, self._file, f"“{edit.label}” was not saved"):
            before = self._written_by(fingerprint, rows)
            if any((c.before is None) == (str(c.id) in before) for c in edit.changes):
                raise EditConflictError(
                    f"{edit.label}: the study holds other annotations than the edit expects"
                )
            changes = changes_of(rows, before)
            if edit.mpp is not None:
                changes.append(self._stated.change(fingerprint, edit.label, edit.mpp))
            changes += self._bookmarks.changes(fingerprint, edit.label, edit.bookmarks)
            seq = self._append(fingerprint, edit.label, json.dumps(changes, separators=(",", ":")))
            self._put(fingerprint, seq, rows)
            if edit.mpp is not None:
                self._stated.put(fingerprint, seq, edit.mpp.after)
            self._bookmarks.put(fingerprint, seq, edit.bookmarks)

    def load(self, fingerprint: str) -> list[Annotation]:
        """Return the annotations of a slide in drawing order.

        Raises
        ------
        StudyError
            If they cannot be read.
        """
        try:
            rows = self._connection.execute(
                "SELECT id, wkb, class, name, note, locked FROM annotation"
                " WHERE slide = ? AND wkb IS NOT NULL ORDER BY z",
                (fingerprint,),
            )
            return [annotation_of(*row) for row in rows]
        except (sqlite3.Error, ShapelyError, ValueError) as error:
            raise StudyError(self._file, f"annotations cannot be read: {error}") from error

    def load_mpp(self, fingerprint: str) -> StatedMpp | None:
        """Return the pixel size that was stated for a slide, or None.

        Raises
        ------
        StudyError
            If it cannot be read.
        """
        try:
            return self._stated.load(fingerprint)
        except (*FAULTS, TypeError, ValueError) as error:
            raise StudyError(self._file, f"the stated pixel size cannot be read: {error}") from error

    def load_bookmarks(self, fingerprint: str) -> list[Bookmark]:
        """Return the bookmarks of a slide in the order of their list.

        Raises
        ------
        StudyError
            If they cannot be read.
        """
        try:
            return self._bookmarks.load(fingerprint)
        except (*FAULTS, TypeError, ValueError) as error:
            raise StudyError(self._file, f"bookmarks cannot be read: {error}") from error

    def verify(self) -> list[str]:
        """Return what is wrong with the journal, in words; an empty list says that it is sound.

        The chain of hashes must be whole, and the journal must add up to the annotations, the stated pixel
        sizes and the bookmarks that are stored.

        Raises
        ------
        StudyError
            If the database cannot be read.
        """
        replayed: dict[_Place, _State] = {}
        try:
            broken = self._replay(replayed)
            return [broken] if broken else self._differences(replayed)
        except FAULTS as error:
            raise StudyError(self._file, f"the journal cannot be read: {error}") from error

    def _written_by(self, fingerprint: str, rows: Sequence[Row]) -> dict[str, int]:
        # CROSS JOIN fixes the order: left to itself, SQLite scans all annotations for each one wanted.
        found = self._connection.execute(
            "SELECT a.id, a.seq FROM json_each(?) AS wanted CROSS JOIN annotation AS a"
            " ON a.slide = ? AND a.id = wanted.value WHERE a.wkb IS NOT NULL",
            (json.dumps([row[0] for row in rows]), fingerprint),
        )
        return dict(found)

    def _append(self, fingerprint: str, label: str, changes: str) -> int:
        last = self._connection.execute("SELECT seq, hash FROM edit ORDER BY seq DESC LIMIT 1").fetchone()
        number, previous = last if last is not None else (0, _START)
        facts = (number + 1, fingerprint, label, now(), changes)
        self._connection.execute(
            "INSERT INTO edit VALUES (?, ?, ?, ?, ?, ?)", (*facts, seal(previous, *facts))
        )
        return facts[0]

    def _put(self, fingerprint: str, seq: int, rows: Sequence[Row]) -> None:
        query = "SELECT COALESCE(MAX(z) + 1, 0) FROM annotation WHERE slide = ?"
        top = int(self._connection.execute(query, (fingerprint,)).fetchone()[0])
        # On a conflict the row keeps its old z, so gaps arise; only the order counts.
        values = ((fingerprint, id, seq, z, *rest) for z, (id, *rest) in enumerate(rows, start=top))
        self._connection.executemany(_PUT, values)

    def _replay(self, into: dict[_Place, _State]) -> str | None:
        previous = _START
        query = "SELECT seq, slide, label, made_at, payload, hash FROM edit ORDER BY seq"
        for expected, (*facts, sealed) in enumerate(self._connection.execute(query), start=1):
            if facts[0] != expected:
                return f"edit {expected} is missing before edit {facts[0]}"
            if sealed != seal(previous, *facts):
                return f"edit {expected} is not what was written"
            previous = sealed
            changes = json.loads(facts[4])
            into.update(((facts[1], c["id"]), (expected, c["after"])) for c in changes)
        return None

    def _differences(self, replayed: Mapping[_Place, _State]) -> list[str]:
        rows = self._connection.execute(
            "SELECT slide, seq, id, wkb, class, name, note, locked FROM annotation ORDER BY slide, z"
        )
        stored: dict[_Place, _State] = {(slide, row[0]): (seq, state_of(row)) for slide, seq, *row in rows}
        stored |= self._stated.states() | self._bookmarks.states()
        places = sorted(stored.keys() | replayed.keys())
        return [
            f"{_what(id)} of slide {slide} is not what its edits say"
            for slide, id in places
            if stored.get((slide, id)) != replayed.get((slide, id))
        ]


def _what(id: str) -> str:
    if id == MPP:
        return "the stated pixel size"
    kind, _, rest = id.rpartition(":")
    return f"bookmark {rest}" if kind == PREFIX else f"annotation {id}"
