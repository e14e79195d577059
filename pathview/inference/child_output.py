"""What a child process prints: the ends of the pipe that takes it to the log."""

from __future__ import annotations

import logging
import os
import sys
import threading
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import TextIO

from pathview.core.plugins.output import log_output

_log = logging.getLogger(__name__)


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
        with self._ours as pipe:
            log_output(partial(os.read, pipe.fileno(), 1 << 16), _log, "model")


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
