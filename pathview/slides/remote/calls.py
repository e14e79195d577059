"""Calls to servers that nobody has to wait for to the end."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any

from pathview.slides.remote.source import RemoteError

WAIT_S = 45.0
"""What is waited at most for one answer; sources keep to limits of their own below this."""


class Calls:
    """Calls under way, each on a thread of its own; whoever waits can be let go at once.

    A thread that waits for a server cannot be ended, and its limits are tens of seconds. So a reader waits
    for its result, and `hang_up` releases it; the thread ends in its own time and holds nothing up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: set[Future[Any]] = set()
        self._over = False
        _everywhere.add(self)

    def start[T](self, work: Callable[[], T]) -> Future[T]:
        """Begin a call and return where its outcome will be, for `wait`.

        Raises
        ------
        RemoteError
            If it has been hung up.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._over:
                raise RemoteError("the slide is closed")
            self._going.add(future)
        threading.Thread(target=self._do, args=(future, work), name="remote-call", daemon=True).start()
        return future

    def run[T](self, work: Callable[[], T]) -> T:
        """Call and wait.

        Raises
        ------
        RemoteError
            As `wait`; and whatever `work` raises.
        """
        return wait(self.start(work))

    def hang_up(self) -> None:
        """Let everybody go who waits, and take no more calls."""
        with self._lock:
            self._over = True
            going, self._going = self._going, set()
        for future in going:
            future.cancel()

    def _do[T](self, future: Future[T], work: Callable[[], T]) -> None:
        # A call that was hung up has no taker for what comes of it.
        with contextlib.suppress(InvalidStateError):
            try:
                future.set_result(work())
            except OSError as error:
                future.set_exception(error)
        with self._lock:
            self._going.discard(future)


def wait[T](future: Future[T]) -> T:
    """Return what a call gives.

    Raises
    ------
    RemoteError
        If it was hung up or takes too long.
    OSError
        Whatever the call raises.
    """
    try:
        return future.result(WAIT_S)
    except CancelledError:
        raise RemoteError("the slide is closed") from None
    except TimeoutError:
        raise RemoteError("the server is too slow; try again") from None


def hang_up_everywhere() -> None:
    """Let everybody go who waits for a server: the program ends."""
    for calls in list(_everywhere):
        calls.hang_up()


_everywhere: weakref.WeakSet[Calls] = weakref.WeakSet()
