"""Who reads from a file at the moment, so that it is released under nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pathview.core.errors import TileReadError
from pathview.core.place import Place


class ReadGate:
    """Lets reads in until it is shut, and shutting waits for those inside; for many threads.

    A descriptor closed under a reader may by then belong to another file, and a library's handle that is
    closed under one is a crash.

    Parameters
    ----------
    path
        The file or its address, for the error that late comers get.
    """

    def __init__(self, path: Place) -> None:
        self._path = path
        self._lock = threading.Lock()  # taken twice a tile, hence not through the slower condition
        self._changed = threading.Condition(self._lock)
        self._inside = 0
        self._shut = False

    def enter(self, where: str) -> None:
        """Begin a read; every one that began must `leave`.

        Raises
        ------
        TileReadError
            If the gate is shut; it says that `where` could not be read.
        """
        with self._lock:
            if self._shut:
                raise TileReadError(self._path, where, "the slide is closed")
            self._inside += 1

    def leave(self) -> None:
        """End a read."""
        with self._lock:
            self._inside -= 1
            if self._shut:
                self._changed.notify_all()

    @contextmanager
    def reading(self, where: str) -> Iterator[None]:
        """Begin a read and end it with the block; errors as those of `enter`."""
        self.enter(where)
        try:
            yield
        finally:
            self.leave()

    def shut(self) -> bool:
        """Refuse further reads, wait for those inside, and tell whether this was the first to shut the gate.

        Whoever shut it first releases the file; who comes later knows that nobody is inside.
        """
        with self._lock:
            first, self._shut = not self._shut, True
            while self._inside:
                self._changed.wait()
        return first
