"""One writer a folder: a lock that the operating system gives back when its holder dies."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

_POLL_S = 0.25


class WriterLock:
    """The right to write to a folder, held until `release` or the end of the process.

    It is an open transaction on a tiny SQLite file of its own. SQLite's file locks work alike on Linux, macOS
    and Windows, within one process and between several, and over network drives that pass locks on; a killed
    holder leaves nothing to clean up, and others can still read who holds it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def acquire(cls, file: Path, *, patience_s: float = 0.0) -> WriterLock | None:
        """Take the lock, or return None where another has it or the folder cannot be written.

        Parameters
        ----------
        file
            The lock; made where it is missing, and left there.
        patience_s
            How long to wait for another to release it.
        """
        deadline = time.monotonic() + patience_s
        while (lock := cls._try(file)) is None and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return lock

    @classmethod
    def _try(cls, file: Path) -> WriterLock | None:
        try:
            # The thread that releases it need not be the one that took it.
            connection = sqlite3.connect(file, timeout=0, autocommit=True, check_same_thread=False)
        except sqlite3.Error:
            return None
        try:
            _sign(connection)
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            connection.close()
            return None
        return cls(connection)

    def release(self) -> None:
        """Let another write."""
        self._connection.close()


def _sign(connection: sqlite3.Connection) -> None:
    since = datetime.now(UTC).isoformat(timespec="milliseconds")
    holder = f"process {os.getpid()} on {platform.node() or 'this machine'} since {since}"
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS holder (name TEXT)")
    connection.execute("DELETE FROM holder")
    connection.execute("INSERT INTO holder VALUES (?)", (holder,))
    connection.execute("COMMIT")


def holder_of(file: Path) -> str | None:
    """Return who took the lock last, in words, or None where that cannot be read."""
    if not file.exists():
        return None
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            row = connection.execute("SELECT name FROM holder").fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeError):  # a damaged file makes SQLite speak nonsense
        return None
    return None if row is None else str(row[0])
