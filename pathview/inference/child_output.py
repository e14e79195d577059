"""What a child process prints: taken line by line into the log, and no more of it than a log can hold."""

from __future__ import annotations

import logging
import os
import sys
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import TextIO

_log = logging.getLogger(__name__)

_MOST_BYTES = 1 << 20
_LONGEST_LINE = 2000


class ChildOutput:
    """The reading end of what a child prints on stdout and stderr, a crash's trace included.

    Parameters
    ----------
    context
        Makes the pipe.

    Attributes
    ----------
    theirs
        The end for the child, to be given to it and closed here; None where the system has no plain pipes.
    """

    def __init__(self, context: SpawnContext) -> None:
        self.theirs: Connection | None = None
        self._ours: Connection | None = None
        self._thread: threading.Thread | None = None
        if sys.platform != "win32":
            self._ours, self.theirs = context.Pipe(duplex=False)

    def listen(self) -> None:
        """Begin to log; the child has its end by now."""
        if self._ours is None or self.theirs is None:
            return
        self.theirs.close()
        self._thread = threading.Thread(target=self._read, name="host-output", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait a moment for the last words; the child is gone."""
        if self._thread is not None:
            self._thread.join(1.0)

    def _read(self) -> None:
        assert self._ours is not None
        left, rest = _MOST_BYTES, b""
        with self._ours as pipe:
            while data := os.read(pipe.fileno(), 1 << 16):
                # What is too much is read all the same: a child must not wait for room to print.
                if left <= 0:
                    continue
                *lines, rest = (rest + data).split(b"\n")
                rest = rest[-_LONGEST_LINE:]
                left -= len(data)
                for line in lines:
                    _tell(line)
                if left <= 0:
                    _log.warning(
                        "The model's process prints more than %d bytes; the rest is left out", _MOST_BYTES
                    )
        _tell(rest)


def _tell(line: bytes) -> None:
    # Control characters could rewrite a terminal, or forge a line of the log.
    text = "".join(c if c.isprintable() else " " for c in line[:_LONGEST_LINE].decode("utf-8", "replace"))
    if text.strip():
        _log.info("model: %s", text.rstrip())


def speak_into(said: Connection | None) -> None:
    """Send what this process prints from now on, from C too, into `said`; in the child."""
    if said is None:
        return
    for number, name in ((1, "stdout"), (2, "stderr")):
        if (before := getattr(sys, name)) is not None:
            before.flush()
        os.dup2(said.fileno(), number)
        # Anew, since a stream that was opened on a file stumbles over a pipe; and line by line.
        setattr(sys, name, _stream(number))
    said.close()


def _stream(number: int) -> TextIO:
    return open(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
