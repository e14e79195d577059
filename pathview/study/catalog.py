"""What a study remembers of its slides, runs and classes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from pathview.core.errors import StudyError
from pathview.core.place import Place, lasting, place_of
from pathview.inference.card import ModelCard
from pathview.slides.reader import SlideInfo
from pathview.study.database import FAULTS, now, transaction

type Color = tuple[int, int, int]
"""(r, g, b), 0-255 each."""


@dataclass(frozen=True, slots=True)
class SlideRecord:
    """What a study remembers of a slide that was opened in it.

    Attributes
    ----------
    fingerprint
        Identity that survives renaming.
    path
        Where it was when it was opened last; an address without its secrets.
    mpp
        (x, y) in um/px at level 0 as the file says, or None; what was stated is in the session.
    mpp_source
        Where mpp comes from, or why it is unknown.
    opened_at
        When it was opened last, UTC, ISO 8601.
    """

    fingerprint: str
    path: Place
    mpp: tuple[float, float] | None
    mpp_source: str
    opened_at: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A model's run on a slide, whose results lie in the study.

    Attributes
    ----------
    id
        Of the run.
    slide
        Fingerprint of the slide.
    model, model_version, model_sha256
        From the model's card.
    heatmap
        The heatmap's folder.
    region
        Where the model ran, in level-0 px; None for the whole slide.
    created_at
        UTC, ISO 8601.
    """

    id: str
    slide: str
    model: str
    model_version: str
    model_sha256: str
    heatmap: Path
    region: BaseGeometry | None
    created_at: str


class Catalog:
    """The tables of slides, runs, classes, adjustments, read coverage and links; main thread only.

    Parameters
    ----------
    connection
        Of the study's database.
    file
        The database file; heatmaps are kept relative to its folder.
    """

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self._connection = connection
        self._file = file

    def remember(self, info: SlideInfo) -> None:
        """Store what is known about a slide that was opened."""
        statement = """
            INSERT INTO slide VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET
                path = excluded.path, name = excluded.name, mpp_x = excluded.mpp_x, mpp_y = excluded.mpp_y,
                mpp_source = excluded.mpp_source, opened_at = excluded.opened_at
        """
        path = os.fsencode(lasting(info.path))
        name = os.fsencode(info.path.name).decode(errors="replace")
        mpp = info.mpp or (None, None)
        values = (info.fingerprint, path, name, *mpp, info.mpp_source, now())
        self._write("the slide was not stored", statement, values)

    def slides(self) -> list[SlideRecord]:
        """Return the slides, the one opened last first."""
        rows = self._rows(
            "SELECT fingerprint, path, mpp_x, mpp_y, mpp_source, opened_at FROM slide"
            " ORDER BY opened_at DESC, rowid DESC"
        )
        return [
            SlideRecord(key, place_of(os.fsdecode(path)), None if x is None else (x, y), source, at)
            for key, path, x, y, source, at in rows
        ]

    def add_run(
        self, fingerprint: str, card: ModelCard, heatmap: Path, region: BaseGeometry | None
    ) -> RunRecord:
        """Store a run; one on the same heatmap replaces the earlier."""
        statement = """
            INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (heatmap) DO UPDATE SET
                id = excluded.id, slide = excluded.slide, model = excluded.model,
                model_version = excluded.model_version, model_sha256 = excluded.model_sha256,
                region = excluded.region, created_at = excluded.created_at
        """
        place = self._inside(heatmap)
        facts = (uuid4().hex, fingerprint, card.name, card.version, card.sha256)
        at = now()
        shape = None if region is None else shapely.to_wkb(region)
        self._write("the run was not stored", statement, (*facts, place, shape, at))
        return RunRecord(*facts, heatmap, region, at)

    def runs(self, fingerprint: str) -> list[RunRecord]:
        """Return the runs on a slide, oldest first."""
        rows = self._rows(
            "SELECT id, slide, model, model_version, model_sha256, heatmap, region, created_at FROM run"
            " WHERE slide = ? ORDER BY rowid",
            fingerprint,
        )
        try:
            return [self._run(*row) for row in rows]
        except ShapelyError as error:
            raise StudyError(self._file, f"a run's region cannot be read: {error}") from error

    def classes(self) -> dict[str, Color]:
        """Return the colours of the classes, in the order of their number keys."""
        rows = self._rows("SELECT name, red, green, blue FROM class ORDER BY position")
        return {name: (red, green, blue) for name, red, green, blue in rows}

    def set_class(self, name: str, color: Color) -> None:
        """Give a class a colour; a class that is new comes last."""
        statement = """
            INSERT INTO class VALUES (?, (SELECT COALESCE(MAX(position) + 1, 0) FROM class), ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET red = excluded.red, green = excluded.green, blue = excluded.blue
        """
        self._write(f"class {name} was not stored", statement, (name, *color))

    def adjustment(self, fingerprint: str) -> str | None:
        """Return how the picture of a slide is adjusted, as text, or None."""
        rows = self._rows("SELECT value FROM adjustment WHERE slide = ?", fingerprint)
        return rows[0][0] if rows else None

    def set_adjustment(self, fingerprint: str, value: str | None) -> None:
        """Store how the picture of a slide is adjusted; None forgets it."""
        statement = """
            INSERT INTO adjustment VALUES (?, ?) ON CONFLICT (slide) DO UPDATE SET value = excluded.value
        """
        purpose = "the adjustment of the picture was not stored"
        if value is None:
            self._write(purpose, "DELETE FROM adjustment WHERE slide = ?", (fingerprint,))
        else:
            self._write(purpose, statement, (fingerprint, value))

    def coverage(self, fingerprint: str, reader: str) -> bytes | None:
        """Return what a reader has looked at on a slide, or None."""
        rows = self._rows("SELECT value FROM coverage WHERE slide = ? AND reader = ?", fingerprint, reader)
        return rows[0][0] if rows else None

    def set_coverage(self, fingerprint: str, reader: str, value: bytes | None) -> None:
        """Store what a reader has looked at on a slide; None forgets it."""
        statement = """
            INSERT INTO coverage VALUES (?, ?, ?)
            ON CONFLICT (slide, reader) DO UPDATE SET value = excluded.value
        """
        purpose = "what was looked at was not stored"
        if value is None:
            delete = "DELETE FROM coverage WHERE slide = ? AND reader = ?"
            self._write(purpose, delete, (fingerprint, reader))
        else:
            self._write(purpose, statement, (fingerprint, reader, value))

    def link(self, first: str, second: str) -> str | None:
        """Return how two slides are laid on each other, as text, or None."""
        rows = self._rows("SELECT value FROM link WHERE first = ? AND second = ?", first, second)
        return rows[0][0] if rows else None

    def set_link(self, first: str, second: str, value: str | None) -> None:
        """Store how two slides are laid on each other; None forgets it."""
        statement = """
            INSERT INTO link VALUES (?, ?, ?) ON CONFLICT (first, second) DO UPDATE SET value = excluded.value
        """
        purpose = "how the slides are linked was not stored"
        if value is None:
            self._write(purpose, "DELETE FROM link WHERE first = ? AND second = ?", (first, second))
        else:
            self._write(purpose, statement, (first, second, value))

    def _run(
        self,
        id: str,
        slide: str,
        model: str,
        version: str,
        sha256: str,
        place: str,
        wkb: bytes | None,
        at: str,
    ) -> RunRecord:
        region = None if wkb is None else shapely.from_wkb(wkb)
        return RunRecord(id, slide, model, version, sha256, self._file.parent / place, region, at)

    def _inside(self, path: Path) -> str:
        root = self._file.parent.resolve()
        place = path.resolve()
        if not place.is_relative_to(root):
            raise StudyError(
                self._file.parent, f"results must lie in the study's folder, and {path} does not"
            )
        return place.relative_to(root).as_posix()

    def _rows(self, query: str, *values: str) -> Sequence[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except FAULTS as error:
            raise StudyError(self._file, f"cannot be read: {error}") from error

    def _write(self, purpose: str, statement: str, values: tuple[object, ...]) -> None:
        with transaction(self._connection, self._file, purpose):
            self._connection.execute(statement, values)
