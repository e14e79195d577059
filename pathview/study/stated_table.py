"""The table of stated pixel sizes, and their part of the journal's JSON.

Where an edit changed the pixel size, the payload of its journal row has this object::

    {"id": "mpp", "by": "anna", "before": 17, "old": null,
     "after": {"x": 0.5, "y": 0.5, "by": "anna", "at": "2026-11-23T17:02:11.123+00:00"}}

``by`` is who made the edit, which may be an undo; ``before`` is the journal row that wrote the value which
this edit replaced, or null, and ``old`` that value. No value stands for the file's own pixel size.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict

from pathview.annotations.edit import MppChange
from pathview.core.errors import EditConflictError
from pathview.core.stated import StatedMpp
from pathview.slides.scale import can_be_true
from pathview.study.slide_scale import user_name

MPP = "mpp"
"""Stands in the journal where annotations have their id."""

_PUT = """
INSERT INTO stated_mpp (slide, seq, x, y, stated_by, stated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (slide) DO UPDATE SET seq = excluded.seq, x = excluded.x, y = excluded.y,
    stated_by = excluded.stated_by, stated_at = excluded.stated_at
"""


class StatedTable:
    """Reads and writes what was stated; its callers hold the transaction and word the errors.

    Parameters
    ----------
    connection
        Of the study's database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def load(self, fingerprint: str) -> StatedMpp | None:
        """Return what is stated for a slide, or None.

        Raises
        ------
        sqlite3.Error, ValueError
            If it cannot be read, or is no pixel size.
        """
        return self._row(fingerprint)[1]

    def change(self, fingerprint: str, label: str, change: MppChange) -> dict[str, object]:
        """Return what the journal says of a change.

        Raises
        ------
        EditConflictError
            If something else is stated than the change expects.
        """
        seq, stated = self._row(fingerprint)
        if stated != change.before:
            raise EditConflictError(f"{label}: the study holds another pixel size than the edit expects")
        before = None if stated is None else seq
        states = {"old": _state(stated), "after": _state(change.after)}
        return {"id": MPP, "by": user_name(), "before": before, **states}

    def put(self, fingerprint: str, seq: int, stated: StatedMpp | None) -> None:
        """Store what is stated after the journal's row `seq`."""
        values = (None,) * 4 if stated is None else (stated.x, stated.y, stated.by, stated.at)
        self._connection.execute(_PUT, (fingerprint, seq, *values))

    def states(self) -> dict[tuple[str, str], tuple[int, dict[str, object] | None]]:
        """Return what is stated as the journal has it, and which of its rows wrote it, by slide and `MPP`."""
        rows = self._connection.execute("SELECT slide, seq, x, y, stated_by, stated_at FROM stated_mpp")
        return {(slide, MPP): (seq, _state(_stated(*values))) for slide, seq, *values in rows}

    def _row(self, fingerprint: str) -> tuple[int | None, StatedMpp | None]:
        row = self._connection.execute(
            "SELECT seq, x, y, stated_by, stated_at FROM stated_mpp WHERE slide = ?", (fingerprint,)
        ).fetchone()
        if row is None:
            return None, None
        stated = _stated(*row[1:])
        if stated is not None and not all(map(can_be_true, stated.mpp)):
            raise ValueError(f"{stated.x} x {stated.y} um/px is no pixel size")
        return row[0], stated


def _stated(x: float | None, y: float | None, by: str, at: str) -> StatedMpp | None:
    return None if x is None or y is None else StatedMpp(x, y, by, at)


def _state(stated: StatedMpp | None) -> dict[str, object] | None:
    return None if stated is None else asdict(stated)
