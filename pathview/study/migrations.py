"""The versions of a study's tables, and the way from each to the next."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from pathview.core.errors import StudyError
from pathview.core.palette import NAMED
from pathview.study.database import connect, transaction

APPLICATION_ID = 0x50565331
"""Marks an SQLite file as a study ("PVS1")."""

_STATED_MPP = """
-- The pixel size that a person stated in place of the file's own, um/px at level 0; NULL once taken back.
CREATE TABLE stated_mpp (
    slide     TEXT PRIMARY KEY REFERENCES slide (fingerprint),
    seq       INTEGER NOT NULL REFERENCES edit (seq),  -- the edit that wrote it last
    x         REAL CHECK (x BETWEEN 0.02 AND 100),
    y         REAL CHECK (y BETWEEN 0.02 AND 100),
    stated_by TEXT,
    stated_at TEXT,
    CHECK ((x IS NULL) = (y IS NULL)),
    CHECK ((x IS NULL) = (stated_by IS NULL)),
    CHECK ((x IS NULL) = (stated_at IS NULL))
) STRICT;
"""

_ADJUSTMENT = """
-- How the picture of a slide was adjusted when it was looked at last; a view preference, in no journal.
CREATE TABLE adjustment (
    slide TEXT PRIMARY KEY REFERENCES slide (fingerprint),
    value TEXT NOT NULL                                -- JSON, see pathview/view/adjust.py
) STRICT;
"""

_BOOKMARK = """
-- Views to come back to. The row of a removed one stays, without a place, to keep its position in the list in
-- case an undo brings it back.
CREATE TABLE bookmark (
    slide      TEXT NOT NULL REFERENCES slide (fingerprint),
    id         TEXT NOT NULL,
    seq        INTEGER NOT NULL REFERENCES edit (seq),  -- the edit that wrote it last
    position   INTEGER NOT NULL,                        -- in the list, the first made first
    x          REAL,                                    -- level-0 px of the middle; NULL once removed
    y          REAL,
    downsample REAL CHECK (downsample > 0),             -- level-0 px per physical screen pixel
    rotation   REAL,                                    -- degrees clockwise
    flipped    INTEGER NOT NULL CHECK (flipped IN (0, 1)),
    name       TEXT NOT NULL,
    note       TEXT NOT NULL,
    CHECK ((x IS NULL) = (y IS NULL)),
    CHECK ((x IS NULL) = (downsample IS NULL)),
    CHECK ((x IS NULL) = (rotation IS NULL)),
    PRIMARY KEY (slide, id)
) STRICT;
"""

_COVERAGE = """
-- What a reader has looked at on a slide; for that reader alone, in no journal and in no export.
CREATE TABLE coverage (
    slide  TEXT NOT NULL REFERENCES slide (fingerprint),
    reader TEXT NOT NULL,                              -- the user's name on the computer
    value  BLOB NOT NULL,                              -- see pathview/view/coverage.py
    PRIMARY KEY (slide, reader)
) STRICT;
"""

_LINK = """
-- How two slides are laid on each other when they are looked at side by side; in no journal.
CREATE TABLE link (
    first  TEXT NOT NULL REFERENCES slide (fingerprint),
    second TEXT NOT NULL REFERENCES slide (fingerprint),
    value  TEXT NOT NULL,                              -- JSON, see pathview/view/landmarks.py
    PRIMARY KEY (first, second),
    CHECK (first < second)                             -- a pair is stored once, in this order
) STRICT;
"""

STEPS: tuple[str, ...] = (_STATED_MPP, _ADJUSTMENT, _BOOKMARK, _COVERAGE, _LINK)
"""SQL that turns schema 1 into 2, 2 into 3, and so on."""


def current_version() -> int:
    """Return the schema version that this program writes."""
    return 1 + len(STEPS)


def create(file: Path) -> None:
    """Make the database of a new study; it appears under its name only when it is whole.

    Raises
    ------
    StudyError
        If it cannot be written.
    sqlite3.Error
        If the folder cannot hold a database.
    """
    part = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        connection = connect(part, read_only=False)
        try:
            # The file remembers this: later edits go to a log beside it, at one fsync each.
            connection.execute("PRAGMA journal_mode = WAL")
            _fill(connection, file)
        finally:
            connection.close()
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def bring_up_to_date(connection: sqlite3.Connection, file: Path) -> None:
    """Migrate the tables of an older version, after keeping a copy of the file beside it.

    Raises
    ------
    StudyError
        If the file is not a study that this program understands, or a step fails; the tables stay as they
        were.
    """
    version = check(connection, file)
    if version < current_version():
        _keep_copy(connection, file.with_name(f"{file.stem}-schema{version}{file.suffix}"))
        _migrate(connection, file, version)


def check(connection: sqlite3.Connection, file: Path) -> int:
    """Make sure that the file is a study which this program understands; return its schema version.

    Raises
    ------
    StudyError
        If it is not.
    """
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StudyError(file, "is not a PathView study; choose another folder")
    version = _pragma(connection, "user_version")
    if version > current_version():
        raise StudyError(
            file,
            f"was made by a newer PathView (schema {version}, this one knows up to {current_version()}); "
            "update PathView to open it",
        )
    # A foreign trigger or view would act on the reader's work unseen.
    if version < 1 or schema_of(connection) != expected_schema(version):
        raise StudyError(
            file, "its tables are not those of a PathView study; open a backup or another folder"
        )
    return version


def expected_schema(version: int) -> list[tuple[str, str]]:
    """Return (name, SQL) of all tables, indexes and triggers that a study of `version` has."""
    connection = sqlite3.connect(":memory:", autocommit=True)
    try:
        connection.executescript("\n".join((_first_schema(), *STEPS[: version - 1])))
        return schema_of(connection)
    finally:
        connection.close()


def schema_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return (name, SQL) of all tables, indexes and triggers in a database, by name."""
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " ORDER BY name"
    )
    return [(str(name), str(sql)) for name, sql in rows]


def _first_schema() -> str:
    return files("pathview.study").joinpath("schema.sql").read_text(encoding="utf-8")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _fill(connection: sqlite3.Connection, file: Path) -> None:
    classes = ((name, place, *color) for place, (name, color) in enumerate(NAMED.items()))
    with transaction(connection, file, "cannot be created"):
        connection.executescript("\n".join((_first_schema(), *STEPS)))
        connection.executemany("INSERT INTO class VALUES (?, ?, ?, ?, ?)", classes)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {current_version()}")


def _migrate(connection: sqlite3.Connection, file: Path, version: int) -> None:
    with transaction(connection, file, f"cannot be brought from schema {version} to {current_version()}"):
        connection.executescript("\n".join(STEPS[version - 1 :]))
        connection.execute(f"PRAGMA user_version = {current_version()}")


def _keep_copy(connection: sqlite3.Connection, copy: Path) -> None:
    if copy.exists():  # from a migration that was cut off: the older copy is the original
        return
    target = sqlite3.connect(copy, autocommit=True)
    try:
        connection.backup(target)
    finally:
        target.close()
