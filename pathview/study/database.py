"""Connections to a study's SQLite file, and transactions on them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pathview.core.errors import StudyError

FAULTS = (sqlite3.Error, UnicodeError)
"""What SQLite raises, and Python when a damaged file makes SQLite speak nonsense or a text is none."""

_BUSY_S = 5.0
# None of these writes to the file. What a stranger put into it must not run, a file that is cut short under a
# memory map would kill the process, and FULL makes a commit wait until the disk has it, so that even a power
# cut loses nothing that was shown.
_SETTINGS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
)


def connect(file: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a study's database file; it is created where missing unless `read_only`.

    Raises
    ------
    sqlite3.Error
        If it cannot be opened or is no database.
    """
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?{_mode(file, read_only)}",
        uri=True,
        timeout=_BUSY_S,
        autocommit=True,  # transactions are spelt out, see `transaction`
    )
    try:
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        for pragma in _SETTINGS:
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _mode(file: Path, read_only: bool) -> str:
    if not read_only:
        return "mode=rwc"
    # In WAL mode even a reader makes a file beside the database, unless it is told that nobody writes.
    lonely = not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists()
    return "mode=ro&immutable=1" if lonely else "mode=ro"


@contextmanager
def transaction(connection: sqlite3.Connection, file: Path, purpose: str) -> Iterator[None]:
    """Run the block as one transaction: all of it is on disk afterwards, or none of it is.

    Parameters
    ----------
    connection
        An open connection that may write.
    file
        Its database file, for the message.
    purpose
        What could not be done, for the message: "the edit was not saved".

    Raises
    ------
    StudyError
        If SQLite refuses, for example because the disk is full; nothing has changed.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except FAULTS as error:
        _roll_back(connection)
        raise StudyError(file, f"{purpose}: {error}") from error
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: sqlite3.Connection) -> None:
    # After some errors SQLite has rolled back by itself.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def now() -> str:
    """Return the present time in UTC as ISO 8601 text, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
