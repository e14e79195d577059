"""Bytes at a place of a file, from many threads, without a shared position."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class RawFile:
    """A file that is read, never mapped: a file cut off under a mapping would end the process.

    Parameters
    ----------
    path
        An existing file.

    Raises
    ------
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._descriptor = self._file.fileno()
        # Windows has no pread: there the position is shared and needs a lock.
        self._lock = None if hasattr(os, "pread") else threading.Lock()

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer where the file ends before.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        if self._lock is None:
            return os.pread(self._descriptor, length, offset)
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length) or b""

    def close(self) -> None:
        """Release the file; nobody may be reading."""
        self._file.close()
