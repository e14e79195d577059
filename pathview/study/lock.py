"""One writer a study: a lock that the operating system gives back when its holder dies."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path

from pathview.study.database import FAULTS, now


class WriterLock:
    """The right to write to a study, held until `release` or the end of the process.

    It is an open transaction on a tiny SQLite file of its own. SQLite's file locks work alike on Linux, macOS
    and Windows, within one process and between several; a killed holder leaves nothing to clean up, and
    others can still read who holds it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def acquire(cls, file: Path) -> WriterLock | None:
        """Take the lock, or return None where another has it or the folder cannot be written."""
        try:
            connection = sqlite3.connect(file, timeout=0, autocommit=True)
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
    holder = f"process {os.getpid()} on {platform.node() or 'this machine'} since {now()}"
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
    except FAULTS:
        return None
    return None if row is None else str(row[0])
