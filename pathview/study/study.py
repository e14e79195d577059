"""A study: a folder with one SQLite file and the heatmaps beside it."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote
from weakref import WeakValueDictionary

from shapely.geometry.base import BaseGeometry

from pathview.annotations.bookmark_store import BookmarkStore
from pathview.annotations.edit import Edit
from pathview.annotations.history import History
from pathview.annotations.store import AnnotationStore
from pathview.core.errors import StudyError
from pathview.core.lock import WriterLock, holder_of
from pathview.inference.card import ModelCard
from pathview.study import migrations
from pathview.study.catalog import Catalog, Color, RunRecord, SlideRecord
from pathview.study.database import FAULTS, connect
from pathview.study.journal import Journal
from pathview.study.session import Session, commit_then_apply
from pathview.study.slide_scale import SlideScale, user_name

if TYPE_CHECKING:
    from pathview.slides.slide import Slide

_ADVICE = (
    "the database is damaged or is none; nothing was changed: copy the whole folder aside, then open a "
    "backup or another folder"
)


class Study:
    """Slides, classes, annotations and runs of one piece of work; main thread only.

    One program at a time may write to a study; one that comes second sees it `read_only`. Use it as a context
    manager or call `close`.

    Attributes
    ----------
    folder
        Where it lies: `study.sqlite`, its lock, and `heatmaps/`.
    read_only
        Whether edits are refused.
    writer
        Who writes to the study while it is read-only here, in words, or None.
    journal
        The edits.
    """

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, lock: WriterLock | None, writer: str | None
    ) -> None:
        self.folder = folder
        self.read_only = lock is None
        self.writer = writer
        file = _database_file(folder)
        self._connection = connection
        self._lock = lock
        self.journal = Journal(connection, file)
        self._catalog = Catalog(connection, file)
        self._sessions: WeakValueDictionary[str, Session] = WeakValueDictionary()

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Study:
        """Open the study in `folder`, or make one there.

        Parameters
        ----------
        folder
            Where it lies.
        read_only
            Only look: a study that is missing is not made, and others may write meanwhile.

        Raises
        ------
        StudyError
            If the folder cannot be used, the database is damaged, or a newer program made it. Nothing is
            ever deleted or repaired in silence.
        """
        file = _database_file(folder)
        lock = None if read_only else _take_lock(folder)
        if lock is None and not file.exists():
            raise StudyError(folder, "is not there and cannot be made: " + _why_not(read_only))
        writer = None if read_only or lock is not None else _writer_of(folder)
        try:
            return cls(folder, _open_database(file, read_only=lock is None), lock, writer)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def session(self, slide: Slide) -> Session:
        """Return the session of an open slide, with what the study holds of it.

        The slide goes by the pixel size that was stated for it from here on. Two sessions of the same slide
        share annotations, pixel size, bookmarks, history and results, so that neither can miss what the other
        does.

        Raises
        ------
        StudyError
            If the study cannot be read or written.
        """
        fingerprint = slide.info.fingerprint
        living = self._sessions.get(fingerprint)
        if living is not None and living.slide is slide:
            return living
        if not self.read_only:
            self._catalog.remember(slide.file_info)
        session = replace(living, slide=slide) if living is not None else self._new_session(slide)
        self._sessions[fingerprint] = session
        session.scale.tell(slide)
        return session

    def slides(self) -> list[SlideRecord]:
        """Return the slides of the study, the one opened last first."""
        return self._catalog.slides()

    def add_run(
        self, fingerprint: str, card: ModelCard, heatmap: Path, *, region: BaseGeometry | None = None
    ) -> RunRecord:
        """Remember that the results of a model on a slide lie in `heatmap`; a run resumed there replaces it.

        Parameters
        ----------
        fingerprint
            Of a slide that has, or had, a session here.
        card
            Of the model.
        heatmap
            From `Session.heatmap_folder`.
        region
            Where the model runs, in level-0 px; None for the whole slide.

        Raises
        ------
        StudyError
            If the heatmap does not lie in the study's folder, or the study cannot be written.
        """
        self._check_writable()
        return self._catalog.add_run(fingerprint, card, heatmap, region)

    def runs(self, fingerprint: str) -> list[RunRecord]:
        """Return the runs on a slide, oldest first."""
        return self._catalog.runs(fingerprint)

    def classes(self) -> dict[str, Color]:
        """Return the colours of the study's classes, in the order of their number keys."""
        return self._catalog.classes()

    def set_class(self, name: str, color: Color) -> None:
        """Give a class a colour, three numbers of 0-255; a class that is new comes last.

        Raises
        ------
        StudyError
            If the study cannot be written, or those are no such numbers.
        """
        self._check_writable()
        self._catalog.set_class(name, color)

    def adjustment(self, fingerprint: str) -> str | None:
        """Return how the picture of a slide was adjusted last, as the text that was stored, or None.

        Raises
        ------
        StudyError
            If the study cannot be read.
        """
        return self._catalog.adjustment(fingerprint)

    def set_adjustment(self, fingerprint: str, value: str | None) -> None:
        """Remember how the picture of a slide is adjusted; a view preference, so that no journal has it.

        Parameters
        ----------
        fingerprint
            Of a slide that has, or had, a session here.
        value
            Any text; None forgets what was stored.

        Raises
        ------
        StudyError
            If the study cannot be written.
        """
        self._check_writable()
        self._catalog.set_adjustment(fingerprint, value)

    def coverage(self, fingerprint: str) -> bytes | None:
        """Return what the user of this program has looked at on a slide, as it was stored, or None.

        What other readers of a shared study have looked at is theirs, and nothing here returns it.

        Raises
        ------
        StudyError
            If the study cannot be read.
        """
        return self._catalog.coverage(fingerprint, user_name())

    def set_coverage(self, fingerprint: str, value: bytes | None) -> None:
        """Remember what the user of this program has looked at on a slide; None forgets it.

        Parameters
        ----------
        fingerprint
            Of a slide that has, or had, a session here.
        value
            From `pathview.view.coverage`.

        Raises
        ------
        StudyError
            If the study cannot be written.
        """
        self._check_writable()
        self._catalog.set_coverage(fingerprint, user_name(), value)

    def link(self, first: str, second: str) -> str | None:
        """Return how two slides were laid on each other last, as the text that was stored, or None.

        Parameters
        ----------
        first, second
            Fingerprints, the smaller one first.

        Raises
        ------
        StudyError
            If the study cannot be read.
        """
        return self._catalog.link(first, second)

    def set_link(self, first: str, second: str, value: str | None) -> None:
        """Remember how two slides are laid on each other; a view preference, so that no journal has it.

        Parameters
        ----------
        first, second
            Fingerprints of slides that have, or had, a session here; the smaller one first.
        value
            Any text; None forgets what was stored.

        Raises
        ------
        StudyError
            If the study cannot be written.
        """
        self._check_writable()
        self._catalog.set_link(first, second, value)

    def close(self) -> None:
        """Let the file and the lock go; everything is stored already. Calling it again does nothing."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _new_session(self, slide: Slide) -> Session:
        fingerprint = slide.info.fingerprint

        def commit(edit: Edit) -> None:
            self._check_writable()
            self.journal.commit(fingerprint, edit)

        annotations = AnnotationStore(self.journal.load(fingerprint))
        scale = SlideScale(self.journal.load_mpp(fingerprint))
        bookmarks = BookmarkStore(self.journal.load_bookmarks(fingerprint))
        history = History(commit_then_apply(commit, annotations, scale, bookmarks))
        folder = self.folder / "heatmaps" / quote(fingerprint, safe="")
        return Session(slide, annotations, scale, bookmarks, history, folder, self.read_only)

    def _check_writable(self) -> None:
        if self.read_only:
            by = f": {self.writer} writes to it" if self.writer else ""
            raise StudyError(self.folder, f"can only be looked at here{by}")


def _database_file(folder: Path) -> Path:
    return folder / "study.sqlite"


def _lock_file(folder: Path) -> Path:
    return folder / "study.lock"


def _take_lock(folder: Path) -> WriterLock | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(folder, f"cannot be created: {error.strerror}") from error
    return WriterLock.acquire(_lock_file(folder))


def _writer_of(folder: Path) -> str | None:
    # Where nobody can write, the name in the lock file is that of somebody long gone.
    return holder_of(_lock_file(folder)) if os.access(folder, os.W_OK) else None


def _why_not(read_only: bool) -> str:
    return "it was to be read only" if read_only else "the folder cannot be written, or another is at it"


def _open_database(file: Path, *, read_only: bool) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        if not file.exists():
            _check_no_remains(file)
            migrations.create(file)
        if file.stat().st_size == 0:  # SQLite would take it for a new one, and the work for never done
            raise StudyError(file, f"{_ADVICE} (it is empty)")
        connection = connect(file, read_only=read_only)
        _settle(connection, file, read_only)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, FAULTS):
            raise StudyError(file, f"{_ADVICE} ({error})") from error
        raise
    return connection


def _check_no_remains(file: Path) -> None:
    # SQLite would discard the last edits of a database that was moved away without its log.
    log = file.with_name(f"{file.name}-wal")
    if log.exists():
        raise StudyError(file, f"is missing, but {log.name} is there: bring both together again")


def _settle(connection: sqlite3.Connection, file: Path, read_only: bool) -> None:
    if read_only and migrations.check(connection, file) < migrations.current_version():
        raise StudyError(file, "is of an older version; open it once where it can be written")
    if not read_only:
        migrations.bring_up_to_date(connection, file)
    fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise StudyError(file, f"{_ADVICE} ({fault})")
