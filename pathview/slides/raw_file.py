"""Bytes at a place of a file, from many threads, without a shared position."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Protocol

from pathview.core.place import Place


class ByteSource(Protocol):
    """A file, here or on a server; `read` may be called from any thread."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer where the file ends before.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        ...

    def expect(self, parts: Iterable[tuple[int, int]]) -> None:
        """Begin to fetch what will be read next, (offset, length) each, where that has to be fetched."""
        ...

    def stream(self) -> IO[bytes]:
        """Return the file with a position, for a parser; whoever asks closes it."""
        ...

    def interrupt(self) -> None:
        """Let reads fail that would have to wait for a server."""
        ...

    def close(self) -> None:
        """Release the file; nobody may be reading."""
        ...


def open_bytes(place: Place) -> ByteSource:
    """Return the bytes of a file, wherever it lies.

    Raises
    ------
    OSError
        If it cannot be opened; `RemoteError` where it lies on a server.
    """
    if isinstance(place, Path):
        return RawFile(place)
    from pathview.slides.remote.file import RemoteFile

    return RemoteFile.open(place)


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
        self._path = path
        self._file = path.open("rb", buffering=0)
        self._descriptor = self._file.fileno()
        # Windows has no pread: there the position is shared and needs a lock.
        self._lock = None if hasattr(os, "pread") else threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return os.fstat(self._descriptor).st_size

    def expect(self, parts: Iterable[tuple[int, int]]) -> None:
        """Do nothing: the system reads ahead by itself."""

    def stream(self) -> IO[bytes]:
        """Return the file opened once more, with a position of its own."""
        return self._path.open("rb")

    def interrupt(self) -> None:
        """Do nothing: a file of this machine is not waited for."""

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
